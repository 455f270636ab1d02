"""The recipe: sizes, seeds and stages of the training."""

from __future__ import annotations

from dataclasses import dataclass, field

SEED = 2026
VOCABULARY = 1792
SPACED_WORDS = 450
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
    Stage("short", 500, long_share=0.02, limit=2600, copy_share=0.05),
    Stage("long", 400, long_share=0.08, copy_share=0.04),
    Stage(
        "decay",
        1160,
        rate_from=0.9,
        rate_to=0.0,
        long_share=0.055,
        limit=5600,
        longest=1600,
        copy_share=0.01,
        other_share=0.05,
        mix={"plain": 26, "styled": 24, "with_tools": 24, "sums": 20, "memory": 13},
    ),
    Stage(
        "finish",
        390,
        rate_from=0.45,
        rate_to=0.0,
        long_share=0.055,
        limit=5600,
        longest=1600,
        other_share=0.03,
        mix={"plain": 26, "styled": 24, "with_tools": 30, "sums": 14, "memory": 18},
    ),
    Stage(
        "polish",
        2000,
        rate_from=0.6,
        rate_to=0.0,
        long_share=0.06,
        limit=5600,
        longest=1600,
        other_share=0.03,
        mix={"plain": 22, "styled": 24, "with_tools": 34, "sums": 9, "memory": 22},
    ),
)

# The stages before and after the last restart of the rates are good at different things; the mean
# of their weights keeps both.
AVERAGED = ("finish", "polish")
