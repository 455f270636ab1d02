// Texts of others: an answer's as Markdown, a question's as it was typed.

import { useEffect, useRef, useState } from "preact/hooks";
import { renderer } from "../markdown.js";

const SHARE = 4; // times what a rendering has taken, until the next one
const MOST = 100_000; // characters of a question that a page shows
const FOLDED = 3000;

/** Markdown, rendered no oftener than the page can bear. */
export function Markdown({ text }) {
  const place = useRef(null);
  const state = useRef({ render: null, free: 0, timer: 0 }).current;
  useEffect(() => {
    const draw = () => {
      const began = performance.now();
      state.render ??= renderer(place.current);
      state.render(text);
      state.free = performance.now() + SHARE * (performance.now() - began);
    };
    clearTimeout(state.timer);
    const wait = state.free - performance.now();
    if (wait <= 0) draw();
    else state.timer = setTimeout(draw, wait);
  }, [text]);
  useEffect(() => () => clearTimeout(state.timer), []);
  return <div ref={place} class="oxillama-text jp-RenderedHTMLCommon jp-RenderedMarkdown" />;
}

/** Text as it was typed; a long one is folded, and of a very long one the beginning is shown. */
export function Plain({ text, label }) {
  const [open, setOpen] = useState(false);
  const long = text.length > FOLDED;
  const shown = text.slice(0, long && !open ? FOLDED : MOST);
  return (
    <div class="oxillama-chat-plain">
      {shown}
      {shown.length < text.length && "…"}
      {long && (
        <button
          type="button"
          class="oxillama-button plain"
          aria-expanded={open}
          aria-label={`${open ? "Less" : "More"} of ${label}`}
          onClick={() => setOpen(!open)}
        >
          {open ? "Show less" : `Show more of ${text.length.toLocaleString()} characters`}
        </button>
      )}
    </div>
  );
}
