"""Trains the embedded model from nothing: `python training/train.py`.

Writes checkpoints into a work folder and the finished GGUF into the package. Started again with the
same work folder it goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F

from tinylm.batches import Batch, batches
from tinylm.bpe import Bpe, train_bpe
from tinylm.export import export
from tinylm.init import structured_start
from tinylm.mixer import write_conversation
from tinylm.model import Shape, TinyLlama
from tinylm.muon import Optimiser
from tinylm.recipe import (
    CONTEXT,
    SEED,
    SPACED_WORDS,
    STAGES,
    TOKENIZER_TEXTS,
    VOCABULARY,
    Stage,
)  # fmt: skip
from tinylm.template import render
from tinylm.words import Words

REPOSITORY = Path(__file__).resolve().parent.parent
MODEL = REPOSITORY / "oxillama_jupyter" / "assets" / "oxillama-tiny.gguf"
WARM_UP = 60
SAVE_EVERY = 200

# glibc would give each batch's memory back and fetch it anew, which is 6 % of a step.
ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "4000000000", "MALLOC_TRIM_THRESHOLD_": "8000000000"}

log = logging.getLogger("train")


def make_tokenizer(work: Path) -> Bpe:
    """Learn the tokenizer, or read the one that the work folder has."""
    path = work / "tokenizer.json"
    if path.exists():
        stored = json.loads(path.read_text(encoding="utf-8"))
        return Bpe(stored["tokens"], [(left, right) for left, right in stored["merges"]])
    rng = random.Random(SEED)
    mix = STAGES[0].mix
    threads = (
        write_conversation(rng, mix, long_share=0.02, words=Words(invent=True))
        for _ in range(TOKENIZER_TEXTS)
    )
    bpe = train_bpe((render(t.messages, t.tools) for t in threads), VOCABULARY, SPACED_WORDS)
    stored = {"tokens": bpe.tokens, "merges": bpe.merges}
    path.write_text(json.dumps(stored), encoding="utf-8")
    return bpe


def loss_of(model: TinyLlama, batch: Batch) -> torch.Tensor:
    """Return the mean loss over the positions to learn."""
    with torch.autocast("cpu", torch.bfloat16):
        states = model.hidden(batch.tokens[:, :-1])
        logits = model.logits(states[batch.learn])
    return F.cross_entropy(logits.float(), batch.tokens[:, 1:][batch.learn])


def run_stage(model: TinyLlama, optimiser: Optimiser, stage: Stage, run: Run) -> None:
    """Train for the steps of one stage that are still to do."""
    index = STAGES.index(stage)
    source = batches(run.tokenizer, stage, SEED + 1000 * (index + 1))
    begun, mean = time.monotonic(), None
    for step in range(stage.steps):
        batch = next(source)
        if step < run.done:
            continue
        loss = loss_of(model, batch)
        loss.backward()
        share = stage.rate_from + (stage.rate_to - stage.rate_from) * step / stage.steps
        if index == 0:
            share *= min(1.0, (step + 1) / WARM_UP)
        optimiser.step(stage.muon_rate * share, stage.adam_rate * share)
        run.tokens += batch.tokens.numel()
        mean = loss.item() if mean is None else 0.95 * mean + 0.05 * loss.item()
        if (step + 1) % 20 == 0:
            spent = time.monotonic() - begun
            log.info("%s %d loss %.4f, %d tokens, %.0f s", stage.name, step + 1, mean, run.tokens,
                     spent)  # fmt: skip
        if (step + 1) % SAVE_EVERY == 0:
            run.save(model, optimiser, index, step + 1)
    run.done = 0
    run.save(model, optimiser, index + 1, 0)


class Run:
    """Where a training run stands, and its work folder."""

    def __init__(self, work: Path) -> None:
        work.mkdir(parents=True, exist_ok=True)
        self.checkpoint = work / "checkpoint.pt"
        self.bpe = make_tokenizer(work)
        self.tokenizer = self.bpe.runtime()
        self.stage = 0
        self.done = 0
        self.tokens = 0

    def load(self, model: TinyLlama, optimiser: Optimiser) -> None:
        """Go back to the last checkpoint, if there is one."""
        if not self.checkpoint.exists():
            return
        saved = torch.load(self.checkpoint, weights_only=True)
        model.load_state_dict(saved["model"])
        optimiser.load(saved["optimiser"])
        self.stage, self.done, self.tokens = saved["stage"], saved["done"], saved["tokens"]
        log.info("going on at stage %d, step %d", self.stage, self.done)

    def save(self, model: TinyLlama, optimiser: Optimiser, stage: int, done: int) -> None:
        """Write a checkpoint."""
        partial = self.checkpoint.with_suffix(".partial")
        torch.save(
            {
                "model": model.state_dict(),
                "optimiser": optimiser.state(),
                "stage": stage,
                "done": done,
                "tokens": self.tokens,
            },
            partial,
        )
        partial.replace(self.checkpoint)


def main() -> None:
    """Train all stages and write the GGUF."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=REPOSITORY / "build" / "training")
    parser.add_argument("--output", type=Path, default=MODEL)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--export-only", action="store_true", help="write what is trained so far")
    options = parser.parse_args()
    if not ALLOCATOR.items() <= os.environ.items():
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **ALLOCATOR})  # noqa: S606
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(options.threads)
    torch.manual_seed(SEED)
    run = Run(options.work)
    model = TinyLlama(Shape(vocabulary=VOCABULARY))
    structured_start(model, SEED)
    optimiser = Optimiser(model)
    run.load(model, optimiser)
    for stage in () if options.export_only else STAGES[run.stage :]:
        run_stage(model, optimiser, stage, run)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    export(model, run.bpe, options.output, context=CONTEXT)
    log.info("wrote %s, %d bytes", options.output, options.output.stat().st_size)


if __name__ == "__main__":
    main()
