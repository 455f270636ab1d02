"""Log-probabilities through the real engine, against a bare context on the same tokens."""

from __future__ import annotations

import asyncio
import ctypes
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import llama_cpp
import numpy as np
import pytest
from engine.helpers import ask, collect, started, text_of
from numpy.typing import NDArray

from oxillama_jupyter.engine.frames import Configure
from oxillama_jupyter.engine.llama import Llama
from oxillama_jupyter.engine.local import LocalEngine
from oxillama_jupyter.engine.protocol import Constraint, Delta, GenerateRequest, TokenLogprob
from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.engine.streams import Stream
from oxillama_jupyter.engine.templates import PromptBuilder
from oxillama_jupyter.errors import InvalidRequest

MakeEngine = Callable[..., LocalEngine]
CLOSE = 0.1  # batch shapes and kernels round 8-bit weights differently


class Reference:
    """Log-probabilities by llama.cpp alone: one decode of everything, softmax in numpy."""

    def __init__(self, path: Path) -> None:
        self.llama = Llama(Configure(str(path), "m", n_ctx=512, n_threads=1))
        self.vocabulary = self.llama.vocabulary
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = params.n_batch = params.n_ubatch = 512
        params.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
        self._context = llama_cpp.llama_init_from_model(self.llama._model, params)

    def prompt(self, request: GenerateRequest) -> list[int]:
        return PromptBuilder(self.vocabulary, self.llama.template, 512).build(request)[0]

    def logprobs(self, tokens: list[int]) -> NDArray[np.float64]:
        """Row i: what the model thinks follows tokens[: i + 1]."""
        n_tokens, n_vocab = len(tokens), self.vocabulary.n_tokens
        batch = llama_cpp.llama_batch_init(n_tokens, 0, 1)
        for index, token in enumerate(tokens):
            batch.token[index] = token
            batch.pos[index] = index
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = 0
            batch.logits[index] = 1
        batch.n_tokens = n_tokens
        memory = llama_cpp.llama_get_memory(self._context)
        llama_cpp.llama_memory_clear(memory, False)  # noqa: FBT003
        assert llama_cpp.llama_decode(self._context, batch) == 0
        rows = llama_cpp.llama_get_logits(self._context)
        size = n_tokens * n_vocab
        array = (ctypes.c_float * size).from_address(ctypes.addressof(rows.contents))
        logits = np.array(array, np.float64).reshape(n_tokens, n_vocab)
        llama_cpp.llama_batch_free(batch)
        return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))

    def close(self) -> None:
        llama_cpp.llama_free(self._context)
        self.llama.close()


@pytest.fixture(scope="module")
def reference(small_model: Path) -> Iterator[Reference]:
    made = Reference(small_model)
    yield made
    made.close()


def logprobs_of(deltas: list[Delta]) -> list[TokenLogprob]:
    return [entry for delta in deltas for entry in delta.logprobs]


async def test_they_are_the_models_own(local: MakeEngine, reference: Reference) -> None:
    # Sampling and penalties change what is chosen, never what is reported.
    requests = [
        ask("hello there", logprobs=5, max_tokens=12),
        ask("another", logprobs=3, max_tokens=12, temperature=1.5, seed=7, frequency_penalty=1.0),
    ]
    async with started(local()) as engine:
        answers = await asyncio.gather(*(collect(engine, request) for request in requests))

    for request, deltas in zip(requests, answers, strict=True):
        entries = logprobs_of(deltas)
        prompt = reference.prompt(request)
        rows = reference.logprobs(prompt + [entry.token for entry in entries])
        assert len(entries) == deltas[-1].usage.completion_tokens == 12
        assert (
            b"".join(entry.raw for entry in entries)
            .decode(errors="replace")
            .startswith(text_of(deltas)[:8])
        )
        for index, entry in enumerate(entries):
            row = rows[len(prompt) - 1 + index]
            assert entry.logprob == pytest.approx(row[entry.token], abs=CLOSE)
            best = np.sort(row)[::-1][: request.logprobs]
            assert [top.logprob for top in entry.top] == pytest.approx(best, abs=CLOSE)
            for top in entry.top:
                assert top.logprob == pytest.approx(row[top.token], abs=CLOSE)
                assert top.raw == reference.vocabulary.raw(top.token)
                assert top.text == top.raw.decode(errors="replace")


async def test_greedy_tokens_are_their_first_alternative(local: MakeEngine) -> None:
    async with started(local()) as engine:
        entries = logprobs_of(await collect(engine, ask("hi", logprobs=1)))

    assert [entry.token for entry in entries] == [entry.top[0].token for entry in entries]


async def test_they_cost_nothing_where_nobody_asks(local: MakeEngine) -> None:
    async with started(local()) as engine:
        none = await collect(engine, ask("hi"))
        zero = await collect(engine, ask("hi", logprobs=0))

    assert logprobs_of(none) == []
    assert text_of(none) == text_of(zero)
    assert len(logprobs_of(zero)) == 8
    assert not any(entry.top for entry in logprobs_of(zero))


async def test_a_mask_does_not_show(local: MakeEngine, reference: Reference) -> None:
    request = ask("hi", logprobs=2, constraint=Constraint("regex", "zq"), logit_bias={})
    async with started(local()) as engine:
        deltas = await collect(engine, request)

    entries = logprobs_of(deltas)
    prompt = reference.prompt(request)
    rows = reference.logprobs(prompt + [entry.token for entry in entries])
    assert text_of(deltas) == "zq"
    assert b"".join(entry.raw for entry in entries) == b"zq"
    for index, entry in enumerate(entries):
        row = rows[len(prompt) - 1 + index]
        assert entry.logprob == pytest.approx(row[entry.token], abs=CLOSE)
        assert entry.top[0].logprob == pytest.approx(row.max(), abs=CLOSE)


async def test_the_token_that_ends_a_turn_is_not_reported(local: MakeEngine) -> None:
    async with started(local()) as engine:
        deltas = await collect(engine, ask("hi", logprobs=0, logit_bias={1531: 100.0}))

    assert deltas[-1].finish_reason == "stop"
    assert logprobs_of(deltas) == []


async def test_withheld_text_does_not_hold_them_back(local: MakeEngine) -> None:
    async with started(local()) as engine:
        whole = text_of(await collect(engine, ask("hi", max_tokens=8)))
        stop = whole[-2:] + "never"
        deltas = await collect(engine, ask("hi", max_tokens=8, logprobs=0, stop=(stop,)))

    assert text_of(deltas) == whole
    assert len(logprobs_of(deltas)) == 8


def test_merging_keeps_them_and_the_prompt_apart() -> None:
    one, two, three, four = (TokenLogprob(n, b"x", -1.0 * n) for n in range(4))
    stream = Stream()
    stream.push(Delta("echo"))
    stream.push(Delta(prompt_logprobs=(one,)))
    stream.push(Delta(prompt_logprobs=(two,)))
    stream.push(Delta("a", 1, logprobs=(three,)))
    stream.push(Delta("b", 1, logprobs=(four,)))

    async def read() -> list[Delta]:
        return [await stream.next(), await stream.next()]

    prompt, answer = asyncio.run(read())
    assert prompt == Delta("echo", prompt_logprobs=(one, two))
    assert answer == Delta("ab", 2, logprobs=(three, four))


def test_an_end_without_tokens_does_not_swallow_the_echo() -> None:
    stream = Stream()
    stream.push(Delta("echo"))
    stream.push(Delta("", 0, finish_reason="stop"))

    assert asyncio.run(stream.next()) == Delta("echo")


async def test_a_scripted_engine_gives_fixed_ones() -> None:
    async with started(ScriptedEngine("one two")) as engine:
        entries = logprobs_of(await collect(engine, ask("hi", logprobs=2)))
        bare = logprobs_of(await collect(engine, ask("hi", logprobs=0)))

    assert [entry.text for entry in entries] == ["one", " two"]
    assert [top.logprob for top in entries[0].top] == [-math.log(2), -2 * math.log(2)]
    assert [entry.top for entry in bare] == [(), ()]


@pytest.mark.parametrize("count", [-1, 21])
async def test_too_many_are_refused(count: int) -> None:
    async with started(ScriptedEngine()) as engine:
        with pytest.raises(InvalidRequest, match="from 0 to 20") as caught:
            await collect(engine, ask("hi", logprobs=count))

    assert caught.value.param == "logprobs"
