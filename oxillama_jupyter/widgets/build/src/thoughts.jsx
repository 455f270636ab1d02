// What a model thought ahead of its answer, folded.

const MOST = 100_000; // characters; more of them would hold the page up

/** As much of it as a page shows. */
export function shownOf(text) {
  return text.length > MOST ? `${text.slice(0, MOST)}…` : text;
}

/** `onFold`, where given, hears whether it is open now. */
export function Thoughts({ text, open = false, onFold }) {
  return (
    <details class="oxillama-thoughts" open={open} onToggle={(event) => onFold?.(event.currentTarget.open)}>
      <summary>Reasoning</summary>
      <div class="oxillama-plain" tabIndex={0} role="group" aria-label="Reasoning">
        {shownOf(text)}
      </div>
    </details>
  );
}
