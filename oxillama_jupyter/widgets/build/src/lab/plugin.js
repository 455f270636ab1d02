// What our widgets may do with the notebook they are in.

import { page } from "../page.js";
import { bars } from "./bars.js";

export function plugin({ INotebookTracker, NotebookActions }) {
  return {
    id: "oxillama-jupyter:plugin",
    autoStart: true,
    requires: [INotebookTracker],
    activate: (app, tracker) => {
      page.lab = { app, tracker, insertCell: (node, source) => insertCell(tracker, NotebookActions, node, source) };
      tracker.forEach(bars);
      tracker.widgetAdded.connect((_, panel) => bars(panel));
    },
  };
}

/** The notebook's panel and the index of the cell that a node is in. */
function placeOf(tracker, node) {
  for (const panel of tracker.filter(() => true)) {
    const index = panel.content.widgets.findIndex((cell) => cell.node.contains(node));
    if (index >= 0) return { panel, index };
  }
  return null;
}

/** A new code cell below the one that a node is in; nothing runs. Says whether there is one. */
function insertCell(tracker, actions, node, source) {
  const place = placeOf(tracker, node);
  if (!place) return false;
  const { content } = place.panel;
  content.activeCellIndex = place.index;
  actions.insertBelow(content);
  content.activeCell.model.sharedModel.setSource(source);
  actions.changeCellType?.(content, "code");
  content.activeCell.node.scrollIntoView({ block: "nearest" });
  return true;
}
