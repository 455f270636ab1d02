"""The event log of one stream: each event is encoded once, every reader holds its own cursor.

One writer appends, any number of readers follow or replay. A reader that lags gets everything it
missed in one batch; a reader that leaves ends only itself. Not thread-safe: the event loop's only.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

import msgspec

__all__ = ["DATA_DONE", "DONE", "EventLog", "encode_data", "encode_event"]

DONE = b"event: done\ndata: [DONE]\n\n"
DATA_DONE = b"data: [DONE]\n\n"
_encoder = msgspec.json.Encoder()


def encode_event(name: str, data: Any) -> bytes:  # any struct or JSON value
    """One server-sent event: an `event:` line, one `data:` line, LF only, a blank line."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), _encoder.encode(data))


def encode_data(data: Any) -> bytes:  # any struct
    """One server-sent event without a name, as streams of completions have them."""
    return b"data: %b\n\n" % _encoder.encode(data)


class EventLog:
    """All frames of one stream, from event 0 on, and who waits for more.

    Args:
        frames: Frames of a finished stream to replay; such a log is closed from the start.
    """

    def __init__(self, frames: Iterable[bytes] | None = None) -> None:
        self.frames: list[bytes] = list(frames or ())
        self.closed = frames is not None
        self._waiters: set[asyncio.Future[bool]] = set()

    def append(self, name: str, data: Any) -> None:  # any struct or JSON value
        """Encode an event and wake the readers."""
        self.append_frame(encode_event(name, data))

    def append_frame(self, frame: bytes) -> None:
        """Add a frame that is encoded already."""
        self.frames.append(frame)
        self._wake()

    def close(self) -> None:
        """No event follows; readers end when they have read everything."""
        self.closed = True
        self._wake()

    async def read(self, start: int = 0, idle: float = 15.0) -> AsyncIterator[Sequence[bytes]]:
        """Yield all frames from number `start` on, in batches, until the log is closed.

        Yields an empty batch whenever nothing came for `idle` seconds, so that the reader can keep
        its connection alive.
        """
        cursor = start
        while True:
            if cursor < len(self.frames):
                batch = self.frames[cursor:]
                cursor += len(batch)
                yield batch
            elif self.closed:
                return
            elif not await self._more(idle):
                yield ()

    async def _more(self, idle: float) -> bool:
        """Wait for a change; False after `idle` seconds without one."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[bool] = loop.create_future()
        timer = loop.call_later(idle, _resolve, waiter, False)  # noqa: FBT003  # call_later's form
        self._waiters.add(waiter)
        try:
            return await waiter
        finally:
            timer.cancel()
            self._waiters.discard(waiter)

    def _wake(self) -> None:
        for waiter in self._waiters:
            _resolve(waiter, True)  # noqa: FBT003  # as above


def _resolve(waiter: asyncio.Future[bool], changed: bool) -> None:  # noqa: FBT001  # call_later's
    if not waiter.done():
        waiter.set_result(changed)
