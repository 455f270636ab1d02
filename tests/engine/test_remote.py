"""The remote engine's life with its upstream: models, aborts, coming and going."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest
from engine.helpers import ask, collect, text_of
from engine.upstreams import (
    Exchange,
    chunk,
    models,
    remote,
    saying,
)

from oxillama_jupyter.errors import (
    ModelNotFound,
)


async def test_the_upstreams_models_with_what_it_tells() -> None:
    async with remote(saying("a")) as (engine, server):
        server.list_models = models("one", "two", max_model_len=4096, owned_by="vllm")
        with pytest.raises(ModelNotFound, match="'three'"):
            await collect(engine, ask("hi", model="three"))
        first, second = engine.models()
        await collect(engine, ask("hi", model="two"))

    assert (first.id, first.n_ctx, first.description, first.created) == ("one", 4096, "vllm", 5)
    assert second.id == "two"
    assert [exchange.body["model"] for exchange in server.asked] == ["two"]


async def test_llama_servers_description_of_its_model() -> None:
    meta = {"n_ctx_train": 8192, "n_params": 100, "size": 200}
    async with remote(saying("a")) as (engine, server):
        server.list_models = models("one", meta=meta)
        with pytest.raises(ModelNotFound):
            await collect(engine, ask("hi", model="three"))
        (model,) = engine.models()

    assert (model.n_ctx_train, model.n_params, model.size) == (8192, 100, 200)


async def test_a_new_model_is_found_when_it_is_asked_for() -> None:
    async with remote(saying("a")) as (engine, server):
        assert [model.id for model in engine.models()] == ["small"]
        server.list_models = models("small", "fresh")
        assert text_of(await collect(engine, ask("hi", model="fresh"))) == "a"


async def test_closing_the_iterator_hangs_up_at_once() -> None:
    async def endless(exchange: Exchange) -> None:
        await exchange.begin()
        while True:
            await exchange.event(chunk({"content": "more "}))
            await asyncio.sleep(0.001)

    async with remote(endless) as (engine, server):
        async with aclosing(engine.generate(ask("hi"))) as deltas:
            async for delta in deltas:
                if delta.text:
                    break
        async with asyncio.timeout(5):
            await server.left.wait()
        assert engine.status().running == 0


@pytest.mark.parametrize("accepted", [True, False])
async def test_cancelling_before_the_first_token_hangs_up_at_once(accepted: Any) -> None:
    async def silent(exchange: Exchange) -> None:
        if accepted:
            await exchange.begin()
        await asyncio.sleep(100)

    async with remote(silent) as (engine, server):
        task = asyncio.create_task(collect(engine, ask("hi")))
        async with asyncio.timeout(5):
            while not server.asked or engine.status().running != accepted:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            task.cancel()
            await server.left.wait()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (engine.status().running, engine.status().waiting) == (0, 0)
