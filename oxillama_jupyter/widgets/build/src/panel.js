// What travels with each panel's comm: the way to the module that shows it, which a page loads once.

import { page } from "./page.js";

export default () => ({
  initialize({ model }) {
    const panel = page.panel(model.get("panel_id"));
    panel.connect(model);
    return () => panel.connect(null);
  },
  async render({ model, el }) {
    try {
      return await page.show(page.panel(model.get("panel_id")), model.get("widget"), el);
    } catch (error) {
      el.textContent = `${error.message} ${model.get("advice")}`;
    }
  },
});
