// The prompt token by token: drawn where one looks, walked through by keys, told about below.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Chunk } from "./chunk.jsx";
import { Detail } from "./detail.jsx";
import { step } from "./walk.js";

const MARGIN = "500px 0px"; // beyond what is seen, chunks are drawn already

/**
 * The view.
 *
 * `target` is what to go to, `{begin, end}` in tokens; each new one is gone to once.
 */
export function Tokens({ prompt, target, need }) {
  const scroller = useRef(null);
  const near = useNear(scroller, prompt);
  const [current, setCurrent] = useState({ index: null, byKey: false });
  const [cursor, setCursor] = useState(null); // what keys have gone to
  useReveal(scroller, target?.begin, target);
  useReveal(scroller, cursor, cursor);
  useEffect(() => (setCurrent({ index: null }), setCursor(null)), [prompt]);
  useEffect(() => target && setCurrent({ index: target.begin, byKey: true }), [target]);
  useCurrent(scroller, current.index, near);

  const walk = async (event) => {
    const to = step(event, scroller.current, prompt, current.index);
    if (to === null) return;
    event.preventDefault();
    event.stopPropagation();
    if (!(await need((loaded) => loaded.tokens.length > to))) return;
    setCursor(to);
    setCurrent({ index: to, byKey: true });
  };
  const point = ({ target: node }) => {
    const index = node.closest?.("[data-token]")?.dataset.token;
    if (index !== undefined) setCurrent({ index: Number(index), byKey: false });
  };
  const held = [target?.begin, cursor];
  return (
    <div class="ox-tokens">
      <div
        class="ox-scroller"
        ref={scroller}
        tabIndex={0}
        role="group"
        aria-label="The prompt, token by token. Arrow keys go from token to token."
        dir="ltr"
        onKeyDown={walk}
        onMouseOver={point}
        onClick={point}
      >
        {prompt.chunks.map(({ from, to }) => [
          from > 0 && from === prompt.about.cached_tokens && <Boundary key="cached" about={prompt.about} />,
          <Chunk
            key={from}
            prompt={prompt}
            from={from}
            to={to}
            near={near.has(from) || held.some((index) => index >= from && index < to)}
            begin={target && target.begin < to && target.end > from ? target.begin : -1}
            end={target && target.begin < to && target.end > from ? target.end : -1}
          />,
        ])}
        {!prompt.complete && <Rest prompt={prompt} need={need} root={scroller} />}
      </div>
      <Detail prompt={prompt} index={current.index} aloud={current.byKey} />
    </div>
  );
}

function Boundary({ about }) {
  const fresh = about.prompt_tokens - about.cached_tokens;
  return (
    <div class="ox-boundary" role="separator" aria-label="The cache ends here">
      <span>↑ {about.cached_tokens.toLocaleString()} cached</span>
      <span>↓ {fresh.toLocaleString()} new</span>
    </div>
  );
}

/** What is not loaded yet; it comes when one gets near. */
function Rest({ prompt, need, root }) {
  const node = useRef(null);
  const count = prompt.tokens.length;
  const load = () => need((loaded) => loaded.tokens.length > count);
  useEffect(() => {
    const seen = ([{ isIntersecting }]) => isIntersecting && load();
    const watch = new IntersectionObserver(seen, { root: root.current, rootMargin: MARGIN });
    watch.observe(node.current);
    return () => watch.disconnect();
  }, [count, prompt]);
  const left = (prompt.about.prompt_tokens - count).toLocaleString();
  return (
    <div class="ox-rest" ref={node}>
      <button type="button" class="oxillama-button" onClick={load}>{left} more tokens</button>
    </div>
  );
}

/** The chunks that are near what is seen, by their first token. */
function useNear(scroller, prompt) {
  const [near, setNear] = useState(new Set([0]));
  useEffect(() => {
    const look = (entries) =>
      setNear((old) => {
        const all = new Set(old);
        for (const { target, isIntersecting } of entries) {
          all[isIntersecting ? "add" : "delete"](Number(target.dataset.from));
        }
        return all;
      });
    const watch = new IntersectionObserver(look, { root: scroller.current, rootMargin: MARGIN });
    for (const node of scroller.current.querySelectorAll("[data-from]")) watch.observe(node);
    return () => watch.disconnect();
  }, [prompt, prompt.chunks.length]);
  return near;
}

/** Bring a token into view, once for each `wish`; heights far away are guesses, hence again. */
function useReveal(scroller, index, wish) {
  useLayoutEffect(() => {
    if (wish === null || wish === undefined) return undefined;
    let tries = 0;
    let frame = 0;
    const go = () => {
      const root = scroller.current;
      const node = root?.querySelector(`[data-token="${index}"]`);
      if (!node) return;
      const [seen, box] = [node.getBoundingClientRect(), root.getBoundingClientRect()];
      if (seen.top < box.top + 20 || seen.bottom > box.bottom - 20) {
        root.scrollTop += seen.top - box.top - box.height / 3;
      }
      if ((tries += 1) < 4) frame = requestAnimationFrame(go);
    };
    go();
    return () => cancelAnimationFrame(frame);
  }, [wish]);
}

/** Mark the current token; beside the drawing of chunks, for it changes with each movement. */
function useCurrent(scroller, index, near) {
  useLayoutEffect(() => {
    const node = scroller.current.querySelector(`[data-token="${index}"]`);
    node?.setAttribute("data-current", "");
    return () => node?.removeAttribute("data-current");
  }, [index, near]);
}
