// The speed of the last minutes: two plots, the same in numbers, and Pause.

import { useEffect, useRef, useState } from "preact/hooks";
import { halfMinutes } from "./history.js";
import { Plot } from "./plot.jsx";
import { rate, seconds, some } from "./words.js";

const CALM = 10; // seconds between two pictures for who wants little motion

export function Speed({ history }) {
  const [paused, setPaused] = useState(false);
  const [hovered, setHovered] = useState(false);
  const calm = useCalm();
  const view = useRef(null);
  const due = !view.current || history.time >= view.current.end + (calm ? CALM : 0);
  if (due && !paused && !hovered) view.current = history.view();
  const { begin, end, rates, first, turns } = view.current;
  const now = rates.at(-1)?.value ?? 0;
  const most = Math.max(...rates.map((point) => point.value), 0);
  const firsts = first.map((point) => point.value).sort((one, other) => one - other);
  const middle = firsts.length ? seconds(firsts[firsts.length >> 1]) : "";
  const plot = { begin, end, onHover: setHovered };
  return (
    <section class="ox-part" aria-label="Speed">
      <div class="oxillama-row">
        <h4>Speed, last 5 minutes</h4>
        <span class="oxillama-quiet">{paused ? "Paused" : hovered ? "Held while you look" : `${rate(now)} now`}</span>
        <span class="ox-push" />
        <button type="button" class="oxillama-button" aria-pressed={paused} onClick={() => setPaused(!paused)}>
          {paused ? "Go on" : "Pause"}
        </button>
      </div>
      <div class="ox-plots">
        <Plot
          {...plot}
          title="Tokens generated per second"
          unit="/s"
          points={rates}
          words={rate}
          label={`Tokens per second over five minutes: ${rate(now)} now, ${rate(most)} at most.`}
        />
        <Plot
          {...plot}
          dots
          title="Time to the first token, a dot for each turn"
          unit="s"
          points={first}
          words={seconds}
          label={
            firsts.length
              ? `Time to the first token of ${some(firsts.length, "turn")}: ${middle} in the middle, ${seconds(firsts.at(-1))} at most.`
              : "Time to the first token: no turn has ended in these five minutes."
          }
        />
      </div>
      <details>
        <summary>In numbers</summary>
        <Numbers view={{ begin, end, rates, turns }} />
      </details>
    </section>
  );
}

function Numbers({ view }) {
  return (
    <table class="ox-table ox-narrow">
      <thead>
        <tr>
          <th scope="col">Half minute before</th>
          <th scope="col">Tokens/s</th>
          <th scope="col">Turns</th>
          <th scope="col">First token</th>
        </tr>
      </thead>
      <tbody>
        {halfMinutes(view).map((row) => (
          <tr key={row.ago}>
            <th scope="row">{row.ago ? `${row.ago / 60} min ago` : "now"}</th>
            <td>{row.rate.toFixed(1)}</td>
            <td>{row.turns}</td>
            <td>{row.first === null ? "" : seconds(row.first)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Whether the reader has asked for little motion. */
function useCalm() {
  const query = "(prefers-reduced-motion: reduce)";
  const [calm, setCalm] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const tell = () => setCalm(list.matches);
    list.addEventListener("change", tell);
    return () => list.removeEventListener("change", tell);
  }, []);
  return calm;
}
