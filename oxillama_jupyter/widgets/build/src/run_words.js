// What is said of a run: its end in words, its speed, and how much of the context it took.

import { visible } from "./visible.js";

const WORDS = {
  completed: "Complete",
  cancelled: "Stopped",
  expired: "Expired: it took longer than the server allows",
  requires_action: "Waits for a decision about a call",
  queued: "Waits for its turn",
  in_progress: "Still being written",
  cancelling: "Being stopped",
};

const VERDICTS = { approved: "Approved", edited: "Approved with other arguments", denied: "Denied" };

/** What was decided about a call. */
export function verdictOf({ verdict }) {
  return VERDICTS[verdict] ?? visible(verdict);
}

/** How a run ended, or how far it is. */
export function ending(run) {
  if (run.status === "failed") return `Failed: ${visible(run.last_error?.message ?? "the server did not say why")}`;
  if (run.status !== "incomplete") return WORDS[run.status] ?? visible(run.status);
  if (run.incomplete_details?.reason === "max_prompt_tokens") return "Cut: the prompt left no room";
  const limit = run.max_completion_tokens ?? run.max_tokens;
  return limit ? `Cut at ${limit.toLocaleString()} tokens` : "Cut: the context is full";
}

/** Tokens a second and the time to the first one; empty where no turn came to its end. */
export function speed(run) {
  if (!run.timings) return [];
  const { tokens_per_second: rate, first_token: first } = run.timings;
  const time = first < 1 ? `${Math.round(1000 * first)} ms` : `${first.toFixed(1)} s`;
  return [...(rate ? [`${rate.toLocaleString([], { maximumFractionDigits: rate < 10 ? 1 : 0 })} tokens/s`] : []), `first token after ${time}`];
}
