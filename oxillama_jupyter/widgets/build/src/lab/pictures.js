// The picture that a notebook keeps of a panel, in the output that shows the panel.

const PANEL = "application/vnd.oxillama.panel+json";
const KINDS = ["image/svg+xml", "text/markdown", "text/plain"];

/** What replaces the picture of a panel in the cell at a place; null where that output is not there. */
export function pictureOf(place, id) {
  const outputs = place?.panel.content.widgets[place.index].outputArea?.model;
  for (let index = 0; index < (outputs?.length ?? 0); index += 1) {
    if (outputs.get(index).data[PANEL]?.panel_id === id) return (picture) => replace(outputs, index, picture);
  }
  return null;
}

function replace(outputs, index, picture) {
  const output = outputs.get(index).toJSON();
  const known = KINDS.filter((kind) => typeof picture[kind] === "string");
  if (!known.length) return;
  const others = Object.entries(output.data).filter(([kind]) => !KINDS.includes(kind));
  // The panel's own data stay as they are: so Lab leaves alone what it shows.
  const data = Object.fromEntries([...others, ...known.map((kind) => [kind, picture[kind]])]);
  outputs.set(index, { ...output, data });
}
