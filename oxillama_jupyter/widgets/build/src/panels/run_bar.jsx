// What stands below an answer: how it ended, what it took, and what can be done with it now.

import { useEffect, useRef, useState } from "preact/hooks";
import styles from "./run_bar.css";
import { usePoll } from "../poll.js";
import { runOf, TERMINAL, thoughtsOf } from "../run.js";
import { fork, messagesOf, retry, textOf } from "../run_again.js";
import { ending, speed } from "../run_words.js";
import { Thoughts } from "../thoughts.jsx";
import { Button, mount, Notice } from "../ui.jsx";

export { PROTOCOL } from "../page.js";

const SHOWN = 1500; // milliseconds
const BETWEEN = 1000; // milliseconds between looks at a run that goes on

export function show(panel, el, page) {
  return mount(<RunBar panel={panel} page={page} />, el, styles, "run-bar");
}

/** A run with what it took of its model's context, from the server. */
async function load(panel, signal) {
  const path = panel.openai(`threads/${panel.get("thread_id")}/runs/${panel.get("run_id")}`);
  const [run, models, steps] = await Promise.all([
    panel.ask(path, { signal }),
    panel.ask(panel.own("models"), { signal }).catch(() => ({ data: [] })),
    panel.ask(`${path}/steps?order=desc`, { signal }).catch(() => ({ data: [] })),
  ]);
  const context = models.data?.find((model) => model.id === run.model)?.context ?? 0;
  const thoughts = thoughtsOf(steps.data.toReversed());
  return { run, context, thoughts, used: (steps.data[0]?.usage ?? run.usage)?.total_tokens ?? 0 };
}

/**
 * The bar's run as long as it can be seen, `{data, error}`: until it has ended or the server refuses.
 *
 * A server that does not answer is asked more and more seldom.
 */
function useRun(panel, root) {
  const known = useRef({}); // `{data, error, final}`
  const look = async (signal) => {
    if (known.current.final) return known.current; // bars come into sight again and again
    let { data, error } = known.current;
    try {
      data = await load(panel, signal);
    } catch (fault) {
      if (fault.status === undefined || fault.status >= 500) throw fault;
      error = fault;
    }
    const final = Boolean(error) || TERMINAL.has(data.run.status);
    return (known.current = { data, error, final });
  };
  const { data: found, error } = usePoll(look, root, ({ final }) => (final ? null : BETWEEN));
  return { data: found?.data, error: found?.error ?? error };
}

function RunBar({ panel, page }) {
  const root = useRef(null);
  const { data, error } = useRun(panel, root);
  return (
    <div ref={root}>
      {data && <Bar panel={panel} page={page} data={data} />}
      {!data && error && error.status !== 404 && <Notice error={error} />}
    </div>
  );
}

function Bar({ panel, page, data }) {
  const [more, setMore] = useState(null); // "prompt", or the panel of another answer
  const [said, setSaid] = useState("");
  const root = useRef(null);
  const { run } = data;
  const again = async () => {
    const made = await retry(panel, run);
    const state = { thread_id: made.thread_id, run_id: made.id, alone: true };
    setMore(page.panel(`run ${made.id}`, state));
  };
  const branch = async () => {
    const thread = await fork(panel, run);
    const inserted = page.lab?.insertCell(root.current, `%%oxillama --thread ${thread.id}\n`);
    const next = inserted ? "The cell below goes on with it." : `Go on with %%oxillama --thread ${thread.id}`;
    setSaid(`Forked as ${thread.id}. ${next}`);
  };
  const copy = async () => {
    await navigator.clipboard.writeText(textOf(await messagesOf(panel, run)));
    setSaid("Copied.");
    setTimeout(() => setSaid((now) => (now === "Copied." ? "" : now)), SHOWN);
  };
  return (
    <div ref={root} role="group" aria-label="About the answer">
      <div class="oxillama-run-line">
        <Figures {...data} />
        <span class="oxillama-row">
          <Button kind="plain" label="Retry: ask the same again, beside this answer" onClick={again}>Retry</Button>
          <Button kind="plain" label="Fork: a thread that goes on from here" onClick={branch}>Fork</Button>
          <Button kind="plain" label="Copy the answer as Markdown" onClick={copy}>Copy</Button>
          <Button
            kind="plain"
            label="Show the prompt that the model read"
            aria-expanded={more === "prompt"}
            onClick={() => setMore(more === "prompt" ? null : "prompt")}
          >
            Prompt
          </Button>
        </span>
      </div>
      <div class="oxillama-quiet" role="status">{said}</div>
      {data.thoughts && <Thoughts text={data.thoughts} />}
      {more === "prompt" && <Shown panel={panel} page={page} name="prompt_xray" />}
      {more && more !== "prompt" && <Another key={more.id} panel={more} page={page} />}
    </div>
  );
}

function Figures({ run, context, used }) {
  const bad = run.status === "failed" || run.status === "expired";
  return (
    <span class="oxillama-row oxillama-quiet">
      <span class={bad ? "oxillama-notice" : "oxillama-run-end"}>{ending(run)}</span>
      {speed(run).map((words) => <span key={words}>{words}</span>)}
      {used > 0 && context > 0 && <Gauge used={used} context={context} />}
    </span>
  );
}

function Gauge({ used, context }) {
  const share = Math.min(1, used / context);
  const words = `${used.toLocaleString()} of ${context.toLocaleString()} tokens of context`;
  return (
    <span class="oxillama-gauge" title={words}>
      <span class="oxillama-gauge-track" aria-hidden="true">
        <span class={share > 0.9 ? "full" : ""} style={{ width: `${Math.max(2, 100 * share)}%` }} />
      </span>
      <span aria-hidden="true">{share < 0.01 ? "< 1" : Math.round(100 * share)} % of context</span>
      <span class="oxillama-hidden-label">{words}</span>
    </span>
  );
}

/** Another module of the page, in a place of its own. */
function Shown({ panel, page, name }) {
  const place = useRef(null);
  const [error, setError] = useState(null);
  useEffect(() => {
    let end = null;
    let left = false;
    page.show(panel, name, place.current).then(
      (found) => (left ? found() : (end = found)),
      (fault) => left || setError(fault),
    );
    return () => {
      left = true;
      end?.();
    };
  }, [panel, name]);
  return (
    <>
      {error && <Notice error={error} />}
      <div ref={place} />
    </>
  );
}

/** Another answer to the same question; when it is whole it has a bar of its own. */
function Another({ panel, page }) {
  const [on, setOn] = useState(true);
  useEffect(() => {
    const run = runOf(panel);
    return run.watch(() => setOn(run.on));
  }, [panel]);
  return (
    <section class="oxillama-another" aria-label="Another answer">
      <p class="oxillama-quiet">Another answer</p>
      <Shown panel={panel} page={page} name="run_cell_view" />
      {!on && <RunBar panel={panel} page={page} />}
    </section>
  );
}
