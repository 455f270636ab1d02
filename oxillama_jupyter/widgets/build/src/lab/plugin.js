// What our widgets may do with the notebook they are in.

import { page } from "../page.js";
import { bars } from "./bars.js";
import { pictureOf } from "./pictures.js";

export function plugin({ INotebookTracker, NotebookActions }, lumino) {
  return {
    id: "oxillama-jupyter:plugin",
    autoStart: true,
    requires: [INotebookTracker],
    activate: (app, tracker) => {
      page.lab = {
        app,
        tracker,
        insertCell: (node, source) => insertCell(tracker, NotebookActions, node, source) !== null,
        runCell: (node, source) => runCell(tracker, NotebookActions, node, source),
        pictureOf: (node, id) => pictureOf(placeOf(tracker, node), id),
        openBeside: (title, node, closed) => openBeside(app, lumino.Widget, title, node, closed),
      };
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

/** A new code cell below the one that a node is in; nothing runs. Its notebook's panel, if there is one. */
function insertCell(tracker, actions, node, source) {
  const place = placeOf(tracker, node);
  if (!place) return null;
  const { content } = place.panel;
  content.activeCellIndex = place.index;
  actions.insertBelow(content);
  content.activeCell.model.sharedModel.setSource(source);
  actions.changeCellType?.(content, "code");
  content.activeCell.node.scrollIntoView({ block: "nearest" });
  return place.panel;
}

/** As `insertCell`, and run it: a person has pressed a button that says so, and the source is ours. */
function runCell(tracker, actions, node, source) {
  const panel = insertCell(tracker, actions, node, source);
  if (panel) actions.run(panel.content, panel.sessionContext);
  return panel !== null;
}

let opened = 0;

/**
 * Move a node beside the notebook: into a tab at its right, in Notebook into the right side panel.
 *
 * `closed` is called once when a person closes it; what is returned closes it too.
 */
function openBeside(app, Widget, title, node, closed) {
  class Beside extends Widget {
    onCloseRequest(message) {
      super.onCloseRequest(message);
      this.dispose();
    }

    onActivateRequest() {
      // It comes a moment after it was asked for; something in it may have the focus by then.
      if (!this.node.contains(document.activeElement)) this.node.focus();
    }

    dispose() {
      if (this.isDisposed) return;
      closed(); // while the node is still in the page
      super.dispose();
    }
  }
  const widget = new Beside();
  widget.id = `oxillama-beside-${(opened += 1)}`;
  widget.addClass("oxillama-beside");
  widget.node.tabIndex = -1;
  Object.assign(widget.title, { label: title, caption: title, closable: true });
  widget.node.append(node);
  // Notebook's main area has room for one document only.
  const tabs = app.name !== "Jupyter Notebook" && app.shell.mode !== "single-document";
  if (tabs) app.shell.add(widget, "main", { mode: "split-right" });
  else app.shell.add(widget, "right", { rank: 900 });
  app.shell.activateById(widget.id);
  return { close: () => widget.dispose(), rename: (label) => Object.assign(widget.title, { label, caption: label }) };
}
