from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from worlds import LOGGER, run

from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.errors import EngineError, InvalidRequest, ModelNotFound, QueueFull
from oxillama_jupyter.schemas.chat import ChatQuery, CreateChat
from oxillama_jupyter.schemas.completions import CreateCompletion
from oxillama_jupyter.services.chat import ChatService
from oxillama_jupyter.services.completions import CompletionService
from oxillama_jupyter.services.generation import Generator
from oxillama_jupyter.services.metrics import Metrics
from oxillama_jupyter.services.models import ModelService
from oxillama_jupyter.services.places import Places
from oxillama_jupyter.store.database import Database


class Stateless:
    """The services that need no thread."""

    def __init__(self, db: Database, engine: ScriptedEngine, places: Places) -> None:
        models = ModelService(engine, {}, LOGGER)
        self.places = places
        self.metrics = Metrics()
        generator = Generator(models, places, self.metrics)
        self.chat = ChatService(db, models, generator, LOGGER)
        self.completions = CompletionService(models, generator, LOGGER)


@asynccontextmanager
async def stateless(
    path: Path, engine: ScriptedEngine, *, n_parallel: int = 4, max_queue: int = 4
) -> AsyncIterator[Stateless]:
    db = await Database.open(path / "store.db")
    await engine.start()
    try:
        yield Stateless(db, engine, Places(n_parallel=n_parallel, max_queue=max_queue))
    finally:
        await engine.aclose()
        await db.aclose()


def body(**settings: Any) -> CreateChat:
    messages = [{"role": "user", "content": "Hi"}]
    return msgspec.convert({"model": "scripted", "messages": messages, **settings}, CreateChat)


def data(frames: list[bytes]) -> list[Any]:
    texts = [frame.decode().removeprefix("data: ").strip() for frame in frames]
    return [text if text == "[DONE]" else json.loads(text) for text in texts]


def test_what_is_stored_is_stored_before_its_end_is_told(tmp_path: Path) -> None:
    async def test() -> None:
        async with stateless(tmp_path, ScriptedEngine("One two")) as world:
            foreground = await world.chat.create(body(store=True, stream=True, n=2))
            async for batch in foreground.log.read():
                ends = [one for one in data(list(batch)) if '"finish_reason": "' in json.dumps(one)]
                if ends:
                    found = await world.chat.page(ChatQuery())
                    assert len(found.data) == 1
                    break
            else:
                raise AssertionError("no end was told")
            await foreground.aclose()

    run(test)


def test_errors_of_the_request_are_raised_before_anything_is_sent(tmp_path: Path) -> None:
    async def test() -> None:
        async with stateless(tmp_path, ScriptedEngine(n_ctx=16)) as world:
            with pytest.raises(ModelNotFound):
                await world.chat.create(body(model="x"))
            with pytest.raises(InvalidRequest, match="adapter"):
                await world.chat.create(body(adapter="x", stream=True, n=3))
            long = [{"role": "user", "content": "word " * 40}]
            with pytest.raises(InvalidRequest, match="tokens"):
                await world.chat.create(body(messages=long))
            assert world.places.taken == 0

    run(test)


def test_many_choices_are_one_in_the_queue(tmp_path: Path) -> None:
    async def test() -> None:
        engine = ScriptedEngine("One two", delay=0.01)
        async with stateless(tmp_path, engine, n_parallel=1, max_queue=0) as world:
            foreground = await world.chat.create(body(n=8))
            assert world.places.taken == 1
            with pytest.raises(QueueFull):
                await world.chat.create(body())
            done = await foreground.result()
            assert [choice.index for choice in done.choices] == list(range(8))
            assert done.usage.completion_tokens == 16
            assert world.places.taken == 0

    run(test)


@pytest.mark.parametrize("count", [1, 5])
def test_nothing_goes_on_for_a_client_that_has_left(tmp_path: Path, count: int) -> None:
    async def test() -> None:
        engine = ScriptedEngine(["x"] * 1000, delay=0.01)
        async with stateless(tmp_path, engine) as world:
            foreground = await world.chat.create(body(n=count))
            await foreground.aclose()
            assert engine.running == engine.waiting == world.places.taken == 0
            assert engine.aborted >= 1

    run(test)


@pytest.mark.parametrize("error", [EngineError("It broke."), RuntimeError("secret")])
def test_an_error_in_the_middle_is_the_last_event(tmp_path: Path, error: Exception) -> None:
    async def test() -> None:
        engine = ScriptedEngine(["a", "b", "c"], fail_after=2, error=error)
        async with stateless(tmp_path, engine) as world:
            foreground = await world.chat.create(body(stream=True, n=3))
            with pytest.raises(type(error)):
                await foreground.result()
            last = data(foreground.log.frames)[-1]
            assert last["error"]["type"] == "server_error"
            assert "secret" not in last["error"]["message"]
            assert world.places.taken == engine.running == 0

    run(test)


def test_generations_are_measured_under_the_completions_id(tmp_path: Path) -> None:
    async def test() -> None:
        async with stateless(tmp_path, ScriptedEngine("One two")) as world:
            done = await (await world.chat.create(body(n=2))).result()
            assert [turn.run_id for turn in world.metrics.turns] == [done.id, done.id]

    run(test)


def test_nothing_is_encoded_for_who_does_not_stream(tmp_path: Path) -> None:
    async def test() -> None:
        async with stateless(tmp_path, ScriptedEngine("One two")) as world:
            foreground = await world.chat.create(body())
            await foreground.result()
            assert foreground.log.frames == []

    run(test)


def test_the_best_texts_are_the_most_probable(tmp_path: Path) -> None:
    async def test() -> None:
        async with stateless(tmp_path, ScriptedEngine("One two")) as world:
            given = {"model": "scripted", "prompt": ["a", "b"], "best_of": 3}
            settings = msgspec.convert(given, CreateCompletion)
            done = await (await world.completions.create(settings)).result()
            assert [choice.index for choice in done.choices] == [0, 1]
            assert done.usage.completion_tokens == 12
            assert done.usage.prompt_tokens == 2

    run(test)
