// Panels as outputs: what the notebook says of one is enough to show it, with or without a kernel.

import { page } from "../page.js";

const MIME = "application/vnd.oxillama.panel+json";
const RANK = -20; // ahead of ipywidgets' renderer, which needs a kernel

export function renderers({ Widget }) {
  class PanelRenderer extends Widget {
    #end = null;
    #shown = "";

    async renderModel(model) {
      const data = model.data[MIME];
      const key = JSON.stringify(data);
      if (key === this.#shown) return;
      this.#shown = key;
      this.#end?.();
      this.node.replaceChildren();
      try {
        this.#end = await page.show(page.panel(data.panel_id, data.state), data.widget, this.node);
      } catch (error) {
        this.node.textContent = model.data["text/plain"] || error.message;
        this.node.style.whiteSpace = "pre-wrap";
      }
      if (this.isDisposed) this.#end?.();
    }

    dispose() {
      if (!this.isDisposed) this.#end?.();
      super.dispose();
    }
  }

  return {
    id: "oxillama-jupyter:panels",
    dataType: "json",
    rank: RANK,
    rendererFactory: { safe: true, mimeTypes: [MIME], createRenderer: () => new PanelRenderer() },
  };
}
