// A stretch of a thread's messages: begun at its end, its beginning or at one of them, and grown in
// both directions. What is far from where the reader is goes again, so that a thread of any length
// stays light.

import { useEffect, useRef, useState } from "preact/hooks";

const PAGE = 25;
const MOST = 400; // messages in the page

/**
 * `{messages, older, newer, error, grow, jump, refresh, begun}`; `grow("older", ready)` gets the page
 * before, `refresh` what the end is by now, for whoever reads there.
 */
export function useMessages(panel, threadId, at) {
  const [state, setState] = useState({ messages: [], older: false, newer: false });
  const [start, setStart] = useState({ at });
  const asking = useRef(null);
  const get = (query, signal) =>
    panel.ask(panel.openai(`threads/${threadId}/messages?${new URLSearchParams({ limit: PAGE, ...query })}`), { signal });

  useEffect(() => {
    const leaving = new AbortController();
    asking.current = { leaving, busy: true };
    begin(get, panel, threadId, start.at, leaving.signal)
      .then((begun) => {
        if (leaving.signal.aborted) return;
        asking.current.busy = false;
        setState({ ...begun, begun: start });
      })
      .catch((error) => leaving.signal.aborted || setState((old) => ({ ...old, error, begun: start })));
    return () => leaving.abort();
  }, [threadId, start]);

  const grow = async (side, ready) => {
    const mine = asking.current;
    if (mine.busy || !state[side] || !state.messages.length) return;
    mine.busy = true;
    const older = side === "older";
    const end = older ? state.messages[0] : state.messages.at(-1);
    try {
      const page = await get({ order: older ? "desc" : "asc", after: end.id }, mine.leaving.signal);
      ready();
      setState((old) => (older ? withOlder(old, page) : withNewer(old, page)));
    } catch (error) {
      if (!mine.leaving.signal.aborted) setState((old) => ({ ...old, [side]: false, error }));
    }
    mine.busy = false;
  };
  const refresh = async () => {
    if (state.error && !state.messages.length) return setStart({ at: start.at });
    if (!state.begun || state.newer) return undefined;
    const { signal } = asking.current.leaving;
    try {
      const page = await get({ order: "desc", no_track_activity: 1 }, signal);
      if (!signal.aborted) setState((old) => withEnd(old, page));
    } catch {
      // What is there stays; it is asked for again.
    }
    return undefined;
  };
  return { ...state, grow, refresh, jump: (place) => setStart({ at: place }) };
}

async function begin(get, panel, threadId, at, signal) {
  if (at === "first") {
    const page = await get({ order: "asc" }, signal);
    return { messages: page.data, older: false, newer: page.has_more };
  }
  if (!at) {
    const page = await get({ order: "desc" }, signal);
    return { messages: page.data.reverse(), older: page.has_more, newer: false };
  }
  const [middle, before, after] = await Promise.all([
    panel.ask(panel.openai(`threads/${threadId}/messages/${at}`), { signal }),
    get({ order: "desc", after: at }, signal),
    get({ order: "asc", after: at }, signal),
  ]);
  const messages = [...before.data.reverse(), middle, ...after.data];
  return { messages, older: before.has_more, newer: after.has_more };
}

function withOlder(old, page) {
  const all = [...page.data.reverse(), ...old.messages];
  return { ...old, messages: all.slice(0, MOST), older: page.has_more, newer: old.newer || all.length > MOST };
}

function withNewer(old, page) {
  const all = [...old.messages, ...page.data];
  return { ...old, messages: all.slice(-MOST), newer: page.has_more, older: old.older || all.length > MOST };
}

/** The newest page in the place of what was there; what has not changed is the same object. */
function withEnd(old, page) {
  const end = page.data.reverse();
  const place = old.messages.findIndex((message) => message.id === end[0]?.id);
  const known = new Map(old.messages.map((message) => [message.id, message]));
  const kept = place < 0 ? [] : old.messages.slice(0, place);
  const all = [...kept, ...end.map((message) => sameOf(known.get(message.id), message))];
  if (all.length === old.messages.length && all.every((message, at) => message === old.messages[at])) return old;
  const older = place < 0 ? page.has_more : old.older || all.length > MOST;
  return { ...old, messages: all.slice(-MOST), older };
}

const sameOf = (old, now) => (JSON.stringify(old) === JSON.stringify(now) ? old : now);
