"""From token bytes to text that may leave: whole characters only, and never half a stop string."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["StopFilter", "TextAssembler"]

_decoder = codecs.getincrementaldecoder("utf-8")


class StopFilter:
    """Withholds text while it may still grow into a stop string.

    The stop string that completes first wins, whatever pieces the text arrives in.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""
        self.stopped = False

    def push(self, text: str) -> str:
        """Take new text; return what is certain to precede any stop string."""
        if not self._stops:
            return text
        if self.stopped:
            return ""
        buffer = self._held + text
        cut = self._first_match(buffer)
        if cut is not None:
            self.stopped = True
            self._held = ""
            return buffer[:cut]
        keep = max(_overlap(buffer, stop) for stop in self._stops)
        split = len(buffer) - keep
        self._held = buffer[split:]
        return buffer[:split]

    @property
    def held(self) -> str:
        """What is withheld."""
        return self._held

    def finish(self) -> str:
        """Return what was withheld: nothing can match any more."""
        held, self._held = self._held, ""
        return held

    def _first_match(self, buffer: str) -> int | None:
        ends = [
            (start + len(stop), start) for stop in self._stops if (start := buffer.find(stop)) >= 0
        ]
        return min(ends)[1] if ends else None


def _overlap(text: str, stop: str) -> int:
    """Length of the longest end of `text` that is a proper beginning of `stop`."""
    for length in range(min(len(stop) - 1, len(text)), 0, -1):
        if text.endswith(stop[:length]):
            return length
    return 0


class TextAssembler:
    """Turns the byte pieces of one generation into text.

    Bytes that can never become a character are replaced by U+FFFD; a character that the end of the
    generation cuts in half is left out.
    """

    def __init__(self, stops: Sequence[str] = ()) -> None:
        self._decoder = _decoder(errors="replace")
        self._decode = self._decoder.decode
        self._filter = StopFilter(stops)

    @property
    def stopped(self) -> bool:
        """Whether a stop string was met."""
        return self._filter.stopped

    def pending(self) -> bytes:
        """What has been taken and has not left yet."""
        return self._filter.held.encode() + self._decoder.getstate()[0]

    def push(self, piece: bytes) -> str:
        """Take one token's bytes; return the text that may leave now."""
        return self._filter.push(self._decode(piece))

    def finish(self) -> str:
        """Return the text withheld so far."""
        return self._filter.finish()
