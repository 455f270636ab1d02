// A message of a conversation, and the answer that is being written.

import { useEffect, useRef, useState } from "preact/hooks";
import { Thoughts } from "../thoughts.jsx";
import { Button, Notice, visible, when } from "../ui.jsx";
import { textOf, textsOf } from "./live.js";
import { Markdown, Plain } from "./text.jsx";
import { endOf } from "./words.js";

/** A question or an answer that is stored. */
export function Message({ message, run, steps, question, conversation, busy }) {
  if (message.role === "user") return <Question {...{ message, conversation, busy }} />;
  const ended = endOf(message, run);
  return (
    <article class="oxillama-chat-answer" aria-label={`Answer, ${when(message.created_at)}`}>
      {steps && <Reasoning of={message.run_id} text={steps.thoughts} conversation={conversation} />}
      {steps?.calls.map((call) => (
        <Call key={call.id} call={call} />
      ))}
      <Markdown text={textOf(message)} />
      <footer class="oxillama-row oxillama-quiet">
        {ended && <span class="oxillama-chat-end">{visible(ended)}</span>}
        <Figures run={run} />
        {question?.id && (
          <Button kind="plain" disabled={busy} label="Another answer, in a fork" onClick={() => conversation.retry(question)}>
            Retry
          </Button>
        )}
      </footer>
    </article>
  );
}

/** A run's reasoning; whoever has unfolded it while it was written finds it open when it is there. */
function Reasoning({ of, text, conversation: { steps } }) {
  if (!text) return null;
  const fold = (open) => (open ? steps.unfolded.add(of) : steps.unfolded.delete(of));
  return <Thoughts text={text} open={steps.unfolded.has(of)} onFold={fold} />;
}

/** How an answer came about, in a few numbers. */
function Figures({ run }) {
  if (!run) return null;
  const { timings, usage, model } = run;
  const speed = timings?.tokens_per_second;
  const words = [
    visible(model),
    usage && `${usage.completion_tokens.toLocaleString()} ${usage.completion_tokens === 1 ? "token" : "tokens"}`,
    speed > 0 && `${speed < 10 ? speed.toFixed(1) : Math.round(speed)} tokens/s`,
    timings && `first after ${timings.first_token.toFixed(1)} s`,
  ];
  return <span class="oxillama-chat-figures">{words.filter(Boolean).join(" · ")}</span>;
}

function Question({ message, conversation, busy }) {
  const [editing, setEditing] = useState(false);
  const texts = textsOf(message);
  const text = texts.pop();
  if (editing) return <Editor {...{ message, text, conversation, busy }} close={() => setEditing(false)} />;
  return (
    <article class="oxillama-chat-question" aria-label={`Question, ${when(message.created_at)}`}>
      {texts.map((part, index) => (
        <Part key={index} text={part} />
      ))}
      <Plain text={text} label="the question" />
      {message.id && (
        <footer class="oxillama-row oxillama-quiet">
          <Button kind="plain" disabled={busy} label="Edit and ask again, in a fork" onClick={() => setEditing(true)}>
            Edit
          </Button>
        </footer>
      )}
    </article>
  );
}

/** Something that went with a question, by its first line. */
function Part({ text }) {
  const [head] = text.split("\n", 1);
  const [, name, type] = /^Variable `(.{1,200})` \((.{1,200})\)/.exec(head) ?? [];
  return (
    <details class="oxillama-chat-part">
      <summary>
        {name ? <code>{visible(name)}</code> : visible(head.slice(0, 200))}
        {name && ` ${visible(type)}`}
      </summary>
      <pre tabIndex={0} aria-label="What the model was told">
        {text.slice(0, 20000)}
      </pre>
    </details>
  );
}

function Editor({ message, text, conversation, busy, close }) {
  const [draft, setDraft] = useState(text);
  const place = useRef(null);
  useEffect(() => place.current?.focus(), []);
  const send = () => draft.trim() && conversation.edit(message, draft);
  const keys = (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape") {
      event.stopPropagation();
      close();
    }
  };
  return (
    <article class="oxillama-chat-question editing" aria-label="Question, being edited">
      <textarea
        ref={place}
        class="oxillama-input"
        aria-label="The question"
        rows={Math.min(12, draft.split("\n").length + 1)}
        value={draft}
        readOnly={busy}
        onInput={(event) => setDraft(event.target.value)}
        onKeyDown={keys}
      />
      <footer class="oxillama-row">
        <span class="oxillama-quiet">The first version stays.</span>
        <Button kind="plain" onClick={close}>
          Cancel
        </Button>
        <Button kind="main" disabled={busy || !draft.trim()} onClick={send}>
          Ask in a fork
        </Button>
      </footer>
    </article>
  );
}

/** The answer that is being written. */
export function Writing({ live, conversation }) {
  const { text, pending, calls } = live;
  return (
    <article class="oxillama-chat-answer" aria-label="Answer, being written" aria-busy="true">
      <Reasoning of={live.run?.id} text={live.reasoning} conversation={conversation} />
      {calls.map((call) => (
        <Call key={call.id} call={call} />
      ))}
      {text && <Markdown text={text} />}
      {live.waits ? <Waiting calls={pending} stop={() => conversation.stop()} /> : <Progress live={live} />}
    </article>
  );
}

function Progress({ live }) {
  const [, again] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => again((count) => count + 1), 500);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.floor((Date.now() - live.began) / 1000);
  const doing = live.stopping
    ? "Stopping …"
    : live.run?.status === "queued" || !live.run
      ? "Waiting for its turn …"
      : live.tokens
        ? "Writing …"
        : live.reasoning
          ? "Thinking …"
          : "Reading …";
  const speed = live.speed && `${live.speed < 10 ? live.speed.toFixed(1) : Math.round(live.speed)} tokens/s`;
  return (
    <footer class="oxillama-row oxillama-quiet">
      <span class="oxillama-chat-pulse" aria-hidden="true" />
      <span class="oxillama-chat-figures">{[doing, seconds > 0 && `${seconds} s`, speed].filter(Boolean).join(" · ")}</span>
    </footer>
  );
}

/** Calls that only the client which offered the functions can answer. */
function Waiting({ calls, stop }) {
  return (
    <section class="oxillama-chat-waiting" aria-label="Waiting for calls">
      <p>
        The model wants to call {calls.length === 1 ? "a function" : `${calls.length} functions`}. The notebook or program
        that offered {calls.length === 1 ? "it" : "them"} has to answer: in its cell, or by <code>%oxillama attach</code>{" "}
        there. This chat goes on by itself then.
      </p>
      {calls.map((call) => (
        <Call key={call.id} call={call} />
      ))}
      <Button onClick={stop} label="Cancel the answer">
        Cancel
      </Button>
    </section>
  );
}

function Call({ call }) {
  if (!call.function) return null;
  const { name, arguments: given, output } = call.function;
  return (
    <pre class="oxillama-chat-call" tabIndex={0} aria-label="A call">
      {visible(name)}({visible(given ?? "").slice(0, 5000)}){output ? ` → ${visible(output).slice(0, 1000)}` : ""}
    </pre>
  );
}

/** What is wrong, with a way on. */
export function Trouble({ text, children }) {
  return (
    <div class="oxillama-chat-trouble oxillama-row">
      <Notice>{visible(text)}</Notice>
      {children}
    </div>
  );
}
