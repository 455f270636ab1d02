"""Several real models side by side: loaded when used, unloaded when another needs the room."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from engine.helpers import answer, ask, collect

from oxillama_jupyter.engine.catalog import Catalog, Entry
from oxillama_jupyter.engine.fit import Memory, Wanted, estimate
from oxillama_jupyter.engine.gguf import read_header
from oxillama_jupyter.engine.local import LocalEngine
from oxillama_jupyter.engine.places import place_of
from oxillama_jupyter.engine.pool import EnginePool
from oxillama_jupyter.engine.protocol import EngineStatus, ModelState
from oxillama_jupyter.errors import (
    EngineCrashed,
    EngineUnavailable,
    InvalidRequest,
    ModelNotFound,
)

WANTED = Wanted(512, 2)
MakePool = Callable[..., Any]


class Made:
    """The engines a pool has made, in order."""

    def __init__(self, local: Callable[..., LocalEngine]) -> None:
        self._local = local
        self.ids: list[str] = []

    def __call__(self, entry: Entry) -> LocalEngine:
        self.ids.append(entry.id)
        return self._local(entry.path, model_id=entry.id)


@pytest.fixture
def folder(tmp_path: Path, small_model: Path) -> Path:
    """A folder with models `a`, `b` and `c`."""
    models = tmp_path / "models"
    models.mkdir()
    for name in "abc":
        shutil.copy(small_model, models / f"{name}.gguf")
    return models


@pytest.fixture
def cost(small_model: Path) -> int:
    """What one of them takes."""
    return estimate(read_header(small_model), WANTED).total


@pytest.fixture
def pool(folder: Path, local: Callable[..., LocalEngine]) -> MakePool:
    """Start a pool whose default model is `a`."""

    @asynccontextmanager
    async def start(
        *, default: str = "a", given: bool = True, ready: bool = True, **options: Any
    ) -> AsyncIterator[EnginePool]:
        made = Made(local)
        places = [place_of(folder / f"{default}.gguf")] if given else []
        options = {"wanted": WANTED, "memory": Memory(check=False)} | options
        one = EnginePool(Catalog(places, folders=[folder]), made, default=default, **options)
        one.made = made.ids  # type: ignore[attr-defined]
        try:
            if ready:
                await one.start()
                await one.settled()
            yield one
        finally:
            await one.aclose()

    return start


def state(pool: EnginePool, model: str) -> ModelState:
    return next(one for one in pool.status().models if one.id == model)


def states(pool: EnginePool) -> str:
    """Such as `a:loaded b:available`."""
    return " ".join(f"{one.id}:{one.state}" for one in pool.status().models)


async def test_models_are_loaded_when_they_are_used(pool: MakePool) -> None:
    async with pool() as here:
        assert states(here) == "a:loaded b:available c:available"
        assert [info.id for info in here.models()] == ["a", "b", "c"]
        assert {info.n_ctx for info in here.models()} == {512}
        texts = [await answer(here, ask("hi", model=name)) for name in (None, "a", "b")]
        status: EngineStatus = here.status()

        assert texts[0] == texts[1] == texts[2] != ""
        assert states(here) == "a:loaded b:loaded c:available"
        assert here.made == ["a", "b"]
        assert status.state == "ok"
        assert status.pid == state(here, "a").pid != state(here, "b").pid
    assert here.status().state == "failed"


async def test_what_a_model_will_be_is_known_before_it_is_loaded(pool: MakePool) -> None:
    async with pool() as here:
        before = here.models()[1]
        await here.load("b")
        after = here.models()[1]

    assert (before.n_ctx, before.n_ctx_train) == (after.n_ctx, after.n_ctx_train)
    assert (before.n_params, before.created) == (after.n_params, after.created)


async def test_requests_for_one_model_load_it_once(pool: MakePool) -> None:
    async with pool() as here:
        runs = [asyncio.create_task(answer(here, ask("hi", model="b"))) for _ in range(5)]
        await asyncio.sleep(0.01)
        assert state(here, "b").state == "loading"
        assert state(here, "b").waiting == 5
        runs.pop().cancel()  # one who leaves takes nobody along
        texts = await asyncio.gather(*runs)

        assert len(set(texts)) == 1
        assert here.made == ["a", "b"]


async def test_the_model_used_longest_ago_gives_way(pool: MakePool, cost: int) -> None:
    async with pool(memory=Memory(2 * cost, check=False)) as here:
        await answer(here, ask("hi", model="b"))
        await answer(here, ask("hi", model="a"))
        pid = state(here, "b").pid
        await answer(here, ask("hi", model="c"))
        assert states(here) == "a:loaded b:available c:loaded"
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        await answer(here, ask("hi", model="b"))
        assert states(here) == "a:available b:loaded c:loaded"

        assert here.status().state == "ok"
        assert "unloaded" in here.status().detail
        assert await answer(here, ask("hi"))


async def test_a_model_that_generates_is_waited_for(pool: MakePool, cost: int) -> None:
    async with pool(memory=Memory(cost, check=False)) as here:
        talker = here.generate(ask("hi", max_tokens=400))
        await anext(talker)
        other = asyncio.create_task(collect(here, ask("hi", model="b")))
        await asyncio.sleep(0.2)
        assert states(here) == "a:loaded b:loading c:available"
        with pytest.raises(InvalidRequest, match="generating"):
            await here.unload("a")
        with pytest.raises(InvalidRequest, match="being loaded"):
            await here.unload("b")
        rest = [delta async for delta in talker]
        assert rest[-1].usage.completion_tokens == 400
        assert (await other)[-1].finish_reason

        assert states(here) == "a:available b:loaded c:available"


async def test_waiting_for_room_has_an_end(pool: MakePool, cost: int) -> None:
    async with pool(memory=Memory(cost, check=False), patience=2.0) as here:
        talker = here.generate(ask("hi", max_tokens=400))
        await anext(talker)
        with pytest.raises(EngineUnavailable, match="in use: a"):
            await collect(here, ask("hi", model="b"))
        await talker.aclose()

        assert state(here, "b").state == "available"  # it is not the model's fault
        assert await answer(here, ask("hi", model="b"))


async def test_a_model_that_cannot_fit_is_refused_with_figures_and_unloads_nobody(
    pool: MakePool, cost: int
) -> None:
    free = [cost * 10]
    async with pool(memory=Memory(available=lambda: free[0])) as here:
        free[0] = cost // 2 - cost
        with pytest.raises(EngineUnavailable, match=r"needs about \d+ MB of memory .*weights"):
            await collect(here, ask("hi", model="b"))
        assert states(here) == "a:loaded b:available c:available"
        assert "check_memory" in state(here, "b").detail
        free[0] = cost
        assert await answer(here, ask("hi", model="b"))


async def test_a_budget_is_kept_even_where_there_is_memory(pool: MakePool, cost: int) -> None:
    async with pool(memory=Memory(cost - 1, check=False), ready=False) as here:
        with pytest.raises(EngineUnavailable, match="model_memory"):
            await here.start()

        assert here.status().state == "failed"
        assert here.made == []


async def test_models_being_loaded_count_as_loaded(pool: MakePool, cost: int) -> None:
    async with pool(memory=Memory(available=lambda: 2 * cost - 1)) as here:
        await here.unload("a")
        done = await asyncio.gather(
            *(answer(here, ask("hi", model=name)) for name in "bc"), return_exceptions=True
        )

    assert all(isinstance(one, str) for one in done)  # one after the other


async def test_a_load_that_fails_is_told_to_all_and_leaves_the_others_alone(
    pool: MakePool, folder: Path, small_model: Path
) -> None:
    data = small_model.read_bytes()  # noqa: ASYNC240
    (folder / "bad.gguf").write_bytes(data.replace(b"token_embd.weight", b"token_embd.wrongs"))
    async with pool() as here:
        assert state(here, "bad").state == "available"  # the header is fine
        talker = here.generate(ask("hi", max_tokens=300))
        await anext(talker)
        failures = await asyncio.gather(
            *(collect(here, ask("hi", model="bad")) for _ in range(3)), return_exceptions=True
        )
        assert [type(one) for one in failures] == [EngineUnavailable] * 3
        assert "cannot read" in str(failures[0])
        assert state(here, "bad").state == "failed"
        assert here.made == ["a", "bad"]
        with pytest.raises(EngineUnavailable, match="cannot read"):
            await collect(here, ask("hi", model="bad"))
        assert here.made == ["a", "bad"]  # not tried again by itself
        assert [delta async for delta in talker][-1].usage.completion_tokens == 300

        shutil.copy(small_model, folder / "bad.gguf")
        await here.load("bad", again=True)
        assert await answer(here, ask("hi", model="bad"))


async def test_a_model_that_died_and_could_not_start_again_is_loaded_at_once_when_mended(
    pool: MakePool, folder: Path, small_model: Path
) -> None:
    async with pool() as here:
        (folder / "rubbish").write_bytes(small_model.read_bytes()[:100_000])  # noqa: ASYNC240
        (folder / "rubbish").replace(folder / "a.gguf")
        os.kill(state(here, "a").pid, signal.SIGKILL)
        async with asyncio.timeout(60):
            while state(here, "a").state != "failed":  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        shutil.copy(small_model, folder / "mended")
        (folder / "mended").replace(folder / "a.gguf")

        await here.load("a", again=True)  # it waits for no further try of the old engine's
        assert await answer(here, ask("hi"))
        assert here.made == ["a", "a"]


async def test_a_damaged_file_is_no_model_and_starts_no_process(
    pool: MakePool, folder: Path
) -> None:
    os.truncate(folder / "b.gguf", 100_000)
    async with pool() as here:
        assert [info.id for info in here.models()] == ["a", "c"]
        assert states(here) == "a:loaded b:failed c:available"
        assert "cut off" in state(here, "b").detail
        with pytest.raises(EngineUnavailable, match="cut off"):
            await here.load("b")

        assert here.made == ["a"]


async def test_a_default_that_fails_leaves_the_others(pool: MakePool, folder: Path) -> None:
    (folder / "a.gguf").unlink()
    async with pool(ready=False) as here:
        with pytest.raises(EngineUnavailable, match="no model file"):
            await here.start()
        await here.settled()
        assert here.status().state == "failed"
        assert [info.id for info in here.models()] == ["a", "b", "c"]

        assert await answer(here, ask("hi", model="b"))


async def test_the_default_may_be_any_model_that_is_found(pool: MakePool) -> None:
    async with pool(default="b", given=False) as here:
        assert [info.id for info in here.models()] == ["b", "a", "c"]
        assert here.made == ["b"]


async def test_a_default_that_nobody_knows_is_said(pool: MakePool) -> None:
    async with pool(default="nobody", given=False, ready=False) as here:
        with pytest.raises(EngineUnavailable, match=r"'nobody' does not exist here.*a, b, c"):
            await here.start()

        assert here.status().state == "failed"
        assert here.models()[0].id == "nobody"


async def test_unknown_models_and_embedding_models_do_not_generate(
    pool: MakePool, folder: Path, small_model: Path
) -> None:
    data = small_model.read_bytes()  # noqa: ASYNC240
    old, new = b"llama.vocab_size", b"llama.pooling_type"
    size = len(old).to_bytes(8, "little") + old
    start = data.index(size)
    kind_and_value = (4).to_bytes(4, "little") + (3).to_bytes(4, "little")
    changed = len(new).to_bytes(8, "little") + new + kind_and_value
    damaged = data[:start] + changed + data[start + len(size) + 8 :]
    (folder / "embed.gguf").write_bytes(damaged + bytes(64))
    async with pool() as here:
        with pytest.raises(ModelNotFound, match="'nobody'"):
            await collect(here, ask("hi", model="nobody"))
        assert state(here, "embed").embedding
        with pytest.raises(InvalidRequest, match="makes embeddings"):
            await collect(here, ask("hi", model="embed"))


async def test_a_process_that_dies_is_no_matter_to_the_others(pool: MakePool) -> None:
    async with pool() as here:
        await here.load("b")
        talkers = {name: here.generate(ask("hi", model=name, max_tokens=300)) for name in "ab"}
        for talker in talkers.values():
            await anext(talker)
        os.kill(state(here, "b").pid, signal.SIGKILL)
        with pytest.raises(EngineCrashed):
            async for _ in talkers["b"]:
                pass
        assert [delta async for delta in talkers["a"]][-1].usage.completion_tokens == 300
        assert await answer(here, ask("hi", model="b"))

        assert here.status().restarts == 1
        assert "SIGKILL" in here.status().last_exit
        assert here.made == ["a", "b"]  # its own engine has started it again


async def test_an_abandoned_generation_frees_its_model(pool: MakePool) -> None:
    async with pool() as here:
        talker = here.generate(ask("hi", model="b", max_tokens=400))
        await anext(talker)
        await talker.aclose()
        await here.unload("b")

        assert state(here, "b").state == "available"


async def test_closing_in_the_middle_of_a_load_ends_it(pool: MakePool) -> None:
    async with pool() as here:
        run = asyncio.create_task(collect(here, ask("hi", model="b")))
        await asyncio.sleep(0.05)
        await here.aclose()
        with pytest.raises(EngineUnavailable, match="stopped"):
            await run
        with pytest.raises(EngineUnavailable, match="stopped"):
            await collect(here, ask("hi"))


async def test_a_model_may_be_in_several_files(
    pool: MakePool, folder: Path, small_model: Path, tmp_path: Path
) -> None:
    maker = sys.modules["benchmark_model"]  # the conftest's small_model has loaded it
    (tmp_path / "blobs").mkdir()
    maker.make_model(tmp_path / "blobs" / "big.gguf", maker.SMALL, split=5)
    for number, path in enumerate(sorted((tmp_path / "blobs").glob("*.gguf"))):
        blob = path.rename(path.with_name(f"blob{number}"))
        (folder / path.name).symlink_to(blob)  # as the Hugging Face cache has them
    async with pool() as here:
        assert await answer(here, ask("hi", model="big")) == await answer(here, ask("hi"))


async def test_the_sequences_of_all_models_are_told(pool: MakePool) -> None:
    async with pool() as here:
        for name in "ab":
            await answer(here, ask("hi", model=name))
        stats = here.status().stats

        assert [one.model for one in stats.sequences] == ["a", "a", "b", "b"]
        assert stats.generated > 0
        await here.unload("b")
        assert {one.model for one in here.status().stats.sequences} == {"a"}


async def test_what_fits_is_known_before_it_is_loaded(pool: MakePool, cost: int) -> None:
    async with pool(memory=Memory(2 * cost)) as here:
        room, fits = here.fits()
        assert (room.budget, room.taken, room.strict) == (2 * cost, cost, True)
        assert set(fits) == {"b", "c"}  # `a` is loaded
        assert fits["b"].lack == ""
        assert fits["b"].gives_way == ()

        await here.load("b")
        _, fits = here.fits()
        assert fits["c"].gives_way == ("a",)
        await here.load("c")  # and so it is
        assert states(here) == "a:available b:loaded c:loaded"

        async with here.using("b"), here.using("c"):
            _, fits = here.fits()
            assert "needs about" in fits["a"].lack
            assert "Others are in use: b, c." in fits["a"].lack


async def test_what_can_never_fit_says_so_before_it_is_loaded(pool: MakePool, cost: int) -> None:
    async with pool(ready=False, memory=Memory(cost // 2)) as here:
        with pytest.raises(EngineUnavailable) as refused:
            await here.start()
        await here.settled()

        assert here.fits()[1]["a"].lack == refused.value.message


async def test_a_models_settings_are_measured_anew(
    pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def ask_again(engine: LocalEngine) -> None:
        asked.append(engine.models()[0].id)

    monkeypatch.setattr(LocalEngine, "measure_again", ask_again)
    async with pool() as here:
        await here.autotune("b")
        assert asked == ["b"]
        assert states(here) == "a:loaded b:loaded c:available"
        with pytest.raises(ModelNotFound):
            await here.autotune("d")
