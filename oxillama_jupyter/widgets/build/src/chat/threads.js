// Threads as the chat's server has them: found, called something, forked.

const NOTHING = { metadata: {} };
const ATTACHED = /^(?:Variable `[^`]+` \([^)]*\):\s+(`{3,})text\s.*?\s\1\s+)+/s;
const PAIRS_OF_ITS_OWN = /^(?:name|archived|forked_at|default:.*)$/;

/** What a person calls a thread: its name, else how it begins, else its notebook. */
export function titleOf(thread, begins = "") {
  const { name, notebook } = (thread ?? NOTHING).metadata;
  const file = notebook?.split("#kernel-")[0].split(/[\\/]/).at(-1);
  const words = begins.replace(ATTACHED, "").replace(/\s+/g, " ").trim();
  return name || words.slice(0, 80) || file || "New chat";
}

/** The thread of that id or name; throws where there is none. */
export async function findThread(panel, name, signal) {
  if (/^thread_\w+$/.test(name)) return panel.ask(panel.openai(`threads/${name}`), { signal });
  const found = await listThreads(panel, { limit: 1, "metadata[name]": name }, signal);
  if (!found.length) throw new Error(`No thread is called “${name}”.`);
  return found[0];
}

export async function listThreads(panel, query, signal) {
  const words = new URLSearchParams(query);
  return (await panel.ask(panel.own(`threads?${words}`), { signal })).data;
}

/** Call a thread something else; nothing takes its name away. */
export async function renameThread(panel, id, name) {
  if (/^thread_\w+$/.test(name)) throw new Error("That looks like a thread’s id; please take another name.");
  if (name.length > 512) throw new Error(`A name has at most 512 characters, not ${name.length}.`);
  if (name) {
    const taken = await listThreads(panel, { limit: 1, "metadata[name]": name });
    if (taken.length && taken[0].id !== id) throw new Error("Another thread is called that already.");
  }
  const { metadata } = await panel.ask(panel.openai(`threads/${id}`));
  const { name: _, ...others } = metadata;
  return panel.ask(panel.openai(`threads/${id}`), { body: { metadata: name ? { ...others, name } : others } });
}

/** A new thread with the messages of this one up to `last`; none of them, if that is null. */
export function forkThread(panel, thread, last) {
  if (last) return panel.ask(panel.own(`threads/${thread.id}/fork`), { body: { message_id: last } });
  const kept = Object.entries(thread.metadata).filter(([key]) => !PAIRS_OF_ITS_OWN.test(key));
  const metadata = { ...Object.fromEntries(kept), forked_from: thread.id };
  return panel.ask(panel.openai("threads"), { body: { metadata } });
}

/** The thread's siblings and itself, the oldest first: what it was forked from, and other forks. */
export async function versionsOf(panel, thread, signal) {
  const of = (id) => listThreads(panel, { limit: 50, "metadata[forked_from]": id }, signal);
  const origin = thread.metadata.forked_from;
  const lists = await Promise.all([of(thread.id), origin ? of(origin) : []]);
  const found = new Map([thread, ...lists.flat()].map((one) => [one.id, one]));
  if (origin) {
    const first = await findThread(panel, origin, signal).catch(() => null); // it may be deleted
    if (first) found.set(origin, first);
  }
  return [...found.values()].sort((one, other) => (one.id < other.id ? -1 : 1)).map((one) => one.id);
}
