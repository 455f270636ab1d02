from __future__ import annotations

import io
from itertools import pairwise

import pytest

from oxillama_jupyter.client.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def watched(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Somebody who looks at the standard error; a fixture's would be taken back by pytest."""
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    return terminal


def test_a_terminal_has_one_line_that_is_written_over(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, clock = watched(monkeypatch), Clock()
    progress = Progress(40, 10, shown=True, clock=clock)

    progress.show(0, 0)
    clock.now = 5.0
    progress.show(10, 1)
    progress.close("Done.")

    empty, first, second, last = terminal.getvalue().split("\r")
    assert empty == ""
    assert first == "█████░░░░░░░░░░░░░░░ 10 of 40"
    assert second == "██████████░░░░░░░░░░ 20 of 40, 1 failed, 2.0/s, about 10 s left"
    assert last.rstrip(" \n") == "Done."
    assert last.endswith("\n")
    assert len(last) == len(second) + 1


def test_it_is_shown_a_few_times_a_second_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, clock = watched(monkeypatch), Clock()
    progress = Progress(1000, 0, shown=True, clock=clock)

    for step in range(1000):
        clock.now = step / 500
        progress.show(step, 0)

    shown = terminal.getvalue().split("\r")[1:]
    assert 7 <= len(shown) <= 9
    assert all(one != other for one, other in pairwise(shown))


def test_where_nobody_watches_there_is_only_the_last_line(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.StringIO()
    monkeypatch.setattr("sys.stderr", file)
    progress = Progress(2, 0, shown=True)

    progress.show(1, 0)
    progress.close(progress.summary(2, 0))

    assert file.getvalue() == "2 of 2 done, 0 s.\n"


def test_it_can_be_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = watched(monkeypatch)
    progress = Progress(2, 0, shown=False)
    progress.show(1, 0)
    progress.close("Done.")

    assert terminal.getvalue() == ""


@pytest.mark.parametrize(
    ("seconds", "words"), [(7.4, "7 s"), (90, "2 min"), (3600, "1 h 0 min"), (9000, "2 h 30 min")]
)
def test_the_summary_counts_and_tells_the_time(seconds: float, words: str) -> None:
    clock = Clock()
    progress = Progress(100, 30, shown=False, clock=clock)
    clock.now = seconds

    assert progress.summary(70, 4) == f"96 of 100 done, 4 failed, 30 were there already, {words}."
