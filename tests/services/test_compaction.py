"""How a conversation is taken apart that is too long to be summed up at once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from oxillama_jupyter.services.compaction import halves, transcript

CALL = {"function": {"name": "look", "arguments": '{"at": "sea"}'}}


def test_a_transcript_has_all_that_was_said_and_done() -> None:
    chat = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "How is the sea?"},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "content": "calm"},
        {"role": "assistant", "content": "It is calm."},
    ]
    assert transcript(chat).splitlines() == [
        "system: Be kind.",
        "user: How is the sea?",
        'assistant called look({"at": "sea"})',
        "tool output: calm",
        "assistant: It is calm.",
    ]


def test_a_text_is_cut_between_lines_where_that_is_near_the_middle() -> None:
    assert halves("one\ntwo\nthree") == ("one\n", "two\nthree")
    assert halves("a\n" + "b" * 20) == ("a\n" + "b" * 9, "b" * 11)


@given(st.text(alphabet="ab\n"))
def test_halves_are_the_whole_and_shorter(text: str) -> None:
    first, second = halves(text)
    assert first + second == text
    assert len(text) < 2 or (first and second)
