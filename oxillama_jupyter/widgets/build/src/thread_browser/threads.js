// The server's threads, as far as a page has asked for them, and what can be done with one.

import { useEffect, useRef, useState } from "preact/hooks";

const PAGE = 100;
const TYPING = 200; // milliseconds without a key before a search begins
const PAIRS = 16; // the most that metadata may have

export const FILTERS = ["query", "notebook", "tag", "model", "status", "archived", "since", "until"];

/** The list's query: what a person has chosen, and where a page begins. */
function queryOf(chosen, after) {
  const given = new URLSearchParams({ limit: PAGE });
  const put = (name, value) => value && given.set(name, value);
  put("q", chosen.query.trim() && chosen.query);
  put("metadata[notebook]", chosen.notebook);
  if (chosen.tag) given.set(`metadata[tag:${chosen.tag}]`, "yes");
  put("model", chosen.model);
  put("status", chosen.status);
  if (chosen.archived !== "all") given.set("archived", chosen.archived === "yes");
  put("since", secondsOf(chosen.since, 0));
  put("until", secondsOf(chosen.until, 1));
  put("after", after);
  return given;
}

/** The first second of a day in the reader's time, or the last one. */
function secondsOf(day, end) {
  const [year, month, date] = day.split("-").map(Number);
  const found = Math.floor(new Date(year, month - 1, date + end).getTime() / 1000) - end;
  return Number.isFinite(found) ? String(Math.max(0, found)) : "";
}

/**
 * The threads that are chosen: `{threads, more, loading, error, load, reload, put}`.
 *
 * A search waits for a pause in the typing; an answer that comes too late is dropped. `load` gets the
 * next page, `put` replaces a thread that was changed here, or takes it away.
 */
export function useThreads(panel, chosen) {
  const [state, setState] = useState({ threads: [], more: false, loading: true, version: 0 });
  const [count, setCount] = useState(0);
  const asking = useRef(null); // what is under way, for the list as it is chosen now
  const typed = useRef(chosen.query);
  const get = (after, signal) => panel.ask(panel.own(`threads?${queryOf(chosen, after)}`), { signal });
  useEffect(() => {
    const leaving = new AbortController();
    asking.current = { leaving, busy: true };
    setState((old) => ({ ...old, loading: true, error: null }));
    const wait = typed.current === chosen.query ? 0 : TYPING;
    typed.current = chosen.query;
    const timer = setTimeout(async () => {
      const next = await settled(get("", leaving.signal));
      if (leaving.signal.aborted) return;
      asking.current.busy = false;
      setState((old) => joined({ ...old, threads: [], version: old.version + 1 }, next));
    }, wait);
    return () => {
      clearTimeout(timer);
      leaving.abort();
    };
  }, [JSON.stringify(chosen), count]);

  const load = async () => {
    const mine = asking.current;
    if (mine.busy || !state.more) return;
    mine.busy = true;
    const next = await settled(get(state.threads.at(-1).id, mine.leaving.signal));
    if (mine.leaving.signal.aborted) return;
    mine.busy = false;
    if (next.error?.status === 400) setCount((old) => old + 1); // the last one has gone meanwhile
    else setState((old) => joined(old, next));
  };
  const put = (id, thread) =>
    setState((old) => ({
      ...old,
      threads: old.threads.flatMap((one) => (one.id !== id ? [one] : thread ? [{ ...one, ...thread }] : [])),
    }));
  return { ...state, load, put, reload: () => setCount((old) => old + 1) };
}

const settled = (asked) => asked.catch((error) => ({ error }));

function joined(old, page) {
  if (page.error) return { ...old, loading: false, more: false, error: page.error };
  const known = new Set(old.threads.map((thread) => thread.id));
  const threads = [...old.threads, ...page.data.filter((thread) => !known.has(thread.id))];
  return { ...old, threads, more: page.has_more, loading: false, error: null };
}

/** What a person calls a thread. */
export function titleOf(thread) {
  const { name, notebook = "" } = thread.metadata;
  return name || notebook.split("#kernel-")[0].split(/[\\/]/).at(-1) || thread.id;
}

export function tagsOf(thread) {
  const keys = Object.keys(thread.metadata).filter((key) => key.startsWith("tag:"));
  return keys.map((key) => key.slice(4)).sort();
}

/** Change some of a thread's metadata; null takes a pair away. What others have changed stays. */
export async function change(panel, id, changes) {
  const path = panel.openai(`threads/${id}`);
  const { metadata } = await panel.ask(path);
  const changed = Object.entries({ ...metadata, ...changes }).filter(([, value]) => value !== null);
  if (changed.length > PAIRS) {
    throw new Error(`A thread has ${PAIRS} tags and other metadata at most: take one away first.`);
  }
  return panel.ask(path, { body: { metadata: Object.fromEntries(changed) } });
}

/** Call a thread otherwise; a name is one thread's only. */
export async function rename(panel, id, name) {
  if (/^thread_[a-z0-9]+$/i.test(name)) throw new Error("This looks like a thread's id, and cannot be a name.");
  if (name) {
    const taken = await panel.ask(panel.own(`threads?${new URLSearchParams({ limit: 2, "metadata[name]": name })}`));
    if (taken.data.some((one) => one.id !== id)) throw new Error("Another thread is called that already.");
  }
  return change(panel, id, { name: name || null });
}

/** A new thread with this one's messages up to one of them, and with its tags. */
export function fork(panel, thread, messageId) {
  const own = ["name", "archived", "forked_from", "forked_at"];
  const kept = Object.entries(thread.metadata).filter(([key]) => !own.includes(key) && !key.startsWith("default:"));
  const body = { metadata: Object.fromEntries(kept), ...(messageId && { message_id: messageId }) };
  return panel.ask(panel.own(`threads/${thread.id}/fork`), { body });
}
