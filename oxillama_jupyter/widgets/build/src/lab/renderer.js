// Panels as outputs: what the notebook says of one is enough to show it, with or without a kernel.

import { page } from "../page.js";
import { plainCalls } from "./plain_calls.js";

const MIME = "application/vnd.oxillama.panel+json";
const RANK = -20; // ahead of ipywidgets' renderer, which needs a kernel

export function renderers({ Widget }) {
  class PanelRenderer extends Widget {
    #end = null;
    #shown = "";
    #turn = 0;

    async renderModel(model) {
      const data = model.data[MIME];
      const key = JSON.stringify(data);
      if (key === this.#shown) return;
      this.#shown = key;
      const turn = (this.#turn += 1);
      this.#end?.();
      this.#end = null;
      this.node.replaceChildren();
      const panel = page.panel(data.panel_id, data.state);
      // Its module takes a moment to come; the output may be another one by then, or gone.
      const late = () => turn !== this.#turn || this.isDisposed;
      try {
        const end = await page.show(panel, data.widget, this.node);
        if (late()) end();
        else this.#end = end;
      } catch (error) {
        if (!late()) this.#end = this.#plain(panel, model.data["text/plain"] || error.message);
      }
    }

    /** Without the module: what the notebook says, or a plain view that came with the widget. */
    #plain(panel, words) {
      this.node.textContent = words;
      this.node.style.whiteSpace = "pre-wrap";
      let end = () => {};
      const show = () => {
        if (!panel.run || !panel.connected) return;
        end();
        this.node.replaceChildren();
        const ends = [panel.run.plain(this.node, ""), plainCalls(panel, this.node)];
        end = () => ends.forEach((one) => one());
      };
      const forget = panel.on("connected", () => queueMicrotask(show));
      show();
      return () => (forget(), end());
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
