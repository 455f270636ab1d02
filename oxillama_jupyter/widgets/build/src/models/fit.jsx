// What a model needs against what there is, in figures and as a bar.

import { size, visible } from "../ui.jsx";

/** Bytes there are for one more model, and a word on where that figure comes from. */
export function roomOf(memory) {
  if (!memory) return null;
  const left = memory.budget === null ? null : Math.max(0, memory.budget - memory.taken);
  const bounded = left !== null && (memory.strict || memory.taken > 0);
  if (memory.free === null) return bounded ? { bytes: left, words: "left of what models may take" } : null;
  return bounded && left < memory.free
    ? { bytes: left, words: "left of what models may take" }
    : { bytes: memory.free, words: "free" };
}

export function Fit({ model, memory }) {
  const room = roomOf(memory);
  if (!model.memory || model.fits === null || !room) return null;
  const whole = Math.max(model.memory, room.bytes, 1);
  const words = `Needs about ${size(model.memory)}; ${size(room.bytes)} ${room.words}.`;
  const verdict = model.lack ? "Does not fit." : model.gives_way.length ? "Fits once others give way." : "Fits.";
  return (
    <div class="ox-fit">
      <span class={`ox-fit-bar ${model.fits ? "fits" : "lacks"}`} aria-hidden="true">
        <span class="ox-room" style={{ width: `${(100 * room.bytes) / whole}%` }} />
        <span class="ox-need" style={{ width: `${(100 * model.memory) / whole}%` }} />
      </span>
      <p>
        <strong>{verdict}</strong> {words}
      </p>
      {model.lack && <p class="ox-wrap">{visible(model.lack)}</p>}
      {model.gives_way.length > 0 && (
        <p class="ox-wrap">{`To make room, these idle models are unloaded: ${model.gives_way.map(visible).join(", ")}.`}</p>
      )}
    </div>
  );
}
