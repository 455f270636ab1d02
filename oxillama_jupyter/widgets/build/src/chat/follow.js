// A run followed to its end, wherever it was begun, over lost connections and through calls that
// others answer.

import { followRun, followThoughts } from "../events.js";

const BETWEEN_LOOKS = 1500; // milliseconds

/**
 * Feed a run's events to `live` until it is over.
 *
 * `stream` has the first events where the run was begun here; `changed` is told of each.
 */
export async function follow(panel, threadId, live, { stream = null, signal, changed }) {
  let steps = 0;
  const think = () => {
    const before = steps;
    const told = (text) => {
      if (steps !== before || live.over) return;
      live.thinking = text;
      changed();
    };
    followThoughts(panel, threadId, live.run.id, { signal, told });
  };
  const take = (event) => {
    live.feed(event);
    if (event.event === "thread.run.step.created") steps += 1;
    if (event.event === "thread.run.in_progress") think();
    changed();
  };
  if (stream) {
    try {
      for await (const event of stream) take(event);
    } catch (error) {
      if (signal.aborted || !live.run) throw error;
    }
  }
  if (!live.run) throw new Error("The connection broke before the answer began.");
  let after = null;
  while (!live.over && !signal.aborted) {
    if (!live.waits) {
      for await (const event of followRun(panel, threadId, live.run.id, { signal, after })) {
        if (event.id !== undefined) after = event.id;
        take(event);
      }
    }
    if (live.over) return;
    const run = await look(panel, threadId, live.run.id, signal);
    take({ event: `thread.run.${run.status}`, data: run });
    if (live.waits) await pause(BETWEEN_LOOKS, signal);
  }
}

function look(panel, threadId, runId, signal) {
  return panel.ask(panel.openai(`threads/${threadId}/runs/${runId}?no_track_activity=1`), { signal });
}

/** Wait a while, or until the signal. */
export function pause(milliseconds, signal) {
  return new Promise((done) => {
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener("abort", () => (clearTimeout(timer), done()), { once: true });
  });
}
