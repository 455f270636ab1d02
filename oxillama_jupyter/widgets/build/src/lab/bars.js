// A bar below each answer of ours in a notebook, with or without a kernel, and one above its code.

import { page } from "../page.js";
import { bringsCode, frameCode } from "./code.js";
import { changedAreas, MARKED, markPortions } from "./portions.js";

const PANEL = "application/vnd.oxillama.panel+json";
const PAUSE = 300; // milliseconds: outputs change often while a cell runs
const NEAR = "400px"; // bars are loaded when they are about to be seen

/** Keep the bars of a notebook right; it costs a look at the metadata of outputs that are there. */
export function bars(panel) {
  const shown = new Map(); // by cell
  const near = new IntersectionObserver(
    (entries) => entries.filter((entry) => entry.isIntersecting).forEach(({ target }) => (near.unobserve(target), target.load())),
    { rootMargin: NEAR },
  );
  let timer = 0;
  const look = () => {
    clearTimeout(timer);
    timer = 0;
    const cells = new Set(panel.content.widgets);
    for (const [cell, bar] of shown) {
      if (!cells.has(cell) || aboutOf(cell)?.run_id !== bar.run) remove(cell, bar);
    }
    for (const cell of cells) {
      frameCode(cell);
      markPortions(cell);
      const about = aboutOf(cell);
      if (about && !shown.has(cell)) shown.set(cell, make(cell, about, near));
      const bar = shown.get(cell);
      if (bar && bar.node.parentNode !== cell.outputArea.node) cell.outputArea.node.append(bar.node);
    }
  };
  const remove = (cell, bar) => {
    shown.delete(cell);
    near.unobserve(bar.node);
    bar.end();
  };
  const observer = new MutationObserver((records) => {
    const areas = changedAreas(records);
    if (areas.size) panel.content.widgets.filter((cell) => areas.has(cell.outputArea?.node)).forEach(markPortions);
    if (bringsCode(records)) look(); // before it is painted: later, the page would jump
    else timer ||= setTimeout(look, PAUSE);
  });
  observer.observe(panel.content.node, { childList: true, subtree: true });
  panel.disposed.connect(() => {
    observer.disconnect();
    near.disconnect();
    clearTimeout(timer);
    shown.forEach((bar) => bar.end());
  });
  panel.content.node.classList.add(MARKED);
  timer = setTimeout(look, PAUSE);
}

/** What the outputs of a cell say of their run, when it has ended: `{run_id, thread_id}`. */
function aboutOf(cell) {
  const outputs = cell.outputArea?.model;
  let found = null;
  for (let index = 0; index < (outputs?.length ?? 0); index += 1) {
    const output = outputs.get(index);
    const about = output.metadata?.oxillama;
    if (typeof about?.run_id !== "string" || typeof about.thread_id !== "string") continue;
    if (PANEL in (output.data ?? {})) return null;
    found = about;
  }
  return found;
}

function make(cell, about, near) {
  // Lab's own classes for an output with its prompt, so that it stands where the others do.
  const [node, prompt, place] = ["div", "div", "div"].map((tag) => document.createElement(tag));
  node.className = "jp-OutputArea-child oxillama-run-place";
  prompt.className = "jp-OutputPrompt jp-OutputArea-prompt";
  node.style.cssText = "display: flex; flex-wrap: wrap; width: 100%";
  place.style.cssText = "flex: 1 1 240px; min-width: 0; min-height: 1px; padding-left: var(--jp-code-padding, 5px)";
  node.append(prompt, place);
  let end = null;
  let ended = false;
  node.load = async () => {
    const { run_id, thread_id } = about;
    const panel = page.panel(`run ${run_id}`, { run_id, thread_id });
    try {
      end = await page.show(panel, "run_bar", place);
      if (ended) end();
    } catch (error) {
      console.warn("oxillama: no bar:", error); // the server may have no such module
    }
  };
  near.observe(node);
  return {
    run: about.run_id,
    node,
    end: () => {
      ended = true;
      end?.();
      node.remove();
    },
  };
}
