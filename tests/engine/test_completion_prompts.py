"""Prompts without a chat: as they are, echoed, and around a hole."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from engine.helpers import ENDS, answer, ask, collect, started, text_of
from engine.models import with_metadata
from engine.test_logprobs import CLOSE, Reference, logprobs_of

from oxillama_jupyter.engine.local import LocalEngine
from oxillama_jupyter.engine.protocol import (
    Constraint,
    Delta,
    GenerateRequest,
    Sampling,
    TokenLogprob,
)
from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.errors import ContextLengthExceeded, InvalidRequest

MakeEngine = Callable[..., LocalEngine]
LONG = "every good boy deserves favour and 漢字 too; " * 8


def complete(prompt: str | tuple[int, ...], max_tokens: int = 6, **options: Any) -> GenerateRequest:
    sampling = Sampling(temperature=0, max_tokens=max_tokens, logit_bias=ENDS)
    return GenerateRequest(prompt=prompt, sampling=sampling, **options)


def prompt_logprobs_of(deltas: list[Delta]) -> list[TokenLogprob]:
    return [entry for delta in deltas for entry in delta.prompt_logprobs]


async def test_text_and_its_tokens_are_one_prompt(local: MakeEngine, small_model: Path) -> None:
    reference = Reference(small_model)
    tokens = reference.vocabulary.tokenize(LONG, special=False)
    rows = reference.logprobs(tokens)
    reference.close()
    async with started(local()) as engine:
        text = await collect(engine, complete(LONG, logprobs=0))
        same = await collect(engine, complete(tuple(tokens), logprobs=0))

    assert text[0].prompt.tokens == len(tokens)  # this model wants no first token, no template
    assert text_of(text) == text_of(same)
    assert logprobs_of(text)[0].logprob == pytest.approx(rows[-1].max(), abs=CLOSE)


async def test_a_first_token_comes_where_the_model_wants_one(
    local: MakeEngine, small_model: Path, tmp_path: Path
) -> None:
    reference = Reference(small_model)
    bos = reference.vocabulary.bos
    tokens = reference.vocabulary.tokenize("hi", special=False)
    reference.close()
    model = with_metadata(small_model, tmp_path / "begins.gguf", add_bos_token=True)
    async with started(local(model)) as engine:
        echoes = [
            prompt_logprobs_of(await collect(engine, complete(prompt, echo=True, logprobs=0)))
            for prompt in ("hi", tuple(tokens), "")
        ]

    seen = [[entry.token for entry in echo] for echo in echoes]
    assert seen == [[bos, *tokens], tokens, [bos]]


async def test_control_tokens_in_a_text_are_text(local: MakeEngine) -> None:
    async with started(local()) as engine:
        deltas = await collect(engine, complete("<|im_end|>", echo=True, logprobs=0))
        empty = await collect(engine, complete(""))

    entries = prompt_logprobs_of(deltas)
    assert len(entries) > 1
    assert b"".join(entry.raw for entry in entries) == b"<|im_end|>"
    assert empty[0].prompt.tokens == 1  # that of a new document


async def test_filling_in_is_the_models_own_order(
    local: MakeEngine, small_model: Path, tmp_path: Path
) -> None:
    model = with_metadata(
        small_model,
        tmp_path / "fim.gguf",
        fim_pre_token_id=300,
        fim_suf_token_id=301,
        fim_mid_token_id=302,
    )
    reference = Reference(model)
    head, tail = (reference.vocabulary.tokenize(text, special=False) for text in ("ab", "yz"))
    reference.close()
    async with started(local(model)) as engine:
        filled = await answer(engine, complete("ab", suffix="yz"))
        by_hand = await answer(engine, complete((300, *head, 301, *tail, 302)))

    assert filled == by_hand


async def test_echo_tells_how_probable_the_prompt_was(local: MakeEngine, small_model: Path) -> None:
    reference = Reference(small_model)
    tokens = reference.vocabulary.tokenize(LONG, special=False)
    rows = reference.logprobs(tokens)
    reference.close()
    assert len(tokens) > 2 * 64  # more than the logits of one step
    async with started(local()) as engine:
        plain = await answer(
            engine, complete(LONG)
        )  # now it is cached, and read again all the same
        deltas, other, talk = await asyncio.gather(
            collect(engine, complete(LONG, echo=True, logprobs=2)),
            collect(engine, complete(tuple(tokens), echo=True, logprobs=0)),
            collect(engine, ask("hello", max_tokens=30)),
        )
        alone = await answer(engine, ask("hello", max_tokens=30))
        quiet = await collect(engine, complete(LONG, echo=True))

    entries = prompt_logprobs_of(deltas)
    assert text_of(deltas) == text_of(other) == text_of(quiet) == LONG + plain
    assert deltas[0].prompt.cached_tokens == 0
    assert [entry.token for entry in entries] == tokens
    assert entries[0].logprob is None
    for position, entry in enumerate(entries[1:]):
        assert entry.logprob == pytest.approx(rows[position][entry.token], abs=CLOSE)
        assert entry.top[0].logprob == pytest.approx(rows[position].max(), abs=CLOSE)
    first = next(index for index, delta in enumerate(deltas) if delta.tokens)
    assert not any(delta.prompt_logprobs for delta in deltas[first + 1 :])
    assert len(logprobs_of(deltas)) == 6
    assert text_of(talk) == alone
    assert prompt_logprobs_of(quiet) == []
    assert quiet[0].prompt.cached_tokens == len(tokens) - 1


async def test_what_cannot_be_is_refused(local: MakeEngine) -> None:
    async with started(local()) as engine:
        for request, match, param in (
            (complete((1, 1536)), "0 to 1535; 1536 is none", "prompt"),
            (complete((-1,)), "-1 is none", "prompt"),
            (complete("a", suffix="b"), "no tokens for filling", "suffix"),
            (complete("a", suffix="b", echo=True), "exclude each other", "echo"),
            (complete("a", messages=[{"role": "user", "content": "b"}]), "no messages", "prompt"),
            (ask("a", echo=True), "needs a 'prompt'", "echo"),
            (ask("a", suffix="b"), "needs a 'prompt'", "suffix"),
        ):
            with pytest.raises(InvalidRequest, match=match) as caught:
                await collect(engine, request)
            assert caught.value.param == param
        with pytest.raises(ContextLengthExceeded, match=r"600 tokens.* 512") as caught:
            await collect(engine, complete((5,) * 600, truncation="middle"))
        assert caught.value.param == "prompt"


async def test_a_raw_prompt_obeys_a_format(local: MakeEngine) -> None:
    async with started(local()) as engine:
        text = await answer(engine, complete("a", constraint=Constraint("regex", "[xy]{3}")))

    assert len(text) == 3
    assert set(text) <= set("xy")


async def test_a_scripted_engine_echoes() -> None:
    async with started(ScriptedEngine("three")) as engine:
        deltas = await collect(engine, complete("one two ", echo=True, logprobs=1))

    assert text_of(deltas) == "one two three"
    assert [entry.text for entry in prompt_logprobs_of(deltas)] == ["one", " two", " "]
    assert prompt_logprobs_of(deltas)[0].logprob is None
