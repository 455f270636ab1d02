// A small plot over time: one series, axes with units, a value under the pointer.

import { useEffect, useId, useRef, useState } from "preact/hooks";

const HEIGHT = 132;
const LEFT = 70;
const RIGHT = 10;
const TOP = 10;
const BOTTOM = 22;

/** The width that an element has. */
function useWidth(root) {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const watcher = new ResizeObserver(([entry]) => setWidth(Math.floor(entry.contentRect.width)));
    watcher.observe(root.current);
    return () => watcher.disconnect();
  }, []);
  return width;
}

/**
 * `points` of `{time, value}` between `begin` and `end`, as a line or as dots.
 *
 * `words(value)` says a value with its unit; `label` tells all of it to who cannot see.
 */
export function Plot({ title, unit, points, begin, end, dots, words, label, onHover }) {
  const root = useRef();
  const id = useId();
  const width = useWidth(root);
  const [cursor, setCursor] = useState(null);
  const most = ceiling(Math.max(...points.map((point) => point.value), 0), unit === "s" ? 0.1 : 10);
  const x = (time) => LEFT + ((time - begin) / (end - begin)) * (width - LEFT - RIGHT);
  const y = (value) => HEIGHT - BOTTOM - (value / most) * (HEIGHT - TOP - BOTTOM);
  const move = (event) => {
    onHover(true);
    setCursor(event.clientX - event.currentTarget.getBoundingClientRect().left);
  };
  const leave = () => (onHover(false), setCursor(null));
  const under = cursor === null ? null : nearest(points, (point) => Math.abs(x(point.time) - cursor));
  return (
    <figure class="ox-plot" ref={root}>
      <figcaption id={id}>
        <Sample dots={dots} /> {title}
        <span class="oxillama-quiet">
          {under ? ` — ${words(under.value)}, ${ago(end - under.time)}` : ""}
        </span>
      </figcaption>
      {width > 0 && (
        <svg width={width} height={HEIGHT} role="img" aria-label={label} onPointerMove={move} onPointerLeave={leave}>
          <Axes most={most} unit={unit} x={x} y={y} begin={begin} end={end} width={width} />
          {dots ? <Dots points={points} x={x} y={y} /> : <Line points={points} x={x} y={y} />}
          {under && <path class="ox-cursor" d={`M${x(under.time)} ${TOP}V${HEIGHT - BOTTOM}`} />}
          {under && <circle class="ox-under" cx={x(under.time)} cy={y(under.value)} r="4" />}
        </svg>
      )}
    </figure>
  );
}

/** The legend's picture of a series. */
function Sample({ dots }) {
  return (
    <svg width="18" height="10" aria-hidden="true" class="ox-sample">
      {dots ? <circle class="ox-dot" cx="9" cy="5" r="3.5" /> : <path class="ox-line" d="M1 8L7 3L11 6L17 2" />}
    </svg>
  );
}

function Axes({ most, unit, x, y, begin, end, width }) {
  const middle = (begin + end) / 2;
  const name = (value) => `${value >= 10 ? Math.round(value).toLocaleString() : +value.toFixed(2)}`;
  const minutes = (time) => `${+((end - time) / 60).toFixed(1)} min ago`;
  return (
    <g class="ox-axes" aria-hidden="true">
      {[0, most / 2, most].map((value) => (
        <g key={value}>
          <path d={`M${LEFT} ${y(value)}H${width - RIGHT}`} />
          <text x={LEFT - 5} y={y(value) + 4} text-anchor="end">
            {name(value)}
            {value === most ? ` ${unit}` : ""}
          </text>
        </g>
      ))}
      <text x={x(begin)} y={HEIGHT - 6}>{minutes(begin)}</text>
      {width > 330 && <text x={x(middle)} y={HEIGHT - 6} text-anchor="middle">{minutes(middle)}</text>}
      <text x={x(end)} y={HEIGHT - 6} text-anchor="end">now</text>
    </g>
  );
}

function Line({ points, x, y }) {
  if (!points.length) return null;
  const line = points.map((point) => `${x(point.time).toFixed(1)} ${y(point.value).toFixed(1)}`).join("L");
  const [first, last] = [points[0], points.at(-1)];
  return (
    <g>
      <path class="ox-area" d={`M${x(first.time)} ${y(0)}L${line}L${x(last.time)} ${y(0)}Z`} />
      <path class="ox-line" d={`M${line}`} />
    </g>
  );
}

function Dots({ points, x, y }) {
  return points.map((point) => (
    <g key={`${point.time} ${point.value}`}>
      <path class="ox-stem" d={`M${x(point.time)} ${y(0)}V${y(point.value)}`} />
      <circle class="ox-dot" cx={x(point.time)} cy={y(point.value)} r="3.5" />
    </g>
  ));
}

const ago = (seconds) => (seconds < 1 ? "now" : `${Math.round(seconds)} s ago`);

/** A round number that is not below. */
function ceiling(value, least) {
  const top = Math.max(value, least);
  const unit = 10 ** Math.floor(Math.log10(top));
  return [1, 2, 4, 5, 10].map((step) => step * unit).find((round) => round >= top * 0.999);
}

function nearest(points, far) {
  return points.reduce((best, point) => (best === null || far(point) < far(best) ? point : best), null);
}
