// One thread: what it is called, what can be done with it, what was said.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { ask } from "../server.js";
import { Button, Notice, useLoad, visible, when } from "../ui.jsx";
import { outcomeOf, RunDetails } from "./inspector.jsx";
import { Messages } from "./messages.jsx";
import { change, fork, rename, tagsOf, titleOf } from "./threads.js";

const FORMATS = ["ipynb", "md", "jsonl"];
const TAG = 60; // characters; a key of metadata has at most 64

export function ThreadView({ panel, page, id, at, again, onBack, onChange, onOpen, onDelete }) {
  const { data, error, reload } = useLoad((signal) => panel.ask(panel.openai(`threads/${id}`), { signal }), [id, again]);
  const [changed, setChanged] = useState(null); // here, since it was loaded
  useEffect(() => setChanged(null), [data]);
  const back = (
    <Button kind="plain" class="oxillama-button plain tb-back" onClick={onBack} label="Back to the list">
      ← Threads
    </Button>
  );
  const thread = changed?.id === id ? changed : data?.id === id ? data : null;
  if (!thread) {
    return (
      <div class="tb-view">
        {back}
        {error ? <Notice error={error} /> : <p class="oxillama-quiet">…</p>}
        {error && <Button onClick={reload}>Try again</Button>}
      </div>
    );
  }
  const put = (made) => {
    setChanged(made);
    onChange(made);
  };
  const forked = async (message) => onOpen(await fork(panel, thread, message?.id));
  return (
    <div class="tb-view">
      <header class="tb-head">
        {back}
        <Name key={`name ${id}`} panel={panel} thread={thread} onChange={put} />
        <Tags key={`tags ${id}`} panel={panel} thread={thread} onChange={put} />
        <Actions {...{ panel, page, thread, put, forked, onDelete, onOpen }} />
      </header>
      <Runs key={`runs ${id}`} {...{ panel, thread, again }} />
      <Messages key={`${id} ${at}`} {...{ panel, thread, at, again }} onFork={forked} />
    </div>
  );
}

function Name({ panel, thread, onChange }) {
  const [editing, setEditing] = useState(false);
  const ref = useRef(null);
  useLayoutEffect(() => ref.current?.select(), [editing]);
  if (!editing) {
    return (
      <div class="oxillama-row tb-name">
        <h3>
          <bdi>{visible(titleOf(thread))}</bdi>
        </h3>
        <Button kind="plain" onClick={() => setEditing(true)} label="Rename the thread">
          Rename
        </Button>
      </div>
    );
  }
  const save = async () => {
    const made = await rename(panel, thread.id, ref.current.value.trim());
    setEditing(false);
    onChange(made);
  };
  return (
    <div class="oxillama-row tb-name" onKeyDown={onEnter}>
      <input
        class="oxillama-input"
        aria-label="Name of the thread"
        maxLength={512}
        defaultValue={thread.metadata.name ?? ""}
        ref={ref}
        onKeyDown={(event) => event.key === "Escape" && setEditing(false)}
      />
      <Button onClick={save} label="Save the name">
        Save
      </Button>
      <Button kind="plain" onClick={() => setEditing(false)} label="Leave the name as it is">
        Cancel
      </Button>
    </div>
  );
}

/** Enter in a field presses the button behind it, which tells what went wrong. (Pages keep forms from being sent.) */
function onEnter(event) {
  if (event.key !== "Enter" || event.isComposing || event.target.tagName !== "INPUT") return;
  event.preventDefault();
  event.currentTarget.querySelector("button").click();
}

function Tags({ panel, thread, onChange }) {
  const ref = useRef(null);
  const set = async (tag, value) => onChange(await change(panel, thread.id, { [`tag:${tag}`]: value }));
  const add = async () => {
    const word = ref.current.value.trim();
    if (word) await set(word, "yes");
    ref.current.value = "";
  };
  return (
    <div class="oxillama-row tb-tags">
      {tagsOf(thread).map((tag) => (
        <span key={tag} class="tb-tag">
          <bdi>{visible(tag)}</bdi>
          <Button class="tb-untag" onClick={() => set(tag, null)} label={`Take the tag ${visible(tag)} away`}>
            ×
          </Button>
        </span>
      ))}
      <div class="tb-adding" onKeyDown={onEnter}>
        <input class="oxillama-input tb-new-tag" placeholder="tag" aria-label="New tag" maxLength={TAG} ref={ref} />
        <Button kind="plain" onClick={add} label="Add the tag">
          + tag
        </Button>
      </div>
    </div>
  );
}

function Actions({ panel, page, thread, put, forked, onDelete, onOpen }) {
  const away = Boolean(thread.metadata.archived);
  const name = thread.metadata.name ?? thread.id;
  const origin = thread.metadata.forked_from;
  // A line of code: what would end it, or mean something in it, stays out.
  const plain = /^[^"'\r\n{}$\\]+$/.test(name) && !/[\p{C}]/u.test(name) ? name : thread.id;
  const word = /^[\w.-]+$/.test(plain) ? plain : `"${plain}"`;
  return (
    <div class="oxillama-row tb-actions">
      <Copy text={`%oxillama thread ${word}`} />
      {page.lab && (
        <Button
          onClick={(event) => page.lab.insertCell(event.target, `%%oxillama --thread ${word}\n`)}
          label="Insert a cell that goes on here"
        >
          Insert cell
        </Button>
      )}
      <Button onClick={() => forked()} label="Fork the thread at its end">
        Fork
      </Button>
      <Button onClick={async () => put(await change(panel, thread.id, { archived: away ? null : "yes" }))}>
        {away ? "Unarchive" : "Archive"}
      </Button>
      <span class="oxillama-row tb-export" role="group" aria-label="Export">
        {FORMATS.map((format) => (
          <Button key={format} onClick={() => save(panel, thread, format)} label={`Export as .${format}`}>
            .{format}
          </Button>
        ))}
      </span>
      <Button onClick={() => onDelete([thread])} label="Delete the thread">
        Delete
      </Button>
      {origin && (
        <Button kind="plain" onClick={() => onOpen({ id: origin }, thread.metadata.forked_at)} label="Open what it was forked from">
          forked from…
        </Button>
      )}
    </div>
  );
}

function Copy({ text }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setDone(true);
    setTimeout(() => setDone(false), 2000);
  };
  return (
    <Button onClick={copy} label={`Copy ${text}, to go on here`}>
      {done ? "Copied" : "Copy line"}
    </Button>
  );
}

/** Keep a thread as a file, named as the thread is. */
async function save(panel, thread, format) {
  const answer = await ask(panel.own(`threads/${thread.id}/export?format=${format}`));
  const address = URL.createObjectURL(await answer.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = `${titleOf(thread).replace(/[^\p{L}\p{N} ._-]+/gu, "_").replace(/^[. ]+/, "").slice(0, 80) || thread.id}.${format}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** The newest runs; also those that left no message behind. */
function Runs({ panel, thread, again }) {
  const [open, setOpen] = useState(false);
  return (
    <div class="tb-runs">
      <Button kind="plain" onClick={() => setOpen(!open)} aria-expanded={open} label="Runs of the thread">
        {open ? "▾" : "▸"} Runs
      </Button>
      {open && <RunList {...{ panel, thread, again }} />}
    </div>
  );
}

function RunList({ panel, thread, again }) {
  const path = panel.openai(`threads/${thread.id}/runs?limit=20`);
  const { data, error } = useLoad((signal) => panel.ask(path, { signal }), [path, again]);
  const [open, setOpen] = useState("");
  if (error) return <Notice error={error} />;
  if (!data) return <p class="oxillama-quiet">…</p>;
  if (!data.data.length) return <p class="oxillama-quiet">No runs.</p>;
  return (
    <ul>
      {data.data.map((run) => (
        <li key={run.id}>
          <Button
            kind="plain"
            aria-expanded={open === run.id}
            onClick={() => setOpen(open === run.id ? "" : run.id)}
            label={`Details of the run of ${when(run.created_at)}`}
          >
            {when(run.created_at)} · {outcomeOf(run)}
          </Button>
          {open === run.id && (
            <div class="tb-details">
              <RunDetails panel={panel} threadId={thread.id} runId={run.id} />
            </div>
          )}
        </li>
      ))}
      {data.has_more && <li class="oxillama-quiet">The newest 20.</li>}
    </ul>
  );
}
