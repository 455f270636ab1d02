// All threads of the server: found, read, put in order.

import { useMemo, useRef, useState } from "preact/hooks";
import { deleteLater, hidden } from "../thread_browser/deletions.js";
import { Search } from "../thread_browser/search.jsx";
import { ThreadList } from "../thread_browser/thread_list.jsx";
import { ThreadView } from "../thread_browser/thread_view.jsx";
import { change, FILTERS, titleOf, useThreads } from "../thread_browser/threads.js";
import { UndoBar, useDeletions } from "../thread_browser/undo_bar.jsx";
import { Button, mount, Notice, useTrait } from "../ui.jsx";
import styles from "./thread_browser.css";

export { PROTOCOL } from "../page.js";

export function show(panel, el, page) {
  return mount(<ThreadBrowser panel={panel} page={page} />, el, styles, "thread-browser");
}

function ThreadBrowser({ panel, page }) {
  const chosen = Object.fromEntries(FILTERS.map((name) => [name, useTrait(panel, name)[0] ?? ""]));
  chosen.archived ||= "no";
  const [thread, setThread] = useTrait(panel, "thread");
  const [at, setAt] = useState({}); // the message that a search has found, of the thread that was opened
  const [marks, setMarks] = useState(null);
  const [again, setAgain] = useState(0); // how often somebody has looked again
  const list = useThreads(panel, chosen);
  const handle = useRef(null);
  useDeletions();
  const gone = hidden();
  const threads = useMemo(() => list.threads.filter((one) => !gone.has(one.id)), [list.threads, [...gone].join()]);
  const words = useMemo(() => wordsOf(chosen.query), [chosen.query]);

  const open = ({ id }, message) => {
    setAt({ id, message });
    setThread(id);
  };
  const remove = (those) => {
    for (const one of those) deleteLater(panel, one.id, titleOf(one));
    if (those.some((one) => one.id === thread)) setThread("");
    setMarks((old) => old && new Set());
  };
  const changed = (made) => {
    const away = made.metadata.archived ? "yes" : "no";
    list.put(made.id, chosen.archived === "all" || chosen.archived === away ? made : null);
  };
  const look = () => {
    list.reload();
    setAgain((count) => count + 1);
  };
  const mark = (id) =>
    setMarks((old) => {
      const next = new Set(old);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  return (
    <div class="tb" data-open={thread ? "yes" : "no"}>
      <Search panel={panel} onDown={() => handle.current?.focus()}>
        <Button kind="plain" onClick={look} label="Look again">
          ↻
        </Button>
        <Button
          kind="plain"
          aria-pressed={Boolean(marks)}
          onClick={() => setMarks(marks ? null : new Set())}
          label="Choose several threads"
        >
          ☑
        </Button>
      </Search>
      <div class="tb-side">
        {marks && <Several {...{ panel, list, threads, marks, setMarks, remove, changed }} />}
        {list.error && <Notice error={list.error} />}
        <ThreadList
          {...{ list, threads, marks, handle, words }}
          selected={thread}
          open={(one) => open(one, one.message_id)}
          onMark={mark}
          onDelete={remove}
        />
        <div class="tb-count oxillama-quiet" role="status">
          {countOf(list, threads, chosen)}
        </div>
      </div>
      <div class="tb-main">
        {thread && !gone.has(thread) ? (
          <ThreadView
            panel={panel}
            page={page}
            id={thread}
            again={again}
            at={(at.id === thread && at.message) || ""}
            onBack={() => setThread("")}
            onChange={changed}
            onOpen={(made, message) => {
              open(made, message);
              list.reload();
            }}
            onDelete={remove}
          />
        ) : (
          <p class="tb-none oxillama-quiet">Choose a thread to read it.</p>
        )}
      </div>
      <UndoBar />
    </div>
  );
}

function countOf(list, threads, chosen) {
  if (list.loading) return "Looking…";
  if (list.error) return "";
  const narrowed = chosen.query.trim() || chosen.archived !== "no" || FILTERS.slice(1, 5).some((name) => chosen[name]);
  if (!threads.length) return narrowed || chosen.since || chosen.until ? "No thread is like that." : "There are no threads yet.";
  const count = threads.length.toLocaleString();
  return list.more ? `${count} threads so far, more below` : threads.length === 1 ? "1 thread" : `${count} threads`;
}

function wordsOf(query) {
  return query
    .split(/\s+/)
    .map((word) => word.replace(/\*+$/, ""))
    .filter((word) => word.length > 1)
    .slice(0, 16);
}

/** What can be done with several threads at once. */
function Several({ panel, list, threads, marks, setMarks, remove, changed }) {
  const chosen = threads.filter((one) => marks.has(one.id));
  const archive = async () => {
    for (const one of chosen) changed(await change(panel, one.id, { archived: "yes" }));
    setMarks(new Set());
  };
  return (
    <div class="oxillama-row tb-several" role="group" aria-label="Chosen threads">
      <span>{chosen.length} chosen</span>
      <Button onClick={() => setMarks(new Set(threads.map((one) => one.id)))} label="Choose all that are listed">
        All
      </Button>
      <Button disabled={!chosen.length} onClick={archive} label="Archive the chosen threads">
        Archive
      </Button>
      <Button disabled={!chosen.length} onClick={() => remove(chosen)} label="Delete the chosen threads">
        Delete
      </Button>
    </div>
  );
}
