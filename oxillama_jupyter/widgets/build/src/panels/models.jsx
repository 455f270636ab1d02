// The models: what there is, what is loaded, what would fit, and what is on its way.

import { useRef, useState } from "preact/hooks";
import { Model } from "../models/model.jsx";
import { LIVE, Pulls } from "../models/pulls.jsx";
import { usePoll } from "../poll.js";
import { mount, Notice, size, useTrait, visible } from "../ui.jsx";
import styles from "./models.css";

export { PROTOCOL } from "../page.js";

const BUSY = 1000; // milliseconds between two questions while something is on its way
const IDLE = 5000;
const MANY = 8; // more models than this can be searched

export function show(panel, el) {
  return mount(<Models panel={panel} />, el, styles, "models");
}

function Models({ panel }) {
  const root = useRef();
  const load = async (signal) => {
    const [models, pulls] = await Promise.all([
      panel.ask(panel.own("models"), { signal }),
      panel.ask(panel.own("models/pulls"), { signal }),
    ]);
    return { models, pulls };
  };
  const poll = usePoll(load, root, ({ models, pulls }) => (isBusy(models, pulls) ? BUSY : IDLE));
  const { data } = poll;
  return (
    <div ref={root} class="ox-models">
      {poll.error && (
        <div class="oxillama-row">
          <Notice>
            {`${poll.error.status ? visible(poll.error.message) : "The server does not answer"}; it is asked again every ${Math.round(poll.wait / 1000)} s.`}
          </Notice>
          <button type="button" class="oxillama-button" onClick={poll.reload}>
            Ask now
          </button>
        </div>
      )}
      {!data && !poll.error && <p>Looking which models there are…</p>}
      {data && <List panel={panel} found={data.models} onChange={poll.reload} />}
      {data && <Pulls panel={panel} pulls={data.pulls} onChange={poll.reload} />}
    </div>
  );
}

function isBusy(models, pulls) {
  return models.data.some((model) => model.state === "loading") || pulls.data.some((pull) => LIVE.has(pull.status));
}

function List({ panel, found, onChange }) {
  const [selected, select] = useTrait(panel, "selected");
  const [wanted, setWanted] = useState("");
  const { data, memory } = found;
  const words = wanted.toLowerCase().split(/\s+/);
  const shown = data.filter((model) => words.every((word) => `${model.id} ${model.description}`.toLowerCase().includes(word)));
  const loaded = data.filter((model) => model.state === "loaded").length;
  return (
    <section aria-label="Models">
      <div class="oxillama-row">
        <h3>Models</h3>
        <span class="oxillama-quiet">{[`${loaded} of ${data.length} loaded`, ...memoryWords(memory)].join(" · ")}</span>
        <span class="ox-push" />
        {data.length > MANY && (
          <label>
            <span class="oxillama-hidden-label">Search models</span>
            <input
              class="oxillama-input"
              type="search"
              placeholder="Search"
              value={wanted}
              onInput={(event) => setWanted(event.currentTarget.value)}
            />
          </label>
        )}
      </div>
      {!memory && <p class="oxillama-quiet">This server's engine has one model, which is always loaded.</p>}
      <ul class="ox-list">
        {shown.map((model) => (
          <Model
            key={model.id}
            panel={panel}
            group={`oxillama-${panel.id}`}
            model={model}
            memory={memory}
            selected={model.id === selected}
            onSelect={select}
            onChange={onChange}
          />
        ))}
      </ul>
      {!shown.length && <p class="oxillama-quiet">No model is called that.</p>}
    </section>
  );
}

function memoryWords(memory) {
  if (!memory) return [];
  return [
    memory.taken ? `they take about ${size(memory.taken)}` : "",
    memory.budget === null ? "" : `models may take ${size(memory.budget)}`,
    memory.free === null ? "" : `${size(memory.free)} of memory free`,
  ].filter(Boolean);
}
