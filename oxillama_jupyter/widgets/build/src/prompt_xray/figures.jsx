// A prompt in figures: how long, how much of it cached, how fast it was read and answered.

const number = (value) => value.toLocaleString();
const seconds = (value) => `${value.toLocaleString([], { maximumFractionDigits: value < 1 ? 3 : 1 })} s`;

export function Figures({ about, run }) {
  const timings = run?.timings;
  return (
    <>
      <dl class="ox-figures">
        <Figure name="Prompt" value={`${number(about.prompt_tokens)} tokens`} more={ofContext(about)} />
        <Figure name="From the cache" value={cache(about)} more={shareOf(about)} />
        {timings && <Figure name="First token" value={`after ${seconds(timings.first_token)}`} more={waits(timings)} />}
        {timings && timings.tokens_per_second > 0 && (
          <Figure
            name="Answer"
            value={`${timings.tokens_per_second.toLocaleString([], { maximumFractionDigits: 1 })} tokens/s`}
            more={`in ${seconds(timings.completion)}`}
          />
        )}
      </dl>
      <Gauge about={about} />
    </>
  );
}

function Figure({ name, value, more }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
      {more && <dd class="oxillama-quiet ox-more-figures">{more}</dd>}
    </div>
  );
}

function cache({ cached_tokens: cached, prompt_tokens: all, run_id: run }) {
  if (cached === null) return run ? "not known" : "not sent yet";
  return `${number(cached)} cached, ${number(all - cached)} new`;
}

function shareOf({ cached_tokens: cached, prompt_tokens: all }) {
  return cached ? `${Math.floor((100 * cached) / all)} % not computed again` : "";
}

function ofContext({ prompt_tokens: all, limit, context }) {
  if (!context) return `${number(limit)} allowed`;
  return `${Math.round((100 * all) / context)} % of a context of ${number(context)}; ${number(limit)} allowed`;
}

function waits({ queue, prompt }) {
  return `${seconds(queue)} in the queue, ${seconds(prompt)} reading`;
}

/** The context, and how far the prompt fills it: cached, new, and where it must end. */
function Gauge({ about }) {
  const { prompt_tokens: all, cached_tokens: cached, limit, context } = about;
  const whole = Math.max(context, limit, all);
  const part = (count) => `${(100 * count) / whole}%`;
  const said = `${number(all)} of ${number(limit)} tokens that a prompt may have`;
  return (
    <div class="ox-gauge" role="img" aria-label={about.fits ? said : `${said}: too long`}>
      <div class="cached" style={{ width: part(cached ?? 0) }} />
      <div class={about.fits ? "new" : "over"} style={{ width: part(all - (cached ?? 0)) }} />
      <div class="limit" style={{ insetInlineStart: part(limit) }} />
    </div>
  );
}
