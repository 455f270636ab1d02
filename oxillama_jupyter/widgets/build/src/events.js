// Runs as the server tells them: events of an answer, and a run that is followed to its end.

import { ask } from "./server.js";

/** The events of an SSE answer: `{event, data, id}`, `data` parsed unless it is the end's mark. */
export async function* eventsOf(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      const frames = (rest + value.replaceAll("\r", "")).split("\n\n");
      rest = frames.pop();
      for (const frame of frames) {
        const event = fieldsOf(frame);
        if (event.data === "[DONE]") return;
        if (event.data !== undefined) yield { ...event, data: JSON.parse(event.data) };
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function fieldsOf(frame) {
  const fields = {};
  for (const line of frame.split("\n")) {
    const [, name, value] = /^(\w+): ?(.*)$/s.exec(line) ?? [];
    if (name === "data" && fields.data !== undefined) fields.data += `\n${value}`;
    else if (name) fields[name] = value;
  }
  return fields;
}

const PATIENCE = [250, 500, 1000, 2000, 5000, 5000, 10000, 10000]; // milliseconds between tries
const WAIT = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/**
 * Every event of a run from the first one on, over lost connections, until it has ended or waits.
 *
 * `after` is the id of the last event that is known already.
 * The server numbers them; after a lost connection only what is missing comes.
 */
export async function* followRun(panel, threadId, runId, { signal, after: last = null } = {}) {
  for (let tries = 0; ; tries += 1) {
    try {
      const query = last === null ? "" : `?starting_after=${last}`;
      const answer = await ask(panel.own(`threads/${threadId}/runs/${runId}/events${query}`), { signal });
      for await (const event of eventsOf(answer)) {
        if (event.id !== undefined) last = event.id;
        tries = 0;
        yield event;
        if (ENDS.has(event.event)) return;
      }
      return; // the server has closed it: there is nothing more
    } catch (error) {
      if (signal?.aborted || error.status || tries >= PATIENCE.length) throw error;
      await WAIT(PATIENCE[tries]);
    }
  }
}

const ENDS = new Set(
  ["completed", "failed", "cancelled", "expired", "incomplete", "requires_action"].map((name) => `thread.run.${name}`),
);

const BETWEEN = 150; // milliseconds between two pieces of what is thought

/**
 * What a run's model thinks ahead of what it writes next: `told` gets all of it each time, until
 * something is written. The run's step has the whole then; so nobody misses what goes wrong here.
 */
export async function followThoughts(panel, threadId, runId, { signal, told }) {
  let text = "";
  try {
    for (let after = 0; !signal.aborted; ) {
      const path = `threads/${threadId}/runs/${runId}/thoughts?after=${after}&wait=10`;
      const found = await panel.ask(panel.own(path), { signal });
      if (found.over || signal.aborted) return;
      after = found.next;
      if (found.text) told((text += found.text));
      await WAIT(BETWEEN);
    }
  } catch (error) {
    if (!signal.aborted) console.warn("oxillama:", error);
  }
}
