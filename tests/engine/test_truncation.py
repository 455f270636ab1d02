"""Whole turns go, from the middle, and never what must stay."""

from __future__ import annotations

from typing import Any

from oxillama_jupyter.engine.truncation import drop_turns, droppable_turns


def _chat(roles: str) -> list[dict[str, Any]]:
    names = {"s": "system", "d": "developer", "u": "user", "a": "assistant", "t": "tool"}
    return [{"role": names[letter], "content": letter} for letter in roles]


def test_turns_go_oldest_of_the_middle_first_and_the_first_one_last() -> None:
    assert droppable_turns(_chat("suauauau")) == [[3, 4], [5, 6], [1, 2]]


def test_a_tool_call_and_its_output_go_together() -> None:
    assert droppable_turns(_chat("uauatauatau")) == [[2, 3, 4, 5], [6, 7, 8, 9], [0, 1]]


def test_the_newest_user_turn_stays_with_all_that_follows_it() -> None:
    assert droppable_turns(_chat("uauatat")) == [[0, 1]]


def test_system_messages_stay_wherever_they_are() -> None:
    assert droppable_turns(_chat("suasuadu")) == [[4, 5], [1, 2]]


def test_messages_before_the_first_user_are_a_turn() -> None:
    assert droppable_turns(_chat("saauau")) == [[3, 4], [1, 2]]


def test_nothing_can_go_from_a_single_turn() -> None:
    assert droppable_turns(_chat("su")) == []
    assert droppable_turns(_chat("a")) == []
    assert drop_turns(_chat("su"), lambda _rest: False) is None


def test_the_fewest_turns_go() -> None:
    chat = _chat("s" + "ua" * 10 + "u")
    for room in range(2, len(chat)):
        dropped = drop_turns(chat, lambda rest, room=room: len(rest) <= room)

        assert dropped is not None
        assert room - 2 < len(chat) - len(dropped) <= room


def test_none_where_even_the_smallest_chat_does_not_fit() -> None:
    assert drop_turns(_chat("suau"), lambda rest: len(rest) < 2) is None


def test_from_the_start_the_oldest_turns_go_first() -> None:
    assert droppable_turns(_chat("suauauau"), "start") == [[1, 2], [3, 4], [5, 6]]
    chat = _chat("suatauau")
    assert drop_turns(chat, lambda rest: len(rest) < 5, "start") == (1, 2, 3, 4)
