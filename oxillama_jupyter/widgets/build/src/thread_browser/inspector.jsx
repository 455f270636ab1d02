// What is behind a message: its run, step by step, with timings, tokens and decisions.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Button, Notice, useLoad, visible, when } from "../ui.jsx";

const MOST = 100_000; // characters of JSON, arguments or output in the page

export function MessageDetails({ panel, message }) {
  return (
    <section class="tb-details" aria-label="Details of the message">
      {message.run_id ? (
        <RunDetails panel={panel} threadId={message.thread_id} runId={message.run_id} />
      ) : (
        <p class="oxillama-quiet">No run wrote this message.</p>
      )}
      {message.attachments.length > 0 && <p>{message.attachments.length} attached files</p>}
      <Json of={message} label="JSON of the message" />
    </section>
  );
}

export function RunDetails({ panel, threadId, runId }) {
  const path = panel.openai(`threads/${threadId}/runs/${runId}`);
  const { data, error } = useLoad(async (signal) => {
    const [run, steps] = await Promise.all([
      panel.ask(path, { signal }),
      panel.ask(`${path}/steps?order=asc&limit=100`, { signal }),
    ]);
    return { run, steps: steps.data };
  }, [path]);
  const ref = useRef(null);
  useLayoutEffect(() => ref.current?.scrollIntoView({ block: "nearest" }), [data]);
  if (error && !data) return <Notice error={error} />;
  if (!data) return <p class="oxillama-quiet">…</p>;
  const { run, steps } = data;
  return (
    <div ref={ref}>
      <Facts
        of={[
          ["Outcome", outcomeOf(run)],
          ["Model", visible(run.model)],
          ["Tokens", usageOf(run.usage)],
          ["Time", timingsOf(run.timings)],
          ["Settings", settingsOf(run)],
          ["Left out", run.dropped_message_ids.length && `${run.dropped_message_ids.length} older messages`],
        ]}
      />
      {steps.length > 0 && (
        <ol class="tb-steps" aria-label="Steps">
          {steps.map((step) => (
            <Step key={step.id} step={step} />
          ))}
        </ol>
      )}
      <Json of={run} label="JSON of the run" />
      <Json of={steps} label="JSON of the steps" />
    </div>
  );
}

function Facts({ of }) {
  const known = of.filter(([, value]) => value);
  return (
    <dl class="tb-facts">
      {known.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** How a run ended, in words. */
export function outcomeOf(run) {
  switch (run.status) {
    case "completed":
      return "The model came to its end.";
    case "incomplete":
      return run.incomplete_details?.reason === "max_prompt_tokens"
        ? "Cut off: the prompt had reached its limit of tokens."
        : "Cut off: the answer had reached its limit of tokens.";
    case "failed":
      return `Failed: ${visible(run.last_error?.message ?? "nobody knows why")}`;
    case "cancelled":
      return "Somebody stopped it.";
    case "expired":
      return "Nobody gave it what its calls waited for in time.";
    case "requires_action":
      return "It waits for the results of its calls.";
    case "cancelling":
      return "It is being stopped.";
    default:
      return run.status === "queued" ? "It has not begun yet." : "It is being written.";
  }
}

function usageOf(usage) {
  if (!usage) return "";
  const cached = usage.prompt_token_details?.cached_tokens;
  const known = cached ? ` (${cached.toLocaleString()} known already)` : "";
  return `${usage.prompt_tokens.toLocaleString()} read${known}, ${usage.completion_tokens.toLocaleString()} written`;
}

const seconds = (value) => `${value.toLocaleString([], { maximumFractionDigits: value < 10 ? 2 : 0 })} s`;

function timingsOf(timings) {
  if (!timings) return "";
  const speed = timings.tokens_per_second.toLocaleString([], { maximumFractionDigits: 1 });
  return (
    `${seconds(timings.first_token)} to the first token (queue ${seconds(timings.queue)}, ` +
    `prompt ${seconds(timings.prompt)}), ${seconds(timings.completion)} of writing, ${speed} tokens/s`
  );
}

function settingsOf(run) {
  const named = ["temperature", "top_p", "seed", "max_tokens", "max_completion_tokens", "reasoning_effort"];
  const given = named.filter((name) => run[name] !== null && run[name] !== undefined);
  return given.map((name) => `${name} ${visible(run[name])}`).join(", ");
}

function Step({ step }) {
  const calls = step.step_details.tool_calls;
  const took = step.completed_at && step.completed_at - step.created_at;
  return (
    <li>
      <div>
        <b>{calls ? (calls.length === 1 ? "A call" : `${calls.length} calls`) : "A message"}</b>{" "}
        <span class="oxillama-quiet">
          {step.status.replace("_", " ")}
          {took ? `, ${took} s` : ""}
          {step.usage ? `, ${usageOf(step.usage)}` : ""}
        </span>
        {step.last_error && <Notice>{visible(step.last_error.message)}</Notice>}
      </div>
      {calls?.map((call) => (
        <Call key={call.id} call={call} />
      ))}
    </li>
  );
}

const VERDICTS = { approved: "approved", edited: "run with other arguments", denied: "denied" };

function Call({ call }) {
  const { name = call.type, arguments: given, output } = call.function ?? {};
  const { decision } = call;
  return (
    <div class="tb-call">
      <div>
        <code>{visible(name)}</code>
      </div>
      <Code label={`Arguments of ${visible(name)}`} text={readable(given ?? JSON.stringify(call[call.type]))} />
      {decision && (
        <p>
          {VERDICTS[decision.verdict] ?? visible(decision.verdict)} by <bdi>{visible(decision.by)}</bdi>,{" "}
          {when(decision.at)}
          {decision.reason ? `: ${visible(decision.reason)}` : ""}
        </p>
      )}
      {decision?.arguments && <Code label="Arguments that it ran with" text={readable(decision.arguments)} />}
      {output === null || output === undefined ? (
        <p class="oxillama-quiet">no output</p>
      ) : (
        <Code label={`Output of ${visible(name)}`} text={output} />
      )}
    </div>
  );
}

function readable(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text ?? "";
  }
}

function Code({ label, text }) {
  const shown = text.length > MOST ? `${text.slice(0, MOST)}…` : text;
  return (
    <pre class="tb-code" tabIndex={0} role="region" aria-label={label}>
      {visible(shown)}
    </pre>
  );
}

/** An object as the API has it; written out when it is asked for. */
function Json({ of, label }) {
  const [open, setOpen] = useState(false);
  return (
    <div>
      <Button kind="plain" onClick={() => setOpen(!open)} aria-expanded={open} label={label}>
        {open ? "▾" : "▸"} {label}
      </Button>
      {open && <Code label={label} text={JSON.stringify(of, null, 2)} />}
    </div>
  );
}
