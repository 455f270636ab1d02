// What the conversation is called, and the way to others.

import { useEffect, useRef, useState } from "preact/hooks";
import { Button, Notice, useLoad, visible, when } from "../ui.jsx";
import { listThreads, titleOf } from "./threads.js";

const LISTED = 40;

export function Header({ panel, conversation, beside }) {
  const [choosing, setChoosing] = useState(false);
  const open = (id) => {
    setChoosing(false);
    conversation.open(id);
  };
  return (
    <header class="oxillama-chat-header">
      <div class="oxillama-row">
        <Title conversation={conversation} />
        <Versions conversation={conversation} />
        <span class="oxillama-chat-gap" />
        <button type="button" class="oxillama-button plain" aria-expanded={choosing} onClick={() => setChoosing(!choosing)}>
          Earlier
        </button>
        <Button kind="plain" label="Begin a new conversation" onClick={() => open("")}>
          New
        </Button>
        {beside && (
          <Button kind="plain" label={beside.label} onClick={beside.move}>
            {beside.word}
          </Button>
        )}
      </div>
      {choosing && <Choice {...{ panel, conversation, open }} close={() => setChoosing(false)} />}
    </header>
  );
}

function Title({ conversation }) {
  const [name, setName] = useState(null);
  const [error, setError] = useState(null);
  const place = useRef(null);
  const title = visible(conversation.title);
  useEffect(() => place.current?.select(), [name === null]);
  useEffect(() => setName(null), [conversation.thread?.id]);
  const end = () => (setName(null), setError(null));
  const save = async () => {
    try {
      if (name.trim() !== (conversation.thread.metadata.name ?? "")) await conversation.rename(name);
      end();
    } catch (problem) {
      setError(problem);
    }
  };
  const keys = (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter") save();
    if (event.key === "Escape") (event.stopPropagation(), end());
  };
  if (name === null) {
    const rename = () => setName(conversation.thread.metadata.name ?? "");
    return (
      <h3 class="oxillama-chat-title" title={title}>
        {conversation.thread ? (
          <button type="button" aria-label={`${title}: rename`} onClick={rename}>
            <bdi>{title}</bdi>
          </button>
        ) : (
          <bdi>{title}</bdi>
        )}
      </h3>
    );
  }
  return (
    <span class="oxillama-row oxillama-chat-title">
      <input
        ref={place}
        class="oxillama-input"
        aria-label="Name of the conversation"
        placeholder={title}
        value={name}
        maxLength={512}
        onInput={(event) => setName(event.target.value)}
        onKeyDown={keys}
      />
      <Button onClick={save}>Rename</Button>
      {error && <Notice error={error} />}
    </span>
  );
}

/** The thread among what it was forked from, and what was. */
function Versions({ conversation }) {
  const { versions, thread } = conversation;
  const place = versions.indexOf(thread?.id);
  if (place < 0 || versions.length < 2) return null;
  const to = (step) => conversation.open(versions[place + step]);
  return (
    <span class="oxillama-chat-versions" role="group" aria-label="Versions of this conversation">
      <Button kind="plain" label="The version before" disabled={place === 0} onClick={() => to(-1)}>
        ‹
      </Button>
      <span>
        {place + 1} of {versions.length}
      </span>
      <Button kind="plain" label="The next version" disabled={place === versions.length - 1} onClick={() => to(1)}>
        ›
      </Button>
    </span>
  );
}

function Choice({ panel, conversation, open, close }) {
  const [words, setWords] = useState("");
  const place = useRef(null);
  const query = { limit: LISTED, ...(words.trim() && { q: words }) };
  const { data, error } = useLoad((signal) => listThreads(panel, query, signal), [words]);
  useEffect(() => place.current?.focus(), []);
  const threads = (data ?? []).filter(({ metadata }) => !metadata.archived);
  const keys = (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  };
  return (
    <section class="oxillama-chat-drawer" aria-label="Earlier conversations" onKeyDown={keys}>
      <input
        ref={place}
        class="oxillama-input"
        type="search"
        aria-label="Search the conversations"
        placeholder="Search what was said"
        value={words}
        onInput={(event) => setWords(event.target.value)}
      />
      {error && <Notice error={error} />}
      {data && !threads.length && <p class="oxillama-quiet">{words ? "Nothing was found." : "There are none yet."}</p>}
      <ul>
        {threads.map((thread) => (
          <li key={thread.id}>
            <button
              type="button"
              aria-current={thread.id === conversation.thread?.id ? "true" : undefined}
              onClick={() => open(thread.id)}
            >
              <bdi>{visible(titleOf(thread, words ? "" : thread.preview))}</bdi>
              <span class="oxillama-quiet">
                {thread.active_run_id && "answering · "}
                {thread.metadata.forked_from && "fork · "}
                {thread.message_count} messages · {when(thread.updated_at)}
              </span>
              {words && <span class="oxillama-quiet">{visible(thread.preview)}</span>}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
