// The calls that a run waits for: all that would run, and what a person may say about it.

import { render } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { page } from "./page.js";
import { argumentsOf } from "./run_text.js";
import { verdictOf } from "./run_words.js";
import { Button, Notice, visible } from "./ui.jsx";

const MOST = 20_000; // characters of an argument that are shown at first
const SOON = 4000; // milliseconds in which whoever follows a run begins with what was decided

/** Show the run's calls in an element. */
export function showCalls(run, el) {
  render(run.calls.length ? <Calls run={run} calls={run.calls} /> : null, el);
}

function Calls({ run, calls }) {
  const open = calls.some((call) => call.decision?.verdict !== "denied");
  return (
    <>
      {calls.map((call) => (
        <Call key={call.id} run={run} call={call} />
      ))}
      {open && <Follower run={run} decided={calls.every((call) => call.decision)} />}
    </>
  );
}

/** Who runs the functions, where that is not the kernel that has asked. */
function Follower({ run, decided }) {
  const [late, setLate] = useState(false);
  const [said, setSaid] = useState("");
  const place = useRef(null);
  useEffect(() => {
    if (!decided || run.alone) return undefined;
    const timer = setTimeout(() => setLate(true), SOON);
    return () => clearTimeout(timer);
  }, [decided]);
  // The id may be a notebook's, and what runs must be ours.
  if ((!run.alone && !late) || !/^run_\w+$/.test(run.id)) return null;
  const command = `%oxillama attach ${run.id}`;
  const follow = () => {
    const done = page.lab?.runCell?.(place.current, command);
    setSaid(done ? "The cell below follows this answer." : "That is not possible here.");
  };
  return (
    <div ref={place} class="oxillama-row oxillama-quiet">
      <span role="status">
        {said || "What is approved runs in a notebook that has the function and follows this answer:"}{" "}
        {!said && <code>{command}</code>}
      </span>
      {page.lab?.runCell && !said && (
        <Button label="Follow this answer in a new cell, which runs what is approved" onClick={follow}>
          Follow in a cell
        </Button>
      )}
    </div>
  );
}

function Call({ run, call }) {
  const [editing, setEditing] = useState(false);
  const { name, arguments: given } = call.function;
  const edited = call.decision?.arguments;
  return (
    <section class="oxillama-call" aria-label={`Call of ${visible(name)}`}>
      <p class="oxillama-call-head" role="status">
        {call.decision ? said(call.decision) : "The model asks to run"} <code>{visible(name)}</code>
      </p>
      {editing && !call.decision ? (
        <Edit run={run} call={call} onBack={() => setEditing(false)} />
      ) : (
        <>
          <Arguments text={edited ?? given} />
          {!call.decision && <Choices run={run} call={call} onEdit={() => setEditing(true)} />}
        </>
      )}
    </section>
  );
}

function said(decision) {
  const { by } = decision;
  const who = !by || by.startsWith("token") ? "" : ` by ${visible(by)}`; // a token is nobody's name
  return `${verdictOf(decision)}${who}:`;
}

function Choices({ run, call, onEdit }) {
  const decide = (decision) => () => run.decide(call, decision);
  const name = visible(call.function.name);
  return (
    <div class="oxillama-row">
      <Button kind="main" label={`Approve: run ${name}`} onClick={decide({ verdict: "approved" })}>
        Approve
      </Button>
      <Button label={`Edit the arguments of ${name}`} onClick={onEdit}>
        Edit
      </Button>
      <Button label={`Deny: do not run ${name}`} onClick={decide({ verdict: "denied" })}>
        Deny
      </Button>
      <Button
        kind="plain"
        label={`Always approve ${name} in this cell`}
        onClick={decide({ verdict: "approved", always: true })}
      >
        Always
      </Button>
    </div>
  );
}

function Edit({ run, call, onBack }) {
  const field = useRef(null);
  const id = useId();
  const [fault, setFault] = useState("");
  const known = argumentsOf(call.function.arguments);
  useEffect(() => field.current.focus(), []); // once: somebody may go elsewhere meanwhile
  const send = async () => {
    const text = field.current.value;
    if (!argumentsOf(text)) {
      setFault("These are no arguments: they have to be a JSON object.");
      field.current.focus();
      return;
    }
    setFault("");
    await run.decide(call, { verdict: "edited", arguments: text });
  };
  return (
    <>
      <label class="oxillama-quiet" for={id}>
        Arguments, as JSON
      </label>
      <textarea
        id={id}
        ref={field}
        class="oxillama-input oxillama-edit"
        rows={Math.min(12, 3 + Object.keys(known ?? {}).length)}
        spellcheck={false}
        dir="ltr"
        defaultValue={known ? JSON.stringify(known, null, 2) : call.function.arguments}
      />
      {fault && <Notice>{fault}</Notice>}
      <div class="oxillama-row">
        <Button kind="main" label="Run it with these arguments" onClick={send}>
          Run
        </Button>
        <Button label="Back to the model's arguments" onClick={onBack}>
          Back
        </Button>
      </div>
    </>
  );
}

/** All arguments, each as text: nothing in them can hide or act. */
function Arguments({ text }) {
  const known = argumentsOf(text);
  if (!known) return <Value text={text} />;
  const entries = Object.entries(known);
  if (!entries.length) return <p class="oxillama-quiet">It takes no arguments.</p>;
  return (
    <dl class="oxillama-arguments">
      {entries.map(([key, value]) => (
        <div key={key}>
          <dt>{visible(key)}</dt>
          <dd>
            <Value text={typeof value === "string" ? value : JSON.stringify(value, null, 2)} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Value({ text }) {
  const [whole, setWhole] = useState(false);
  const shown = whole ? text : text.slice(0, MOST);
  return (
    <>
      <pre tabIndex={0}>{shown.split("\n").map(visible).join("\n")}</pre>
      {shown.length < text.length && (
        <Button onClick={() => setWhole(true)}>
          Show the other {(text.length - MOST).toLocaleString()} characters
        </Button>
      )}
    </>
  );
}
