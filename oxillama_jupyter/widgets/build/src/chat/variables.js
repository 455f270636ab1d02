// Variables that go with the next question. The kernel lists them and describes those that a person
// has picked, as `--vars` does; what it says is what is sent.

const MOST_METADATA = 512; // characters
const NO_KERNEL = "No kernel listens here, so there are no variables to attach.";

export class Variables {
  #panel;
  #changed;
  #asked = new Map();
  #last = 0;
  #counting = 0;
  /** By name: `{name, text, tokens, error}`, as far as they are known. */
  picked = new Map();
  /** Whether the prompt would be too long with them. */
  tooLong = null;

  constructor(panel, changed) {
    this.#panel = panel;
    this.#changed = changed;
    panel.receive((message) => this.#take(message));
    panel.on("variables", () => this.#follow());
    panel.on("connected", () => {
      if (!panel.connected) this.#giveUp();
      this.#follow();
    });
    this.#follow();
  }

  /** The kernel's variables: `[{name, type}]`. */
  async list() {
    return (await this.#ask({ ask: "variables" })).variables;
  }

  pick(name) {
    this.#panel.set("variables", [...this.picked.keys(), name]);
    this.#follow();
  }

  drop(name) {
    this.picked.delete(name);
    this.#panel.set("variables", [...this.picked.keys()]);
    this.#count();
    this.#changed();
  }

  /** They have been sent. */
  clear() {
    this.picked.clear();
    this.tooLong = null;
    this.#panel.set("variables", []);
  }

  /** Throw where one is not described: a question that lacks it is not what was meant. */
  check() {
    const open = [...this.picked.values()].find(({ text }) => text === undefined);
    if (open?.error) throw new Error(`“${open.name}” cannot be attached: ${open.error}`);
    if (open) throw new Error(`The kernel has not described “${open.name}” yet; it may be busy.`);
  }

  /** The message: descriptions first, each a part, and the text as it was typed. */
  question(text) {
    const described = [...this.picked.values()].filter((one) => one.text !== undefined);
    if (!described.length) return { role: "user", content: text };
    const texts = [...described.map((one) => one.text), text];
    const about = `vars ${described.map(({ name }) => name).join(", ")}`;
    const context = about.length > MOST_METADATA ? `${about.slice(0, MOST_METADATA - 1)}…` : about;
    return { role: "user", content: texts.map((part) => ({ type: "text", text: part })), metadata: { context } };
  }

  /** Have described what the trait names. */
  #follow() {
    const names = this.#panel.get("variables") ?? [];
    for (const name of this.picked.keys()) if (!names.includes(name)) this.picked.delete(name);
    for (const name of names) {
      if (this.picked.get(name)?.asked || (this.picked.get(name)?.text ?? null) !== null) continue;
      const { connected } = this.#panel;
      this.picked.set(name, connected ? { name, asked: true } : { name, error: NO_KERNEL });
      if (connected) this.#describe(name);
    }
    this.#changed();
  }

  async #describe(name) {
    const { described, error } = await this.#ask({ ask: "describe", name }).catch(({ message }) => ({ error: message }));
    if (!this.picked.has(name)) return;
    this.picked.set(name, error ? { name, error } : { name, text: described.text, tokens: null });
    this.#changed();
    await this.#count();
  }

  /** How many tokens each is to the model, as the server counts them. */
  async #count() {
    const count = (this.#counting += 1);
    const described = [...this.picked.values()].filter((one) => one.text !== undefined);
    this.tooLong = null;
    if (!described.length) return;
    const [thread, model] = [this.#panel.get("thread"), this.#panel.get("model")];
    const message = this.question("?");
    const body = { assistant_id: "default", ...(model && { model }) };
    if (thread) body.additional_messages = [message];
    else body.thread = { messages: [message] };
    try {
      const path = this.#panel.own(`${thread ? `threads/${thread}` : "threads"}/prompt?limit=0`);
      const prompt = await this.#panel.ask(path, { body });
      if (count !== this.#counting) return;
      const { parts } = prompt.messages.at(-1);
      described.forEach((one, index) => (one.tokens = parts[index] ?? null));
      if (!prompt.fits) this.tooLong = prompt;
    } catch {
      // It is only not known then.
    }
    this.#changed();
  }

  #ask(message) {
    if (!this.#panel.connected) return Promise.reject(new Error(NO_KERNEL));
    const id = (this.#last += 1);
    return new Promise((done, fail) => {
      this.#asked.set(id, { done, fail });
      this.#panel.send({ ...message, id });
    });
  }

  #take(message) {
    const asked = this.#asked.get(message?.id);
    this.#asked.delete(message?.id);
    asked?.done(message);
  }

  /** A kernel that has gone answers nothing more. */
  #giveUp() {
    for (const { fail } of this.#asked.values()) fail(new Error(NO_KERNEL));
    this.#asked.clear();
  }
}
