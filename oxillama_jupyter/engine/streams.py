"""What generations have received from the engine's process and nobody has read yet."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

import msgspec

from oxillama_jupyter import errors
from oxillama_jupyter.engine.protocol import Delta

if TYPE_CHECKING:
    from collections.abc import Callable

    from oxillama_jupyter.engine.frames import Output
    from oxillama_jupyter.errors import OxillamaError

__all__ = ["Stream", "Streams"]


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


class Streams:
    """The generations that go on, by number."""

    def __init__(self) -> None:
        self._streams: dict[int, Stream] = {}

    def __len__(self) -> int:
        """How many go on."""
        return len(self._streams)

    @property
    def admitted(self) -> int:
        """How many of them have a sequence."""
        return sum(stream.admitted for stream in self._streams.values())

    def open(self, number: int) -> Stream:
        """Begin one."""
        stream = self._streams[number] = Stream()
        return stream

    def close(self, number: int) -> None:
        """End one, whatever it still receives."""
        del self._streams[number]

    def take(self, output: Output) -> bool:
        """Hand an output to its generation; False where that is none of these."""
        stream = self._streams.get(output.id)
        if stream is None:
            return False
        if output.delta is not None:
            stream.push(output.delta)
        else:
            make_error = getattr(errors, output.error or "EngineError")
            stream.fail(make_error(output.message, param=output.param))
        return True

    def fail_all(self, make_error: Callable[[], OxillamaError]) -> None:
        """End all of them with an error."""
        for stream in self._streams.values():
            stream.fail(make_error())


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
