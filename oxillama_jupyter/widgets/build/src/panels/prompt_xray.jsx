// The prompt that a model has got, or would get: all of its tokens, and what became of the messages.

import { useEffect, useState } from "preact/hooks";
import { Figures } from "../prompt_xray/figures.jsx";
import { Outline } from "../prompt_xray/outline.jsx";
import { usePrompt } from "../prompt_xray/prompt.js";
import { Search } from "../prompt_xray/search.jsx";
import { Settings } from "../prompt_xray/settings.jsx";
import { Tokens } from "../prompt_xray/tokens.jsx";
import { Button, mount, Notice, useLoad, useTrait, visible } from "../ui.jsx";
import styles from "./prompt_xray.css";

export { PROTOCOL } from "../page.js";

export function show(panel, el) {
  return mount(<PromptXray panel={panel} />, el, styles, "prompt-xray");
}

function PromptXray({ panel }) {
  const [threadId] = useTrait(panel, "thread_id");
  const [runId] = useTrait(panel, "run_id");
  const [settings] = useTrait(panel, "settings");
  if (!threadId) return <Notice>There is no thread to show a prompt of.</Notice>;
  return <Xray panel={panel} threadId={threadId} runId={runId} settings={settings ?? {}} />;
}

function Xray({ panel, threadId, runId, settings }) {
  const { prompt, error, loading, reload, need, failure } = usePrompt(panel, threadId, runId, settings);
  const run = useLoad(
    async (signal) => (runId ? panel.ask(panel.openai(`threads/${threadId}/runs/${runId}`), { signal }) : null),
    [threadId, runId, prompt],
  ).data;
  const [target, setTarget] = useState(null);
  const go = async (place) => {
    if (!place || (await need((loaded) => loaded.tokens.length > place.begin))) setTarget(place);
  };
  useEffect(() => setTarget(null), [prompt]);
  return (
    <section aria-label="Prompt X-ray" aria-busy={loading}>
      <header class="oxillama-row">
        <h3>Prompt X-ray</h3>
        <span class="oxillama-quiet ox-title">{prompt && titleOf(prompt.about)}</span>
        <Button label="Make the prompt again" kind="plain" onClick={reload} disabled={loading}>↻</Button>
      </header>
      {loading && !prompt && <p class="oxillama-quiet" role="status">Making the prompt; the model may have to be loaded …</p>}
      {(error ?? failure) && <p><Notice error={error ?? failure} /></p>}
      {prompt && (
        <>
          <Verdict about={prompt.about} />
          <Figures about={prompt.about} run={run} />
          <Outline prompt={prompt} go={go} />
          <Search prompt={prompt} need={need} go={go} />
          <Legend about={prompt.about} />
          <Tokens prompt={prompt} target={target} need={need} />
          <Settings given={run ?? settings} />
        </>
      )}
    </section>
  );
}

function titleOf({ model, run_id: run }) {
  return `${run ? "what the run sent" : "what a next run would send"} to ${visible(model)}`;
}

/** Whether this is what was sent, and whether it fits, in words. */
function Verdict({ about }) {
  const { exact, fits, run_id: run } = about;
  return (
    <>
      {!fits && (
        <p>
          <Notice>
            Too long: {about.prompt_tokens.toLocaleString()} tokens, where {about.limit.toLocaleString()} are allowed.
            {run ? "" : " A run would fail."}
          </Notice>
        </p>
      )}
      {exact === true && <p class="oxillama-quiet">✓ Made again from what is stored, with as many tokens as the run counted.</p>}
      {exact === false && (
        <p><Notice>Not quite what was sent: the run counted another number of tokens. Messages may have been deleted since, or the model replaced.</Notice></p>
      )}
      {run && exact === null && <p class="oxillama-quiet">The run has counted no tokens: this is what is stored for it.</p>}
    </>
  );
}

/** What the looks of tokens mean. */
function Legend({ about }) {
  const known = about.cached_tokens > 0;
  return (
    <p class="ox-legend oxillama-quiet" aria-hidden="true">
      <span><span class="ox-token special">special</span> only the template writes these</span>
      {known && <span><span class="ox-token cached">cached</span> not computed again</span>}
      {known && <span><span class="ox-token new">new</span> read for this answer</span>}
      <span><i class="ox-code">\u202e</i> a hidden character, written out</span>
    </p>
  );
}
