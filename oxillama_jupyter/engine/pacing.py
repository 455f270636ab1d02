"""How many threads generate, found out while they do.

llama.cpp's threads wait for each other some hundred times a token. Where something else computes on
the same cores, one of them is always late, and fewer threads are often several times faster. Only
the time that steps take tells: so now and then, and whenever that time has changed, a few steps are
made with other counts, and the fastest one stays.

Reading a prompt waits far less often, and is best done with all threads whatever the neighbours do.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Pacer", "rungs"]

_BLOCK_STEPS = 6  # of one shape and with one count, that make a verdict
_BLOCK_SECONDS = 0.1  # and so long at least: neighbours get the core for milliseconds at a time
_CLEARLY = 1.15  # times as fast, or it may be chance
_AS_FAST = 1.0  # enough for fewer threads where others want the cores
_CHANGED = 1.3  # times as slow, or as fast, for two blocks: somebody came or went
_HOPELESS = 1.5  # times as slow, after some steps
_SOME_STEPS = 3
_SOON = 1.0  # seconds of generating until the first look; each doubles the time until the next
_LATE = 32.0
_LOST = 4.0  # the same where threads rest: their core may be free again, and nothing else tells
_TWICE = 2  # looks after steps have changed: one of them may be unlucky
_LEISURE = 40  # times as long as a look takes is the least until the next one
_HASTE = 16  # the part of the time until the next look to wait at least where steps have changed
_RUSH = 4  # and so many times as long as a look takes


def rungs(most: int) -> list[int]:
    """The counts worth trying: parts of all threads, and one less for a neighbour with one core."""
    found = {1, most // 4, most // 2, 3 * most // 4, most - 1, most}
    return sorted(count for count in found if count > 0)


@dataclass(slots=True)
class _Block:
    """Some steps that can be compared with others."""

    steps: int = 0
    seconds: float = 0.0

    def add(self, seconds: float) -> None:
        self.steps += 1
        self.seconds += seconds

    @property
    def full(self) -> bool:
        return self.steps >= _BLOCK_STEPS and self.seconds >= _BLOCK_SECONDS

    @property
    def mean(self) -> float:
        return self.seconds / self.steps


class Pacer:
    """Chooses the threads of each step.

    Attributes:
        most: Threads that read, and that generate on a quiet machine.
        now: Threads that generate at present.

    Args:
        most: Threads there are.
        fixed: Whether that is the user's own choice, which stays.
    """

    def __init__(self, most: int, *, fixed: bool = False) -> None:
        self.most = self.now = most
        self._rungs = [most] if fixed else rungs(most)
        self._shape = 0
        self._block = _Block()
        self._settled: list[float] = []  # seconds a step, of the last two blocks
        self._reference = 0.0  # the same, when other counts were last compared with
        self._since = 0.0  # seconds of generating since then
        self._looked = 0.0  # seconds which that took
        self._pause = _SOON
        self._doubts = 0  # looks that are still to be made soon
        self._crowded = False  # whether steps have become slower
        self._untried: list[int] = []
        self._tried: dict[int, float] = {}

    def threads(self, rows: int, tokens: int) -> int:
        """Choose for a step of so many sequences and tokens.

        Where each sequence has one token it is generated with what suits just now; otherwise a
        prompt is read.
        """
        if tokens > rows:
            return self.most
        return self._untried[0] if self._untried else self.now

    def took(self, rows: int, tokens: int, seconds: float) -> None:
        """Learn how long such a step took, with the threads that were chosen for it."""
        if tokens > rows or len(self._rungs) == 1:
            return
        if rows != self._shape:
            self._begin(rows)
        self._block.add(seconds)
        if self._untried:
            self._looked += seconds
            if self._block.full or self._hopeless():
                self._judge()
        else:
            self._since += seconds
            if self._block.full:
                self._settle()

    def _begin(self, rows: int) -> None:
        """Steps of another shape take another time: nothing that was measured helps."""
        self._shape = rows
        self._block, self._settled, self._reference = _Block(), [], 0.0
        self._untried, self._tried = [], {}

    def _settle(self) -> None:
        """Note the end of a block with the count in use, and see whether to try others."""
        self._settled = [*self._settled[-1:], self._block.mean]
        self._block = _Block()
        if len(self._settled) < 2:  # noqa: PLR2004  # blocks
            return
        self._reference = self._reference or self._level
        self._watch()
        if self._since >= self._wait():
            self._doubts = max(self._doubts - 1, 0)
            near = sorted(self._rungs, key=lambda count: abs(count - self.now))
            self._untried = near[1:]
            self._looked = 0.0

    def _wait(self) -> float:
        """Seconds of generating between two looks, as things are."""
        if self._doubts:
            return max(self._pause / _HASTE, _RUSH * self._looked)
        pause = self._pause if self.now == self.most else min(self._pause, _LOST)
        return max(pause, _LEISURE * self._looked)

    def _watch(self) -> None:
        """Notice when steps have become slower, or faster, for longer than by chance."""
        slower = min(self._settled) > _CHANGED * self._reference
        if slower or max(self._settled) * _CHANGED < self._reference:
            self._doubts, self._crowded = _TWICE, slower

    def _hopeless(self) -> bool:
        """Whether the count being tried cannot win any more."""
        block = self._block
        wasted = block.seconds > max(_BLOCK_STEPS * self._level, _BLOCK_SECONDS)
        if wasted and block.mean > self._level:
            return True
        return block.steps >= _SOME_STEPS and block.mean > _HOPELESS * self._level

    def _judge(self) -> None:
        """Note what a count gave; after the last one, use the best."""
        self._tried[self._untried.pop(0)] = self._block.mean
        self._block = _Block()
        if self._untried:
            return
        best = min(self._tried, key=lambda count: self._tried[count])
        fewer = self._crowded and best < self.now
        clearly = _AS_FAST if fewer else _CLEARLY
        better = self._tried[best] * clearly < min(self._settled)
        self._pause = min(2 * self._pause, _LATE)
        self._reference = self._tried[best] if better else self._level
        if better:
            self.now = best
            self._crowded = self._crowded and best < self.most
        self._since = 0.0
        self._settled, self._tried = [], {}

    @property
    def _level(self) -> float:
        return sum(self._settled) / len(self._settled)
