// A prompt, as far as the page has it: its tokens come in pages, all else with the first of them.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useLoad } from "../ui.jsx";

const PAGE = 10_000; // tokens; the server gives no more at once
const CHUNK = 400; // tokens that are drawn together, at least
const LONGEST_CHUNK = 800;
const MOST_HITS = 9_999;

export class Prompt {
  constructor(page) {
    this.about = page;
    this.text = page.text;
    this.tokens = [];
    this.starts = []; // where in the text each token begins
    this.chunks = []; // {from, to}
    this.spans = page.messages
      .map((message, place) => ({ ...message, place }))
      .filter((message) => message.tokens)
      .sort((one, other) => one.first_token - other.first_token);
    this.add(page);
  }

  get complete() {
    return this.tokens.length >= this.about.prompt_tokens;
  }

  /** Take the next page; false if it is of another prompt by now. */
  add(page) {
    if (page.text !== this.text) return false;
    let at = this.tokens.length ? this.starts.at(-1) + this.#length(this.tokens.length - 1) : 0;
    for (const token of page.tokens) {
      this.tokens.push(token);
      this.starts.push(at);
      at += this.#length(this.tokens.length - 1);
    }
    this.#cut();
    return true;
  }

  /** Characters that begin in a token; those of a character over many tokens are the first's. */
  #length(index) {
    const { text, bytes } = this.tokens[index];
    if (!bytes) return text.length;
    // A broken byte is one replacement character, a whole character counts where it begins.
    let count = 0;
    for (const byte of bytes) if (byte < 0x80 || byte >= 0xc0) count += byte >= 0xf0 ? 2 : 1;
    return count;
  }

  /** Chunks end at the cache's end, and else where a line does. */
  #cut() {
    const last = this.chunks.at(-1);
    if (last && last.to - last.from < CHUNK && !this.#edge(last.to)) this.chunks.pop();
    let from = this.chunks.at(-1)?.to ?? 0;
    while (from < this.tokens.length) {
      const to = this.#end(from);
      this.chunks.push({ from, to });
      from = to;
    }
  }

  #end(from) {
    const most = Math.min(this.tokens.length, from + LONGEST_CHUNK);
    for (let at = from + 1; at < most; at += 1) {
      if (this.#edge(at)) return at;
      if (at - from >= CHUNK && this.tokens[at - 1].text.endsWith("\n")) return at;
    }
    return most;
  }

  #edge(at) {
    return at === this.about.cached_tokens;
  }

  /** The token that a character of the text belongs to. */
  indexAt(character) {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle] <= character) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The character that a token with broken bytes is a part of. */
  characterOf(index) {
    const { bytes } = this.tokens[index];
    const end = this.starts[index] + this.#length(index);
    const goesOn = bytes[0] >= 0x80 && bytes[0] < 0xc0;
    const before = [...this.text.slice(Math.max(0, this.starts[index] - 2), this.starts[index])].at(-1);
    return goesOn ? before : [...this.text.slice(Math.max(0, end - 2), end)].at(-1);
  }

  /** The message whose content a token is in, or null: then it is the template's. */
  messageAt(index) {
    let low = 0;
    let high = this.spans.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const { first_token: first, tokens } = this.spans[middle];
      if (index < first) high = middle - 1;
      else if (index >= first + tokens) low = middle + 1;
      else return this.spans[middle];
    }
    return null;
  }

  /** Where a text occurs, without regard to case: `[begin, end]`, counted in characters. */
  find(words) {
    if (!words) return [];
    const pattern = new RegExp(words.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"), "giu");
    const found = [];
    for (const { 0: hit, index } of this.text.matchAll(pattern)) {
      if (found.push([index, index + hit.length]) >= MOST_HITS) break;
    }
    return found;
  }
}

/**
 * The prompt of a run, or of the next one: `{prompt, error, loading, reload, need, failure}`.
 *
 * `need(test)` loads pages until `test(prompt)` holds or there are no more; false if that failed.
 */
export function usePrompt(panel, threadId, runId, settings) {
  const page = (offset, signal) => {
    const query = `prompt?limit=${PAGE}&offset=${offset}`;
    if (runId) return panel.ask(panel.own(`threads/${threadId}/runs/${runId}/${query}`), { signal });
    const body = { assistant_id: "default", ...settings };
    return panel.ask(panel.own(`threads/${threadId}/${query}`), { signal, body });
  };
  const keys = [threadId, runId, JSON.stringify(settings)];
  const { data, error, loading, reload } = useLoad((signal) => page(0, signal), keys);
  const prompt = useMemo(() => data && new Prompt(data), [data]);
  const [, again] = useState(0);
  const [failure, setFailure] = useState(null);
  const coming = useRef(null);
  const leaving = useRef(null);
  useEffect(() => {
    leaving.current = new AbortController();
    setFailure(null);
    coming.current = null;
    return () => leaving.current.abort();
  }, [prompt]);
  const more = async () => {
    const taken = prompt.add(await page(prompt.tokens.length, leaving.current.signal));
    if (taken) again((count) => count + 1);
    else reload(); // somebody has written to the thread meanwhile
    return taken;
  };
  const need = async (test) => {
    try {
      while (!prompt.complete && !test(prompt)) {
        coming.current ??= more().finally(() => (coming.current = null));
        if (!(await coming.current)) return false;
      }
    } catch (problem) {
      if (problem.name !== "AbortError") setFailure(problem);
      return false;
    }
    setFailure(null);
    return true;
  };
  return { prompt, error, loading, reload, need, failure };
}
