// Blocks of code in an answer: in colours, to be copied or taken over as a cell.

import { fill } from "./highlight.js";
import { page } from "./page.js";
import { visible } from "./visible.js";

const SHOWN = 1500; // milliseconds

/** An element with code, and what gives it other code: the block of a stream grows. */
export function codeBlock(code, info) {
  const language = info.trim().split(/[\s{,]/)[0].toLowerCase();
  const block = made("div", "oxillama-code");
  const bar = block.appendChild(made("div", "oxillama-code-bar"));
  bar.dataset.lmSuppressShortcuts = "true"; // keys are the buttons', not the notebook's
  bar.append(made("span", "oxillama-code-language", visible(language).slice(0, 30)));
  const pre = block.appendChild(made("pre", ""));
  pre.tabIndex = 0; // it scrolls
  const text = pre.appendChild(made("code", ""));
  const source = () => text.textContent.replace(/\n$/, "");
  bar.append(button("Copy", "Copied", () => navigator.clipboard.writeText(source())));
  if (page.lab) {
    bar.append(button("Insert as cell", "Inserted", () => page.lab.insertCell(block, source())));
  }
  fill(text, code, language);
  return { node: block, update: (newer) => fill(text, newer, language) };
}

/** A button that says for a moment what has come of it. */
function button(words, done, act) {
  const element = made("button", "oxillama-code-button", words);
  element.type = "button";
  element.addEventListener("click", async () => {
    let said = done;
    try {
      if ((await act()) === false) said = "Not possible here";
    } catch {
      said = "Not allowed here";
    }
    element.textContent = said;
    setTimeout(() => (element.textContent = words), SHOWN);
  });
  return element;
}

function made(tag, name, text = "") {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.textContent = text;
  return element;
}
