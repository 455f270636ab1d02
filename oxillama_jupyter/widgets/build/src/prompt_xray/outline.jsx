// The messages of a prompt: a bar of their tokens, and a list that leads to each.

import { useState } from "preact/hooks";
import { visible } from "../ui.jsx";

const AT_FIRST = 60;
const MORE = 500;
const NARROWEST = 0.004; // of the bar; smaller neighbours are drawn as one

export function Outline({ prompt, go }) {
  const { messages, older } = prompt.about;
  const [most, setMost] = useState(AT_FIRST);
  // Of many messages the newest are what one asks about.
  const [newest, setNewest] = useState(true);
  const first = newest ? Math.max(0, messages.length - most) : 0;
  const shown = messages.slice(first, first + most);
  return (
    <section class="ox-outline" aria-label="Messages of the prompt">
      <Bar prompt={prompt} go={go} />
      {older > 0 && <p class="ox-left-out">{notTaken(older)}</p>}
      {first > 0 && (
        <p class="oxillama-row">
          <button type="button" class="oxillama-button" onClick={() => setMost(most + MORE)}>
            {first.toLocaleString()} messages before these
          </button>
          <button type="button" class="oxillama-button" onClick={() => setNewest(false)}>From the first</button>
        </p>
      )}
      <ol start={first + 1}>
        {shown.map((message, place) => <Row key={first + place} message={message} number={first + place + 1} go={go} />)}
      </ol>
      {first + shown.length < messages.length && (
        <button type="button" class="oxillama-button" onClick={() => setMost(most + MORE)}>
          {(messages.length - shown.length).toLocaleString()} more messages
        </button>
      )}
      <Dropped messages={messages} about={prompt.about} />
    </section>
  );
}

function notTaken(older) {
  return older === 1
    ? "1 older message is not read: the run takes the newest ones only (last_messages)."
    : `${older.toLocaleString()} older messages are not read: the run takes the newest ones only (last_messages).`;
}

/** Why truncation has left something out, in words. */
function Dropped({ messages, about }) {
  const count = messages.filter((message) => message.dropped).length;
  if (!count) return null;
  const what = count === 1 ? "1 message is left out" : `${count.toLocaleString()} messages are left out`;
  return (
    <p class="ox-left-out">
      {what}: with {count === 1 ? "it" : "them"} the prompt would have more than the {about.limit.toLocaleString()} tokens
      it may have. Whole turns go, the oldest of the middle first; system messages and the newest question stay.
    </p>
  );
}

function Row({ message, number, go }) {
  const { role, preview, dropped, tokens, first_token: begin } = message;
  const parts = (
    <>
      <span class="ox-number">{number}</span>
      <span class={`ox-role ${role}`}>{role}</span>
      <bdi class="ox-preview">{visible(preview)}</bdi>
      <span class="ox-count"><Count tokens={tokens} dropped={dropped} /></span>
    </>
  );
  if (!tokens) return <li class={dropped ? "dropped" : ""}><span class="ox-row">{parts}</span></li>;
  return (
    <li>
      <button type="button" class="ox-row" onClick={() => go({ begin, end: begin + tokens })}>{parts}</button>
    </li>
  );
}

function Count({ tokens, dropped }) {
  if (dropped) return "left out";
  if (tokens === null) return "changed by the template";
  return <>{tokens.toLocaleString()}<span class="ox-unit"> {tokens === 1 ? "token" : "tokens"}</span></>;
}

/** For pointers; the list says and does the same. */
function Bar({ prompt, go }) {
  const all = prompt.about.prompt_tokens;
  const segments = segmentsOf(prompt);
  return (
    <div class="ox-bar" aria-hidden="true">
      {segments.map(({ role, count, begin, end, title }) => (
        <div
          key={begin}
          class={`ox-segment ${role}`}
          style={{ flexGrow: count / all }}
          title={title}
          onClick={() => begin >= 0 && go({ begin, end })}
        >
          {count / all > 0.07 && `${role} ${count.toLocaleString()}`}
        </div>
      ))}
    </div>
  );
}

function segmentsOf({ spans, about }) {
  const segments = [];
  let known = 0;
  for (const { role, tokens, first_token: begin, preview } of spans) {
    known += tokens;
    const last = segments.at(-1);
    const small = tokens < NARROWEST * about.prompt_tokens;
    if (small && last?.small) {
      last.count += tokens;
      last.end = begin + tokens;
      last.role = "several";
      last.title = `${last.count.toLocaleString()} tokens of several messages`;
      last.small = last.count < NARROWEST * about.prompt_tokens;
    } else {
      const title = `${role}, ${tokens.toLocaleString()} tokens: ${visible(preview)}`;
      segments.push({ role, count: tokens, begin, end: begin + tokens, title, small });
    }
  }
  const rest = about.prompt_tokens - known;
  const title = `${rest.toLocaleString()} tokens of the template, of tools, and of what it has made of messages`;
  if (rest) segments.push({ role: "template", count: rest, begin: -1, end: -1, title });
  return segments;
}
