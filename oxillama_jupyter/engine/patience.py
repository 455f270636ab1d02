"""How long an upstream is waited for, and how often it is asked again."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oxillama_jupyter.engine.remote_failures import Failure

__all__ = ["Patience"]


@dataclass(frozen=True)
class Patience:
    """How long to wait for an upstream, in seconds.

    Attributes:
        connect: For a connection.
        idle: For the next bytes of an answer, its first ones too.
        attempts: How often a request is sent in all, as long as nothing of its answer has come.
        backoff: Before the second attempt, and before the first look whether it is back; doubles.
        longest_backoff: The longest wait between two looks.
        longest_wait: The longest `retry-after` that is waited for; a longer one is passed on.
        refresh: Between two looks at its models while all is well and nothing generates.
    """

    connect: float = 10.0
    idle: float = 300.0
    attempts: int = 4
    backoff: float = 0.25
    longest_backoff: float = 15.0
    longest_wait: float = 10.0
    refresh: float = 60.0

    def pause(self, failure: Failure, attempt: int) -> float | None:
        """How long to wait before the next attempt; None for no other one."""
        if not failure.retry or attempt >= self.attempts:
            return None
        if failure.wait is not None:
            return failure.wait if failure.wait <= self.longest_wait else None
        # Requests that were refused together do not come back together.
        spread = random.uniform(0.8, 1.2)  # noqa: S311
        return self.backoff * spread * float(2 ** (attempt - 1))
