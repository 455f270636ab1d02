// A conversation, beside the notebook or in it.

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { placeOf } from "../chat/beside.js";
import composer from "../chat/composer.css";
import { Composer } from "../chat/composer.jsx";
import { conversationOf } from "../chat/conversation.js";
import { Header } from "../chat/header.jsx";
import { Message, Trouble, Writing } from "../chat/message.jsx";
import { silenceOf, tooLong, wordsOf } from "../chat/words.js";
import { Button, mount, useLoad } from "../ui.jsx";
import styles from "./chat.css";

export { PROTOCOL } from "../page.js";

const NEAR = 40; // pixels from the end that still count as there

export function show(panel, el, page) {
  const place = placeOf(el, page);
  const end = mount(<Chat panel={panel} place={place} />, el, styles + composer, "chat");
  return () => {
    place.end();
    end();
  };
}

function Chat({ panel, place }) {
  const conversation = useConversation(panel);
  const [, again] = useState(0);
  const field = useRef(null);
  const root = useRef(null);
  const models = useLoad((signal) => panel.ask(panel.own("models"), { signal }), [conversation.newest?.model]);
  useEffect(() => place.watch(() => again((count) => count + 1)), []);
  useEffect(() => place.rename(conversation.title), [conversation.title]);
  const keys = (event) => {
    if (event.key === "Escape" && conversation.live) conversation.stop();
  };
  const beside = place.able && { ...place.words, move: () => place.move(root.current.parentElement) };
  return (
    // Lab would take the line break of Shift+Enter from any text field in a cell.
    <div
      ref={root}
      class="oxillama-chat-frame"
      onKeyDown={keys}
      onBeforeInputCapture={(event) => event.stopPropagation()}
      role="group"
      aria-label="Chat"
    >
      <Header {...{ panel, conversation, beside }} />
      <Messages conversation={conversation} field={field} />
      <Composer {...{ panel, conversation, models, field }} />
      <span class="oxillama-hidden-label" role="status">
        {useSaid(conversation)}
      </span>
    </div>
  );
}

function useConversation(panel) {
  const conversation = conversationOf(panel);
  const [, again] = useState(0);
  useEffect(() => conversation.view(() => again((count) => count + 1)), [conversation]);
  return conversation;
}

/** What a screen reader is told: that an answer is on its way, and that it is there. */
function useSaid({ live }) {
  const was = useRef(false);
  if (live) was.current = true;
  if (live) return live.waits ? "The answer waits for a call." : "An answer is being written.";
  return was.current ? "The answer is there." : "";
}

function Messages({ conversation, field }) {
  const { live, loading, more, failure } = conversation;
  const list = useRef(null);
  const [away, setAway] = useEnd(list, conversation);
  const stored = useStored(conversation);
  return (
    <div class="oxillama-chat-list" ref={list} role="log" aria-live="off" aria-label="Messages" tabIndex={0}>
      <div class="oxillama-chat-messages">
        {more && <Button onClick={() => keepingPlace(list.current, () => conversation.earlier())}>Earlier messages</Button>}
        {loading && !conversation.messages.length && <p class="oxillama-quiet">…</p>}
        {!loading && !failure && !live && !conversation.messages.length && <Empty />}
        {stored}
        {live && <Writing live={live} conversation={conversation} />}
        <Troubles conversation={conversation} field={field} />
      </div>
      {away && live && (
        <button type="button" class="oxillama-button oxillama-chat-down" onClick={() => setAway(false)}>
          ↓ To the end
        </button>
      )}
    </div>
  );
}

/** The stored messages; made again only when one of them has changed. */
function useStored(conversation) {
  const { messages, live, sending, runs, steps, newest } = conversation;
  const busy = live !== null || sending;
  return useMemo(() => {
    const shown = messages.filter((one) => !live?.run || one.role === "user" || one.run_id !== live.run.id);
    let question = null;
    let before = null;
    return shown.map((message, index) => {
      if (message.role === "user") question = message;
      const first = message.run_id !== before; // of its run
      before = message.run_id;
      const of = { run: runs.get(message.run_id), steps: first ? steps.of(message.run_id) : null };
      return <Message key={message.id ?? `new-${index}`} {...{ message, question, conversation, busy }} {...of} />;
    });
  }, [messages, busy, live?.run?.id, newest?.id, runs.size, steps.count]);
}

function Empty() {
  return (
    <p class="oxillama-quiet oxillama-chat-empty">
      Ask something below. The conversation stays on your server, and goes on when you come back.
    </p>
  );
}

/** What went wrong, and what can be done. */
function Troubles({ conversation, field }) {
  const { failure, live, newest, messages, loading } = conversation;
  const silence = live || loading ? "" : silenceOf(newest, messages);
  const last = messages.at(-1);
  const unanswered = !live && !loading && last?.role === "user" && last.id && !conversation.sending;
  return (
    <>
      {silence && <Trouble text={silence} />}
      {unanswered && (
        <div class="oxillama-row oxillama-chat-ways">
          {!silence && <span class="oxillama-quiet">Nobody has answered this yet.</span>}
          <Button onClick={() => conversation.answer()}>{silence ? "Try again" : "Answer it"}</Button>
        </div>
      )}
      {!live && !loading && tooLong(newest) && (
        <div class="oxillama-row oxillama-chat-ways">
          <Button onClick={() => conversation.open("")}>New conversation</Button>
        </div>
      )}
      {failure && (
        <Trouble text={wordsOf(failure.error)}>
          {failure.again && <Button onClick={failure.again}>Try again</Button>}
          {!failure.again && <Button onClick={() => field.current.focus()}>Back to the text</Button>}
          {!conversation.thread && failure.again && <Button onClick={() => conversation.open("")}>New conversation</Button>}
        </Trouble>
      )}
    </>
  );
}

/** Stay at the end while text comes, unless a person has gone away from there. */
function useEnd(list, conversation) {
  const [away, setAway] = useState(false);
  const at = useRef(true);
  const seen = useRef({ top: 0, height: 0 });
  const toEnd = () => {
    const { current } = list;
    current.scrollTop = current.scrollHeight;
    seen.current = { top: current.scrollTop, height: current.scrollHeight };
  };
  useEffect(() => {
    const { current } = list;
    // A page tells of scrolling a frame late, and text may have come since: nobody has left for
    // that. Going up is leaving, unless the text became shorter and took the end up with it.
    const scrolled = () => {
      const { scrollTop: top, scrollHeight: height, clientHeight } = current;
      const up = top < seen.current.top && height >= seen.current.height;
      at.current = height - top - clientHeight < NEAR || (at.current && !up);
      seen.current = { top, height };
      setAway(!at.current);
    };
    const grown = new ResizeObserver(() => at.current && toEnd());
    grown.observe(current.firstElementChild);
    grown.observe(current);
    current.addEventListener("scroll", scrolled, { passive: true });
    return () => {
      grown.disconnect();
      current.removeEventListener("scroll", scrolled);
    };
  }, []);
  // Whoever asks, or goes to another thread, wants to see its end.
  useLayoutEffect(() => {
    at.current = true;
    toEnd();
  }, [conversation.thread?.id, conversation.sending, conversation.loading]);
  const set = (value) => {
    at.current = !value;
    setAway(value);
    if (!value) toEnd();
  };
  return [away, set];
}

async function keepingPlace(list, work) {
  const before = list.scrollHeight - list.scrollTop;
  await work();
  requestAnimationFrame(() => (list.scrollTop = list.scrollHeight - before));
}
