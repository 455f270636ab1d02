// Numbers of the engine as people say them.

export const count = (number) => Math.round(number ?? 0).toLocaleString();

/** A share, such as 12 %. */
export function share(part, whole) {
  if (!whole) return "–";
  const percent = Math.round((100 * part) / whole);
  return part && !percent ? "under 1 %" : `${percent} %`;
}

/** A short time: of a prompt, of a queue. */
export function seconds(value) {
  return value >= 1 ? `${value.toFixed(value < 10 ? 2 : 1)} s` : `${Math.round(1000 * value)} ms`;
}

/** A long time: since when something runs, or how long it will still take. */
export function span(value) {
  const whole = Math.max(0, Math.round(value));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

/** How often. */
export const times = (number) => ({ 0: "never", 1: "once", 2: "twice" })[number] ?? `${count(number)} times`;

/** Tokens a second. */
export const rate = (value) => `${value < 10 ? value.toFixed(1) : count(value)} tokens/s`;

/** So many of something, such as 1 turn. */
export const some = (number, one) => `${count(number)} ${one}${number === 1 ? "" : "s"}`;
