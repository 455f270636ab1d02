// Some hundred tokens of a prompt: as elements near what is seen, else as one text.

import { memo } from "./memo.js";
import { piecesOf } from "./marks.js";

const LINE = 22; // pixels, about
const WIDTH = 90; // characters, about

/**
 * Draws `prompt.tokens` from `from` to `to`; those from `begin` to `end` are highlighted.
 *
 * Both forms are the same text, so that it keeps its place when one becomes the other.
 */
export const Chunk = memo(({ prompt, from, to, near, begin, end }) => {
  const tokens = prompt.tokens.slice(from, to);
  const style = { containIntrinsicBlockSize: `auto ${heightOf(tokens)}px` };
  return (
    <div class="ox-chunk" data-from={from} data-first={(from + 1).toLocaleString()} style={style}>
      {near ? tokens.map((token, place) => drawn(token, from + place, prompt, begin, end)) : plain(tokens)}
    </div>
  );
});

function drawn(token, index, { about }, begin, end) {
  const known = about.cached_tokens !== null && about.cached_tokens > 0;
  const names = [
    "ox-token",
    index % 2 && "odd",
    token.special && "special",
    known && (index < about.cached_tokens ? "cached" : "new"),
    index >= begin && index < end && "hit",
  ];
  return (
    <span key={index} class={names.filter(Boolean).join(" ")} data-token={index}>
      {piecesOf(token).map(({ kind, text, mark }) =>
        kind === "text" ? text : <i class={`ox-${kind}`} data-mark={kind === "space" ? undefined : mark}>{text}</i>,
      )}
    </span>
  );
}

function plain(tokens) {
  return tokens.map((token) => piecesOf(token).map(({ text }) => text).join("")).join("");
}

function heightOf(tokens) {
  let lines = 1;
  let column = 0;
  for (const { text } of tokens) {
    const feeds = text.split("\n").length - 1;
    column = feeds ? 0 : column + Math.min(text.length, 400);
    lines += feeds;
    if (column >= WIDTH) {
      lines += Math.floor(column / WIDTH);
      column %= WIDTH;
    }
  }
  return lines * LINE;
}
