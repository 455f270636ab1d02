"""Sequences that generate are kept next to each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oxillama_jupyter.engine.gathering import Gathering, beside, move

PLACES = 12
busy_places = st.sets(st.integers(0, PLACES - 1), min_size=1).map(sorted)


@pytest.mark.parametrize(
    ("busy", "expected"),
    [
        ([], None),
        ([3], None),
        ([0, 1, 2], None),
        ([0, 1, 3], (3, 2)),
        ([0, 2], (2, 1)),
        ([0, 9, 10, 11], (0, 8)),
        ([0, 2, 4], (4, 1)),
    ],
)
def test_the_fewest_are_moved(busy: list[int], expected: tuple[int, int] | None) -> None:
    assert move(busy, PLACES) == expected


@given(busy_places)
def test_in_the_end_all_are_neighbours(busy: list[int]) -> None:
    moves = 0
    places = busy
    while (found := move(places, PLACES)) is not None:
        source, target = found
        assert source in places
        assert target not in places
        places = sorted({*places, target} - {source})
        moves += 1
    assert places[-1] - places[0] == len(busy) - 1
    assert moves < max(len(busy), 2)


def test_neighbours_are_counted() -> None:
    assert [beside(place, [1, 3, 4]) for place in range(6)] == [1, 0, 2, 1, 1, 1]


def test_only_who_goes_on_for_a_while_is_moved_then_one_in_each_step() -> None:
    gathering = Gathering(PLACES)
    assert [gathering.next_move([0, 2]) for _ in range(8)] == [None] * 8
    assert gathering.next_move([0, 2, 4]) is None  # somebody came: wait again
    for _ in range(7):
        assert gathering.next_move([0, 2, 4]) is None
    assert gathering.next_move([0, 2, 4]) == (4, 1)
    assert gathering.next_move([0, 1, 2]) is None
