// A run that goes on, as its events tell it.

export const ACTIVE = new Set(["queued", "in_progress", "requires_action", "cancelling"]);

/** What has come of a run so far. */
export class Live {
  run = null;
  /** Texts by message, in their order. */
  texts = new Map();
  /** Calls that were answered. */
  calls = [];
  /** What the model thought, by step. */
  thoughts = new Map();
  /** What it thinks now; its step will have that. */
  thinking = "";
  tokens = 0;
  began = Date.now();
  firstText = null;
  stopping = false;

  constructor(run = null) {
    this.run = run;
  }

  get over() {
    return this.run !== null && !ACTIVE.has(this.run.status);
  }

  get waits() {
    return this.run?.status === "requires_action";
  }

  get text() {
    return [...this.texts.values()].filter(Boolean).join("\n\n");
  }

  get reasoning() {
    return [...this.thoughts.values(), this.thinking].filter(Boolean).join("\n\n");
  }

  /** The calls that somebody has to answer. */
  get pending() {
    return this.run?.required_action?.submit_tool_outputs.tool_calls ?? [];
  }

  /** Tokens a second since the first one; null while that says nothing. */
  get speed() {
    const seconds = this.firstText ? (Date.now() - this.firstText) / 1000 : 0;
    return seconds > 0.5 ? this.tokens / seconds : null;
  }

  feed({ event, data }) {
    if (event === "error") throw new Error(data.message ?? data.error?.message);
    if (event === "thread.run.created") this.#restart();
    if (event === "thread.message.delta") this.#grow(data);
    else if (/^thread\.message\.(completed|incomplete)$/.test(event)) this.texts.set(data.id, textOf(data));
    else if (event === "thread.run.step.created") {
      this.thinking = "";
      if (data.reasoning_content) this.thoughts.set(data.id, data.reasoning_content);
    } else if (event === "thread.run.step.completed" && data.type === "tool_calls") {
      this.calls.push(...data.step_details.tool_calls);
    } else if (/^thread\.run\.\w+$/.test(event)) this.run = data;
  }

  #restart() {
    this.texts.clear();
    this.thoughts.clear();
    this.calls = [];
    this.tokens = 0;
  }

  #grow({ id, delta }) {
    const fragment = delta.content.map((part) => part.text?.value ?? "").join("");
    this.texts.set(id, (this.texts.get(id) ?? "") + fragment);
    this.tokens += 1;
    this.firstText ??= Date.now();
  }
}

/** The texts of a message's parts. */
export function textsOf(message) {
  return message.content.map((part) => {
    if (part.type === "text") return part.text.value ?? part.text;
    return part.type === "refusal" ? part.refusal : `[${part.type.replace("_", " ")}]`;
  });
}

/** A message's whole text. */
export function textOf(message) {
  return textsOf(message).join("\n\n");
}
