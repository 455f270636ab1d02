// Blocks of code in an answer that is written: in colours, with a bar above them.

import { codeFrame, made } from "./code_bar.js";
import { fill } from "./highlight.js";

/** An element with code, and what gives it other code: the block of a stream grows. */
export function codeBlock(code, info) {
  const language = info.trim().split(/[\s{,]/)[0].toLowerCase();
  const pre = made("pre", "");
  const text = pre.appendChild(made("code", ""));
  fill(text, code, language);
  return { node: codeFrame(pre, language), update: (newer) => fill(text, newer, language) };
}
