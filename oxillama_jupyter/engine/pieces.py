"""How prompts are cut into steps, so that llama.cpp reads all of their tokens in its fast way.

On a CPU its flash attention takes 64 tokens of a sequence together; fewer, and what is left over,
it takes one by one, several times as slowly. And where sequences have cells of their own, it cuts a
batch so that each part has as many tokens of each sequence: beside a generation, the first token of
a prompt's piece goes with the generation's, and 64 tokens are 63.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["TILE", "Pieces"]

TILE = 64
"""Tokens of a sequence that flash attention takes together on a CPU."""

_LEAST = 64  # prompt tokens of a sequence in a step; llama.cpp reads fewer at a time more slowly
_DEEP = 1000  # cached tokens; what is read after fewer takes no long time in any way


class Pieces(NamedTuple):
    """The rule by which prompts are cut.

    Attributes:
        tile: How many tokens of a sequence are read together.
        apart: Whether each sequence has cells of its own.
        round_up: From how many missing tokens on, up to `tile`, a whole tile is read sooner, with
            some of the cached tokens before them again; 0 for never.
    """

    tile: int = 1
    apart: bool = True
    round_up: int = 0

    def least(self, generating: int) -> int:
        """The fewest tokens that are read well beside so many generations."""
        return self.tile + self._lead(generating)

    def again(self, missing: int, cached: int, generating: int) -> int:
        """How many cached tokens are better read again, so that the missing ones are read well."""
        if not self.round_up or cached < _DEEP or not self.round_up <= missing < self.tile:
            return 0
        return self.least(generating) - missing

    def shares(self, missing: Sequence[int], budget: int, generating: int) -> Iterator[int]:
        """How much of each prompt a step reads: as much of all that lack so much.

        Args:
            missing: How many tokens each prompt lacks; the first ones go first.
            budget: How many there may be in all.
            generating: How many generations the step has.

        Yields:
            Tokens for each prompt, until there is no room worth having.
        """
        share = 0
        least = max(_LEAST, self.least(generating))
        for place, count in enumerate(missing):
            if not share:
                readers = max(min(len(missing) - place, budget // least), 1)
                share = self._fitting(budget // readers, generating)
            given = min(share, count, budget)
            if place and given < min(count, least):
                return
            yield given
            budget -= given
            if given < share:
                share = 0  # what is left over is for the others

    def _fitting(self, count: int, generating: int) -> int:
        """The most tokens up to `count` that are whole tiles."""
        lead = self._lead(generating)
        return max((count - lead) // self.tile, 1) * self.tile + lead

    def _lead(self, generating: int) -> int:
        """How many tokens of a piece go with the generations."""
        return 1 if self.apart and self.tile > 1 and generating else 0
