// Looking for words in a prompt, and taking all of it along.

import { useEffect, useState } from "preact/hooks";
import { Button } from "../ui.jsx";

/** Goes to each place in turn: `go({begin, end})`, in tokens. */
export function Search({ prompt, need, go }) {
  const [words, setWords] = useState("");
  const [found, setFound] = useState({ hits: [], at: -1 });
  const cached = prompt.about.cached_tokens;
  const show = async (hits, at) => {
    setFound({ hits, at });
    if (at < 0) return go(null);
    const [begin, end] = hits[at];
    if (!(await need((loaded) => loaded.starts.at(-1) >= end))) return undefined;
    return go({ begin: prompt.indexAt(begin), end: prompt.indexAt(end - 1) + 1 });
  };
  const look = (text) => {
    setWords(text);
    const hits = prompt.find(text);
    return show(hits, hits.length ? 0 : -1);
  };
  const turn = (by) => found.hits.length && show(found.hits, (found.at + by + found.hits.length) % found.hits.length);
  useEffect(() => {
    setWords("");
    setFound({ hits: [], at: -1 });
  }, [prompt]);
  const keys = (event) => {
    if (event.key === "Enter") turn(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape" && words) look("");
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="oxillama-row ox-search" role="search">
      <input
        class="oxillama-input"
        type="search"
        placeholder="Search in the prompt"
        aria-label="Search in the prompt"
        value={words}
        onInput={(event) => look(event.target.value)}
        onKeyDown={keys}
      />
      <Button label="Place before" kind="plain" onClick={() => turn(-1)} disabled={!found.hits.length}>↑</Button>
      <Button label="Next place" kind="plain" onClick={() => turn(1)} disabled={!found.hits.length}>↓</Button>
      <span class="oxillama-quiet" role="status">{words && told(found)}</span>
      {cached > 0 && <Button onClick={() => go({ begin: cached, end: cached })}>To the new tokens</Button>}
      <Copy text={prompt.text} />
    </div>
  );
}

function told({ hits, at }) {
  return hits.length ? `${(at + 1).toLocaleString()} of ${hits.length.toLocaleString()}` : "not found";
}

function Copy({ text }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    await write(text);
    setDone(true);
    setTimeout(() => setDone(false), 2000);
  };
  return (
    <Button label="Copy the prompt's text" onClick={copy}>
      <span aria-live="polite">{done ? "Copied" : "Copy text"}</span>
    </Button>
  );
}

/** Pages without HTTPS have no clipboard but the old one. */
async function write(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.body.appendChild(document.createElement("textarea"));
  area.value = text;
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("The browser does not let the page copy.");
  return undefined;
}
