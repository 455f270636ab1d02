"""What the test double can do beyond the protocol."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from engine.helpers import ask, collect, started, text_of

from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.errors import EngineCrashed, EngineUnavailable


async def test_it_says_a_text_word_by_word() -> None:
    async with started(ScriptedEngine("one two  three\nfour ")) as engine:
        deltas = await collect(engine, ask("hi", max_tokens=100))

    assert text_of(deltas) == "one two  three\nfour "
    assert deltas[1].text == "one"
    assert deltas[-1].finish_reason == "stop"
    assert sum(delta.tokens for delta in deltas) == deltas[-1].usage.completion_tokens


async def test_it_says_the_very_pieces_it_is_given() -> None:
    async with started(ScriptedEngine(["a", "", "b c"])) as engine:
        deltas = await collect(engine, ask("hi"))

    assert [delta.text for delta in deltas[1:-1]] == ["a", "", "b c"]


async def test_it_asks_a_function_about_each_request() -> None:
    engine = ScriptedEngine(lambda request: request.messages[-1]["content"].upper())
    async with started(engine):
        assert text_of(await collect(engine, ask("hello"))) == "HELLO"

    assert [request.messages[-1]["content"] for request in engine.requests] == ["hello"]


async def test_a_test_can_hold_it_in_mid_answer() -> None:
    go_on = asyncio.Event()

    async def pieces() -> AsyncIterator[str]:
        yield "before"
        await go_on.wait()
        yield "after"

    async with started(ScriptedEngine(lambda _request: pieces())) as engine:
        run = engine.generate(ask("hi"))
        assert [(await anext(run)).text for _ in range(2)] == ["", "before"]
        go_on.set()
        assert [delta.text async for delta in run] == ["after", ""]


async def test_it_fails_where_it_is_told_to() -> None:
    crash = EngineCrashed("boom")
    async with started(ScriptedEngine("a b c d", fail_after=2, error=crash)) as engine:
        run = engine.generate(ask("hi"))
        seen = [(await anext(run)).text for _ in range(3)]
        with pytest.raises(EngineCrashed, match="boom"):
            await anext(run)

    assert seen == ["", "a", " b"]
    assert engine.running == 0
    assert engine.aborted == 0


async def test_it_can_refuse_every_request() -> None:
    async with started(ScriptedEngine(error=EngineUnavailable("not today"))) as engine:
        with pytest.raises(EngineUnavailable, match="not today"):
            await collect(engine, ask("hi"))


async def test_it_can_fail_to_start() -> None:
    engine = ScriptedEngine(start_error=EngineUnavailable("no model"))
    with pytest.raises(EngineUnavailable, match="no model"):
        await engine.start()

    assert (engine.status().state, engine.status().detail) == ("failed", "no model")


async def test_it_counts_aborts() -> None:
    async with started(ScriptedEngine("a b c", delay=0.01)) as engine:
        run = engine.generate(ask("hi"))
        await anext(run)
        assert engine.running == 1
        await run.aclose()
        await collect(engine, ask("hi"))

    assert (engine.running, engine.aborted) == (0, 1)


async def test_delays_take_their_time() -> None:
    async with started(ScriptedEngine("a b c", delay=0.02, prefill_delay=0.05)) as engine:
        usage = (await collect(engine, ask("hi")))[-1].usage

    assert usage.prompt_seconds >= 0.05
    assert usage.completion_seconds >= 0.06


async def test_it_tells_what_its_sequences_would_hold() -> None:
    async with started(ScriptedEngine("one two three", n_parallel=2)) as engine:
        run = engine.generate(ask("hi", cache_key="a"))
        await anext(run)
        reading = engine.status().stats.sequences[0]
        await anext(run)
        generating = engine.status().stats.sequences[0]
        await run.aclose()
        await collect(engine, ask("ho", cache_key="b"))
        await collect(engine, ask("hi", cache_key="a"))
        stats = engine.status().stats

    assert (reading.state, reading.wanted, reading.key) == ("reading", 2, "a")
    assert (generating.state, generating.tokens) == ("generating", 3)
    assert [(one.state, one.key) for one in stats.sequences] == [("idle", "a"), ("idle", "b")]
    assert stats.generated == 1 + 3 + 3
