"""Checks that llama.cpp sees the same model as the trainer: `python training/verify.py WORK`.

Compares the tokens of both tokenizers, both renderers of the chat template and the logits.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from pathlib import Path

import numpy as np
import torch

from tinylm.export import export
from tinylm.mixer import write_conversation
from tinylm.model import Shape, TinyLlama
from tinylm.recipe import CONTEXT, STAGES, VOCABULARY
from tinylm.runner import Runner
from tinylm.template import render, render_with_template
from tinylm.thread import Thread
from train import make_tokenizer

ODD = ("Zorvik", " Zorvik", '"Zorvik"', "a  b\n\n c\r\n\td", "héllo wörld", "日本語 テスト",
       "مرحبا", "🙂👍🏽 ok", "e\u0301 \u200d x", "12345 3.14 -7", "it's we'll", "<tools>{}</tools>",
       "%%oxillama -t x --seed 5", "...!!! ??", " ", "\n", "x" * 300, "\x00\x07")  # fmt: skip


def _threads(count: int, long_share: float) -> list[Thread]:
    rng = random.Random(99)
    return [write_conversation(rng, STAGES[0].mix, long_share=long_share) for _ in range(count)]


def check_template(count: int = 600) -> str:
    """Compare the Python renderer with the Jinja template."""
    same = sum(
        render(t.messages, t.tools) == render_with_template(t.messages, t.tools)
        for t in _threads(count, 0.05)
    )
    return f"template: {same} of {count} conversations equal"


def check_tokens(runner: Runner, work: Path, count: int = 400) -> str:
    """Compare the tokenizer of the trainer with that of llama.cpp."""
    tokenizer = make_tokenizer(work).runtime()
    rng = random.Random(5)
    texts = [*ODD, *(render(t.messages, t.tools) for t in _threads(count, 0.05))]
    for _ in range(count):
        texts.append("".join(rng.choice(ODD) + rng.choice(("", " ", "\n")) for _ in range(6)))
        codes = (rng.choice((rng.randint(1, 0x2FF), rng.randint(0x300, 0xD7FF))) for _ in range(40))
        texts.append("".join(chr(code) for code in codes))
    same = sum(
        runner.tokenize(text) == tokenizer.encode(text, add_special_tokens=False).ids
        for text in texts
    )
    return f"tokens: {same} of {len(texts)} texts equal"


def check_logits(work: Path, *, exact: bool) -> str:
    """Compare the logits of PyTorch in 32 bits with those of llama.cpp."""
    model = TinyLlama(Shape(vocabulary=VOCABULARY))
    model.load_state_dict(torch.load(work / "checkpoint.pt", weights_only=True)["model"])
    bpe = make_tokenizer(work)
    worst, same, total = 0.0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.gguf"
        export(model, bpe, path, context=CONTEXT, exact=exact)
        runner = Runner(path)
        for thread in _threads(20, 0.5):
            ids = runner.tokenize(render(thread.messages, thread.tools))[:1500]
            with torch.no_grad():
                ours = model(torch.tensor([ids]))[0].numpy()
            for stop in (2, len(ids) // 3, len(ids) - 1):
                theirs = runner.scores(ids[:stop])
                worst = max(worst, float(np.abs(theirs - ours[stop - 1]).max()))
                same += int(theirs.argmax() == ours[stop - 1].argmax())
                total += 1
        runner.close()
    kind = "32-bit" if exact else "Q8_0"
    return f"logits {kind}: largest difference {worst:.4f}, {same} of {total} first choices equal"


def main() -> None:
    """Run all checks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path, help="the work folder of train.py")
    parser.add_argument("--model", type=Path, required=True, help="a GGUF with this tokenizer")
    options = parser.parse_args()
    torch.set_num_threads(1)
    runner = Runner(options.model)
    lines = [check_template(), check_tokens(runner, options.work)]
    runner.close()
    lines += [check_logits(options.work, exact=exact) for exact in (True, False)]
    print("\n".join(lines))


if __name__ == "__main__":
    main()
