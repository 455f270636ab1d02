// Asking again and again, as long as somebody can see the answer.

import { useEffect, useRef, useState } from "preact/hooks";

const PATIENCE = 10_000; // milliseconds for one answer
const BACKOFF = [2, 4, 8, 15, 30].map((seconds) => seconds * 1000);

/** Whether an element can be seen: it is on the screen, and the page is in front. */
export function useShown(root) {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const page = root.current.ownerDocument;
    let near = false;
    const tell = () => setShown(near && !page.hidden);
    const watcher = new IntersectionObserver((entries) => {
      near = entries.at(-1).isIntersecting;
      tell();
    });
    watcher.observe(root.current);
    page.addEventListener("visibilitychange", tell);
    return () => {
      watcher.disconnect();
      page.removeEventListener("visibilitychange", tell);
    };
  }, []);
  return shown;
}

/**
 * What `load` answers, asked again after `pace(data)` milliseconds while `root` can be seen; null is never.
 *
 * `{data, error, since, wait, shown, reload}`: after an error it is asked more and more seldom, and
 * what is known stays. `since` tells when the answers stopped, `wait` how long the next try waits.
 */
export function usePoll(load, root, pace) {
  const shown = useShown(root);
  const [state, setState] = useState({ data: null, error: null, since: 0, wait: 0 });
  const [count, setCount] = useState(0);
  const latest = useRef();
  latest.current = { load, pace };
  const failures = useRef(0);
  useEffect(() => {
    if (!shown) return undefined;
    const leaving = new AbortController();
    let timer;
    const look = async () => {
      let wait;
      try {
        const data = await latest.current.load(withPatience(leaving.signal));
        if (leaving.signal.aborted) return;
        failures.current = 0;
        wait = latest.current.pace(data);
        setState({ data, error: null, since: 0, wait });
      } catch (error) {
        if (leaving.signal.aborted) return;
        wait = BACKOFF[Math.min(failures.current++, BACKOFF.length - 1)];
        setState((old) => ({ data: old.data, error, since: old.since || Date.now(), wait }));
      }
      if (wait !== null) timer = setTimeout(look, wait);
    };
    look();
    return () => {
      leaving.abort();
      clearTimeout(timer);
    };
  }, [shown, count]);
  return { ...state, shown, reload: () => setCount((old) => old + 1) };
}

function withPatience(signal) {
  return AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
}
