// What all panels are made of.

import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import base from "./base.css";
import { addStyles } from "./styles.js";

export { visible } from "./visible.js";

/** Show a component in an element; what is returned ends that. */
export function mount(node, el, styles = "", name = "") {
  addStyles(el.ownerDocument, "base", base);
  if (styles) addStyles(el.ownerDocument, name, styles);
  const root = el.appendChild(el.ownerDocument.createElement("div"));
  root.className = `oxillama-panel oxillama-${name}`;
  root.dataset.lmSuppressShortcuts = "true"; // keys are the panel's, not the notebook's
  render(node, root);
  return () => {
    render(null, root);
    root.remove();
  };
}

/** A trait of a panel, as state: `[value, set]`. */
export function useTrait(panel, name) {
  const [, again] = useState(0);
  useEffect(() => panel.on(name, () => again((count) => count + 1)), [panel, name]);
  return [panel.get(name), (value) => (panel.set(name, value), again((count) => count + 1))];
}

/**
 * What a request answers: `{data, error, loading, reload}`; asked again when `keys` change.
 *
 * `load` gets an `AbortSignal`; answers that come too late are dropped.
 */
export function useLoad(load, keys) {
  const [state, setState] = useState({ loading: true });
  const [count, setCount] = useState(0);
  useEffect(() => {
    const leaving = new AbortController();
    setState((old) => ({ ...old, loading: true }));
    load(leaving.signal)
      .then((data) => leaving.signal.aborted || setState({ data }))
      .catch((error) => leaving.signal.aborted || setState((old) => ({ data: old.data, error })));
    return () => leaving.abort();
  }, [...keys, count]);
  return { ...state, reload: () => setCount((old) => old + 1) };
}

/** A button; while what it began goes on it can't be pressed again, and what went wrong is told. */
export function Button({ onClick, label, kind = "", children, disabled, ...rest }) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState(null);
  const mounted = useRef(true);
  useEffect(() => () => (mounted.current = false), []);
  const press = async (event) => {
    setBusy(true);
    setFailure(null);
    try {
      await onClick(event);
    } catch (error) {
      if (mounted.current) setFailure(error);
    }
    if (mounted.current) setBusy(false);
  };
  return (
    <>
      <button
        type="button"
        class={`oxillama-button ${kind}`}
        aria-label={label}
        title={label}
        disabled={disabled || busy}
        onClick={press}
        {...rest}
      >
        {children}
      </button>
      {failure && <Notice error={failure} />}
    </>
  );
}

/** What went wrong, said aloud by screen readers. */
export function Notice({ error, children }) {
  return (
    <span class="oxillama-notice" role="alert">
      {error ? error.message : children}
    </span>
  );
}

/** A time of the server (seconds) in the reader's words. */
export function when(seconds) {
  const date = new Date(seconds * 1000);
  const today = new Date().toDateString() === date.toDateString();
  return today
    ? date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })
    : date.toLocaleDateString([], { year: "numeric", month: "short", day: "numeric" });
}

/** Bytes in a reader's words. */
export function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toLocaleString([], { maximumFractionDigits: value < 10 && unit ? 1 : 0 })} ${units[unit]}`;
}
