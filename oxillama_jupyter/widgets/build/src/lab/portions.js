// What the kernel leaves of an answer while it is written: paragraphs behind the view, which shows
// all of it until its end. Only that view's own are hidden, and by its style sheet: a cell can have
// several answers, and one that is whole is to be read.

const PANEL = "application/vnd.oxillama.panel+json";
const PORTION = "oxillama-portion";
/** A notebook whose outputs are marked; elsewhere the style sheet has to guess by what they are. */
export const MARKED = "oxillama-marked";

/** Mark the outputs of a cell whose text a view ahead of them shows too. */
export function markPortions({ outputArea }) {
  const shown = new Set(); // ids of runs
  for (let index = 0; index < (outputArea?.model.length ?? 0); index += 1) {
    const { data, metadata } = outputArea.model.get(index);
    const view = data?.[PANEL];
    const run = metadata?.oxillama?.run_id;
    outputArea.widgets[index]?.node.classList.toggle(PORTION, !view && shown.has(run));
    if (view?.state?.run_id) shown.add(view.state.run_id);
  }
}

/** The nodes of output areas that have got other outputs. */
export function changedAreas(records) {
  return new Set(records.map(({ target }) => target).filter((node) => node.classList.contains("jp-OutputArea")));
}
