"""When to tell the parent how full the cache is: once a second at most, and before going idle."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from oxillama_jupyter.engine.protocol import EngineStats

__all__ = ["Reporter"]

_SECONDS = 1.0


class Reporter:
    """Remembers what was told last.

    Args:
        read: Gives the figures of now.
        clock: Seconds.
    """

    def __init__(
        self, read: Callable[[], EngineStats], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._read = read
        self._clock = clock
        self._last: EngineStats | None = None
        self._told = clock() - _SECONDS

    def news(self, *, idle: bool) -> EngineStats | None:
        """The figures, if it is time to tell them and they have changed."""
        now = self._clock()
        if now - self._told < _SECONDS and not idle:
            return None
        stats = self._read()
        if stats == self._last:
            return None
        self._last, self._told = stats, now
        return stats
