// What all of our widgets in a page share: the modules they are shown by, and their panels.
//
// A panel is what a widget is to the page: its state, and the kernel's model of it where there is
// one. Panels outlive their models: most of what they show comes from the server.

import { ask, config } from "./server.js";

export const PROTOCOL = 1;
const SHARED = Symbol.for(`oxillama.page.${PROTOCOL}`);

/** One widget's state, held by the kernel where it can be. */
class Panel {
  #state = {};
  #chosen = {}; // what was set here while no kernel listened
  #model = null;
  #listeners = new Map();
  #receivers = new Set();

  constructor(id) {
    this.id = id;
  }

  /** Take what the notebook says that is not known: what a person has emptied stays so, ids may come late. */
  learn(state) {
    for (const name in state) {
      if (/_id$/.test(name)) this.#state[name] ||= state[name];
      else this.#state[name] ??= state[name];
    }
    return this;
  }

  /** Whether a kernel listens. */
  get connected() {
    return !!this.#model;
  }

  get(name) {
    return this.#model?.get(name) ?? this.#state[name];
  }

  /** Set a trait, here and in the kernel, if need be when that comes. */
  set(name, value) {
    this.#state[name] = value;
    if (this.#model) {
      this.#model.set(name, value);
      this.#model.save_changes();
    } else {
      this.#chosen[name] = value;
      this.#tell(name);
    }
  }

  /** Call `done` whenever the trait changes; what is returned ends that. */
  on(name, done) {
    const all = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, all.add(done));
    if (all.size === 1) this.#model?.on(`change:${name}`, this.#teller(name));
    return () => all.delete(done);
  }

  /** Call `done` with each message of the kernel; what is returned ends that. */
  receive(done) {
    this.#receivers.add(done);
    return () => this.#receivers.delete(done);
  }

  /** Send the kernel a message, if there is a kernel. */
  send(message) {
    this.#model?.send(message);
    return this.connected;
  }

  /** Send the server a request; the answer's JSON. */
  async ask(path, { body, ...options } = {}) {
    const given = body ? { method: "POST", ...options, body: JSON.stringify(body) } : options;
    return (await ask(path, given)).json();
  }

  /** The path of one of the OpenAI API's routes. */
  openai(path) {
    return below(ours().openai_prefix, path);
  }

  /** The path of one of our own routes. */
  own(path) {
    return below(ours().prefix, path);
  }

  /** From now on the kernel's model holds the state; null when it is gone. */
  connect(model) {
    if (!model) for (const name of [...this.#listeners.keys(), ...Object.keys(this.#state)]) this.#state[name] = this.get(name);
    this.#model = model;
    // A model can come long after its panel: what somebody has chosen meanwhile is newer.
    if (model) {
      for (const name in this.#chosen) this.set(name, this.#chosen[name]);
      this.#chosen = {};
    }
    for (const name of this.#listeners.keys()) {
      model?.on(`change:${name}`, this.#teller(name));
      this.#tell(name);
    }
    model?.on("comm_live_update", () => this.#model === model && this.connect(null)); // a restart
    model?.on("msg:custom", (message) => this.#receivers.forEach((done) => done(message)));
    this.#tell("connected");
  }

  #tell(name) {
    this.#listeners.get(name)?.forEach((done) => done(this.get(name)));
  }

  #teller(name) {
    const model = this.#model;
    return () => this.#model === model && this.#tell(name);
  }
}

/** What our extension of the page's server says of itself: a notebook may come from another one. */
function ours() {
  return config()?.oxillama ?? {};
}

/**
 * A path below one of our prefixes, and nowhere else: ids and names may be a notebook's, which must
 * not send the page to other routes of its server, nor have it load what lies there.
 */
function below(prefix, path) {
  const [route] = path.split("?");
  if (!prefix || /[^\w%.~!'()*/-]|(^|\/)(\.|%2e)+(\/|$)/i.test(route)) throw new Error("The server has no such route.");
  return `${prefix}/${path}`;
}

class Page {
  #panels = new Map();
  #modules = {};
  /** What JupyterLab and Notebook let us do, where our extension of them is installed. */
  lab = null;

  /** The panel of that id; `state` is what the notebook says of it. */
  panel(id, state) {
    if (!this.#panels.has(id)) this.#panels.set(id, new Panel(id));
    return this.#panels.get(id).learn(state);
  }

  /** Show a panel in an element; what is returned ends that. */
  async show(panel, name, el) {
    const path = panel.own(`widgets/${name}.js`);
    try {
      return (await (this.#modules[path] ??= load(path))).show(panel, el, this);
    } catch (error) {
      this.#modules = {}; // the next one may have better luck
      throw error;
    }
  }
}

/** A module of the server. It is fetched and not imported from its address, so that it gets headers. */
async function load(path) {
  const address = URL.createObjectURL(new Blob([await (await ask(path)).text()], { type: "text/javascript" }));
  try {
    const module = await import(address);
    // The server has been upgraded since this page was loaded, or the other way round.
    if (module.PROTOCOL !== PROTOCOL) throw new Error("Reload the page.");
    return module;
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** The one page; whoever comes first makes it. */
export const page = (globalThis[SHARED] ??= new Page());
