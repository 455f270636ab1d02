// What the engine does, and how fast: asked of the server about once a second while it can be seen.

import { useEffect, useRef, useState } from "preact/hooks";
import { historyOf } from "../engine/history.js";
import { Bar, Sequences } from "../engine/sequences.jsx";
import { Speed } from "../engine/speed.jsx";
import { Measured, Runs, Settings, Turns } from "../engine/tables.jsx";
import { count, share, some, span, times } from "../engine/words.js";
import { usePoll } from "../poll.js";
import { mount, Notice, size, visible } from "../ui.jsx";
import styles from "./engine_monitor.css";

export { PROTOCOL } from "../page.js";

const BUSY = 1000; // milliseconds between two questions while something is being done
const IDLE = 3000;

export function show(panel, el, page) {
  return mount(<EngineMonitor panel={panel} page={page} />, el, styles, "engine-monitor");
}

function EngineMonitor({ panel, page }) {
  const root = useRef();
  const history = historyOf(panel);
  const load = async (signal) => {
    const report = await panel.ask(panel.own("engine"), { signal });
    history.add(report);
    return report;
  };
  const poll = usePoll(load, root, (report) => (isBusy(report) ? BUSY : IDLE));
  usePicture(panel, poll.data, page.lab?.pictureOf ? () => page.lab.pictureOf(root.current, panel.id) : () => null);
  return (
    <div ref={root} class="ox-monitor">
      {poll.error && <Trouble poll={poll} />}
      {poll.data ? <Report panel={panel} report={poll.data} history={history} reload={poll.reload} /> : !poll.error && <p>Looking at the engine…</p>}
    </div>
  );
}

const isBusy = (report) => report.live_runs > 0 || report.status.running > 0 || report.state === "starting";

function Trouble({ poll }) {
  const why = poll.error.status ? visible(poll.error.message) : "The server does not answer";
  const last = poll.data ? ` What is shown is of ${new Date(poll.since).toLocaleTimeString()}.` : "";
  return (
    <div class="ox-trouble oxillama-row">
      <Notice>{`${why}; it is asked again every ${Math.round(poll.wait / 1000)} s.${last}`}</Notice>
      <button type="button" class="oxillama-button" onClick={poll.reload}>
        Ask now
      </button>
    </div>
  );
}

function Report({ panel, report, history, reload }) {
  const { status } = report;
  return (
    <div>
      <Head report={report} />
      <Figures report={report} />
      <section class="ox-part" aria-label="Sequences">
        <h4>Sequences</h4>
        <Sequences status={status} runs={report.runs} />
      </section>
      <section class="ox-part" aria-label="Running">
        <h4>Running</h4>
        <Runs panel={panel} report={report} onStop={reload} />
      </section>
      <Speed history={history} />
      <section class="ox-part" aria-label="Last turns">
        <h4>Last turns</h4>
        <Turns turns={report.turns} />
      </section>
      {(status.measured.length > 0 || status.measuring != null) && <Tuning panel={panel} status={status} reload={reload} />}
      {Object.keys(status.settings).length > 0 && (
        <details class="ox-part">
          <summary>Settings</summary>
          <Settings settings={status.settings} />
        </details>
      )}
    </div>
  );
}

function Tuning({ panel, status, reload }) {
  const [refused, setRefused] = useState("");
  const again = () =>
    panel
      .ask(panel.own("models/autotune"), { body: {} })
      .then(() => setRefused(""), (error) => setRefused(error.message))
      .then(reload);
  return (
    <details class="ox-part">
      <summary>{`Settings measured on this machine (${status.measured.length})`}</summary>
      {status.measured.length > 0 && <Measured ways={status.measured} />}
      {status.measuring == null ? (
        <button type="button" class="oxillama-button plain" onClick={again}>
          Measure again
        </button>
      ) : (
        <p class="oxillama-quiet" role="status">{`${some(status.measuring, "way")} timed so far; it goes on while nobody generates.`}</p>
      )}
      {refused && <Notice>{visible(refused)}</Notice>}
    </details>
  );
}

const WORDS = { ok: "Ready", starting: "Starting", failed: "Not running" };
const SHAPES = { ok: "●", starting: "◔", failed: "▲" };

function Head({ report }) {
  const { status } = report;
  const state = report.state === "ok" && status.running ? "Generating" : WORDS[report.state];
  const up = status.started_at ? `up ${span(report.time - status.started_at)}` : "";
  const restarted = status.restarts ? `restarted ${times(status.restarts)}` : "never restarted";
  const facts = [status.pid ? `pid ${status.pid}` : "", up, status.pid || status.restarts ? restarted : "", status.mode === "live" ? "" : status.mode];
  return (
    <header>
      <div class="oxillama-row">
        <h3>Engine</h3>
        <strong class={`ox-state ${report.state}`} role="status">
          <span aria-hidden="true">{SHAPES[report.state]}</span> {state}
        </strong>
        <span class="ox-isolated ox-model">{visible(report.models[0]?.id)}</span>
        <span class="oxillama-quiet">{facts.filter(Boolean).join(" · ")}</span>
      </div>
      {status.detail && <p class={report.state === "failed" ? "oxillama-notice" : "oxillama-quiet ox-long"}>{visible(status.detail)}</p>}
      {status.last_exit && <p class="oxillama-quiet ox-long">{`The last time it ended: ${visible(status.last_exit)}`}</p>}
    </header>
  );
}

function Figures({ report }) {
  const { status, totals } = report;
  const { stats } = status;
  const vault = stats.vault;
  const waiting = Math.max(0, report.live_runs - status.running);
  return (
    <dl class="ox-figures">
      <Figure name="Generating" value={`${count(status.running)} of ${count(status.n_parallel)}`} />
      <Figure name="Queue" value={`${count(waiting)} waiting`} more={`at most ${count(report.most_runs)} run or wait`} />
      <Figure
        name="KV cache"
        value={stats.cells ? `${share(stats.cells_used ?? 0, stats.cells)}` : "not known"}
        more={stats.cells ? `${count(stats.cells_used)} of ${count(stats.cells)} tokens` : ""}
      >
        {stats.cells ? <Bar part={stats.cells_used ?? 0} whole={stats.cells} label="KV cache in use" /> : null}
      </Figure>
      {stats.parked ? <Figure name="Parked in memory" value={some(stats.parked, "thread")} more={size(stats.parked_bytes)} /> : null}
      <Figure
        name="Vault on disk"
        value={vault ? some(vault.files, "thread") : "nothing is kept"}
        more={vault ? `${size(vault.bytes)}; ${some(vault.hits, "prompt")} began with one${vault.failed ? `; ${count(vault.failed)} not kept` : ""}` : ""}
      />
      <Figure
        name="Since the start"
        value={some(totals.turns, "turn")}
        more={`${some(totals.completion_tokens, "token")} generated${totals.prompt_tokens ? `, ${share(totals.cached_tokens, totals.prompt_tokens)} of prompts cached` : ""}`}
      />
    </dl>
  );
}

function Figure({ name, value, more, children }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <span class="ox-value">{value}</span>
        {children}
        {more && <span class="oxillama-quiet">{more}</span>}
      </dd>
    </div>
  );
}

/**
 * Have the kernel draw the notebook's picture anew, when there is news and it has time for that.
 *
 * The kernel cannot put it into a page that was loaded since its cell ran: such a page no longer knows
 * the output's name. So the page does it where it can; `find` gives what puts a picture in its place.
 */
function usePicture(panel, report, find) {
  const drawn = useRef(null);
  const asked = useRef({ at: Date.now(), waiting: false });
  const take = useRef();
  take.current = ({ pictured } = {}) => {
    if (!pictured) return;
    asked.current.waiting = false;
    if (typeof pictured === "object") find()?.(pictured);
  };
  useEffect(() => panel.receive((message) => take.current(message ?? undefined)), [panel]);
  useEffect(() => {
    if (!report) return;
    const news = newsOf(report);
    drawn.current ??= news; // the output has a picture of its own
    const pause = 1000 * (panel.get("picture_seconds") ?? 30);
    const waits = asked.current.waiting && panel.connected;
    if (news === drawn.current || waits || Date.now() - asked.current.at < pause) return;
    if (!panel.connected) return;
    asked.current = { at: Date.now(), waiting: true };
    drawn.current = news;
    panel.send({ picture: find() ? "send" : "show" });
  }, [report]);
}

/** What a picture shows, without what changes by itself. */
function newsOf({ state, status, totals, runs }) {
  const sequences = (status.stats.sequences ?? []).map((one) => [one.state, one.key]);
  return JSON.stringify([state, status.detail, status.restarts, totals.turns, runs.length, sequences]);
}
