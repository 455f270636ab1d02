// Where a question is typed. What is typed stays until the server has taken it.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Button, Notice, useTrait, visible } from "../ui.jsx";
import { Attached, Picker } from "./attachments.jsx";

const TALLEST = 260; // pixels
const BETWEEN_SAVES = 300; // milliseconds
const ONLY_TALL = 10000; // characters from which on nobody has to measure

/** The draft: in the page at once, in the browser and in the kernel soon after. */
function useDraft(panel) {
  const key = `oxillama-chat-draft:${panel.id}`;
  const [text, setText] = useState(() => stored(key) ?? panel.get("draft") ?? "");
  const state = useRef({ text, known: panel.get("draft") ?? "", timer: 0 }).current;
  state.text = text;
  const save = () => {
    clearTimeout(state.timer);
    state.timer = 0;
    if (state.known === state.text) return;
    state.known = state.text;
    store(key, state.text);
    panel.set("draft", state.text);
  };
  useEffect(() => {
    const end = panel.on("draft", () => {
      const draft = panel.get("draft") ?? "";
      // What somebody has typed here counts, unless the kernel knew it and has another now.
      const untouched = state.text === "" || state.text === state.known;
      if (draft === state.known || !untouched) return;
      state.known = draft;
      setText(draft);
    });
    return () => {
      save();
      end();
    };
  }, []);
  const set = (value) => {
    setText(value);
    state.text = value;
    if (value === "") save();
    else state.timer ||= setTimeout(save, BETWEEN_SAVES);
  };
  return [text, set];
}

function stored(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // the browser keeps nothing
  }
}

function store(key, text) {
  try {
    if (text) localStorage.setItem(key, text);
    else localStorage.removeItem(key);
  } catch {
    // There is no room; the page and the kernel have it.
  }
}

export function Composer({ panel, conversation, models, field }) {
  const [text, setText] = useDraft(panel);
  const [picking, setPicking] = useState(false);
  const [said, setSaid] = useState("");
  const { live, sending } = conversation;
  useHeight(field, text);
  useEffect(() => setSaid(""), [live === null]);
  const send = async () => {
    if (live) return setSaid("An answer is being written. Your text is kept: send it when that is done, or stop it.");
    if (!text.trim() || sending) return;
    if (await conversation.send(text)) {
      setText("");
      setPicking(false);
    }
    field.current?.focus();
  };
  const keys = (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send();
  };
  return (
    <form class="oxillama-chat-composer" onSubmit={(event) => event.preventDefault()}>
      <Attached variables={conversation.variables} />
      {picking && <Picker panel={panel} variables={conversation.variables} close={() => setPicking(false)} />}
      <textarea
        ref={field}
        class="oxillama-input"
        rows={1}
        aria-label="Your question"
        aria-keyshortcuts="Enter"
        placeholder="Ask something …"
        value={text}
        readOnly={sending}
        onInput={(event) => setText(event.target.value)}
        onKeyDown={keys}
      />
      <div class="oxillama-row">
        <button
          type="button"
          class="oxillama-button"
          aria-expanded={picking}
          onClick={() => setPicking(!picking)}
          title="Let variables of the notebook go with the question"
        >
          + Variable
        </button>
        <Model panel={panel} models={models} />
        <span class="oxillama-chat-gap" />
        <Gauge conversation={conversation} models={models} />
        <button
          type="button"
          class={`oxillama-button ${live ? "" : "main"}`}
          disabled={live ? live.stopping : sending || !text.trim()}
          title={live ? "Stop (Escape)" : "Send (Enter)"}
          onClick={() => (live ? conversation.stop() : send())}
        >
          {live ? "Stop" : "Send"}
        </button>
      </div>
      {said && <Notice>{said}</Notice>}
    </form>
  );
}

/** As tall as its text, up to a height. */
function useHeight(field, text) {
  useLayoutEffect(() => {
    const { current } = field;
    if (text.length > ONLY_TALL) {
      current.style.height = `${TALLEST}px`;
      return;
    }
    current.style.height = "auto";
    current.style.height = `${Math.min(TALLEST, current.scrollHeight + 2)}px`;
  }, [text]);
}

function Model({ panel, models }) {
  const [model, setModel] = useTrait(panel, "model");
  const able = (models.data?.data ?? []).filter((one) => !one.embedding);
  const usual = able.find((one) => one.default);
  const known = !model || able.some((one) => one.id === model);
  return (
    <select
      class="oxillama-input oxillama-chat-model"
      aria-label="Model"
      value={model}
      onFocus={models.reload}
      onChange={(event) => setModel(event.target.value)}
    >
      <option value="">{usual ? `${visible(usual.id)} (the usual one)` : "The usual model"}</option>
      {!known && <option value={model}>{visible(model)} (not here)</option>}
      {able.map((one) => (
        <option key={one.id} value={one.id} disabled={one.state === "failed"}>
          {visible(one.id)}
          {one.state === "failed" ? " (failed)" : one.state === "loaded" ? " (loaded)" : ""}
        </option>
      ))}
    </select>
  );
}

/** How much of the model's context the conversation takes. */
function Gauge({ conversation, models }) {
  const run = [...conversation.runs.values()].filter((one) => one.usage).sort((a, b) => (a.id < b.id ? 1 : -1))[0];
  const context = models.data?.data.find((one) => one.id === run?.model)?.context;
  if (!run || !context) return null;
  const used = run.usage.total_tokens;
  const share = Math.min(1, used / context);
  const words = `${used.toLocaleString()} of ${context.toLocaleString()} tokens of the model’s context`;
  return (
    <span class="oxillama-chat-gauge" role="img" aria-label={words} title={words}>
      <span class={share > 0.85 ? "full" : ""} style={{ width: `${Math.max(2, 100 * share)}%` }} />
    </span>
  );
}
