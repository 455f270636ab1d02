// Models on their way here: the form, and each pull with its progress.

import { useRef, useState } from "preact/hooks";
import { span } from "../engine/words.js";
import { Button, Notice, size, visible } from "../ui.jsx";
import { Copy } from "./model.jsx";

const SETTING = "c.OxillamaApp.allow_pull = True";
const SPEED = 8; // seconds that a speed is taken over
export const LIVE = new Set(["queued", "in_progress"]);
const WORDS = { queued: "Looking what there is…", in_progress: "Fetching", completed: "Here", failed: "Failed", cancelled: "Cancelled" };

export function Pulls({ panel, pulls, onChange }) {
  const speeds = useRef(new Map());
  const begin = async (model) => {
    await panel.ask(panel.own("models/pull"), { body: { model } });
    onChange();
  };
  const cancel = async (pull) => {
    await panel.ask(panel.own(`models/pulls/${encodeURIComponent(pull.id)}/cancel`), { method: "POST" });
    onChange();
  };
  return (
    <section class="ox-part" aria-label="Fetch a model">
      <h4>Fetch a model</h4>
      {pulls.refusal ? <Refusal why={pulls.refusal} /> : <Form onBegin={begin} />}
      <ul class="ox-pulls">
        {newestOfEach(pulls.data).map((pull) => (
          <Pull
            key={pull.id}
            pull={pull}
            speed={speedOf(speeds.current, pull)}
            onCancel={() => cancel(pull)}
            onResume={() => begin(pull.model)}
          />
        ))}
      </ul>
    </section>
  );
}

function Refusal({ why }) {
  if (!why.includes("allow_pull")) return <p class="oxillama-quiet">{visible(why)}</p>;
  return (
    <div>
      <p>This server fetches no models from the network. Who runs it can allow that:</p>
      <p class="oxillama-row">
        <code class="ox-wrap">{SETTING}</code>
        <Copy text={SETTING} />
        <span class="oxillama-quiet">in jupyter_server_config.py, then start the server again.</span>
      </p>
    </div>
  );
}

function Form({ onBegin }) {
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const begin = async (event) => {
    event.preventDefault();
    const model = event.currentTarget.elements.model.value.trim(); // what was typed last may not be drawn yet
    if (busy || !model) return;
    setBusy(true);
    setError(null);
    try {
      await onBegin(model);
      setName("");
    } catch (problem) {
      setError(problem);
    }
    setBusy(false);
  };
  return (
    <form onSubmit={begin}>
      <div class="oxillama-row">
        <label class="ox-grow">
          <span class="oxillama-hidden-label">Model of the Hugging Face hub</span>
          <input
            class="oxillama-input"
            name="model"
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
            onKeyDown={submitOnEnter}
            placeholder="hf:owner/repo:Q4_K_M"
            spellcheck={false}
            autocapitalize="off"
          />
        </label>
        <button type="submit" class="oxillama-button main" disabled={busy || !name.trim()}>
          {busy ? "Asking the hub…" : "Fetch"}
        </button>
      </div>
      <p class="oxillama-quiet">hf:owner/repo, with :QUANT where there are several; from the Hugging Face hub.</p>
      {error && <Notice>{visible(error.message)}</Notice>}
    </form>
  );
}

/** The browser's own way to submit a form by Enter does not come through Lab. */
function submitOnEnter(event) {
  if (event.key !== "Enter" || event.isComposing) return;
  event.preventDefault();
  event.currentTarget.form.requestSubmit();
}

function Pull({ pull, speed, onCancel, onResume }) {
  const { bytes_done: done, bytes_total: total } = pull;
  const name = visible(pull.model);
  const live = LIVE.has(pull.status);
  return (
    <li class="ox-pull">
      <div class="oxillama-row">
        <span class="ox-wrap ox-name">{name}</span>
        <span class="ox-push" />
        <span>{WORDS[pull.status]}</span>
        {live && (
          <Button label={`Cancel ${name}`} onClick={onCancel}>
            Cancel
          </Button>
        )}
        {(pull.status === "cancelled" || pull.status === "failed") && (
          <Button label={`Resume ${name}`} onClick={onResume}>
            Resume
          </Button>
        )}
      </div>
      {pull.status !== "completed" && total > 0 && <progress aria-label={`${name}: fetched`} max={total} value={done} />}
      <p class="oxillama-quiet" role={live ? undefined : "status"}>{wordsOf(pull, done, total, speed)}</p>
      {pull.last_error && <Notice>{visible(pull.last_error.message)}</Notice>}
    </li>
  );
}

function wordsOf(pull, done, total, speed) {
  if (pull.status === "completed") return `Can be loaded as ${visible(pull.served_as ?? "")}.`;
  if (!total) return visible(pull.detail ?? "");
  const parts = [`${Math.floor((100 * done) / total)} %`, `${size(done)} of ${size(total)}`];
  if (LIVE.has(pull.status)) {
    if (speed > 0) parts.push(`${size(speed)}/s`, `${span((total - done) / speed)} left`);
    if (pull.detail) parts.push(visible(pull.detail));
  } else parts.push("what has come is kept");
  return parts.join(" · ");
}

/** Bytes a second of late; 0 while that is not known. */
function speedOf(known, pull) {
  if (pull.status !== "in_progress") {
    known.delete(pull.id);
    return 0;
  }
  const now = performance.now() / 1000;
  const looks = (known.get(pull.id) ?? []).filter((look) => now - look.at <= SPEED);
  if (looks.at(-1)?.done !== pull.bytes_done || !looks.length || now - looks.at(-1).at > 1) looks.push({ at: now, done: pull.bytes_done });
  known.set(pull.id, looks);
  const [first, last] = [looks[0], looks.at(-1)];
  return now - first.at > 0.5 ? Math.max(0, last.done - first.done) / (now - first.at) : 0;
}

/** A model that was asked for again stands there once; those that are done are few. */
function newestOfEach(pulls) {
  const seen = new Set();
  return pulls.filter((pull) => !seen.has(pull.model.toLowerCase()) && seen.add(pull.model.toLowerCase())).slice(0, 8);
}
