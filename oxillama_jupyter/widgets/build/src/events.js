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
 * The server numbers them; after a lost connection only what is missing comes, and the same with the
 * number of the last one that is known already as `after`.
 */
export async function* followRun(panel, threadId, runId, { signal, after: known = null } = {}) {
  let last = known;
  for (let tries = 0; ; tries += 1) {
    try {
      const after = last === null ? "" : `?starting_after=${last}`;
      const answer = await ask(panel.own(`threads/${threadId}/runs/${runId}/events${after}`), { signal });
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
