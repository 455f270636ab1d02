// Tables of the engine: who generates, what ended, what was measured, what is set.

import { useState } from "preact/hooks";
import { Button, visible, when } from "../ui.jsx";
import { count, seconds, some, span } from "./words.js";

const FEW = 8;

/** Those who generate or wait, each with a Stop. */
export function Runs({ panel, report, onStop }) {
  if (!report.runs.length) {
    const others = report.live_runs ? `${some(report.live_runs, "request")} being answered, which only the client can end.` : "Nothing runs.";
    return <p class="oxillama-quiet">{others}</p>;
  }
  const stop = async (run) => {
    try {
      await panel.ask(cancelOf(panel, run), { method: "POST", body: {} });
    } catch (error) {
      if (error.status !== 400 && error.status !== 404) throw error; // else it has just ended
    }
    onStop();
  };
  const rows = report.runs.map((run) => [
    <Button label={`Stop ${visible(run.id)}`} onClick={() => stop(run)}>
      Stop
    </Button>,
    visible(run.status.replaceAll("_", " ")),
    span(report.time - run.created_at),
    <Id text={run.id} />,
    run.foreground ? <span class="oxillama-quiet">a client waits</span> : <Id text={run.thread_id} />,
    <Id text={run.model} />,
  ]);
  return <Table label="Running" heads={["", "State", "Since", "Run", "Thread", "Model"]} rows={rows} keys={report.runs.map((run) => run.id)} />;
}

/** The route that stops one. */
function cancelOf(panel, run) {
  const [id, thread] = [run.id, run.thread_id].map(encodeURIComponent);
  if (run.foreground) return panel.own(`generations/${id}/cancel`);
  return panel.openai(thread ? `threads/${thread}/runs/${id}/cancel` : `responses/${id}/cancel`);
}

export function Turns({ turns }) {
  const [all, setAll] = useState(false);
  if (!turns.length) return <p class="oxillama-quiet">No turn has ended yet.</p>;
  const shown = all ? turns : turns.slice(0, FEW);
  const heads = ["Ended", "Of", "Model", "Prompt", "Cached", "Generated", "Queue", "First token", "Tokens/s"];
  const rows = shown.map((turn) => [
    when(turn.ended_at),
    <Id text={turn.run_id} also={turn.thread_id} />,
    <Id text={turn.model} />,
    ...[turn.prompt_tokens, turn.cached_tokens, turn.completion_tokens].map((number) => <Number>{count(number)}</Number>),
    <Number>{seconds(turn.timings.queue)}</Number>,
    <Number>{seconds(turn.timings.first_token)}</Number>,
    <Number>{turn.timings.tokens_per_second.toLocaleString()}</Number>,
  ]);
  return (
    <>
      <Table label="Last turns" heads={heads} rows={rows} keys={shown.map((turn) => `${turn.run_id} ${turn.ended_at}`)} />
      {turns.length > FEW && (
        <button type="button" class="oxillama-button plain" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? "Fewer" : `All ${count(turns.length)}`}
        </button>
      )}
    </>
  );
}

/** What was timed on this machine. */
export function Measured({ ways }) {
  const heads = ["", "Flash attention", "Threads", "Batch", "Extra buffers", "Prefill", "Decode", "Together", "Follow-up"];
  const on = (value) => (value === false ? "off" : "on");
  const rows = ways.map((way) => [
    way.chosen ? "→ used" : way.seconds === null ? "crashed" : "",
    on(way.flash_attn),
    <Number>{way.n_threads}</Number>,
    way.n_batch || "usual",
    on(way.use_extra_bufts),
    ...["prefill", "decode", "decode_together"].map((name) => <Number>{way[name] ? `${count(way[name])}/s` : ""}</Number>),
    <Number>{way.follow_up ? seconds(way.follow_up) : ""}</Number>,
  ]);
  return <Table label="Measured settings" heads={heads} rows={rows} />;
}

export function Settings({ settings }) {
  const rows = Object.entries(settings)
    .filter(([, value]) => value !== "" && value !== null)
    .map(([name, value]) => [<span class="ox-isolated">{visible(name)}</span>, <span class="ox-long">{visible(typeof value === "object" ? JSON.stringify(value) : value)}</span>]);
  return <Table label="Settings" heads={["Setting", "Value"]} rows={rows} />;
}

/** A table that scrolls by itself where there is little room, with the keyboard too. */
function Table({ label, heads, rows, keys }) {
  return (
    <div class="ox-scroll" role="region" aria-label={label} tabIndex={0}>
      <table class="ox-table">
        <thead>
          <tr>
            {heads.map((head, index) => (head ? <th scope="col" key={index}>{head}</th> : <td key={index} />))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={keys?.[index] ?? index}>
              {row.map((cell, place) => (
                <td key={place}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A name or an id of any length in one line; all of it on hover. */
function Id({ text, also }) {
  const whole = [text, also].filter(Boolean).map(visible).join(", ");
  return <span class="ox-id" title={whole}>{visible(text)}</span>;
}

function Number({ children }) {
  return <span class="ox-number">{children}</span>;
}
