// What travels with every widget: the text so far, a way to the page's own server, and a plain view
// for pages whose server has no better one. The better one is loaded once for a page.

const PROTOCOL = 1;
const SHARED = Symbol.for(`oxillama.view.${PROTOCOL}`);

/** Ask the Jupyter server that this page comes from, as Jupyter's own pages do. */
async function ask(path, options = {}) {
  const { baseUrl, token } = JSON.parse(document.getElementById("jupyter-config-data").textContent);
  const xsrf = /(?:^|; )_xsrf=([^;]*)/.exec(document.cookie)?.[1];
  const headers = { ...(xsrf && { "X-XSRFToken": xsrf }), ...(token && { Authorization: `token ${token}` }) };
  const answer = await fetch(baseUrl + path, { ...options, credentials: "same-origin", headers });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer;
}

/** The shared module. It is fetched and not imported from its address, so that it gets headers. */
async function load(path) {
  const address = URL.createObjectURL(new Blob([await (await ask(path)).text()], { type: "text/javascript" }));
  try {
    const module = await import(address);
    if (module.PROTOCOL !== PROTOCOL) throw new Error("The server has another version.");
    return module;
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** The text as it comes, and who wants to know. */
function follow(model) {
  const run = {
    text: model.get("text"),
    tokens: model.get("tokens"),
    since: Date.now(),
    missed: false,
    views: new Set(),
    get on() {
      return model.get("status") === "in_progress";
    },
    /** Stop the run: by the server, which answers at once, and by the kernel, when it has time. */
    stop() {
      model.send({ stop: true });
      const path = ["threads", model.get("thread_id"), "runs", model.get("run_id"), "cancel"];
      return ask([model.get("openai_prefix"), ...path].join("/"), { method: "POST" });
    },
  };
  const tell = () => run.views.forEach((view) => view());
  model.on("change:status", tell);
  model.on("msg:custom", (message) => {
    if (!Array.isArray(message)) return;
    const [offset, text, tokens] = message;
    if (offset > run.text.length) {
      if (!run.missed) model.send({ resync: run.text.length });
      run.missed = true;
      return tell();
    }
    run.missed = false;
    run.text = run.text.slice(0, offset) + text;
    run.tokens = tokens;
    tell();
  });
  return run;
}

/** The view where there is no other: text, and a way to stop it. */
function plain(run, el) {
  const text = el.appendChild(document.createElement("div"));
  text.style.cssText = "white-space:pre-wrap;overflow-wrap:anywhere";
  const button = el.appendChild(document.createElement("button"));
  button.textContent = "Stop";
  button.setAttribute("aria-label", "Stop the answer");
  button.onclick = () => run.stop().catch(() => (button.textContent = "Interrupt the kernel"));
  const show = () => {
    text.textContent = run.text.slice(-100000);
    button.hidden = !run.on;
  };
  run.views.add(show);
  show();
  return () => run.views.delete(show);
}

export default () => {
  let run;
  return {
    initialize({ model }) {
      run = follow(model);
    },
    async render({ model, el }) {
      globalThis[SHARED] ??= load(`${model.get("prefix")}/widgets/run_cell_view.js`);
      try {
        return (await globalThis[SHARED]).show(run, el);
      } catch (error) {
        console.warn("oxillama: plain text only:", error);
        delete globalThis[SHARED];
        return plain(run, el);
      }
    },
  };
};
