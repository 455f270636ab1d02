"""What every engine must do, whatever it is made of."""

from __future__ import annotations

import asyncio
import itertools
import math
import re
from typing import Any

import pytest
from engine.helpers import Engines, answer, ask, collect, started, text_of
from msgspec import structs

from oxillama_jupyter.errors import (
    ContextLengthExceeded,
    EngineUnavailable,
    InvalidRequest,
    ModelNotFound,
)

LONG = 100_000


async def test_first_delta_has_the_prompt_and_the_last_one_the_end(engines: Engines) -> None:
    async with started(engines.make()) as engine:
        first, *middle, last = await collect(engine, ask("hello there", max_tokens=6))

    assert first.prompt is not None
    assert first.prompt.tokens > 1
    assert (first.text, first.tokens, first.finish_reason, first.usage) == ("", 0, None, None)
    assert all(delta.prompt is None and delta.finish_reason is None for delta in middle)
    assert last.finish_reason == "length"
    assert last.usage.prompt_tokens == first.prompt.tokens
    assert last.usage.completion_tokens == 6
    assert sum(delta.tokens for delta in [*middle, last]) == 6
    assert last.usage.prompt_seconds >= 0
    assert last.usage.completion_seconds >= 0


async def test_without_a_limit_the_context_ends_the_answer(engines: Engines) -> None:
    async with started(engines.make(n_ctx=96)) as engine:
        deltas = await collect(engine, ask("hi", max_tokens=None))

    usage = deltas[-1].usage
    assert deltas[-1].finish_reason == "length"
    assert usage.prompt_tokens + usage.completion_tokens == 96


async def test_a_stop_string_ends_the_answer_and_is_not_in_it(engines: Engines) -> None:
    async with started(engines.make()) as engine:
        whole = await answer(engine, ask("hi", max_tokens=40))
        stop = whole[11:14]
        deltas = await collect(engine, ask("hi", max_tokens=40, stop=(stop, "never said")))

    assert text_of(deltas) == whole[: whole.index(stop)]
    assert deltas[-1].finish_reason == "stop"
    assert 0 < deltas[-1].usage.completion_tokens < 40


async def test_what_a_stop_string_withheld_is_said_in_the_end(engines: Engines) -> None:
    async with started(engines.make()) as engine:
        whole = await answer(engine, ask("hi", max_tokens=5))
        same = await answer(engine, ask("hi", max_tokens=5, stop=(whole[-2:] + "@@@",)))

    assert same == whole


async def test_a_prompt_that_does_not_fit_is_an_error_with_both_numbers(engines: Engines) -> None:
    async with started(engines.make(n_ctx=64)) as engine:
        with pytest.raises(ContextLengthExceeded) as caught:
            await collect(engine, ask("abcd " * 200))

    few, many = sorted(int(number) for number in re.findall(r"\d+", caught.value.message))
    assert few in (63, 64)
    assert many > 200


async def test_a_prompt_over_its_budget_is_an_error(engines: Engines) -> None:
    async with started(engines.make()) as engine:
        with pytest.raises(ContextLengthExceeded, match="at most 20 "):
            await collect(engine, ask("abcd " * 100, max_prompt_tokens=20))


async def test_a_counted_prompt_has_as_many_tokens_as_it_then_has(engines: Engines) -> None:
    turns = ask("hello there", "and you?", system="be kind", max_tokens=1)
    tools = [{"type": "function", "function": {"name": "f", "description": "Does it"}}]
    many = ask(*["abcd " * 12] * 8, "last", truncation="start", max_tokens=1)
    async with started(engines.make()) as engine:
        whole = await engine.count(many)
        requests = [
            turns,
            structs.replace(turns, tools=tools),
            structs.replace(turns, messages=[], prompt="hello there"),
            structs.replace(many, max_prompt_tokens=whole // 2),
        ]
        for request in requests:
            (first, *_) = await collect(engine, request)
            assert await engine.count(request) == first.prompt.tokens
        too_long = await engine.count(ask("abcd " * LONG))
        with pytest.raises(ModelNotFound):
            await engine.count(structs.replace(turns, model="nonsense"))

    assert too_long >= LONG


async def test_truncation_from_the_start_leaves_out_the_oldest_turns(engines: Engines) -> None:
    request = ask(*["abcd " * 12] * 8, "last", system="be kind", truncation="start")
    async with started(engines.make()) as engine:
        limit = await engine.count(request) // 2
        (first, *_) = await collect(engine, structs.replace(request, max_prompt_tokens=limit))

    assert first.prompt.tokens <= limit
    assert first.prompt.dropped == tuple(range(1, len(first.prompt.dropped) + 1))
    assert first.prompt.dropped


async def test_truncation_leaves_out_whole_turns_of_the_middle(engines: Engines) -> None:
    turns = [f"turn {number} " + "abcd " * 12 for number in range(8)]
    request = ask(*turns, "last question", system="be kind", truncation="middle")
    async with started(engines.make()) as engine:
        whole = (await collect(engine, request))[0].prompt
        limit = whole.tokens * 2 // 3
        deltas = await collect(engine, structs.replace(request, max_prompt_tokens=limit))
        too_small = ask(*turns, "last", truncation="middle", max_prompt_tokens=1)
        with pytest.raises(ContextLengthExceeded):
            await collect(engine, too_small)

    info = deltas[0].prompt
    assert whole.dropped == ()
    assert info.tokens <= limit
    assert info.dropped
    assert set(info.dropped) <= set(range(3, 9))  # system, first turn and newest turn stay
    assert sorted(info.dropped) == list(range(3, 3 + len(info.dropped)))
    assert len(info.dropped) % 2 == 0


async def test_an_unknown_model_is_refused(engines: Engines) -> None:
    async with started(engines.make()) as engine:
        with pytest.raises(ModelNotFound, match="'other'"):
            await collect(engine, ask("hi", model="other"))
        assert await answer(engine, ask("hi", model="small"))
        assert [model.id for model in engine.models()] == ["small"]


@pytest.mark.parametrize(
    "nonsense",
    [
        {"max_tokens": 0},
        {"temperature": math.nan},
        {"temperature": -1},
        {"top_p": 1.5},
        {"repeat_penalty": 0.0},
        {"frequency_penalty": math.inf},
        {"logit_bias": {-1: 0.0}},
        {"logit_bias": {2**40: 0.0}},
        {"max_prompt_tokens": 0},
    ],
)
async def test_numbers_that_make_no_sense_are_refused(
    engines: Engines, nonsense: dict[str, Any]
) -> None:
    async with started(engines.make()) as engine:
        with pytest.raises(InvalidRequest) as caught:
            await collect(engine, ask("hi", **nonsense))
        assert await answer(engine, ask("hi", top_k=3, top_p=0.5, temperature=1, seed=-5))

    assert caught.value.param in nonsense


async def test_closing_the_iterator_frees_the_sequence(engines: Engines) -> None:
    async with started(engines.make(n_parallel=1, n_ctx=8192)) as engine:
        endless = engine.generate(ask("hi", max_tokens=LONG))
        async for delta in endless:
            if delta.text:
                break
        assert engine.status().running == 1
        await endless.aclose()

        assert engine.status().running == 0
        async with asyncio.timeout(20):
            assert (await collect(engine, ask("next")))[-1].finish_reason == "length"


async def test_cancelling_the_task_frees_the_sequence(engines: Engines) -> None:
    async with started(engines.make(n_parallel=1, n_ctx=8192)) as engine:
        task = asyncio.create_task(collect(engine, ask("hi", max_tokens=LONG)))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert engine.status().running == 0
        async with asyncio.timeout(20):
            assert (await collect(engine, ask("next")))[-1].finish_reason == "length"


async def test_more_generations_than_sequences_wait_in_order(engines: Engines) -> None:
    ended: list[int] = []

    async def one(number: int) -> None:
        await collect(engine, ask(f"hi {number}", max_tokens=30))
        ended.append(number)

    async with started(engines.make(n_parallel=1, n_ctx=8192)) as engine:
        first = engine.generate(ask("hi", max_tokens=LONG))
        await anext(first)
        tasks = []
        for number in range(3):
            tasks.append(asyncio.create_task(one(number)))
            async with asyncio.timeout(20):
                while engine.status().waiting <= number:  # noqa: ASYNC110 - it tells nobody
                    await asyncio.sleep(0.01)

        status = engine.status()
        assert (status.running, status.waiting, status.n_parallel) == (1, 3, 1)
        assert not ended
        await first.aclose()
        await asyncio.gather(*tasks)

    assert ended == [0, 1, 2]


async def test_a_cancelled_waiter_takes_no_sequence(engines: Engines) -> None:
    async with started(engines.make(n_parallel=1, n_ctx=8192)) as engine:
        first = engine.generate(ask("hi", max_tokens=LONG))
        await anext(first)
        waiter = asyncio.create_task(collect(engine, ask("waiting")))
        await asyncio.sleep(0.02)
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter
        await first.aclose()

        async with asyncio.timeout(20):
            assert await answer(engine, ask("next"))


async def test_generations_run_beside_each_other(engines: Engines) -> None:
    async with started(engines.make(n_parallel=4)) as engine:
        alone = [await answer(engine, ask(f"question {n}", max_tokens=20)) for n in range(6)]
        together = await asyncio.gather(
            *(answer(engine, ask(f"question {n}", max_tokens=20)) for n in range(6))
        )

    assert [len(text) > 0 for text in together] == [len(text) > 0 for text in alone]


async def test_the_next_turn_of_a_thread_reads_only_what_is_new(engines: Engines) -> None:
    first = ask("tell me " + "abcd " * 100, cache_key="thread")
    async with started(engines.make()) as engine:
        deltas = await collect(engine, first)
        answered = deltas[0].prompt.tokens
        texts = [first.messages[0]["content"], text_of(deltas), "and now?"]
        info = (await collect(engine, ask(*texts, cache_key="thread")))[0].prompt

    assert deltas[0].prompt.cached_tokens == 0
    assert answered - 3 <= info.cached_tokens < info.tokens


async def test_an_engine_that_was_not_started_or_was_stopped_is_unavailable(
    engines: Engines,
) -> None:
    engine = engines.make()
    with pytest.raises(EngineUnavailable):
        await collect(engine, ask("hi"))
    async with started(engine):
        assert engine.status().state == "ok"
    with pytest.raises(EngineUnavailable):
        await collect(engine, ask("hi"))


async def test_stopping_the_engine_ends_what_is_generated(engines: Engines) -> None:
    async with started(engines.make(n_parallel=1, n_ctx=8192)) as engine:
        tasks = [asyncio.create_task(collect(engine, ask("hi", max_tokens=LONG))) for _ in "ab"]
        await asyncio.sleep(0.05)
        await engine.aclose()
        results = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(result) for result in results] == [EngineUnavailable] * 2


async def test_deltas_of_a_slow_reader_lose_nothing(engines: Engines) -> None:
    async with started(engines.make()) as engine:
        whole = await answer(engine, ask("hi", max_tokens=30))
        slow = []
        async for delta in engine.generate(ask("hi", max_tokens=30)):
            slow.append(delta)
            await asyncio.sleep(0.01)

    assert text_of(slow) == whole
    assert sum(delta.tokens for delta in slow) == 30
    assert list(itertools.accumulate(delta.tokens for delta in slow))[-1] == 30


async def test_a_forgotten_key_is_read_again(engines: Engines) -> None:
    request = ask("hello there " * 10, cache_key="a")
    async with started(engines.make()) as engine:
        await collect(engine, request)
        warm = (await collect(engine, request))[0].prompt
        await engine.forget("a")
        await engine.forget("never heard of")
        cold = (await collect(engine, request))[0].prompt
    await engine.forget("a")

    assert warm.cached_tokens == warm.tokens - 1
    assert cold.cached_tokens == 0


async def test_a_prompt_is_shown_as_it_is_counted(engines: Engines) -> None:
    request = ask("hello there", "  two  words ", "bye")
    async with started(engines.make()) as engine:
        shown = await engine.render(request)
        counted = await engine.count(request)

    text = b"".join(shown.pieces)
    assert len(shown.ids) == len(shown.pieces) == counted
    assert shown.dropped == ()
    found = [text[slice(*span)].decode().strip() for span in shown.spans if span is not None]
    assert found == ["hello there", "two  words", "bye"]
    ours = [
        piece
        for token, piece in zip(shown.ids, shown.pieces, strict=True)
        if token in shown.special
    ]
    assert len(ours) >= 3
    assert not any(word in b"".join(ours) for word in (b"hello", b"words", b"bye"))


async def test_a_prompt_that_is_cut_is_shown_cut(engines: Engines) -> None:
    request = ask("first", "abcd " * 40, "middle", "yes", "last", truncation="middle")
    async with started(engines.make()) as engine:
        whole = await engine.count(structs.replace(request, truncation="disabled"))
        short = structs.replace(request, max_prompt_tokens=whole - 20)
        shown = await engine.render(short)
        tight = await engine.render(structs.replace(request, max_prompt_tokens=1))

    assert len(shown.ids) <= shown.limit == whole - 20
    assert shown.dropped
    assert [span is None for span in shown.spans] == [i in shown.dropped for i in range(5)]
    assert len(tight.ids) == whole > tight.limit
    assert tight.dropped == ()
