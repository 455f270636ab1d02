// One model in the list.

import { useRef, useState } from "preact/hooks";
import { Button, size, visible } from "../ui.jsx";
import { Fit } from "./fit.jsx";

const WORDS = { available: "Not loaded", loading: "Loading…", loaded: "Loaded", failed: "Failed" };
const SHAPES = { available: "○", loading: "◔", loaded: "●", failed: "▲" };

export function Model({ panel, group, model, memory, selected, onSelect, onChange }) {
  const act = async (verb) => {
    const asked = panel.ask(panel.own(`models/${verb}`), { body: { model: model.id } });
    onChange(); // the list tells what is going on meanwhile
    try {
      await asked;
    } finally {
      onChange();
    }
  };
  const name = visible(model.id);
  const busy = model.running + model.waiting;
  const loadable = memory && (model.state === "available" || model.state === "failed");
  return (
    <li class={`ox-model ${selected ? "selected" : ""}`}>
      <div class="oxillama-row">
        <label class="ox-name">
          <input type="radio" name={group} checked={selected} onChange={() => onSelect(model.id)} />
          <span class="ox-wrap">{name}</span>
        </label>
        <Copy text={model.id} name={name} />
        {model.default && <span class="ox-mark">default</span>}
        {model.embedding && <span class="ox-mark">embeddings</span>}
        <span class="ox-push" />
        <span class={`ox-model-state ${model.state}`}>
          <span aria-hidden="true">{SHAPES[model.state]}</span> {WORDS[model.state]}
        </span>
        {loadable && (
          <Button label={`Load ${name}`} disabled={model.fits === false} onClick={() => act("load")}>
            Load
          </Button>
        )}
        {memory && model.state === "loaded" && (
          <Button label={`Unload ${name}`} disabled={busy > 0} onClick={() => act("unload")}>
            Unload
          </Button>
        )}
      </div>
      <p class="oxillama-quiet ox-facts">{factsOf(model).join(" · ")}</p>
      {model.detail && model.detail !== model.lack && <p class={model.state === "failed" ? "oxillama-notice" : "oxillama-quiet ox-wrap"}>{visible(model.detail)}</p>}
      {loadable && <Fit model={model} memory={memory} />}
    </li>
  );
}

function factsOf(model) {
  const busy = [model.running && `${model.running} generating`, model.waiting && `${model.waiting} waiting`];
  return [
    model.size ? size(model.size) : "size not known",
    model.memory ? `needs about ${size(model.memory)} of memory` : "",
    model.context ? `${model.context.toLocaleString()} tokens of context` : "",
    model.parameters ? `${parameters(model.parameters)} parameters` : "",
    model.description && model.description !== model.id ? visible(model.description) : "",
    ...busy,
  ].filter(Boolean);
}

function parameters(count) {
  return count >= 1e9 ? `${(count / 1e9).toFixed(1)} B` : `${(count / 1e6).toFixed(1)} M`;
}

/** A name for another cell, or another program. */
export function Copy({ text, name = text }) {
  const [done, setDone] = useState("");
  const timer = useRef();
  const copy = async () => {
    let said = "Copied";
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      said = "Not allowed"; // by the browser, on pages without HTTPS
    }
    setDone(said);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setDone(""), 2000);
  };
  return (
    <>
      <button type="button" class="oxillama-button plain" aria-label={`Copy ${name}`} title={`Copy ${name}`} onClick={copy}>
        Copy
      </button>
      <span role="status" class="oxillama-quiet">{done}</span>
    </>
  );
}
