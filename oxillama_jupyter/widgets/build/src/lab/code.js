// Buttons at blocks of code in answers that the notebook keeps, as those being written have them.
//
// Lab renders the saved Markdown; only what it has made is decorated. It makes everything anew when
// an output changes, so this looks again whenever a page's elements have changed.

import styles from "../code.css";
import { codeFrame } from "../code_bar.js";
import { addStyles } from "../styles.js";

const FRAMED = "oxillama-code";
const MARKDOWN = ".jp-RenderedMarkdown";
const OURS = ".oxillama-code, .oxillama-run, .oxillama-panel";
const PANEL = "application/vnd.oxillama.panel+json"; // a view of ours, which frames its own

/** Frame the blocks of code in a cell's outputs of ours. */
export function frameCode(cell) {
  const outputs = cell.outputArea?.model;
  for (let index = 0; index < (outputs?.length ?? 0); index += 1) {
    const { metadata, data } = outputs.get(index);
    if (typeof metadata?.oxillama?.run_id !== "string" || PANEL in (data ?? {})) continue;
    const node = cell.outputArea.widgets[index]?.node;
    for (const code of node?.querySelectorAll(`${MARKDOWN} pre > code`) ?? []) {
      const pre = code.parentElement;
      if (pre.parentElement.classList.contains(FRAMED)) continue;
      addStyles(node.ownerDocument, "code", styles);
      codeFrame(pre, languageOf(code));
    }
  }
}

/** Whether a change of the page has brought blocks of code that Lab has rendered. */
export function bringsCode(records) {
  return records.some(({ addedNodes }) => [...addedNodes].some(isRendered));
}

function isRendered(node) {
  if (!(node instanceof Element) || node.closest(OURS)) return false;
  // What is printed is in a `pre` too, a new one for each line.
  if (node.closest(MARKDOWN)) return node.localName === "pre" || node.querySelector("pre") !== null;
  return node.querySelector(`${MARKDOWN} pre`) !== null;
}

function languageOf(code) {
  return /(?:^|\s)language-(\S+)/.exec(code.className)?.[1] ?? "";
}
