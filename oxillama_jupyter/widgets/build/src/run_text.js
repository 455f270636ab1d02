// What a run's events come to: Markdown, as the kernel would leave it in the notebook.

import { visible } from "./visible.js";

const LONGEST = 200;

/** Collects a run's events. */
export class Text {
  #blocks = new Map(); // messages, and between them calls
  #thoughts = new Map();
  tokens = 0;
  steps = 0;

  get whole() {
    return [...this.#blocks.values()].join("\n\n");
  }

  get reasoning() {
    return [...this.#thoughts.values()].join("\n\n");
  }

  feed({ event, data }) {
    if (event === "thread.message.delta") {
      this.tokens += 1;
      this.#add(this.#blocks, data.id, data.delta.content.map((part) => part.text?.value ?? "").join(""));
    } else if (event === "thread.message.completed" || event === "thread.message.incomplete") {
      const texts = data.content.filter((part) => part.type === "text");
      this.#blocks.set(data.id, texts.map((part) => part.text.value).join("\n\n"));
    } else if (event === "thread.run.step.created") {
      this.steps += 1;
      if (data.reasoning_content) this.#thoughts.set(data.id, data.reasoning_content);
    } else if (event === "thread.run.step.completed" && data.type === "tool_calls") {
      this.#blocks.set(data.id, data.step_details.tool_calls.map((call) => code(line(call))).join("  \n"));
    }
  }

  #add(texts, id, more) {
    texts.set(id, (texts.get(id) ?? "") + more);
  }
}

/** A call in one line: what ran, or was denied, and what came of it. */
function line({ function: called, decision }) {
  const shown = short(callText(called.name, decision?.arguments ?? called.arguments));
  if (decision?.verdict === "denied") return `${shown} was denied`;
  return `${shown}${decision?.verdict === "edited" ? " (edited)" : ""} → ${short(called.output ?? "")}`;
}

/** A call with its arguments, as Python would write it. */
export function callText(name, given) {
  const known = argumentsOf(given);
  if (!known) return `${name}(${given})`;
  return `${name}(${Object.entries(known).map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(", ")})`;
}

/** Arguments as an object; null if they are none. */
export function argumentsOf(text) {
  try {
    const found = JSON.parse(text || "{}");
    return found && typeof found === "object" && !Array.isArray(found) ? found : null;
  } catch {
    return null;
  }
}

function short(text) {
  const found = visible(text.split(/\s+/).filter(Boolean).join(" "));
  return found.length <= LONGEST ? found : `${found.slice(0, LONGEST - 1)}…`;
}

/** Text as a code span that it cannot end. */
function code(text) {
  const runs = text.match(/`+/g) ?? [];
  const fence = "`".repeat(1 + Math.max(0, ...runs.map((run) => run.length)));
  const pad = runs.length ? " " : "";
  return `${fence}${pad}${text}${pad}${fence}`;
}
