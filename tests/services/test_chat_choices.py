from __future__ import annotations

from typing import Any

import pytest

from oxillama_jupyter.engine.protocol import (
    CallArguments,
    CallBegin,
    CallEnd,
    Delta,
    Part,
    PromptInfo,
    Reasoning,
    Text,
    TokenLogprob,
    Usage,
)
from oxillama_jupyter.errors import EngineError
from oxillama_jupyter.schemas.chat import ChunkChoice
from oxillama_jupyter.services.chat_choices import ChoiceWriter

CALL: list[Part] = [CallBegin(0, "c0", "look"), CallArguments(0, "{}"), CallEnd(0, complete=True)]


def written(*deltas: Delta, **settings: Any) -> tuple[ChoiceWriter, list[ChunkChoice]]:
    sent: list[ChunkChoice] = []
    writer = ChoiceWriter(0, sent.append, **settings)
    writer.open()
    for delta in deltas:
        writer.take(delta)
    return writer, sent


def parts(*given: Part) -> Delta:
    return Delta.of(given, 1)


def logprobs(*texts: str) -> tuple[TokenLogprob, ...]:
    return tuple(TokenLogprob(1, text.encode(), -0.5) for text in texts)


END = Delta(finish_reason="stop", usage=Usage(5, 3))


def test_text_behind_a_call_is_not_taken() -> None:
    writer, sent = written(parts(Text("Hm. "), *CALL), Delta(text="And then"))
    assert writer.over
    before = len(sent)
    writer.take(Delta(text="more"))
    writer.end()
    assert len(sent) == before
    choice = writer.choice()
    assert (choice.message.content, choice.finish_reason) == ("Hm. ", "tool_calls")


def test_a_broken_off_generation_is_counted_by_hand() -> None:
    writer, _ = written(
        Delta(prompt=PromptInfo(7, 2)), parts(*CALL), Delta(text="x", tokens=2), legacy=True
    )
    assert writer.usage == Usage(7, 3, 2)
    assert writer.choice().finish_reason == "function_call"


def test_a_generation_without_an_end_is_none() -> None:
    writer, _ = written(Delta(text="x"))
    with pytest.raises(EngineError):
        writer.end()


def test_no_chunk_holds_two_pieces() -> None:
    _, sent = written(parts(Reasoning("a"), Text("b"), *CALL), END)
    assert len(sent) == 5  # role, reasoning, text, call, arguments


def test_withheld_text_brings_its_logprobs_along() -> None:
    writer, sent = written(
        Delta(tokens=1, logprobs=logprobs("<")),
        Delta(text="<b", tokens=1, logprobs=logprobs("b")),
        END,
        logprobs=True,
    )
    writer.end()
    (chunk,) = [one for one in sent if one.logprobs is not None]
    assert [entry.token for entry in (chunk.logprobs and chunk.logprobs.content) or ()] == [
        "<",
        "b",
    ]
    assert chunk.delta.content == "<b"


def test_tokens_that_a_stop_text_swallowed_are_told() -> None:
    writer, sent = written(
        Delta(text="a", tokens=1, logprobs=logprobs("a")),
        Delta(tokens=1, logprobs=logprobs("STOP")),
        END,
        logprobs=True,
    )
    writer.end()
    whole = writer.choice().logprobs
    assert whole is not None
    assert [entry.token for entry in whole.content or ()] == ["a", "STOP"]
    assert sent[-1].delta.content == ""


def test_tokens_of_calls_and_reasoning_are_none_of_the_answers() -> None:
    writer, _ = written(
        Delta(tokens=1, logprobs=logprobs("<think>")),
        Delta.of([Reasoning("Hm")], 1),
        Delta(tokens=2, logprobs=logprobs("</think>", "\n")),
        Delta(text="Yes", tokens=1, logprobs=logprobs("Y", "es")),
        Delta(tokens=1, logprobs=logprobs("<tool_call>")),
        parts(*CALL),
        END,
        logprobs=True,
    )
    writer.end()
    whole = writer.choice().logprobs
    assert whole is not None
    assert [entry.token for entry in whole.content or ()] == ["Y", "es"]


def test_no_logprobs_are_null_and_empty_ones_have_null_inside() -> None:
    writer, _ = written(END)
    assert writer.choice().logprobs is None
    writer, _ = written(parts(*CALL), END, logprobs=True)
    found = writer.choice().logprobs
    assert found is not None
    assert found.content is None


def test_a_call_that_the_limit_cut_ended_for_its_length() -> None:
    writer, _ = written(parts(*CALL[:2]), Delta(finish_reason="length", usage=Usage(1, 1)))
    assert writer.choice().finish_reason == "length"
    assert writer.choice().message.content is None
