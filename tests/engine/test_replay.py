"""Recording an engine, and replaying it without one."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from engine import test_protocol as protocol
from engine.helpers import Engines, answer, ask, collect, started
from msgspec import structs

from oxillama_jupyter.engine.cassettes import Cassettes
from oxillama_jupyter.engine.local import LocalEngine
from oxillama_jupyter.engine.protocol import Embeddings, EmbedRequest, Engine
from oxillama_jupyter.engine.replay import ReplayEngine
from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.engine.taping import TapingEngine
from oxillama_jupyter.errors import (
    CassetteError,
    CassetteMissing,
    ContextLengthExceeded,
    EngineCrashed,
    EngineUnavailable,
)

EVERYTHING = [
    test
    for name, test in vars(protocol).items()
    if name.startswith("test_") and "nonsense" not in test.__code__.co_varnames
]
# A replay has no sequences to wait for, and what an engine's end cut off was never recorded.
_OTHERS = ("wait_in_order", "cancelled_waiter", "not_started", "stopping_the_engine")
REPLAYED = [test for test in EVERYTHING if not any(word in test.__name__ for word in _OTHERS)]


class Taped(Engines):
    """Makes engines that are recorded, each in a folder of its own."""

    def __init__(self, kind: str, local: Callable[..., LocalEngine], path: Path) -> None:
        super().__init__(kind, local, path)
        self._folders = (Cassettes(path / str(number)) for number in itertools.count())

    def make(self, **options: Any) -> Engine:
        return TapingEngine(super().make(**options), next(self._folders))


class Replayed(Taped):
    """Makes engines that replay those of a `Taped`, in the same order."""

    def make(self, **_: Any) -> Engine:
        folder = next(self._folders)
        return ReplayEngine(folder, folder.models(), n_parallel=1)


@pytest.mark.parametrize("kind", ["scripted", "local"])
@pytest.mark.parametrize("test", EVERYTHING, ids=lambda test: test.__name__)
async def test_a_recorded_engine_is_an_engine(
    test: Callable[[Engines], Coroutine[Any, Any, None]],
    kind: str,
    local: Callable[..., LocalEngine],
    tmp_path: Path,
) -> None:
    await test(Taped(kind, local, tmp_path))


@pytest.mark.parametrize("test", REPLAYED, ids=lambda test: test.__name__)
async def test_a_replay_is_an_engine(
    test: Callable[[Engines], Coroutine[Any, Any, None]],
    local: Callable[..., LocalEngine],
    tmp_path: Path,
) -> None:
    await test(Taped("scripted", local, tmp_path))
    await test(Replayed("none", local, tmp_path))


def taped(path: Path, *args: Any, **options: Any) -> tuple[ScriptedEngine, TapingEngine]:
    engine = ScriptedEngine(*args, model_id="small", **options)
    return engine, TapingEngine(engine, Cassettes(path))


def replay(path: Path, **options: Any) -> ReplayEngine:
    folder = Cassettes(path)
    return ReplayEngine(folder, folder.models(), **options)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


async def test_deltas_come_back_exactly_as_they_came(
    tmp_path: Path, local: Callable[..., LocalEngine]
) -> None:
    request = ask("hello there", max_tokens=12, temperature=1.0, logprobs=2)
    engine = TapingEngine(local(), Cassettes(tmp_path))
    async with started(engine):
        recorded = await collect(engine, request)
        facts = engine.models()

    for _ in range(2):
        async with started(replay(tmp_path)) as again:
            assert await collect(again, request) == recorded
            assert again.models() == facts
    assert recorded[-1].usage.prompt_seconds > 0


async def test_equal_requests_are_answered_in_the_recorded_order(tmp_path: Path) -> None:
    number = itertools.count(1)
    _, engine = taped(tmp_path, lambda _: f"answer {next(number)}")
    async with started(engine):
        recorded = [await answer(engine, ask("hi")) for _ in range(3)]
    async with started(replay(tmp_path)) as again:
        replayed = [await answer(again, ask("hi", cache_key=str(n))) for n in range(5)]

    assert recorded == ["answer 1", "answer 2", "answer 3"]
    assert replayed == [*recorded, "answer 3", "answer 3"]


async def test_what_is_recorded_is_not_asked_again(tmp_path: Path) -> None:
    for count in (1, 1, 0):
        scripted, engine = taped(tmp_path, f"said by {count}")
        async with started(engine):
            texts = [await answer(engine, ask("hi"))]
            texts += [await answer(engine, ask("new"))] if count == 0 else []
            numbers = [await engine.count(ask("hi"))]
            vectors = await engine.embed(EmbedRequest(("hi",)))

    assert texts == ["said by 1", "said by 0"]
    assert [request.messages[-1]["content"] for request in scripted.requests] == ["new"]
    async with started(replay(tmp_path)) as again:
        assert [await again.count(ask("hi"))] == numbers
        assert await again.embed(EmbedRequest(("hi",))) == vectors
        assert isinstance(vectors, Embeddings)


async def test_an_answer_is_on_disk_before_its_end_is_told(tmp_path: Path) -> None:
    _, engine = taped(tmp_path)
    async with started(engine):
        async for delta in engine.generate(ask("hi")):
            if delta.finish_reason is not None:
                break  # as whoever has what he wants does
    async with started(replay(tmp_path)) as again:
        assert (await collect(again, ask("hi")))[-1].finish_reason == "stop"


async def test_errors_that_a_request_deserves_are_recorded(tmp_path: Path) -> None:
    long = ask("abcd " * 200)
    _, engine = taped(tmp_path, n_ctx=64)
    engines = [engine, None]
    told = []
    for one in engines:
        async with started(one or replay(tmp_path)) as live:
            await answer(live, ask("hi"))
            with pytest.raises(ContextLengthExceeded) as caught:
                await collect(live, long)
            told.append((caught.value.message, caught.value.param, caught.value.code))
    assert told[0] == told[1]


@pytest.mark.parametrize("after", [None, 0, 2])
async def test_failures_of_the_engine_are_not_recorded(tmp_path: Path, after: int | None) -> None:
    scripted, engine = taped(tmp_path, fail_after=after, error=EngineCrashed("It died."))
    async with started(engine):
        with pytest.raises(EngineCrashed):
            await collect(engine, ask("hi"))
        scripted.error = None
        text = await answer(engine, ask("hi"))
    async with started(replay(tmp_path)) as again:
        assert await answer(again, ask("hi")) == text
    assert files(tmp_path).keys() >= {"model-small.json"}
    assert len(files(tmp_path)) == 2


async def test_what_was_left_is_left_at_the_same_delta(tmp_path: Path) -> None:
    scripted, engine = taped(tmp_path, "a b c d", delay=0.001)
    async with started(engine):
        run = engine.generate(ask("hi"))
        heard = [await anext(run) for _ in range(3)]
        await run.aclose()
        assert (scripted.running, scripted.aborted) == (0, 1)
    async with started(replay(tmp_path, patience=0.05)) as again:
        left = again.generate(ask("hi"))
        assert [await anext(left) for _ in range(3)] == heard
        waiting = asyncio.create_task(anext(left))
        with pytest.raises(CassetteError, match="left unfinished"):
            await waiting
    _, engine = taped(tmp_path, "whole")
    async with started(engine):
        assert await answer(engine, ask("hi")) == "whole"
    async with started(replay(tmp_path)) as again:
        assert await answer(again, ask("hi")) == "whole"


async def test_what_is_missing_fails_and_says_so(tmp_path: Path) -> None:
    _, engine = taped(tmp_path)
    async with started(engine):
        await answer(engine, ask("hi"))
    before = files(tmp_path)
    async with started(replay(tmp_path)) as again:
        for asking in (
            collect(again, ask("ho")),
            again.count(ask("hi")),
            again.render(ask("hi")),
            again.embed(EmbedRequest(("hi",))),
        ):
            with pytest.raises(CassetteMissing, match="Nothing is recorded"):
                await asking
        assert again.status().running == 0
    assert files(tmp_path) == before


async def test_an_empty_folder_is_a_failed_start_with_the_reason(tmp_path: Path) -> None:
    engine = replay(tmp_path / "none")
    with pytest.raises(EngineUnavailable, match=r"nothing to replay in .*none"):
        await engine.start()
    assert engine.status().state == "failed"
    assert "OXILLAMA_MODE=record" in engine.status().detail
    with pytest.raises(EngineUnavailable, match="nothing to replay"):
        await collect(engine, ask("hi"))
    assert len(engine.models()) == 1


async def test_they_say_what_they_are(tmp_path: Path) -> None:
    scripted, engine = taped(tmp_path)
    assert engine.status() == structs.replace(scripted.status(), mode="record")
    async with started(engine):
        await answer(engine, ask("hi"))
        status = engine.status()
        assert (status.mode, status.state) == ("record", "ok")
        assert status.detail == f"recording in {tmp_path}; says what it is told to"
        await engine.forget("thread")
        assert list(scripted.forgotten) == ["thread"]
    async with started(replay(tmp_path)) as again:
        status = again.status()
        assert (status.mode, status.state) == ("replay", "ok")
        assert status.detail == f"replaying {tmp_path}; no model runs"
    assert scripted.status().mode == "live"


async def test_only_models_that_were_used_are_written_down(
    tmp_path: Path, local: Callable[..., LocalEngine], small_model: Path
) -> None:
    engine = TapingEngine(Engines("pool", local, small_model).make(), Cassettes(tmp_path))
    async with started(engine):
        await answer(engine, ask("hi"))
    (known,) = Cassettes(tmp_path).models()
    assert (known.id, known.n_ctx) == ("small", 512)
