// A run as a page follows it: by the kernel's messages where a kernel sends any, else by its events
// from the server, from the first one on.

import { followRun, followThoughts } from "./events.js";
import { Text } from "./run_text.js";

const PATIENCE = 1000; // milliseconds for the kernel's model to come
const POLL = 10; // seconds a question about decisions stays open
const BETWEEN = 500; // milliseconds
const AGAIN = 2000; // milliseconds until a server is asked again that did not answer
const DENIED = JSON.stringify({ error: "The user denied this call; the function did not run." });
export const TERMINAL = new Set(["completed", "failed", "cancelled", "expired", "incomplete"]);

/** What a run's steps have of the model's reasoning, in their order. */
export function thoughtsOf(steps) {
  return steps.map((step) => step.reasoning_content).filter(Boolean).join("\n\n");
}

/** The run of a panel; the same one for all of its views. */
export function runOf(panel) {
  return (panel.followed ??= new Run(panel));
}

class Run {
  #panel;
  #views = new Set();
  #leaving = null;
  #undo = () => {};

  constructor(panel) {
    this.#panel = panel;
    this.text = "";
    this.reasoning = "";
    this.tokens = 0;
    this.status = "";
    this.missed = false;
    this.error = null;
    this.since = Date.now();
    this.firstText = null;
    this.object = null; // the server's, where it was asked
    this.calls = []; // those that the run waits for, with what was decided about them
    this.unreached = null; // why nobody knows what they are
  }

  get id() {
    return this.#panel.get("run_id");
  }

  /** Whether no kernel follows the run, as far as the page knows: nobody runs what it calls. */
  get alone() {
    return Boolean(this.#panel.get("alone"));
  }

  get #path() {
    return `threads/${this.#panel.get("thread_id")}/runs/${this.#panel.get("run_id")}`;
  }

  /** Whether more will come. */
  get on() {
    return !TERMINAL.has(this.status) && this.status !== "ended" && !this.error;
  }

  /** Call `view` after each change; what is returned ends that. */
  watch(view) {
    this.#views.add(view);
    if (!this.#leaving) this.#begin();
    return () => {
      this.#views.delete(view);
      if (!this.#views.size) this.#end();
    };
  }

  stop() {
    if (this.#panel.run?.on) return this.#panel.run.stop();
    return this.#panel.ask(this.#panel.openai(`${this.#path}/cancel`), { method: "POST" });
  }

  /** Decide about a call that the run waits for. */
  async decide(call, decision) {
    const body = { tool_call_id: call.id, ...decision };
    const { calls } = await this.#panel.ask(this.#panel.own(`${this.#path}/decisions`), { body });
    this.calls = calls;
    this.#tell();
    if (this.alone && calls.every((one) => one.decision?.verdict === "denied")) await this.#refuse();
  }

  /** Tell the model that nothing has run: for that, nobody has to have its functions. */
  async #refuse() {
    const tool_outputs = this.calls.map(({ id }) => ({ tool_call_id: id, output: DENIED }));
    await this.#panel.ask(this.#panel.openai(`${this.#path}/submit_tool_outputs`), { body: { tool_outputs } });
  }

  #tell() {
    this.#views.forEach((view) => view());
  }

  #begin() {
    const leaving = (this.#leaving = new AbortController());
    const panel = this.#panel;
    // The model's own text is there a moment after the model.
    const forget = panel.on("connected", () => queueMicrotask(() => this.#choose(leaving.signal)));
    const timer = setTimeout(() => this.#choose(leaving.signal, true), panel.connected ? 0 : PATIENCE);
    this.#undo = () => {
      forget();
      clearTimeout(timer);
    };
    this.#choose(leaving.signal);
  }

  #end() {
    this.#leaving?.abort();
    this.#leaving = null;
    this.#undo();
    this.#source = "";
  }

  #source = "";
  #round = 0; // of waiting for decisions

  /** Follow by the kernel if it tells anything, by the server if it does not or no more. */
  #choose(signal, late = false) {
    if (signal.aborted || this.#source === "server" || !this.on) return;
    const { run, connected } = this.#panel;
    if (connected && run?.status) {
      if (this.#source !== "kernel") this.#byKernel(run, signal);
    } else if (this.#panel.get("run_id") && (late || connected || this.#source === "kernel")) {
      this.#source = "server";
      this.#byServer(signal).catch((error) => {
        if (signal.aborted) return;
        this.error = error;
        this.#tell();
      });
    }
  }

  /** Show what is being thought behind what was `known`, until something is `written`. */
  #thinkAloud(signal, known, written = () => false) {
    const ids = [this.#panel.get("thread_id"), this.#panel.get("run_id")];
    const told = (text) => {
      if (written() || !this.on) return;
      this.reasoning = [known, text].filter(Boolean).join("\n\n");
      this.#tell();
    };
    return followThoughts(this.#panel, ...ids, { signal, told });
  }

  /** What the model thinks ahead of its text, which the kernel does not send; its steps have all. */
  async #hear(signal) {
    await this.#thinkAloud(signal, this.reasoning);
    if (signal.aborted) return;
    try {
      const steps = await this.#panel.ask(this.#panel.openai(`${this.#path}/steps?order=asc`), { signal });
      this.reasoning = thoughtsOf(steps.data);
      this.#tell();
    } catch (error) {
      if (!signal.aborted) console.warn("oxillama:", error);
    }
  }

  #byKernel(run, signal) {
    this.#source = "kernel";
    let heard = false; // whether what is thought in this stretch of the run is listened to
    const update = () => {
      if (this.#source !== "kernel") return;
      const waited = this.status === "requires_action";
      const { text, tokens, missed, status } = run;
      Object.assign(this, { text, tokens, missed, status });
      if (status !== "in_progress") heard = false;
      else if (!heard && this.#panel.get("run_id")) {
        heard = true;
        this.#hear(signal);
      }
      if (text) this.firstText ??= Date.now();
      if (status === "requires_action" && !waited) {
        const round = (this.#round += 1);
        const wanted = () => round === this.#round && this.status === "requires_action";
        this.#decisions(signal, wanted).catch((error) => {
          if (!signal.aborted) console.warn("oxillama:", error);
        });
      } else if (status !== "requires_action") this.calls = [];
      this.#tell();
    };
    run.views.add(update);
    signal.addEventListener("abort", () => run.views.delete(update));
    update();
  }

  async #byServer(signal) {
    const text = new Text();
    const ids = [this.#panel.get("thread_id"), this.#panel.get("run_id")];
    let after = null;
    this.#take(await this.#panel.ask(this.#panel.openai(this.#path), { signal }));
    while (!signal.aborted) {
      for await (const event of followRun(this.#panel, ...ids, { signal, after })) {
        if (event.id !== undefined) after = event.id;
        if (/^thread\.run\.(?!step\.)/.test(event.event)) this.#take(event.data);
        else text.feed(event);
        Object.assign(this, { text: text.whole, reasoning: text.reasoning, tokens: text.tokens });
        if (event.event === "thread.run.in_progress" && this.on) {
          const { steps } = text;
          this.#thinkAloud(signal, text.reasoning, () => text.steps !== steps);
        }
        this.#tell();
      }
      this.#take(await this.#panel.ask(this.#panel.openai(this.#path), { signal }));
      this.#tell();
      if (!this.on) return;
      if (this.status === "requires_action") await this.#decisions(signal, () => true);
      else await new Promise((done) => setTimeout(done, BETWEEN));
    }
  }

  #take(object) {
    this.object = object;
    this.status = object.status;
    this.since = 1000 * object.created_at;
    if (object.started_at) this.firstText = 1000 * object.started_at;
    if (object.status !== "requires_action") this.calls = [];
  }

  /** Show what is decided about the run's calls, until it waits for no decision any more. */
  async #decisions(signal, wanted) {
    for (let decided = ""; wanted() && !signal.aborted; ) {
      const found = await this.#asked(decided, signal);
      if (!wanted() || signal.aborted) return;
      if (!found) continue;
      this.calls = found.calls;
      this.#tell();
      if (found.status !== "requires_action") return;
      decided = `?decided=${found.calls.filter((call) => call.decision).length}&wait=${POLL}`;
    }
  }

  /** The calls as the server has them; null where it was not reached, after a while. */
  async #asked(decided, signal) {
    try {
      const found = await this.#panel.ask(this.#panel.own(`${this.#path}/decisions${decided}`), { signal });
      this.unreached = null;
      return found;
    } catch (error) {
      if (signal.aborted) return null;
      this.unreached = error;
      this.#tell();
      if (error.status && error.status < 500) throw error;
      await new Promise((done) => setTimeout(done, AGAIN));
      return null;
    }
  }
}
