// The calls that a run waits for, where the module with their cards was not to be had: all that
// would run, to be approved or denied.

import { runOf } from "../run.js";
import { callText } from "../run_text.js";
import { verdictOf } from "../run_words.js";
import { visible } from "../visible.js";

const EDIT = "Other arguments can be given where the page shows answers as it should: reload it, or open the notebook elsewhere.";

/** Show them below what is in the element; what is returned ends that. */
export function plainCalls(panel, el) {
  const run = runOf(panel);
  const place = el.appendChild(document.createElement("div"));
  place.dataset.lmSuppressShortcuts = "true"; // keys are the buttons', not the notebook's
  let shown = "";
  const leave = run.watch(() => {
    const waits = run.status === "requires_action";
    const key = JSON.stringify(waits && [run.calls, run.unreached?.message]);
    if (key === shown) return; // a button that has the focus keeps it
    shown = key;
    place.replaceChildren(...(waits ? contents(run) : []));
  });
  return () => (leave(), place.remove());
}

function contents(run) {
  if (run.unreached) return [made("p", `The model asks to run a function, but which one its server does not say: ${run.unreached.message}`)];
  const open = run.calls.some((call) => !call.decision);
  return [...run.calls.map((call) => card(run, call)), ...(open ? [made("p", EDIT)] : [])];
}

function card(run, call) {
  const name = visible(call.function.name);
  const given = call.decision?.arguments ?? call.function.arguments;
  const section = made("section", "");
  section.setAttribute("aria-label", `Call of ${name}`);
  const said = section.appendChild(made("p", call.decision ? `${verdictOf(call.decision)}:` : "The model asks to run:"));
  said.setAttribute("role", "status");
  const text = section.appendChild(made("pre", visible(callText(call.function.name, given))));
  text.style = "white-space:pre-wrap;overflow-wrap:anywhere";
  if (call.decision) return section;
  const button = (words, label, verdict) => {
    const element = section.appendChild(made("button", words));
    element.type = "button";
    element.setAttribute("aria-label", label);
    element.onclick = () =>
      run.decide(call, { verdict }).catch((error) => {
        said.textContent = error.message;
        said.setAttribute("role", "alert");
      });
  };
  button("Approve", `Approve: run ${name}`, "approved");
  button("Deny", `Deny: do not run ${name}`, "denied");
  return section;
}

function made(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}
