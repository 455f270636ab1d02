"""The recipe: sizes, seeds and stages of the training."""

from __future__ import annotations

from dataclasses import dataclass, field

SEED = 2026
VOCABULARY = 1408
SPACED_WORDS = 300
TOKENIZER_TEXTS = 16_000
CONTEXT = 1536


@dataclass(frozen=True)
class Stage:
    """A part of the training with its own mix of conversations.

    Attributes:
        name: used in logs.
        steps: number of optimiser steps.
        muon_rate: learning rate of the block matrices.
        adam_rate: learning rate of embedding and norms.
        rate_from: share of the rates at the first step of the stage.
        rate_to: share of the rates after the last step.
        long_share: share of long conversations.
        limit: characters of the longest conversations.
        longest: rows are cut off at this many tokens.
        copy_share: share of batches of random tokens to copy.
        other_share: share of the tokens outside answers that are learnt too.
        tokens: tokens in a batch.
        mix: weight of each kind of short conversation.
    """

    name: str
    steps: int
    muon_rate: float = 0.01
    adam_rate: float = 0.002
    rate_from: float = 1.0
    rate_to: float = 1.0
    long_share: float = 0.0
    limit: int = 4200
    longest: int = 1280
    copy_share: float = 0.0
    other_share: float = 0.12
    tokens: int = 6144
    mix: dict[str, float] = field(
        default_factory=lambda: {
            "plain": 30, "styled": 22, "with_tools": 26, "sums": 10, "memory": 14,
        }
    )  # fmt: skip


STAGES = (
    Stage("short", 400, long_share=0.02, limit=2400, copy_share=0.05),
    Stage("long", 1100, long_share=0.07, copy_share=0.03),
    Stage(
        "decay",
        2000,
        rate_to=0.0,
        long_share=0.06,
        limit=5000,
        longest=1600,
        copy_share=0.02,
        other_share=0.04,
        mix={"plain": 22, "styled": 24, "with_tools": 34, "sums": 11, "memory": 22},
    ),
)
