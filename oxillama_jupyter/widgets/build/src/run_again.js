// What a page may do with an answer that is there: ask again, fork, copy; all of it by the server.

// What of a run makes the same question again; not its seed, which would give the same answer.
const SETTINGS = (
  "tools tool_choice parallel_tool_calls model instructions temperature top_p max_prompt_tokens max_completion_tokens max_tokens response_format " +
  "truncation_strategy reasoning_effort top_k min_p repeat_penalty frequency_penalty presence_penalty stop " +
  "logit_bias typical_p top_n_sigma xtc_probability xtc_threshold dynatemp_range dynatemp_exponent mirostat " +
  "mirostat_tau mirostat_eta repeat_last_n dry_multiplier dry_base dry_allowed_length dry_penalty_last_n " +
  "dry_sequence_breakers adaptive_target adaptive_decay min_keep"
).split(" ");
const PAGE = 100;

/** All messages of a run, oldest first. */
export async function messagesOf(panel, run) {
  const path = `threads/${run.thread_id}/messages?run_id=${run.id}&order=asc&limit=${PAGE}`;
  return (await panel.ask(panel.openai(path))).data;
}

/** The text of messages. */
export function textOf(messages) {
  return messages.flatMap((message) => texts(message)).join("\n\n");
}

function texts(message) {
  return message.content.filter((part) => part.type === "text").map((part) => part.text.value);
}

/** The question of a run, and what was said just before it. */
async function question(panel, run) {
  const [answer] = await messagesOf(panel, run);
  const found = []; // the newest first
  for (let after = answer?.id; ; ) {
    const query = `order=desc&limit=${PAGE}${after ? `&after=${after}` : ""}`;
    const page = await panel.ask(panel.openai(`threads/${run.thread_id}/messages?${query}`));
    found.push(...page.data.filter((message) => answer || wasThere(message, run)));
    const place = found.findIndex((message) => message.role === "user");
    if (place >= 0 && (found[place + 1] || !page.has_more)) return [found[place], found[place + 1] ?? null];
    if (!page.has_more) throw new Error("The question is not in the thread any more.");
    after = page.data.at(-1).id;
  }
}

/**
 * Whether a run that has left no message can have read this one. Its own question may be of the
 * second after its own; nobody else says anything in the thread before it has ended.
 */
function wasThere(message, run) {
  const ended = run.failed_at ?? run.cancelled_at ?? run.completed_at ?? Infinity;
  return message.created_at <= Math.min(run.created_at + 1, ended);
}

/** Ask the same again, in a thread that ends just before the question; the new run. */
export async function retry(panel, run) {
  const [asked, before] = await question(panel, run);
  const thread = before
    ? await panel.ask(panel.own(`threads/${run.thread_id}/fork`), { body: { message_id: before.id } })
    : await panel.ask(panel.openai("threads"), { body: { metadata: { forked_from: run.thread_id } } });
  const settings = SETTINGS.filter((name) => run[name] != null && run[name] !== "");
  const content = texts(asked).map((text) => ({ type: "text", text }));
  return panel.ask(panel.openai(`threads/${thread.id}/runs`), {
    body: {
      assistant_id: run.assistant_id,
      ...Object.fromEntries(settings.map((name) => [name, run[name]])),
      metadata: { retry_of: run.id },
      additional_messages: [{ role: "user", content, metadata: asked.metadata }],
    },
  });
}

/** A new thread that goes on behind the answer; behind the question, where there is none. */
export async function fork(panel, run) {
  const last = (await messagesOf(panel, run)).at(-1) ?? (await question(panel, run))[0];
  return panel.ask(panel.own(`threads/${run.thread_id}/fork`), { body: { message_id: last.id } });
}
