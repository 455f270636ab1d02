// What runs did besides writing: their calls, and what the model thought ahead of its answers.

import { thoughtsOf } from "../run.js";
import { ACTIVE } from "./live.js";

/** The steps of a conversation's runs, each run's asked for once. */
export class Steps {
  #known = new Map();
  /** Ids of runs whose reasoning a person has unfolded. */
  unfolded = new Set();

  /** Grows with what is known. */
  get count() {
    return this.#known.size;
  }

  /** `{calls, thoughts}` of a run; undefined while they are not known. */
  of(runId) {
    return this.#known.get(runId);
  }

  /**
   * Ask for those of the runs that are over, the newest first.
   *
   * Waits for the newest, which may just have been seen, and for those with calls. In the others
   * there may be reasoning; nothing waits for that.
   */
  async load([newest, ...others], ask, changed) {
    const load = async (run) => {
      if (!run || this.#known.has(run.id) || ACTIVE.has(run.status)) return;
      const steps = (await ask(run)).data;
      const calls = steps.flatMap(({ step_details: details }) => details.tool_calls ?? []);
      this.#known.set(run.id, { calls, thoughts: thoughtsOf(steps) });
    };
    await Promise.all([newest, ...others.filter((run) => run.tools.length)].map(load));
    this.#later(others, load, changed);
  }

  async #later(runs, load, changed) {
    try {
      for (const run of runs) await load(run);
    } catch {
      return; // it is only not shown
    }
    if (runs.length) changed();
  }
}
