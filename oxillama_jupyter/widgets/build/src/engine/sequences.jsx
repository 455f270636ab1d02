// The sequences, each as a cell: what it is used for, by a shape, a word and a number.

import { visible } from "../ui.jsx";
import { count } from "./words.js";

const STATES = {
  free: { shape: "○", word: "free" },
  idle: { shape: "◐", word: "warm" },
  reading: { shape: "◔", word: "reading a prompt" },
  generating: { shape: "●", word: "generating" },
};

export function Sequences({ status, runs }) {
  const { sequences = [] } = status.stats;
  const models = [...new Set(sequences.map((one) => one.model ?? ""))];
  if (!sequences.length) return <p class="oxillama-quiet">This engine does not tell what its sequences hold.</p>;
  return models.map((model) => (
    <div key={model}>
      {models.length > 1 && <p class="oxillama-quiet ox-isolated">{visible(model)}</p>}
      <ul class="ox-sequences">
        {sequences
          .filter((one) => (one.model ?? "") === model)
          .map((one, index) => (
            <Sequence key={index} number={index + 1} one={one} runs={runs} />
          ))}
      </ul>
    </div>
  ));
}

function Sequence({ number, one, runs }) {
  const state = STATES[one.state] ?? STATES[one.tokens ? "idle" : "free"];
  const busy = one.state === "reading" || one.state === "generating";
  const run = busy && one.key ? runs.find((run) => run.thread_id === one.key && run.status !== "queued") : null;
  const owner = run?.id ?? one.key ?? "";
  const full = [run?.id, one.key].filter(Boolean).map(visible).join(", ");
  return (
    <li class={`ox-sequence ${one.state ?? "free"}`} title={full || undefined}>
      <span>
        <span aria-hidden="true">{state.shape}</span> <span class="oxillama-hidden-label">{`Sequence ${number}: `}</span>
        {state.word}
      </span>
      {one.state === "reading" ? (
        <>
          <span>{`${count(one.tokens)} of ${count(one.wanted)}`}</span>
          <Bar part={one.tokens ?? 0} whole={one.wanted} label="Prompt read" />
        </>
      ) : (
        <span>{one.tokens ? `${count(one.tokens)} tokens` : " "}</span>
      )}
      <span class="ox-owner oxillama-quiet">{owner ? visible(owner) : " "}</span>
    </li>
  );
}

/** How full something is. */
export function Bar({ part, whole, label }) {
  const percent = whole ? Math.min(100, Math.round((100 * part) / whole)) : 0;
  return (
    <span class="ox-bar" role="meter" aria-label={label} aria-valuemin="0" aria-valuemax="100" aria-valuenow={percent}>
      <span style={{ width: `${percent}%` }} />
    </span>
  );
}
