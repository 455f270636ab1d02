// The list: of ten thousand rows only those in sight are in the page.

import { memo } from "preact/compat";
import { useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from "preact/hooks";
import { visible, when } from "../ui.jsx";
import { tagsOf, titleOf } from "./threads.js";

const ROW = 68; // pixels, as in the style sheet
const SPARE = 6; // rows above and below what is in sight
const AHEAD = 60; // rows; the next page is asked for so far from the end



/** What is in sight of a scrolled element: `[ref, first row, number of rows]`. */
function useWindow(count) {
  const ref = useRef(null);
  const [place, setPlace] = useState({ top: 0, height: 600 });
  useLayoutEffect(() => {
    const node = ref.current;
    let frame = 0;
    const look = () => {
      frame = 0;
      setPlace({ top: node.scrollTop, height: node.clientHeight || 600 });
    };
    const later = () => (frame ||= requestAnimationFrame(look));
    const sizes = new ResizeObserver(later);
    sizes.observe(node);
    node.addEventListener("scroll", later, { passive: true });
    look();
    return () => {
      cancelAnimationFrame(frame);
      sizes.disconnect();
      node.removeEventListener("scroll", later);
    };
  }, []);
  const first = Math.max(0, Math.min(Math.floor(place.top / ROW) - SPARE, count - 1));
  const number = Math.min(count - first, Math.ceil(place.height / ROW) + 2 * SPARE);
  return [ref, first, Math.max(0, number), Math.max(1, Math.floor(place.height / ROW))];
}

export function ThreadList({ list, threads, selected, open, marks, onMark, onDelete, handle, words }) {
  const [ref, first, number, inSight] = useWindow(threads.length);
  const [active, setActive] = useState(0);
  const [toEnd, setToEnd] = useState(false);
  const [, again] = useState(0);
  const wanted = useRef(false); // the active row is to get the focus when it is there
  const last = threads.length - 1;
  const at = Math.min(Math.max(0, active), Math.max(0, last));

  const go = (place) => {
    const next = Math.min(Math.max(0, place), last);
    const node = ref.current;
    if (next * ROW < node.scrollTop) node.scrollTop = next * ROW;
    else if ((next + 1) * ROW > node.scrollTop + node.clientHeight) node.scrollTop = (next + 1) * ROW - node.clientHeight;
    wanted.current = true;
    setActive(next);
    again((count) => count + 1); // it may be the active one already
  };
  useImperativeHandle(handle, () => ({ focus: () => threads.length && go(at) }));

  useEffect(() => {
    if (list.more && (toEnd || first + number > last - AHEAD)) list.load();
  });
  useEffect(() => {
    if (!toEnd) return;
    go(last);
    if (!list.more) setToEnd(false);
  }, [toEnd, last, list.more]);
  useEffect(() => {
    if (ref.current) ref.current.scrollTop = 0;
    setActive(0);
    setToEnd(false);
  }, [list.version]);
  useEffect(() => {
    const place = threads.findIndex((thread) => thread.id === selected);
    if (place >= 0) setActive(place);
  }, [selected, list.version]);
  useLayoutEffect(() => {
    if (!wanted.current) return;
    const row = ref.current.querySelector(`[data-at="${at}"]`);
    row?.focus({ preventScroll: true });
    if (row) wanted.current = false;
  });

  const keys = {
    ArrowDown: () => go(at + 1),
    ArrowUp: () => go(at - 1),
    PageDown: () => go(at + inSight),
    PageUp: () => go(at - inSight),
    Home: () => go(0),
    End: () => (list.more ? setToEnd(true) : go(last)),
    Enter: () => open(threads[at]),
    " ": () => (marks ? onMark(threads[at].id) : open(threads[at])),
    Delete: () => {
      wanted.current = true; // the next one's
      onDelete([threads[at]]);
    },
  };
  const press = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key] || !threads.length) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key !== "End") setToEnd(false);
    keys[event.key]();
  };

  const shown = Array.from({ length: number }, (_, place) => first + place);
  if (threads.length && !shown.includes(at)) shown.push(at); // what has the focus stays
  return (
    <div
      class="tb-list"
      ref={ref}
      role="listbox"
      aria-label="Threads"
      aria-busy={list.loading}
      aria-multiselectable={marks ? "true" : undefined}
      tabIndex={threads.length ? undefined : 0}
      onKeyDown={press}
    >
      <div role="presentation" class="tb-rows" style={{ height: `${threads.length * ROW}px` }}>
        {shown.map((place) => (
          <Row
            key={threads[place].id}
            at={place}
            thread={threads[place]}
            size={list.more ? -1 : threads.length}
            active={place === at}
            selected={threads[place].id === selected}
            marked={marks?.has(threads[place].id)}
            marking={Boolean(marks)}
            words={words}
            onPress={() => {
              setActive(place);
              if (marks) onMark(threads[place].id);
              else open(threads[place]);
            }}
          />
        ))}
      </div>
    </div>
  );
}

const SAME = ["at", "thread", "size", "active", "selected", "marked", "marking", "words"];

const Row = memo(
  ({ at, thread, size, active, selected, marked, marking, words, onPress }) => (
    <div
      role="option"
      class="tb-thread"
      data-at={at}
      aria-selected={marking ? Boolean(marked) : selected}
      aria-setsize={size}
      aria-posinset={at + 1}
      tabIndex={active ? 0 : -1}
      style={{ transform: `translateY(${at * ROW}px)` }}
      onClick={onPress}
    >
      <div class="tb-thread-head">
        {marking && <span aria-hidden="true" class={`tb-mark ${marked ? "on" : ""}`} />}
        <bdi class="tb-title">{visible(titleOf(thread))}</bdi>
        <span class="oxillama-quiet">{when(thread.updated_at)}</span>
      </div>
      <div class="tb-preview" dir="auto">
        <Preview text={visible(thread.preview)} words={words} />
      </div>
      <div class="tb-about oxillama-quiet">
        <span>{thread.message_count === 1 ? "1 message" : `${thread.message_count} messages`}</span>
        {thread.active_run_id && <span class="tb-state">answering</span>}
        {thread.metadata.archived && <span class="tb-state">put away</span>}
        {tagsOf(thread).map((tag) => (
          <bdi key={tag} class="tb-tag">
            {visible(tag)}
          </bdi>
        ))}
      </div>
    </div>
  ),
  (old, now) => SAME.every((name) => old[name] === now[name]),
);

/** The text around a match, with what was looked for made visible. */
function Preview({ text, words }) {
  const known = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (!known.length) return text || "no question yet";
  const pieces = text.split(new RegExp(`(${known.join("|")})`, "iu"));
  return pieces.map((piece, place) => (place % 2 ? <mark key={place}>{piece}</mark> : piece));
}
