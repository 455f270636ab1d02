"""How far a batch is: one line that is replaced in place, and what is left of it in the end.

It is text and nothing else, so that the saved notebook says how it went, with or without widgets.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Progress"]

_PER_SECOND = 4.0
_WIDTH = 20
_MINUTE = 60.0


class Progress:
    """Shows how far a batch is.

    Args:
        total: How many rows want an answer.
        kept: How many of them were there before.
        shown: Whether to show anything.
        clock: Seconds, for tests.
    """

    def __init__(
        self,
        total: int,
        kept: int,
        *,
        shown: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._total = total
        self._kept = kept
        self._clock = clock
        self._began = clock()
        self._due = self._began
        self._screen = _screen() if shown else None

    def show(self, asked: int, failed: int) -> None:
        """Show the state of now, at most four times a second.

        Args:
            asked: How many have been answered or have failed in this run of the batch.
            failed: How many of them have failed.
        """
        now = self._clock()
        if self._screen is not None and now >= self._due:
            self._due = now + 1 / _PER_SECOND
            self._screen.show(self._line(asked, failed, now - self._began))

    def close(self, line: str) -> None:
        """Leave this line in place of the bar."""
        if self._screen is not None:
            self._screen.close(line)

    def done(self, asked: int, failed: int) -> str:
        """How many have their answers."""
        return f"{self._kept + asked - failed} of {self._total} done"

    def summary(self, asked: int, failed: int) -> str:
        """The line about a batch that has come to its end."""
        parts = [self.done(asked, failed)]
        parts += [f"{failed} failed"] if failed else []
        parts += [f"{self._kept} were there already"] if self._kept else []
        return f"{', '.join(parts)}, {_duration(self._clock() - self._began)}."

    def _line(self, asked: int, failed: int, seconds: float) -> str:
        done = self._kept + asked
        share = done / self._total if self._total else 1.0
        full = int(share * _WIDTH)
        line = f"{'█' * full}{'░' * (_WIDTH - full)} {done} of {self._total}"
        line += f", {failed} failed" if failed else ""
        if asked and seconds > 0:
            left = (self._total - done) * seconds / asked
            line += f", {asked / seconds:.1f}/s, about {_duration(left)} left"
        return line


class _Notebook:
    """One output of the cell."""

    def __init__(self) -> None:
        self._display_id = f"oxillama-{uuid4().hex}"
        self._shown = False

    def show(self, line: str) -> None:
        from IPython.display import display

        display(  # type: ignore[no-untyped-call]
            {"text/plain": line}, raw=True, display_id=self._display_id, update=self._shown
        )
        self._shown = True

    close = show


class _Terminal:
    """A line that is written over; where nobody watches, only the last one."""

    def __init__(self) -> None:
        self._watched = sys.stderr.isatty()
        self._width = 0

    def show(self, line: str) -> None:
        if self._watched:
            self._write(f"\r{line.ljust(self._width)}")
            self._width = len(line)

    def close(self, line: str) -> None:
        self.show(line)
        self._write("\n" if self._watched else f"{line}\n")

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


def _screen() -> _Notebook | _Terminal:
    ipython = sys.modules.get("IPython")  # inside it, it is loaded
    shell = ipython.get_ipython() if ipython is not None else None
    return _Notebook() if hasattr(shell, "kernel") else _Terminal()


def _duration(seconds: float) -> str:
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    minutes = round(seconds / _MINUTE)
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours else f"{minutes} min"
