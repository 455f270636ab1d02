// What stands above a block of code: its language, and buttons that copy it or make it a cell.

import { page } from "./page.js";
import { visible } from "./visible.js";

const SHOWN = 1500; // milliseconds

/** A block with its bar above the code's element; `pre` is moved into it. */
export function codeFrame(pre, language) {
  const block = made("div", "oxillama-code");
  const bar = block.appendChild(made("div", "oxillama-code-bar"));
  bar.dataset.lmSuppressShortcuts = "true"; // keys are the buttons', not the notebook's
  bar.append(made("span", "oxillama-code-language", visible(language).slice(0, 30)));
  const source = () => pre.textContent.replace(/\n$/, "");
  bar.append(button("Copy", "Copied", () => navigator.clipboard.writeText(source())));
  if (page.lab) {
    bar.append(button("Insert as cell", "Inserted", () => page.lab.insertCell(block, source())));
  }
  pre.replaceWith(block); // where it stands anywhere
  block.append(pre);
  pre.tabIndex = 0; // it scrolls
  return block;
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

/** An element with text in it. */
export function made(tag, name, text = "") {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.textContent = text;
  return element;
}
