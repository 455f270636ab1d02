// What is about to be deleted, and the way back.

import { useEffect, useState } from "preact/hooks";
import { Button, Notice, visible } from "../ui.jsx";
import { deleteNow, deletions, onDeletions, undo } from "./deletions.js";

const SHOWN = 3;

/** Those that wait to be deleted, as they are now. */
export function useDeletions() {
  const [, again] = useState(0);
  useEffect(() => onDeletions(() => again((count) => count + 1)), []);
  return deletions();
}

export function UndoBar() {
  const all = useDeletions();
  const many = all.length > SHOWN;
  return (
    <div class="tb-undo" role="status" aria-label="Deletions">
      {all.slice(0, SHOWN).map((one) => (
        <Waiting key={one.id} one={one} />
      ))}
      {many && (
        <div class="oxillama-row">
          <span>and {all.length - SHOWN} more</span>
          <Button onClick={() => all.forEach((one) => undo(one.id))} label="Undo all deletions">
            Undo all
          </Button>
        </div>
      )}
    </div>
  );
}

function Waiting({ one }) {
  const [, again] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => again((count) => count + 1), 500);
    return () => clearInterval(timer);
  }, []);
  const left = Math.max(0, Math.ceil((one.due - Date.now()) / 1000));
  return (
    <div class="oxillama-row">
      <span class="tb-undo-text">
        {one.error ? "Not deleted: " : "To be deleted: "}
        <b>
          <bdi>{visible(one.title)}</bdi>
        </b>
        {!one.error && <span aria-hidden="true" class="oxillama-quiet"> in {left} s. Nothing has happened to it yet.</span>}
      </span>
      {one.error && <Notice error={one.error} />}
      <Button onClick={() => undo(one.id)} label={`Undo the deletion of ${visible(one.title)}`}>
        {one.error ? "Keep it" : "Undo"}
      </Button>
      <Button kind="plain" onClick={() => deleteNow(one.id)} label={`Delete ${visible(one.title)} now`}>
        {one.error ? "Try again" : "Delete now"}
      </Button>
    </div>
  );
}
