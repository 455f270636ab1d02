// How an answer ended, and what is wrong, in words, with what a person can do then.

import { ACTIVE } from "./live.js";

const TOO_LONG = "The conversation is longer than the model can read.";
const ENDS = {
  max_tokens: "The answer was cut: no room was left for more.",
  run_cancelled: "Stopped.",
  run_expired: "The answer took longer than the server allows.",
  content_filter: "The rest of the answer was withheld.",
};

/** How a message ended; empty where it is whole. */
export function endOf(message, run) {
  if (message.status !== "incomplete") return "";
  const reason = message.incomplete_details?.reason;
  if (run?.incomplete_details?.reason === "max_prompt_tokens") return TOO_LONG;
  if (reason === "max_tokens" && run?.max_tokens) return `The answer was cut after ${run.max_tokens} tokens.`;
  if (reason === "run_failed") return failureOf(run) || "The answer broke off.";
  return ENDS[reason] ?? "The answer is not whole.";
}

/** Why a run has left no message; empty where it has, or may yet. */
export function silenceOf(run, messages) {
  if (!run || ACTIVE.has(run.status) || messages.some((message) => message.run_id === run.id)) return "";
  if (run.status === "failed") return failureOf(run);
  if (run.status === "cancelled") return "Stopped before there was an answer.";
  if (run.status === "expired") return ENDS.run_expired;
  if (run.incomplete_details?.reason === "max_prompt_tokens") return TOO_LONG;
  return run.status === "incomplete" ? ENDS.max_tokens : "";
}

function failureOf(run) {
  if (!run?.last_error) return "";
  const { code, message } = run.last_error;
  if (code === "invalid_prompt") return `${TOO_LONG} ${message}`;
  return `The answer failed: ${message}`;
}

/** Whether a new thread helps, as the prompt of this one is too long. */
export function tooLong(run) {
  return run?.last_error?.code === "invalid_prompt" || run?.incomplete_details?.reason === "max_prompt_tokens";
}

/** An error of a request, for a person who has typed something. */
export function wordsOf(error) {
  if (error.status === 429) {
    const when = error.after ? `in ${error.after} s` : "in a moment";
    return `The server has too much to do; try again ${when}. ${error.message}`;
  }
  if (error.status === 503) return `The engine does not answer now. ${error.message}`;
  return error.message;
}
