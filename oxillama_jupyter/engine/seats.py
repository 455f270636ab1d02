"""What a scripted engine's sequences would hold, for who looks at them."""

from __future__ import annotations

from msgspec.structs import replace

from oxillama_jupyter.engine.protocol import Delta, EngineStats, SequenceState

__all__ = ["Seats"]

_BUSY = {"reading", "generating"}


class Seats:
    """As many sequences as generate at the same time.

    Args:
        count: So many.
    """

    def __init__(self, count: int) -> None:
        self._seats = [SequenceState()] * count
        self._read = self._generated = 0

    def take(self, key: str | None) -> int:
        """The number of the key's own one, or of a free one, or of any that nobody uses."""
        idle = [number for number, one in enumerate(self._seats) if one.state not in _BUSY]
        own = [number for number in idle if key and self._seats[number].key == key]
        return own[0] if own else min(idle, key=lambda number: self._seats[number].tokens > 0)

    def follow(self, number: int, key: str | None, delta: Delta) -> None:
        """Take down what a generation has come to, as a cache would hold it."""
        known = self._seats[number]
        if delta.prompt is not None:
            tokens, cached = delta.prompt.tokens, delta.prompt.cached_tokens
            self._seats[number] = SequenceState("reading", cached, tokens, key or "")
            self._read += tokens - cached
        elif delta.tokens:
            tokens = (known.wanted or known.tokens) + delta.tokens
            self._seats[number] = SequenceState("generating", tokens, 0, known.key)
            self._generated += delta.tokens

    def leave(self, number: int) -> None:
        """A generation has ended; what it held stays."""
        known = self._seats[number]
        self._seats[number] = replace(known, state="idle", wanted=0)

    def stats(self, cells: int) -> EngineStats:
        """How full a cache of so many cells would be."""
        return EngineStats(
            cells=cells,
            cells_used=min(sum(one.tokens for one in self._seats), cells),
            sequences=tuple(self._seats),
            read=self._read,
            generated=self._generated,
        )
