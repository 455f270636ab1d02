// What a page shows of a run: its text as Markdown, how fast it comes, and how to stop it.

import { render } from "preact";
import base from "../base.css";
import cards from "../call_cards.css";
import styles from "./run_cell_view.css";
import { showCalls } from "../call_cards.jsx";
import { renderer } from "../markdown.js";
import { runOf } from "../run.js";
import { addStyles } from "../styles.js";
import { shownOf } from "../thoughts.jsx";

export { PROTOCOL } from "../page.js";

const BETWEEN_RENDERINGS = 50; // milliseconds, at least
const SHARE = 4; // times what a rendering has taken, at least
const MOST_AT_ONCE = 4000; // characters that are evened out; more of them are shown at once
const LONGEST_SWAP = 2000; // milliseconds
const ANIMATED = globalThis.matchMedia?.("(prefers-reduced-motion: no-preference)");

/** Show the run in an element; what is returned ends that. */
export function show(panel, el) {
  addStyles(el.ownerDocument, "base", base);
  addStyles(el.ownerDocument, "run", `${cards}\n${styles}`);
  const run = runOf(panel);
  const parts = build(el);
  const text = reveal(run, renderer(parts.text));
  let wasOn = run.on;
  let calls = run.calls;
  let thoughts = "";
  showCalls(run, parts.calls);
  const update = () => {
    text.update();
    parts.thoughts.hidden = !run.reasoning;
    if (thoughts !== run.reasoning) parts.thought.textContent = shownOf(run.reasoning);
    thoughts = run.reasoning;
    if (calls !== run.calls) showCalls(run, parts.calls);
    calls = run.calls;
    parts.group.setAttribute("aria-busy", String(run.on));
    parts.bar.hidden = !run.on;
    if (run.on) return;
    text.finish();
    if (run.error) parts.failure.textContent = run.error.message;
    if (wasOn) keepInPlace(parts.text);
    wasOn = false;
  };
  const figures = () => {
    parts.figures.textContent = words(run);
  };
  parts.button.addEventListener("click", () => stop(run, parts));
  const timer = setInterval(figures, 500);
  const leave = run.watch(update);
  figures();
  update();
  return () => {
    clearInterval(timer);
    text.end();
    leave();
    render(null, parts.calls);
    parts.group.remove();
  };
}

function build(el) {
  const make = (parent, tag, name) => {
    const made = parent.appendChild(document.createElement(tag));
    made.className = name;
    return made;
  };
  const group = make(el, "div", "oxillama-run");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", "Answer, being written");
  const thoughts = make(group, "details", "oxillama-thoughts");
  thoughts.dataset.lmSuppressShortcuts = "true";
  make(thoughts, "summary", "").textContent = "Reasoning";
  const thought = make(thoughts, "div", "oxillama-plain");
  thought.tabIndex = 0; // it scrolls
  thought.setAttribute("role", "group");
  thought.setAttribute("aria-label", "Reasoning");
  // Jupyter's own classes: the text looks as it will in the saved notebook.
  const text = make(group, "div", "oxillama-text jp-RenderedHTMLCommon jp-RenderedMarkdown");
  const calls = make(group, "div", "oxillama-calls");
  calls.dataset.lmSuppressShortcuts = "true";
  const bar = make(group, "div", "oxillama-bar");
  bar.dataset.lmSuppressShortcuts = "true"; // keys are the button's, not the notebook's
  const button = make(bar, "button", "oxillama-stop");
  button.type = "button";
  button.textContent = "Stop";
  button.setAttribute("aria-label", "Stop the answer");
  const figures = make(bar, "span", "oxillama-figures");
  const said = make(bar, "span", "oxillama-said");
  said.setAttribute("role", "status");
  const failure = make(group, "div", "oxillama-failure");
  failure.setAttribute("role", "alert");
  return { group, thoughts, thought, text, calls, bar, button, figures, said, failure };
}

async function stop(run, { button, said }) {
  button.disabled = true;
  said.textContent = "Stopping …";
  try {
    await run.stop();
  } catch (error) {
    console.warn("oxillama:", error);
    button.disabled = false;
    said.textContent = "The server was not reached from here: interrupt the kernel to stop.";
  }
}

function words(run) {
  const seconds = (Date.now() - run.since) / 1000;
  const passed = seconds < 60 ? `${Math.floor(seconds)} s` : `${Math.floor(seconds / 60)} min`;
  if (run.status === "requires_action") {
    if (run.unreached) return "asks to run a function; the server that knows which is not reached";
    if (!run.calls.every((call) => call.decision)) return "waits for you";
    return run.alone ? "waits for who runs it" : "running …";
  }
  if (run.missed) return `${passed} · a part is missing here until the end`;
  if (!run.tokens) return `${passed} · ${run.reasoning ? "thinking" : "no text yet"}`;
  const writing = (Date.now() - (run.firstText ?? Date.now())) / 1000;
  return writing < 1 ? passed : `${passed} · ${Math.round(run.tokens / writing)} tokens/s`;
}

/** Show the text evenly, however it comes; where motion is not wanted, as it comes. */
function reveal(run, render) {
  let position = run.text.length;
  let speed = 0; // characters per millisecond
  let arrived = performance.now();
  let gap = 200; // milliseconds between arrivals, about
  let length = -1;
  let drawn = -1;
  let free = 0; // when the next rendering may be
  let frame = 0;

  function draw(now) {
    const started = performance.now();
    let end = Math.floor(position);
    const last = run.text.charCodeAt(end - 1);
    if (last >= 0xd800 && last < 0xdc00) end += 1;
    render(run.text.slice(0, end));
    drawn = position;
    free = now + Math.max(BETWEEN_RENDERINGS, SHARE * (performance.now() - started));
  }

  function step(now) {
    frame = 0;
    const all = run.text.length;
    const even = ANIMATED?.matches && run.on && all - position < MOST_AT_ONCE;
    position = even ? Math.min(all, position + speed * (now - previous)) : all;
    previous = now;
    if (now >= free && position !== drawn) draw(now);
    if (position < all || drawn !== position) frame = requestAnimationFrame(step);
  }

  let previous = arrived;
  return {
    update() {
      const now = performance.now();
      if (run.text.length !== length) {
        if (run.text.length < position) position = drawn = 0;
        // Messages come a little later each time.
        if (length >= 0) gap = Math.min(2500, 0.2 * gap + 0.9 * (now - arrived));
        arrived = now;
        length = run.text.length;
        speed = (length - position) / Math.max(60, gap);
        drawn = Math.min(drawn, length - 1); // what was replaced is drawn anew
      }
      if (!frame) {
        previous = now;
        frame = requestAnimationFrame(step);
      }
    },
    finish() {
      position = run.text.length;
      draw(performance.now());
    },
    end() {
      cancelAnimationFrame(frame);
    },
  };
}

/**
 * Leave a picture of the text where it is until the page has rendered what replaces the widget.
 *
 * JupyterLab takes some tenths of a second for that, in which the cell would be empty, and the page
 * would scroll to where there is something.
 */
function keepInPlace(text) {
  const area = text.closest(".jp-OutputArea");
  if (!area || !text.textContent) return;
  const place = [...area.querySelectorAll(".jp-OutputArea-output")].findIndex((output) => output.contains(text));
  const [outer, inner] = [area.getBoundingClientRect(), text.getBoundingClientRect()];
  const picture = text.cloneNode(true);
  picture.setAttribute("aria-hidden", "true");
  picture.inert = true;
  Object.assign(picture.style, {
    position: "absolute",
    top: `${inner.top - outer.top + area.scrollTop}px`,
    left: `${inner.left - outer.left + area.scrollLeft}px`,
    width: `${inner.width}px`,
  });
  const before = { position: area.style.position, minHeight: area.style.minHeight };
  Object.assign(area.style, { position: "relative", minHeight: `${outer.height}px` });
  const end = () => {
    observer.disconnect();
    clearTimeout(timer);
    picture.remove();
    Object.assign(area.style, before);
  };
  const observer = new MutationObserver(() => {
    if (text.isConnected) return;
    const outputs = [...area.querySelectorAll(".jp-OutputArea-output")].slice(place);
    if (outputs.some((output) => output.textContent.trim())) end();
    else if (!picture.isConnected) area.append(picture);
  });
  const timer = setTimeout(end, LONGEST_SWAP);
  observer.observe(area, { childList: true, subtree: true });
}
