// Variables for the next question: a picker, and those that are picked.

import { useEffect, useRef, useState } from "preact/hooks";
import { Notice, visible } from "../ui.jsx";

const PATIENCE = 1500; // milliseconds after which a kernel counts as busy
const SHOWN = 200;

export function Attached({ variables }) {
  const picked = [...variables.picked.values()];
  if (!picked.length) return null;
  return (
    <div class="oxillama-chat-attached" role="group" aria-label="Goes with the question">
      {picked.map((one) => (
        <Chip key={one.name} one={one} drop={() => variables.drop(one.name)} />
      ))}
      {variables.tooLong && (
        <Notice>
          Too long: {variables.tooLong.prompt_tokens.toLocaleString()} tokens, where{" "}
          {variables.tooLong.limit.toLocaleString()} are allowed.
        </Notice>
      )}
    </div>
  );
}

function Chip({ one, drop }) {
  const name = visible(one.name);
  return (
    <div class="oxillama-chat-chip">
      <details>
        <summary>
          <code>{name}</code> <span class={one.error ? "oxillama-notice" : "oxillama-quiet"}>{costOf(one)}</span>
        </summary>
        <pre tabIndex={0} aria-label={`What the model is told of ${name}`}>
          {one.text ?? one.error ?? "The kernel has not described it yet."}
        </pre>
      </details>
      <button type="button" class="oxillama-button plain" aria-label={`Do not attach ${name}`} onClick={drop}>
        ×
      </button>
    </div>
  );
}

function costOf({ text, tokens, error }) {
  if (error) return "not there";
  if (text === undefined) return "…";
  return tokens === null ? `${text.length.toLocaleString()} characters` : `${tokens.toLocaleString()} tokens`;
}

export function Picker({ panel, variables, close }) {
  const [{ list, error, slow }, setState] = useState({});
  const [words, setWords] = useState("");
  const place = useRef(null);
  useEffect(() => {
    let shown = true;
    const timer = setTimeout(() => setState((old) => ({ slow: true, ...old })), PATIENCE);
    const tell = (state) => shown && setState(state);
    variables.list().then((found) => tell({ list: found }), (problem) => tell({ error: problem }));
    return () => ((shown = false), clearTimeout(timer));
  }, [panel.connected]);
  useEffect(() => place.current?.focus(), [list]);
  const found = (list ?? []).filter(({ name }) => name.toLowerCase().includes(words.toLowerCase()));
  const keys = (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  };
  return (
    <section class="oxillama-chat-drawer" aria-label="Variables of the notebook" onKeyDown={keys}>
      {error && <Notice error={error} />}
      {!list && !error && <p role="status">{slow ? "The kernel is busy; it answers when it can." : "Asking the kernel …"}</p>}
      {list && (
        <input
          ref={place}
          class="oxillama-input"
          type="search"
          aria-label="Find a variable"
          placeholder="Find a variable"
          value={words}
          onInput={(event) => setWords(event.target.value)}
        />
      )}
      {list && !found.length && <p class="oxillama-quiet">No variable is called that.</p>}
      <ul>
        {found.slice(0, SHOWN).map(({ name, type }) => (
          <li key={name}>
            <button
              type="button"
              aria-pressed={variables.picked.has(name)}
              onClick={() => (variables.picked.has(name) ? variables.drop(name) : variables.pick(name))}
            >
              <code>{visible(name)}</code> <span class="oxillama-quiet">{visible(type)}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
