"""Only whole characters leave, and no half of a stop string."""

from __future__ import annotations

import itertools

import pytest

from oxillama_jupyter.engine.text import StopFilter, TextAssembler

SAMPLE = "aé漢🦙\u0301z" * 3


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_only_whole_characters_leave(size: int) -> None:
    data = SAMPLE.encode()
    assembler = TextAssembler()
    pieces = [assembler.push(data[i : i + size]) for i in range(0, len(data), size)]

    assert "".join(pieces) + assembler.finish() == SAMPLE
    assert "\ufffd" not in "".join(pieces)


def test_half_a_character_at_the_end_is_left_out() -> None:
    assembler = TextAssembler()

    assert assembler.push("a🦙".encode()[:-1]) == "a"
    assert assembler.finish() == ""


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert TextAssembler().push(b"a\xffb") == "a\ufffdb"


def test_text_is_withheld_while_it_may_become_a_stop_string() -> None:
    stops = StopFilter(["END"])

    assert [stops.push(piece) for piece in ["a", "bE", "N", "x", "E"]] == ["a", "b", "", "ENx", ""]
    assert stops.finish() == "E"
    assert not stops.stopped


def test_a_stop_string_in_pieces_is_found() -> None:
    stops = StopFilter(["END"])

    assert [stops.push(piece) for piece in ["aE", "N", "D and more", "x"]] == ["a", "", "", ""]
    assert stops.stopped
    assert stops.finish() == ""


@pytest.mark.parametrize(
    ("stops", "text", "expected"),
    [
        (["abc", "b"], "xabcy", "xa"),
        (["bc", "abc"], "xabcy", "x"),
        (["aab"], "aaab", "a"),
        (["\n\n"], "one\ntwo\n\nthree", "one\ntwo"),
        (["🦙!"], "a🦙🦙!b", "a🦙"),
        (["", "x"], "abxc", "ab"),
        ([], "abc", "abc"),
    ],
)
def test_the_pieces_make_no_difference(stops: list[str], text: str, expected: str) -> None:
    for cuts in itertools.product([False, True], repeat=min(len(text) - 1, 9)):
        pieces = [text[0]]
        for index, letter in enumerate(text[1:]):
            if index < len(cuts) and cuts[index]:
                pieces.append("")
            pieces[-1] += letter
        stop_filter = StopFilter(stops)
        said = [stop_filter.push(piece) for piece in pieces]

        assert "".join(said) + stop_filter.finish() == expected
