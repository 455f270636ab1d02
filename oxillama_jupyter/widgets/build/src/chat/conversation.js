// A conversation as the page has it: its thread, its newest messages, and the run that goes on.
//
// One panel has one, however often it is shown. All of it comes from the server; a page that was
// reloaded, and one whose kernel is gone, finds everything again.

import { eventsOf } from "../events.js";
import { ask } from "../server.js";
import { follow, pause } from "./follow.js";
import { ACTIVE, Live, textOf } from "./live.js";
import { Steps } from "./steps.js";
import { findThread, forkThread, renameThread, titleOf, versionsOf } from "./threads.js";
import { Variables } from "./variables.js";

const PAGE = 40; // messages
const BETWEEN_LOOKS = 2500; // milliseconds
const BETWEEN_CHANGES = 50;
const EMPTY = { thread: null, begins: "", messages: [], more: false, live: null, failure: null, versions: [] };
const known = new WeakMap();

/** The panel's conversation. */
export function conversationOf(panel) {
  if (!known.has(panel)) known.set(panel, new Conversation(panel));
  return known.get(panel);
}

class Conversation {
  #panel;
  #views = new Set();
  #leaving = new AbortController();
  #looking = 0;
  #soon = 0;

  constructor(panel) {
    this.#panel = panel;
    Object.assign(this, EMPTY, { runs: new Map(), loading: false, sending: false, steps: new Steps() });
    this.variables = new Variables(panel, () => this.changed());
    panel.on("thread", () => {
      const name = panel.get("thread");
      if (this.#views.size && name !== (this.thread?.id ?? "")) this.open(name);
    });
  }

  /** Call `changed` on every change while it is shown; what is returned ends that. */
  view(changed) {
    this.#views.add(changed);
    if (this.#views.size === 1) {
      this.open(this.#panel.get("thread"));
      this.#looking = setInterval(() => this.#look(), BETWEEN_LOOKS);
    }
    return () => {
      this.#views.delete(changed);
      if (this.#views.size) return;
      clearInterval(this.#looking);
      this.#leaving.abort();
    };
  }

  changed() {
    clearTimeout(this.#soon);
    this.#soon = 0;
    this.#views.forEach((view) => view());
  }

  #changedSoon() {
    this.#soon ||= setTimeout(() => this.changed(), BETWEEN_CHANGES);
  }

  get title() {
    return titleOf(this.thread, this.begins);
  }

  /** The newest run. */
  get newest() {
    return this.live?.run ?? [...this.runs.values()].sort((one, other) => (one.id < other.id ? 1 : -1))[0];
  }

  // -- reading ------------------------------------------------------------------------------------

  /** Go to a thread, by id or name; nothing means a new one. */
  async open(name) {
    this.#leaving.abort();
    const { signal } = (this.#leaving = new AbortController());
    Object.assign(this, EMPTY, { runs: new Map(), loading: Boolean(name), steps: new Steps() });
    if (this.#panel.get("thread") !== name) this.#panel.set("thread", name);
    this.changed();
    if (!name) return;
    try {
      this.thread = await findThread(this.#panel, name, signal);
      // Nobody has chosen this; a kernel that comes later may have another thread by now.
      if (this.thread.id !== name && this.#panel.connected) this.#panel.set("thread", this.thread.id);
      await this.#load(signal);
    } catch (error) {
      if (!signal.aborted) this.failure = { error, again: () => this.open(name) };
    }
    if (signal.aborted) return;
    this.loading = false;
    this.changed();
    await this.#findVersions(signal);
  }

  async #findVersions(signal) {
    const versions = this.thread && (await versionsOf(this.#panel, this.thread, signal).catch(() => null));
    if (!versions || signal.aborted) return;
    this.versions = versions;
    this.changed();
  }

  async #load(signal) {
    const [page, runs] = await Promise.all([
      this.#get(`messages?limit=${PAGE}`, signal),
      this.#get(`runs?limit=${PAGE}`, signal),
    ]);
    const found = page.data.reverse();
    const older = this.messages.filter(({ id }) => id && found.length && id < found[0].id);
    if (!older.length) this.more = page.has_more;
    this.messages = [...older, ...found];
    for (const run of runs.data) this.runs.set(run.id, run);
    const stepsOf = (run) => this.#get(`runs/${run.id}/steps?limit=100&order=asc`, signal);
    await this.steps.load(runs.data, stepsOf, () => !signal.aborted && this.changed());
    if (signal.aborted) return;
    if (!this.begins && found.length) {
      const first = this.more ? (await this.#get("messages?limit=1&order=asc", signal)).data[0] : this.messages[0];
      this.begins = textOf({ content: first.content.slice(-1) });
    }
    const [newest] = runs.data;
    const going = newest && ACTIVE.has(newest.status) && newest.id !== this.live?.run?.id;
    if (going && !signal.aborted) this.#follow(new Live(newest));
  }

  #get(path, signal) {
    return this.#panel.ask(this.#panel.openai(`threads/${this.thread.id}/${path}`), { signal });
  }

  /** The messages ahead of those that are there. */
  async earlier() {
    const first = this.messages.find(({ id }) => id);
    const page = await this.#get(`messages?limit=${PAGE}&after=${first.id}`, this.#leaving.signal);
    this.messages = [...page.data.reverse(), ...this.messages];
    this.more = page.has_more;
    this.changed();
  }

  /** See whether somebody else has asked something. */
  async #look() {
    if (document.hidden || this.live || this.loading || this.sending || !this.thread) return;
    const { signal } = this.#leaving;
    try {
      const [run] = (await this.#get("runs?limit=1&no_track_activity=1", signal)).data;
      if (!run || this.runs.has(run.id) || this.live || this.sending) return;
      await this.#load(signal);
      this.changed();
    } catch {
      // Nobody has asked for this; the next thing that a person does tells what is wrong.
    }
  }

  async #follow(live, stream = null) {
    const { signal } = this.#leaving;
    this.live = live;
    this.changed();
    try {
      const changed = () => this.#changedSoon();
      await follow(this.#panel, this.thread.id, live, { stream, signal, changed });
      if (!signal.aborted) await this.#load(signal);
    } catch (error) {
      if (!signal.aborted) this.failure = { error, again: () => this.open(this.thread.id) };
    }
    if (signal.aborted) return;
    if (this.live === live) this.live = null;
    this.changed();
  }

  // -- writing ------------------------------------------------------------------------------------

  /** Ask something; says whether the server has taken it. */
  send(text) {
    return this.#doing(async () => {
      this.variables.check();
      const question = this.variables.question(text);
      const { signal } = this.#leaving;
      const thread = this.thread ?? (await this.#begin(signal));
      const started = await this.#start(thread.id, { additional_messages: [question], stream: true });
      if (signal.aborted) return; // it was asked, and is there when somebody looks
      this.variables.clear();
      this.begins ||= text;
      this.messages = [...this.messages, local(question)];
      this.#follow(started.live, started.stream);
    });
  }

  /** Let the thread be answered as it is. */
  answer() {
    return this.#doing(async () => {
      const { signal } = this.#leaving;
      const { live, stream } = await this.#start(this.thread.id, { stream: true });
      if (!signal.aborted) this.#follow(live, stream);
    });
  }

  /** Another answer to a question, in a fork. */
  retry(question) {
    return this.#doing(() => this.#fork(question.id, {}));
  }

  /** Another question in its place, in a fork; what was attached to it stays. */
  edit(question, text) {
    return this.#doing(async () => {
      const page = await this.#get(`messages?limit=1&after=${question.id}`, this.#leaving.signal);
      await this.#fork(page.data[0]?.id ?? null, { additional_messages: [rewritten(question, text)] });
    });
  }

  async #doing(work) {
    if (this.sending || this.live) return false;
    Object.assign(this, { sending: true, failure: null });
    this.changed();
    try {
      await work();
      return true;
    } catch (error) {
      this.failure = { error };
      return false;
    } finally {
      this.sending = false;
      this.changed();
    }
  }

  /** A new thread, which is the conversation's unless somebody has opened another one meanwhile. */
  async #begin(signal) {
    const notebook = this.#panel.get("notebook");
    const metadata = notebook ? { notebook } : {};
    const thread = await this.#panel.ask(this.#panel.openai("threads"), { body: { metadata } });
    if (signal.aborted && this.#views.size) return thread;
    this.thread = thread;
    this.#panel.set("thread", thread.id);
    return thread;
  }

  async #fork(last, fields) {
    const { signal } = this.#leaving;
    const fork = await forkThread(this.#panel, this.thread, last);
    try {
      await this.#start(fork.id, fields);
    } catch (error) {
      const path = this.#panel.openai(`threads/${fork.id}`);
      if (error.status) await this.#panel.ask(path, { method: "DELETE" }).catch(() => {});
      throw error;
    }
    if (!signal.aborted) this.open(fork.id);
  }

  /** Start a run. It bears a mark, so that it is found where the server's answer was lost. */
  async #start(threadId, fields) {
    const mark = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16)).join("");
    const [path, body] = [this.#panel.openai(`threads/${threadId}/runs`), { ...this.settings, ...fields }];
    body.metadata = { chat: mark };
    try {
      const answer = await ask(path, { method: "POST", body: JSON.stringify(body) });
      if (fields.stream) return { live: new Live(), stream: eventsOf(answer) };
      return { live: new Live(await answer.json()), stream: null };
    } catch (error) {
      if (error.status !== undefined) throw error;
      const runs = await this.#panel.ask(`${path}?limit=1`).catch(() => ({ data: [] }));
      const [newest] = runs.data;
      if (newest?.metadata.chat === mark) return { live: new Live(newest), stream: null };
      throw new Error("The server could not be reached.", { cause: error });
    }
  }

  /** What a run is begun with. */
  get settings() {
    const [model, instructions] = [this.#panel.get("model"), this.#panel.get("system")];
    return { assistant_id: "default", ...(model && { model }), ...(instructions && { instructions }) };
  }

  /** End the run; what has come of its answer stays. */
  async stop() {
    const { live } = this;
    if (!live || live.stopping) return;
    live.stopping = true;
    this.changed();
    while (!live.run && this.live === live) await pause(10);
    if (!live.run || live.over) return;
    try {
      await this.#panel.ask(this.#panel.openai(`threads/${this.thread.id}/runs/${live.run.id}/cancel`), { body: {} });
    } catch (error) {
      live.stopping = false;
      if (error.status !== 400) this.failure = { error }; // else it has ended by itself
      this.changed();
    }
  }

  async rename(name) {
    const { signal } = this.#leaving;
    const thread = await renameThread(this.#panel, this.thread.id, name.trim());
    if (signal.aborted) return; // another one is shown by now
    this.thread = thread;
    this.changed();
  }
}

/** A question that is not stored yet, as far as this page knows. */
function local({ content, metadata = {} }) {
  const parts = typeof content === "string" ? [{ text: content }] : content;
  return {
    id: null,
    role: "user",
    content: parts.map(({ text }) => ({ type: "text", text: { value: text } })),
    created_at: Date.now() / 1000,
    metadata,
  };
}

/** The message with another text, which is the last part of it. */
function rewritten({ content, metadata, attachments = [] }, text) {
  const parts = content.slice(0, -1).map((part) => (part.type === "text" ? { type: "text", text: part.text.value } : part));
  const message = parts.length ? [...parts, { type: "text", text }] : text;
  return { role: "user", content: message, metadata, ...(attachments.length && { attachments }) };
}
