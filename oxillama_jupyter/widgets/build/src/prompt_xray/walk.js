// Where a key leads to in the prompt.

const FAR = 100; // tokens

/** The token that a key goes to, or null where the key means something else. */
export function step(event, root, prompt, index) {
  if (event.altKey || event.ctrlKey || event.metaKey) return null;
  const last = prompt.about.prompt_tokens - 1;
  const from = index ?? firstSeen(root);
  const to = { ArrowRight: from + 1, ArrowLeft: from - 1, PageDown: from + FAR, PageUp: from - FAR, Home: 0, End: last };
  if (event.key === "ArrowDown") return line(root, from, 1);
  if (event.key === "ArrowUp") return line(root, from, -1);
  if (!(event.key in to)) return null;
  if (index === null && event.key === "ArrowRight") return from;
  return Math.max(0, Math.min(last, to[event.key]));
}

/** The first token that can be seen. */
function firstSeen(root) {
  const { top } = root.getBoundingClientRect();
  const seen = [...root.querySelectorAll("[data-token]")].find((node) => node.getBoundingClientRect().top >= top);
  return Number(seen?.dataset.token ?? 0);
}

/** The token below or above a token. */
function line(root, from, direction) {
  const node = (index) => root.querySelector(`[data-token="${index}"]`);
  const start = node(from)?.getBoundingClientRect();
  if (!start) return null;
  let best = from;
  let top = null;
  for (let index = from + direction; ; index += direction) {
    const box = node(index)?.getClientRects()[0];
    if (!box) return best;
    if (Math.abs(box.top - start.top) < 3) continue;
    top ??= box.top;
    if (Math.abs(box.top - top) >= 3) return best;
    if (direction > 0 ? box.left > start.left + 1 && best !== from : box.right <= start.left && best !== from) return best;
    best = index;
  }
}
