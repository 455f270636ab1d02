"""How many generations there may be, and whose is next, whatever route asked for them."""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager

from oxillama_jupyter.errors import QueueFull
from oxillama_jupyter.services.queueing import FairPlaces

__all__ = ["Places"]


class Places:
    """Places at the engine's sequences, and a bound on how many may wait for one.

    Attributes:
        taken: How many generate or wait now.
        most: How many may.
        last_activity: When the last one ended, in Unix seconds.

    Args:
        n_parallel: How many generate with one model at the same time.
        max_queue: How many may wait; one more is refused with `QueueFull`.
    """

    def __init__(self, *, n_parallel: int, max_queue: int) -> None:
        # Each model has sequences of its own, and one that loads must not hold up the others.
        self._models = defaultdict[str, FairPlaces](lambda: FairPlaces(n_parallel))
        self.most = n_parallel + max_queue
        self.taken = 0
        self.last_activity = time.time()

    def enter(self) -> None:
        """Count one that was admitted already, such as a run that was stored before a restart."""
        self.taken += 1

    def leave(self) -> None:
        """One has ended."""
        self.taken -= 1
        self.last_activity = time.time()

    @contextlib.contextmanager
    def admission(self) -> Iterator[None]:
        """Be one of those who generate or wait.

        Raises:
            QueueFull: `max_queue` are waiting already.
        """
        if self.taken >= self.most:
            raise QueueFull(
                f"{self.taken} runs are executing or waiting, which is as many as this server "
                "takes (OxillamaApp.n_parallel and max_queue). Try again in a moment."
            )
        self.enter()
        try:
            yield
        finally:
            self.leave()

    def place(self, model: str, user: str) -> AbstractAsyncContextManager[None]:
        """Wait for one of a model's sequences and hold it; users take turns."""
        return self._models[model].place(user)
