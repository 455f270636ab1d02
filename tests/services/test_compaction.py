"""How a conversation is taken apart that is too long to be summed up at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from response_worlds import server
from worlds import run

from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.schemas.items import CompactionItem
from oxillama_jupyter.schemas.responses import CompactResponse
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


def test_an_upstream_need_not_tell_its_context(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        engine = ScriptedEngine("A summary.")
        untold = replace(engine.models()[0], n_ctx=0)
        monkeypatch.setattr(engine, "models", lambda: [untold])
        async with server(tmp_path / "db", engine) as (service, _, _):
            work = await service.compact(CompactResponse(model="scripted", input="Hi"), user="")
            assert isinstance((await work.result()).output[-1], CompactionItem)
            await work.aclose()

    run(test)
