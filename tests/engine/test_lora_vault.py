"""Saved threads that a LoRA adapter computed: found by that adapter again, and by nobody else."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from engine.helpers import ask, collect, started, until
from engine.models import make_lora
from numpy.typing import NDArray

from oxillama_jupyter.engine.local import LocalEngine
from oxillama_jupyter.engine.protocol import Delta, GenerateRequest
from oxillama_jupyter.engine.vault import Vault

MakeEngine = Callable[..., LocalEngine]
FIRST = "tell me " + "abcd " * 60
FORCED = {300: 1000.0}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("lora")
    return {
        name: make_lora(folder / f"{name}.gguf", seed=seed)
        for seed, name in enumerate(("formal", "rude"))
    }


@pytest.fixture
def make(local: MakeEngine, files: dict[str, Path]) -> MakeEngine:
    """Make engines with a vault and both adapters."""

    def make(**options: object) -> LocalEngine:
        return local(**({"vault_bytes": 1 << 28, "adapters": files} | options))

    return make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "vault"


def turn(adapter: str | None, *more: str, key: str | None = "mine") -> GenerateRequest:
    options = {"max_tokens": 12, "logprobs": 0, "logit_bias": FORCED}
    return ask(FIRST, *more, adapter=adapter, cache_key=key, **options)


def thoughts(deltas: list[Delta]) -> NDArray[np.float64]:
    return np.array([entry.logprob for delta in deltas for entry in delta.logprobs])


def cached(deltas: list[Delta]) -> float:
    info = deltas[0].prompt
    assert info is not None
    return info.cached_tokens / info.tokens


async def test_each_adapters_thread_goes_on_after_the_server_ended(
    local: MakeEngine, make: MakeEngine, files: dict[str, Path], folder: Path
) -> None:
    names = (None, "formal", "rude")
    async with started(local(adapters=files)) as engine:
        wanted = {name: thoughts(await collect(engine, turn(name))) for name in names}
    async with started(make()) as engine:
        for name in names:
            await collect(engine, turn(name))
    assert saved(folder) == 3
    async with started(make()) as engine:
        again = {name: await collect(engine, turn(name)) for name in names}

    for name in names:
        assert cached(again[name]) > 0.95
        assert thoughts(again[name]) == pytest.approx(wanted[name], abs=0.1)
    assert np.abs(wanted["formal"] - wanted["rude"]).max() > 1


async def test_nobody_else_finds_it(make: MakeEngine, files: dict[str, Path]) -> None:
    async with started(make()) as engine:
        await collect(engine, turn("formal"))
    async with started(make()) as engine:
        for name in (None, "rude"):
            assert cached(await collect(engine, turn(name))) == 0
    swapped = {"formal": files["rude"], "polite": files["formal"]}
    async with started(make(adapters=swapped)) as engine:
        assert cached(await collect(engine, turn("polite"))) > 0.95  # it is the file that counts


async def test_another_file_of_the_same_name_finds_nothing(
    make: MakeEngine, files: dict[str, Path], tmp_path: Path
) -> None:
    path = Path(shutil.copy2(files["formal"], tmp_path / "adapter.gguf"))
    async with started(make(adapters={"mine": path})) as engine:
        await collect(engine, turn("mine"))
    os.replace(shutil.copy2(files["rude"], tmp_path / "new.gguf"), path)  # noqa: PTH105 - no wait
    async with started(make(adapters={"mine": path})) as engine:
        assert cached(await collect(engine, turn("mine"))) == 0


async def test_a_killed_engine_has_saved_it_while_idle(make: MakeEngine, folder: Path) -> None:
    async with started(make()) as engine:
        await collect(engine, turn("rude"))
        await until_saved(folder)
        os.kill(engine.status().pid, signal.SIGKILL)
        await until(engine, "starting")
        assert cached(await collect(engine, turn("rude", "yes", "go on"))) > 0.85


@pytest.mark.parametrize("when", ["at once", "after it was saved", "while no engine runs"])
async def test_a_forgotten_thread_is_nowhere(make: MakeEngine, folder: Path, when: str) -> None:
    engine = make()
    async with started(engine):
        for name in (None, "formal", "rude"):
            await collect(engine, turn(name))
        await collect(engine, turn("rude", key="kept"))
        if when == "after it was saved":
            await until_saved(folder, 4)
        if when != "while no engine runs":
            await engine.forget("mine")
            assert cached(await collect(engine, turn("formal", key=None))) == 0
    if when == "while no engine runs":
        assert saved(folder) == 4
        await engine.forget("mine")

    assert saved(folder) == 1
    async with started(make()) as again:
        assert cached(await collect(again, turn("rude", key="kept"))) > 0.95


def test_states_of_an_adapter_without_a_fingerprint_are_not_saved(tmp_path: Path) -> None:
    vault = Vault(tmp_path, 1 << 20, "model", 1.0, {"known": "print"})
    tokens = list(range(100))
    vault.put("thread", tokens, bytearray(200), adapter="unknown")
    vault.put("thread", tokens, bytearray(100), adapter="known")
    vault.close(10)

    assert vault.find(tokens, adapter="unknown") is None
    assert vault.find(tokens) is None
    found = vault.find(tokens, adapter="known")
    assert found is not None
    assert (found.adapter, found.size) == ("known", 100)
    vault.forget("thread")
    vault.close(10)
    assert vault.find(tokens, adapter="known") is None
    assert vault.stats().files == 0


def saved(folder: Path) -> int:
    return len(list(folder.rglob("*.kv")))


async def until_saved(folder: Path, count: int = 1) -> None:
    async with asyncio.timeout(60):
        while saved(folder) < count:  # noqa: ASYNC110 - files tell nobody
            await asyncio.sleep(0.02)
