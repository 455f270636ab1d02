// What the engine did in the last minutes: from what was asked while somebody looked, and from the
// turns that have ended since.

export const SPAN = 300; // seconds
const WINDOW = 3.5; // seconds that a rate is taken over; the engine tells its counts once a second
const GAP = 15; // seconds between two looks after which nobody knows what was between them
const STEP = 2; // seconds, where only ended turns tell of the past

const HISTORIES = new WeakMap();

/** A panel's history; it outlives the panel's views. */
export function historyOf(panel) {
  if (!HISTORIES.has(panel)) HISTORIES.set(panel, new History());
  return HISTORIES.get(panel);
}

class History {
  samples = []; // {time, generated}
  turns = [];
  time = 0;

  /** Take down a report. */
  add(report) {
    const { stats } = report.status;
    this.time = report.time;
    this.turns = report.turns.filter((turn) => turn.ended_at > report.time - SPAN).reverse();
    if (stats.sequences) this.samples.push({ time: report.time, generated: stats.generated ?? 0 });
    while (this.samples.length && this.samples[0].time < report.time - SPAN - WINDOW) this.samples.shift();
  }

  /** What a plot shows: it does not change while it is looked at. */
  view() {
    const begin = this.time - SPAN;
    const first = this.turns.map((turn) => ({ time: turn.ended_at - turn.timings.completion, value: turn.timings.first_token, turn }));
    return {
      begin,
      end: this.time,
      rates: this.#rates(begin),
      first: first.filter((point) => point.time >= begin),
      turns: this.turns,
    };
  }

  #rates(begin) {
    const points = [];
    let known = begin;
    for (const [index, sample] of this.samples.entries()) {
      const before = this.samples[index - 1];
      if (!before || sample.time - before.time > GAP) this.#fill(points, known, sample.time);
      else points.push({ time: sample.time, value: this.#rate(index) });
      known = sample.time;
    }
    this.#fill(points, known, this.time);
    return points.filter((point) => point.time >= begin);
  }

  /** Tokens a second up to a sample; counts that fall tell of a new process. */
  #rate(index) {
    const last = this.samples[index];
    let first = this.samples[index - 1];
    for (let place = index - 2; place >= 0 && this.samples[place].time >= last.time - WINDOW; place -= 1) {
      if (this.samples[place].generated > first.generated) break;
      first = this.samples[place];
    }
    return Math.max(0, last.generated - first.generated) / Math.max(last.time - first.time, 0.1);
  }

  /** Where nobody looked: as the turns tell it that have ended. */
  #fill(points, from, to) {
    for (let time = from; time < to; time += STEP) {
      const value = this.turns
        .filter((turn) => turn.ended_at - turn.timings.completion <= time && time < turn.ended_at)
        .reduce((sum, turn) => sum + turn.timings.tokens_per_second, 0);
      points.push({ time, value });
    }
  }
}

/** A view in half minutes, the newest first: `{ago, rate, turns, first}`, for who reads numbers. */
export function halfMinutes(view) {
  const rows = [];
  for (let end = view.end; end > view.begin + 1; end -= 30) {
    const within = (time) => time > end - 30 && time <= end;
    const rates = view.rates.filter((point) => within(point.time)).map((point) => point.value);
    const ended = view.turns.filter((turn) => within(turn.ended_at));
    const firsts = ended.map((turn) => turn.timings.first_token).sort((one, other) => one - other);
    rows.push({
      ago: view.end - end,
      rate: rates.length ? rates.reduce((sum, rate) => sum + rate, 0) / rates.length : 0,
      turns: ended.length,
      first: firsts.length ? firsts[firsts.length >> 1] : null,
    });
  }
  return rows;
}
