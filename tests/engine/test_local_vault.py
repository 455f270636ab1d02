"""Threads that go on after their engine ended, with real states on a real disk."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from engine.helpers import answer, ask, collect, started, text_of, until

from oxillama_jupyter.engine import process
from oxillama_jupyter.engine.catalog import Catalog
from oxillama_jupyter.engine.local import LocalEngine
from oxillama_jupyter.engine.places import place_of
from oxillama_jupyter.engine.pool import EnginePool
from oxillama_jupyter.engine.protocol import GenerateRequest, PromptInfo
from oxillama_jupyter.engine.snapshots import file_name

MakeEngine = Callable[..., LocalEngine]
UseWorker = Callable[[str], None]

FIRST = "tell me " + "abcd " * 60


def _turn(text: str = FIRST, key: str | None = "mine") -> GenerateRequest:
    return ask(text, "yes", "go on", cache_key=key, max_tokens=24)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "vault"


@pytest.fixture
def make(local: MakeEngine) -> MakeEngine:
    """Make engines with a vault; all of a test share it."""

    def make(*arguments: object, **options: object) -> LocalEngine:
        return local(*arguments, **({"vault_bytes": 1 << 28} | options))

    return make


def _saved(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.kv"))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


async def _until_saved(folder: Path, count: int = 1) -> None:
    async with asyncio.timeout(60):
        while len(_saved(folder)) < count:  # noqa: ASYNC110 - files tell nobody
            await asyncio.sleep(0.02)


async def _ask(engine: LocalEngine, request: GenerateRequest) -> tuple[str, PromptInfo]:
    deltas = await collect(engine, request)
    assert deltas[0].prompt is not None
    return text_of(deltas), deltas[0].prompt


async def _without_restart(local: MakeEngine) -> tuple[str, PromptInfo]:
    async with started(local()) as engine:
        await answer(engine, ask(FIRST, cache_key="mine"))
        return await _ask(engine, _turn())


async def test_a_thread_goes_on_after_the_server_ended(
    local: MakeEngine, make: MakeEngine, folder: Path
) -> None:
    wanted = await _without_restart(local)
    async with started(make()) as engine:
        await answer(engine, ask(FIRST, cache_key="mine"))
    assert len(_saved(folder)) == 1  # saved on the way out, not waited for
    async with started(make(n_ctx=1024)) as engine:  # another size of the cache does not matter
        text, info = await _ask(engine, _turn())

    assert (text, info) == wanted
    assert info.cached_tokens > 0.85 * info.tokens
    assert _files(folder) == _saved(folder)


async def test_without_a_vault_everything_is_read_again(
    local: MakeEngine, make: MakeEngine, folder: Path
) -> None:
    async with started(make()) as engine:
        await answer(engine, ask(FIRST, cache_key="mine"))
    async with started(local()) as engine:
        _, info = await _ask(engine, _turn())

    assert info.cached_tokens == 0


async def test_a_thread_goes_on_after_its_engine_was_killed(
    local: MakeEngine, make: MakeEngine, folder: Path
) -> None:
    wanted = await _without_restart(local)
    async with started(make()) as engine:
        await answer(engine, ask(FIRST, cache_key="mine"))
        await _until_saved(folder)  # by itself, as soon as nobody generates
        os.kill(engine.status().pid, signal.SIGKILL)
        await until(engine, "starting")
        got = await _ask(engine, _turn())
        assert engine.status().restarts == 1

    assert got == wanted


async def test_a_running_generation_is_saved_on_the_way_out_too(
    make: MakeEngine, folder: Path
) -> None:
    engine = make(n_ctx=8192)
    await engine.start()
    run = engine.generate(ask(FIRST, cache_key="mine", max_tokens=8000))
    while not (await anext(run)).text:
        pass
    begun = time.monotonic()
    await engine.aclose()
    took = time.monotonic() - begun
    await run.aclose()
    async with started(make(n_ctx=8192)) as engine:
        _, info = await _ask(engine, ask(FIRST, cache_key="mine"))

    assert info.cached_tokens == info.tokens - 1
    assert took < 2  # it was not killed by force


async def test_states_that_memory_has_no_room_for_are_on_disk(
    make: MakeEngine, worker_script: UseWorker, folder: Path
) -> None:
    worker_script("""
real = llama.Llama.__init__
def init(self, settings):
    real(self, settings)
    self.parking_bytes = 0
llama.Llama.__init__ = init
worker._IDLE_SECONDS = 60
""")
    names = [f"thread{number}" for number in range(5)]
    async with started(make(n_parallel=1)) as engine:
        for name in names:
            await answer(engine, ask(f"{name} {FIRST}", cache_key=name))
        await _until_saved(folder, 4)
        infos = [(await _ask(engine, _turn(f"{name} {FIRST}", name)))[1] for name in names[:4]]

    for info in infos:
        assert info.cached_tokens > 0.85 * info.tokens


@pytest.mark.parametrize("damage", ["state", "half", "nothing", "noise"])
async def test_a_damaged_state_costs_a_prefill(
    local: MakeEngine, make: MakeEngine, folder: Path, damage: str
) -> None:
    async with started(local()) as engine:
        wanted, _ = await _ask(engine, _turn())
    async with started(make()) as engine:
        await answer(engine, ask(FIRST, cache_key="mine"))
    (path,) = _saved(folder)
    data = path.read_bytes()
    place = 2 * len(data) // 3
    path.write_bytes(
        {
            "state": data[:place] + bytes(64) + data[place + 64 :],
            "half": data[: len(data) // 2],
            "nothing": b"",
            "noise": os.urandom(len(data)),
        }[damage]
    )
    async with started(make()) as engine:
        text, info = await _ask(engine, _turn())
        assert engine.status().restarts == 0

    assert info.cached_tokens == 0
    assert text == wanted


async def test_another_thread_gets_what_is_common_and_no_more(
    local: MakeEngine, make: MakeEngine, folder: Path
) -> None:
    async with started(make()) as engine:
        await answer(engine, ask(FIRST, cache_key="mine"))
    other = FIRST + "but not this"
    async with started(local()) as engine:
        wanted, _ = await _ask(engine, _turn(other, "other"))
    async with started(make()) as engine:
        text, info = await _ask(engine, _turn(other, "other"))
        _, unrelated = await _ask(engine, _turn("abcd " * 60, "third"))

    assert 0.75 * info.tokens < info.cached_tokens < info.tokens - 10
    assert unrelated.cached_tokens < 10
    assert text[:8] == wanted[:8]


async def test_chats_of_no_thread_are_not_saved(make: MakeEngine, folder: Path) -> None:
    async with started(make()) as engine:
        await answer(engine, ask(FIRST))

    assert _saved(folder) == []


@pytest.mark.parametrize("when", ["at once", "after it was saved"])
async def test_a_forgotten_thread_is_nowhere(make: MakeEngine, folder: Path, when: str) -> None:
    async with started(make()) as engine:
        await answer(engine, ask(FIRST, cache_key="mine"))
        await answer(engine, ask("other " + "wxyz " * 60, cache_key="other"))
        if when != "at once":
            await _until_saved(folder, 2)
        await engine.forget("mine")
        _, info = await _ask(engine, ask(FIRST, cache_key=None))
    names = [path.name for path in _saved(folder)]

    assert info.cached_tokens < 10
    assert names == [file_name("other", checkpoint=False)]


async def test_a_thread_is_forgotten_while_no_engine_runs(make: MakeEngine, folder: Path) -> None:
    async with started(make()) as engine:
        await answer(engine, ask(FIRST, cache_key="mine"))
        await _until_saved(folder)
        os.kill(engine.status().pid, signal.SIGKILL)
        await until(engine, "starting")
        await engine.forget("mine")
        assert _saved(folder) == []
        _, info = await _ask(engine, _turn())
        assert info.cached_tokens == 0
    (kept,) = _saved(folder)
    await engine.forget("mine")

    assert not kept.exists()


async def test_another_model_finds_nothing_of_this_one(
    make: MakeEngine, small_model: Path, tmp_path: Path, folder: Path
) -> None:
    async with started(make()) as engine:
        await answer(engine, ask(FIRST, cache_key="mine"))
    model = shutil.copy(small_model, tmp_path / "other.gguf")  # with a time of its own
    async with started(make(model)) as engine:
        _, info = await _ask(engine, _turn())

    assert info.cached_tokens == 0
    assert len({path.parent for path in _saved(folder)}) == 2


async def test_a_disk_that_refuses_costs_nothing_but_the_snapshot(
    make: MakeEngine, worker_script: UseWorker, folder: Path
) -> None:
    worker_script("""
from oxillama_jupyter.engine import snapshots
def full(*_):
    raise OSError(28, "No space left on device")
snapshots._write = full
""")
    async with started(make()) as engine:
        for number in range(3):
            assert await answer(engine, ask(f"{number} {FIRST}", cache_key=f"{number}"))
        await asyncio.sleep(1)
        assert await answer(engine, _turn())
        assert engine.status().restarts == 0

    assert _files(folder) == []


SAVES_LATE = """
import time
from oxillama_jupyter.engine import slots
real = slots.Slots.save_all
def save_all(self, seconds):
    time.sleep(0.3)
    real(self, seconds)
slots.Slots.save_all = save_all
worker._LAST_SECONDS = 20
"""


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Saving takes longer on a busy machine; nobody ends the engine by force meanwhile."""
    monkeypatch.setattr(process, "_GRACE_SECONDS", 30.0)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("alone", [True, False])
async def test_a_thread_that_is_forgotten_while_its_engine_ends_leaves_nothing(
    make: MakeEngine, worker_script: UseWorker, small_model: Path, folder: Path, *, alone: bool
) -> None:
    worker_script(SAVES_LATE)
    pool = EnginePool(Catalog([place_of(small_model)]), lambda _: make(), default="small")
    async with started(make() if alone else pool) as engine:
        await answer(engine, ask(FIRST, cache_key="mine"))
        await answer(engine, ask("other " + FIRST, cache_key="kept"))
        (one,) = [engine] if alone else pool._residents["small"].engines
        child = one._child
        ending = asyncio.create_task(engine.aclose() if alone else pool.unload("small"))
        while not child.stopping:  # noqa: ASYNC110 - a process tells nobody
            await asyncio.sleep(0)
        await engine.forget("mine")
        await ending
        assert [path.name for path in _files(folder)] == [file_name("kept", checkpoint=False)]
