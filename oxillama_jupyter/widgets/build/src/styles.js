// Styles of ours in a page, each once.

/** Add styles to a page, under a name. */
export function addStyles(page, name, styles) {
  const id = `oxillama-${name}-styles`;
  if (page.getElementById(id)) return;
  const style = page.createElement("style");
  style.id = id;
  style.textContent = styles;
  page.head.append(style);
}
