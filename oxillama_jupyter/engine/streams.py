"""What one generation has received from the engine's process and nobody has read yet."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

import msgspec

from oxillama_jupyter.engine.protocol import Delta

if TYPE_CHECKING:
    from oxillama_jupyter.errors import OxillamaError

__all__ = ["Stream"]


class Stream:
    """What one generation has received and nobody has read; deltas of a lagging reader merge."""

    def __init__(self) -> None:
        self.admitted = False
        self._deltas: deque[Delta] = deque()
        self._error: OxillamaError | None = None
        self._arrived = asyncio.Event()

    def push(self, delta: Delta) -> None:
        """Add a delta, or merge it with the unread one before it."""
        if delta.prompt is not None:
            self.admitted = True
        elif self._deltas and _belong_together(self._deltas[-1], delta):
            delta = _merged(self._deltas.pop(), delta)
        self._deltas.append(delta)
        self._arrived.set()

    def fail(self, error: OxillamaError) -> None:
        """End with an error, after what was received before it."""
        self._error = self._error or error
        self._arrived.set()

    async def next(self) -> Delta:
        """Wait for a delta, or raise the error that ended the generation."""
        while not self._deltas:
            if self._error is not None:
                raise self._error
            self._arrived.clear()
            await self._arrived.wait()
        return self._deltas.popleft()


def _belong_together(earlier: Delta, later: Delta) -> bool:
    """Not what the prompt gave (its facts, its echo) and what was generated after it."""
    of_prompt = earlier.tokens == 0
    generated = later.tokens > 0 or later.finish_reason is not None
    return earlier.prompt is None and not (of_prompt and generated)


def _merged(earlier: Delta, later: Delta) -> Delta:
    merged = Delta.of(
        (*earlier.all_parts, *later.all_parts),
        earlier.tokens + later.tokens,
        later.finish_reason,
        later.usage,
    )
    logprobs = earlier.logprobs + later.logprobs
    prompt_logprobs = earlier.prompt_logprobs + later.prompt_logprobs
    if not logprobs and not prompt_logprobs:
        return merged
    return msgspec.structs.replace(merged, logprobs=logprobs, prompt_logprobs=prompt_logprobs)
