// The messages of a thread, with what can be done at each.

import { memo } from "preact/compat";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { renderer } from "../markdown.js";
import { usePoll } from "../poll.js";
import { TERMINAL } from "../run.js";
import { Button, Notice, when } from "../ui.jsx";
import { MessageDetails } from "./inspector.jsx";
import { useMessages } from "./thread_messages.js";

const NEAR = 800; // pixels from an end at which the next page is asked for
const EDGE = 40; // pixels between the upper edge and a message that was looked for
const SETTLING = 20; // frames
const LONG = 20_000; // characters that are shown at once
const BETWEEN = 2000; // milliseconds between looks at a thread that is being answered

export function Messages({ panel, thread, at, again, onFork }) {
  const ref = useRef(null);
  const found = useMessages(panel, thread.id, at);
  useReading(ref, found);
  useNews(ref, panel, thread, found, again);
  const failed = found.error && !found.messages.length;
  return (
    <div class="tb-messages" ref={ref} role="region" tabIndex={0} aria-label="Messages" aria-busy={!found.begun}>
      <nav class="oxillama-row tb-ends" aria-label="Ends of the thread">
        {found.older && (
          <Button kind="plain" onClick={() => found.jump("first")} label="Go to the first message">
            ↑ first message
          </Button>
        )}
        {found.newer && (
          <Button kind="plain" onClick={() => found.jump("")} label="Go to the last message">
            ↓ last message
          </Button>
        )}
      </nav>
      {found.begun && !failed && !found.messages.length && <p class="oxillama-quiet">This thread has no messages yet.</p>}
      {found.messages.map((message) => (
        <Message
          key={message.id}
          panel={panel}
          message={message}
          found={found.begun?.at === message.id}
          onFork={onFork}
        />
      ))}
      {found.error && <Notice error={found.error} />}
      {failed && <Button onClick={() => found.jump(at)}>Try again</Button>}
    </div>
  );
}

/** What comes while the thread is being answered, and what has come when somebody looks `again`. */
function useNews(ref, panel, thread, found, again) {
  const path = panel.openai(`threads/${thread.id}/runs?limit=1&no_track_activity=1`);
  const load = async (signal) => ({ run: (await panel.ask(path, { signal })).data[0] });
  const newest = usePoll(load, ref, ({ run }) => (run && !TERMINAL.has(run.status) ? BETWEEN : null));
  useEffect(() => {
    if (newest.data) found.refresh();
  }, [newest.data, Boolean(found.begun)]);
  useEffect(() => {
    if (again) newest.reload();
  }, [again]);
}

/** Scrolling: more messages at both ends, and what is read stays where it is when they come. */
function useReading(ref, found) {
  const anchor = useRef(null);
  const begun = useRef(null);
  const look = () => {
    const node = ref.current;
    if (!node || !found.begun) return;
    const measure = () => (anchor.current = firstIn(node)); // heights have changed since
    const below = node.scrollHeight - node.scrollTop - node.clientHeight;
    if (node.scrollTop < NEAR) found.grow("older", measure);
    if (below < NEAR) found.grow("newer", measure);
  };
  useLayoutEffect(() => {
    const node = ref.current;
    if (!node || !found.begun) return;
    if (begun.current !== found.begun) {
      begun.current = found.begun;
      anchor.current = start(node, found.begun.at);
    }
    return hold(node, anchor.current);
  }, [found.messages, found.begun]);
  useEffect(() => {
    const node = ref.current;
    if (!node) return;
    let frame = 0;
    const scrolled = () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        anchor.current = firstIn(node);
        look();
      });
    };
    node.addEventListener("scroll", scrolled, { passive: true });
    look();
    return () => {
      cancelAnimationFrame(frame);
      node.removeEventListener("scroll", scrolled);
    };
  });
}

/** How far below the upper edge a message begins. */
const placeOf = (node, one) => one.getBoundingClientRect().top - node.getBoundingClientRect().top;

/** The first message in sight, and its place. */
function firstIn(node) {
  const top = node.getBoundingClientRect().top;
  const one = [...node.querySelectorAll(".tb-message")].find((each) => each.getBoundingClientRect().bottom > top + 1);
  return one && { one, top: placeOf(node, one) };
}

/** Where the reader begins: at the end, the beginning, or at what was looked for. */
function start(node, at) {
  const all = [...node.querySelectorAll(".tb-message")];
  if (!all.length) return undefined;
  const one = all.find((each) => each.dataset.id === at) ?? (at === "first" ? all[0] : all.at(-1));
  if (!at) {
    node.scrollTop = node.scrollHeight;
    return { one, bottom: true };
  }
  node.scrollTop += placeOf(node, one) - EDGE;
  return { one, top: EDGE };
}

/**
 * Keep a message at its place while those around it get their heights, which takes some frames.
 *
 * Whoever scrolls meanwhile is not held.
 */
function hold(node, anchor) {
  if (!anchor?.one.isConnected) return undefined;
  let { top } = anchor;
  let was = node.scrollTop;
  let left = SETTLING;
  let frame = 0;
  const step = () => {
    if (node.scrollTop !== was) {
      anchor.bottom = false;
      top = placeOf(node, anchor.one);
    } else if (anchor.bottom) node.scrollTop = node.scrollHeight;
    else node.scrollTop += placeOf(node, anchor.one) - top;
    was = node.scrollTop;
    left -= 1;
    frame = left > 0 ? requestAnimationFrame(step) : 0;
  };
  step();
  return () => cancelAnimationFrame(frame);
}

const Message = memo(({ panel, message, found, onFork }) => {
  const [open, setOpen] = useState(false);
  const [image, text] = textOf(message);
  return (
    <article class={`tb-message ${message.role} ${found ? "found" : ""}`} data-id={message.id}>
      <header class="oxillama-row">
        <h4>{message.role === "user" ? "You" : "Model"}</h4>
        <span class="oxillama-quiet">{when(message.created_at)}</span>
        {message.status !== "completed" && (
          <span class="tb-state">{message.status === "in_progress" ? "being written" : "not finished"}</span>
        )}
        <span class="tb-tools">
          <Button kind="plain" label="Fork the thread at this message" onClick={() => onFork(message)}>
            Fork
          </Button>
          <Button kind="plain" label="Details of this message" aria-expanded={open} onClick={() => setOpen(!open)}>
            Details
          </Button>
        </span>
      </header>
      {image > 0 && <p class="oxillama-quiet">{image === 1 ? "an image" : `${image} images`}</p>}
      <Text text={text} />
      {open && <MessageDetails key={message.status} panel={panel} message={message} />}
    </article>
  );
}, (old, now) => old.message === now.message && old.found === now.found);

function textOf(message) {
  const texts = message.content.map((part) => part.text?.value ?? part.refusal);
  return [texts.filter((text) => text === undefined).length, texts.filter((text) => text !== undefined).join("\n\n")];
}

/** Markdown that can do nothing; of a very long text first the beginning. */
function Text({ text }) {
  const ref = useRef(null);
  const draw = useRef(null);
  const [whole, setWhole] = useState(false);
  const shown = whole || text.length <= LONG ? text : text.slice(0, LONG);
  useLayoutEffect(() => {
    draw.current ??= renderer(ref.current);
    draw.current(shown);
  }, [shown]);
  return (
    <>
      <div class="oxillama-text tb-text" dir="auto" ref={ref} />
      {shown !== text && (
        <Button onClick={() => setWhole(true)} label="Show the whole message">
          … show all {text.length.toLocaleString()} characters
        </Button>
      )}
    </>
  );
}
