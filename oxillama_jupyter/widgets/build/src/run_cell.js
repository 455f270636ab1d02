// What travels with every run's widget: the text so far, and a plain view of it for pages whose
// server has no better one. The better one is a module of the page, as any panel's.

import { page } from "./page.js";

/** The text as the kernel sends it, and who wants to know. */
function follow(panel) {
  const run = {
    text: panel.get("text"),
    tokens: panel.get("tokens"),
    views: new Set(),
    get status() {
      return panel.get("status");
    },
    get on() {
      return /^(in_|req)/.test(run.status); // in_progress, requires_action
    },
    /** Stop the run: by the server, which answers at once, and by the kernel, when it has time. */
    stop() {
      panel.send({ stop: true });
      const path = `threads/${panel.get("thread_id")}/runs/${panel.get("run_id")}/cancel`;
      return panel.ask(panel.openai(path), { body: {} });
    },
    /** The view where there is no other: text, and a way to stop it. `waits` is said of calls. */
    plain(el, waits = "\n\nThe model asks to run a function: decide in this server's own pages, or stop.") {
      const [text, button] = ["div", "button"].map((tag) => document.createElement(tag));
      el.append(text, button);
      text.style = "white-space:pre-wrap;overflow-wrap:anywhere";
      button.textContent = "Stop the answer";
      button.onclick = () => run.stop().catch(() => (button.textContent = "Interrupt the kernel"));
      const show = () => {
        text.textContent = run.text.slice(-100000) + (run.status[0] === "r" ? waits : "");
        button.hidden = !run.on;
      };
      run.views.add(show);
      show();
      return () => run.views.delete(show);
    },
  };
  const tell = () => run.views.forEach((view) => view());
  panel.on("status", tell);
  panel.receive(([offset, text, tokens]) => {
    if (offset > run.text.length) {
      if (!run.missed) panel.send({ resync: run.text.length });
      run.missed = true;
    } else {
      run.missed = false;
      run.text = run.text.slice(0, offset) + text;
      run.tokens = tokens;
    }
    tell();
  });
  return run;
}

const panelOf = (model) => page.panel(model.get("panel_id"));

export default () => ({
  initialize({ model }) {
    const panel = panelOf(model);
    panel.connect(model);
    panel.run ??= follow(panel);
    return () => panel.connect(null);
  },
  async render({ model, el }) {
    const panel = panelOf(model);
    try {
      return await page.show(panel, "run_cell_view", el);
    } catch {
      return panel.run.plain(el);
    }
  },
});
