// What a model thought ahead of its answer, folded.

/** `onFold`, where given, hears whether it is open now. */
export function Thoughts({ text, open = false, onFold }) {
  return (
    <details class="oxillama-thoughts" open={open} onToggle={(event) => onFold?.(event.currentTarget.open)}>
      <summary>Reasoning</summary>
      <div class="oxillama-plain" tabIndex={0} role="group" aria-label="Reasoning">
        {text}
      </div>
    </details>
  );
}
