// Deleting with a way back. What is to be deleted is only marked, in the page, and nothing has
// happened to it until its time is over or the page is left: undoing it loses nothing at all.
//
// A page that is closed sends its deletions on its way out. Should that fail, the threads are there
// again the next time: what was said to be gone is then still there, never the other way round.

import { ask } from "../server.js";

const TIME = 10_000; // milliseconds to think better of it
const waiting = new Map();
const ended = new Set(); // ids of those that are gone for good; other panels may list them still
const listeners = new Set();

const tell = () => listeners.forEach((done) => done());

/** Those that wait for their end: `[{id, title, due, error}]`. */
export const deletions = () => [...waiting.values()];

/** The ids of all that no list should show. */
export function hidden() {
  const going = deletions().filter((one) => !one.error);
  return new Set([...ended, ...going.map((one) => one.id)]);
}

/** Call `done` whenever they change; what is returned ends that. */
export function onDeletions(done) {
  listeners.add(done);
  return () => listeners.delete(done);
}

/** Delete a thread when its time is over. */
export function deleteLater(panel, id, title) {
  const one = { id, title, path: panel.openai(`threads/${id}`), due: Date.now() + TIME };
  one.timer = setTimeout(() => deleteNow(id), TIME);
  waiting.set(id, one);
  tell();
}

/** Nothing has happened, unless its time is over and the server is at it. */
export function undo(id) {
  const one = waiting.get(id);
  if (!one || one.sent) return;
  clearTimeout(one.timer);
  waiting.delete(id);
  tell();
}

export async function deleteNow(id) {
  const one = waiting.get(id);
  if (!one || one.sent) return;
  clearTimeout(one.timer);
  one.sent = true;
  try {
    await ask(one.path, { method: "DELETE" });
  } catch (error) {
    if (error.status !== 404) {
      waiting.set(id, { ...one, sent: false, error });
      tell();
      return;
    }
  }
  waiting.delete(id);
  ended.add(id);
  tell();
}

window.addEventListener("pagehide", () => {
  for (const one of waiting.values()) {
    if (!one.sent && !one.error) ask(one.path, { method: "DELETE", keepalive: true }).catch(() => {});
  }
});
