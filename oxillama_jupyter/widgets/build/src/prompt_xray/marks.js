// Text of a token as a reader sees it: what has no look of its own is written out or gets a mark.

const MOST = 400; // characters of one token; a tokenizer's own are shorter

// Line feeds, tabs, spaces; other blanks, control and format characters, and what is no character.
const HIDDEN = / +|\n|\t|[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

/**
 * The pieces of a token: `{kind, text, mark}`.
 *
 * Kinds are "text"; "space", "tab" and "line", whose text stays and whose mark is painted; "code",
 * whose text stands for a character that could hide or move others; "more", for what is cut.
 */
export function piecesOf({ text, bytes }) {
  if (bytes) return bytes.map((byte) => code(`\\x${byte.toString(16).padStart(2, "0")}`));
  const shown = text.length > MOST ? text.slice(0, MOST) : text;
  const pieces = [];
  let end = 0;
  for (const { 0: found, index } of shown.matchAll(HIDDEN)) {
    if (index > end) pieces.push({ kind: "text", text: shown.slice(end, index) });
    pieces.push(piece(found));
    end = index + found.length;
  }
  if (end < shown.length) pieces.push({ kind: "text", text: shown.slice(end) });
  const more = text.length - shown.length;
  if (more) pieces.push({ kind: "more", text: `… ${more.toLocaleString()} more characters` });
  return pieces;
}

function piece(found) {
  if (found[0] === " ") return { kind: "space", text: found, mark: "·".repeat(found.length) };
  if (found === "\n") return { kind: "line", text: found, mark: "⏎" };
  if (found === "\t") return { kind: "tab", text: found, mark: "→" };
  const number = found.codePointAt(0).toString(16);
  return code(number.length > 4 ? `\\u{${number}}` : `\\u${number.padStart(4, "0")}`);
}

function code(text) {
  return { kind: "code", text };
}

/** A token on one line, with nothing hidden. */
export function lineOf(token) {
  const parts = piecesOf(token).map(({ kind, text, mark }) => (kind === "text" || kind === "code" ? text : (mark ?? text)));
  return parts.join("");
}

/** The bytes of a token, as far as a reader wants to see them. */
export function bytesOf({ text, bytes }, most = 24) {
  const all = bytes ?? new TextEncoder().encode(text);
  const shown = [...all.slice(0, most)].map((byte) => byte.toString(16).padStart(2, "0"));
  return { count: all.length, shown: shown.join(" ") + (all.length > most ? " …" : "") };
}
