// The words that are looked for, and the filters.

import { useState } from "preact/hooks";
import { Button, useLoad, useTrait, visible } from "../ui.jsx";

const STATUSES = [
  ["completed", "answered"],
  ["in_progress", "being answered"],
  ["requires_action", "waits for you"],
  ["queued", "queued"],
  ["incomplete", "cut off"],
  ["failed", "failed"],
  ["cancelled", "stopped"],
  ["expired", "expired"],
];
const SHOWN = [
  ["no", "in use"],
  ["yes", "put away"],
  ["all", "all"],
];
const NARROWING = ["notebook", "tag", "model", "status", "since", "until"];

export function Search({ panel, onDown, children }) {
  const [query, setQuery] = useTrait(panel, "query");
  const [archived] = useTrait(panel, "archived");
  const used = NARROWING.filter((name) => useTrait(panel, name)[0]).length + (archived !== "no");
  const [open, setOpen] = useState(used > 0);
  return (
    <search class="tb-search">
      <div class="oxillama-row tb-search-row">
        <input
          type="search"
          class="oxillama-input tb-words"
          placeholder="Search in all messages"
          aria-label="Search in all messages"
          value={query}
          onInput={(event) => setQuery(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "ArrowDown" && (event.preventDefault(), onDown())}
        />
        <Button onClick={() => setOpen(!open)} label={`Filters${used ? `, ${used} in use` : ""}`} aria-expanded={open}>
          Filters{used ? ` (${used})` : ""}
        </Button>
        {children}
      </div>
      {open && <Filters panel={panel} used={used} />}
    </search>
  );
}

function Filters({ panel, used }) {
  const { data } = useLoad((signal) => panel.ask(panel.own("threads/values"), { signal }), []);
  const of = (values = []) => values.map((value) => [value, visible(value)]);
  const clear = () => {
    for (const name of NARROWING) panel.set(name, "");
    panel.set("archived", "no");
  };
  const notebooks = (data?.notebooks ?? []).map((path) => [path, visible(path.split(/[\\/]/).slice(-2).join("/"))]);
  return (
    <div class="tb-filters">
      <Choice panel={panel} name="notebook" label="Notebook" values={notebooks} />
      <Choice panel={panel} name="tag" label="Tag" values={of(data?.tags)} />
      <Choice panel={panel} name="model" label="Model" values={of(data?.models)} />
      <Choice panel={panel} name="status" label="Last answer" values={STATUSES} />
      <Choice panel={panel} name="archived" label="Shown" values={SHOWN} every={null} />
      <Day panel={panel} name="since" label="From" />
      <Day panel={panel} name="until" label="To" />
      <Button kind="plain" onClick={clear} disabled={!used} label="Clear the filters">
        Clear
      </Button>
    </div>
  );
}

function Choice({ panel, name, label, values, every = "any" }) {
  const [value, set] = useTrait(panel, name);
  const known = values.some(([one]) => one === value);
  return (
    <label>
      <span>{label}</span>
      <select class="oxillama-input" aria-label={label} value={value} onChange={(event) => set(event.currentTarget.value)}>
        {every && <option value="">{every}</option>}
        {value && !known && <option value={value}>{visible(value)}</option>}
        {values.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

function Day({ panel, name, label }) {
  const [value, set] = useTrait(panel, name);
  return (
    <label>
      <span>{label}</span>
      <input
        class="oxillama-input"
        type="date"
        aria-label={label}
        value={value}
        onChange={(event) => set(event.currentTarget.value)}
      />
    </label>
  );
}
