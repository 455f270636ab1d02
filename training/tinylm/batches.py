"""Batches of fresh conversations, the same ones for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from tinylm.mixer import write_conversation
from tinylm.recipe import Stage
from tinylm.template import render

HEADER = "<|im_start|>assistant\n"
END = "<|im_end|>"
CHUNK = 480

Row = tuple[NDArray[np.int64], NDArray[np.bool_]]


@dataclass
class Batch:
    """Token rows and the positions whose successor is to be learnt."""

    tokens: Tensor
    learn: Tensor


def answer_mask(ids: NDArray[np.int64], header: list[int], end: int) -> NDArray[np.bool_]:
    """Mark the tokens of the answers, the end marks included."""
    mask = np.zeros(len(ids), dtype=bool)
    starts = np.ones(max(0, len(ids) - len(header)), dtype=bool)
    for offset, token in enumerate(header):
        starts &= ids[offset : offset + len(starts)] == token
    ends = np.flatnonzero(ids == end)
    for start in np.flatnonzero(starts) + len(header):
        stop = ends[np.searchsorted(ends, start)]
        mask[start : stop + 1] = True
    return mask


def _pack(rows: list[Row], noise: Tensor, other_share: float) -> Batch:
    longest = max(len(ids) for ids, _ in rows)
    tokens = torch.zeros(len(rows), longest, dtype=torch.long)
    learn = torch.zeros(len(rows), longest, dtype=torch.bool)
    for index, (ids, mask) in enumerate(rows):
        tokens[index, : len(ids)] = torch.from_numpy(ids)
        extra = noise[index, : len(ids)] < other_share
        learn[index, : len(ids)] = torch.from_numpy(mask) | extra
    return Batch(tokens, learn[:, 1:])


def copy_batch(seed: int, budget: int, vocabulary: int) -> Batch:
    """Rows of random tokens whose second half repeats (parts of) the first half."""
    random_numbers = torch.Generator().manual_seed(seed)
    half = int(torch.randint(32, 512, (1,), generator=random_numbers))
    rows = max(1, budget // (2 * half))
    first = torch.randint(0, vocabulary - 16, (rows, half), generator=random_numbers)
    second = first.clone()
    for row in range(rows):
        shift = int(torch.randint(0, half, (1,), generator=random_numbers))
        second[row] = first[row].roll(shift)
    tokens = torch.cat((first, second), dim=1)
    learn = torch.zeros_like(tokens, dtype=torch.bool)
    learn[:, half + 3 :] = torch.rand(rows, half - 3, generator=random_numbers) < 0.4
    return Batch(tokens, learn[:, 1:])


def batches(tokenizer: Tokenizer, stage: Stage, seed: int) -> Iterator[Batch]:
    """Yield batches of about `stage.tokens` tokens without end.

    Args:
        tokenizer: the run-time tokenizer.
        stage: the mix and size of the batches.
        seed: two equal seeds give equal batches.

    Yields:
        Rows of similar length; now and then a batch of random tokens to copy.
    """
    rng = random.Random(seed)
    header = tokenizer.encode(HEADER, add_special_tokens=False).ids
    end = tokenizer.token_to_id(END)
    while True:
        threads = [
            write_conversation(rng, stage.mix, long_share=stage.long_share, long_limit=stage.limit)
            for _ in range(CHUNK)
        ]
        texts = [render(thread.messages, thread.tools) for thread in threads]
        rows = []
        for encoding in tokenizer.encode_batch(texts, add_special_tokens=False):
            ids = np.array(encoding.ids, dtype=np.int64)[: stage.longest]
            if ids[-2] == end or len(ids) < stage.longest:
                rows.append((ids, answer_mask(ids, header, end)))
        rows.sort(key=lambda row: len(row[0]))
        yield from _cut(rows, rng, stage, tokenizer.get_vocab_size())


def _cut(
    rows: list[Row],
    rng: random.Random,
    stage: Stage,
    vocabulary: int,
) -> Iterator[Batch]:
    groups: list[list[Row]] = [[]]
    for row in rows:
        if groups[-1] and (len(groups[-1]) + 1) * len(row[0]) > stage.tokens:
            groups.append([])
        groups[-1].append(row)
    rng.shuffle(groups)
    for group in groups:
        seed = rng.getrandbits(40)
        if rng.random() < stage.copy_share:
            yield copy_batch(seed, stage.tokens, vocabulary)
        longest = max(len(ids) for ids, _ in group)
        noise = torch.rand(len(group), longest, generator=torch.Generator().manual_seed(seed))
        yield _pack(group, noise, stage.other_share)
