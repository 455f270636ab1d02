"""LoRA adapters: chosen by name, side by side, and never in one another's cache."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine.fakes import FakeLlama
from engine.helpers import answer, ask, collect, started
from engine.models import make_lora
from numpy.typing import NDArray

from oxillama_jupyter.engine.backend import Limits
from oxillama_jupyter.engine.frames import Output
from oxillama_jupyter.engine.jobs import Job
from oxillama_jupyter.engine.local import LocalEngine
from oxillama_jupyter.engine.protocol import Delta, GenerateRequest, Sampling
from oxillama_jupyter.engine.scheduler import Scheduler
from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.engine.slots import Slots
from oxillama_jupyter.engine.text import TextAssembler
from oxillama_jupyter.errors import InvalidRequest

MakeEngine = Callable[..., LocalEngine]
PROMPT = "tell me " + "abcd " * 30
FORCED = {300: 1000.0}
CLOSE = 0.1


@pytest.fixture(scope="module")
def adapters(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("lora")
    return {
        name: make_lora(folder / f"{name}.gguf", seed=seed)
        for seed, name in enumerate(("formal", "rude"))
    }


def forced(adapter: str | None = None, **options: Any) -> GenerateRequest:
    """Ask for the same tokens whatever the model thinks, and for what it thinks of them.

    Texts would differ where two tokens are nearly as good and batches of other shapes round.
    """
    return ask(PROMPT, max_tokens=20, logprobs=0, logit_bias=FORCED, adapter=adapter, **options)


def thoughts(deltas: list[Delta]) -> NDArray[np.float64]:
    entries = [entry for delta in deltas for entry in delta.logprobs]
    assert {entry.token for entry in entries} == set(FORCED)
    return np.array([entry.logprob for entry in entries])


def far(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    return bool(np.abs(one - other).max() > 10 * CLOSE)


async def test_adapters_change_the_answer_also_side_by_side(
    local: MakeEngine, adapters: dict[str, Path]
) -> None:
    requests = [forced(name) for name in (None, "formal", "rude")]
    async with started(local(adapters=adapters, n_parallel=3)) as engine:
        together = await asyncio.gather(*(collect(engine, request) for request in requests))
        alone = [await collect(engine, request) for request in requests]
        states = engine.status().settings["adapters"]
    async with started(local()) as engine:
        without = thoughts(await collect(engine, forced()))

    bare, formal, rude = map(thoughts, alone)
    assert bare == pytest.approx(without, abs=CLOSE)
    assert far(bare, formal)
    assert far(bare, rude)
    assert far(formal, rude)
    for one, other in zip(together, alone, strict=True):
        assert thoughts(one) == pytest.approx(thoughts(other), abs=CLOSE)
    assert states == {"formal": "", "rude": ""}


async def test_one_threads_turns_share_a_cache_only_with_the_same_adapter(
    local: MakeEngine, adapters: dict[str, Path]
) -> None:
    async with started(local(adapters=adapters)) as engine:
        fresh = await collect(engine, forced("rude", cache_key="other"))
        for _ in range(2):
            await collect(engine, forced(cache_key="mine"))
        switched = await collect(engine, forced("formal", cache_key="mine"))
        again = await collect(engine, forced("formal", cache_key="mine"))
        rude = await collect(engine, forced("rude", cache_key="mine"))
        back = await collect(engine, forced(cache_key="mine"))

    assert switched[0].prompt.cached_tokens == 0
    for deltas in (again, rude, back):
        info = deltas[0].prompt
        assert info.cached_tokens == info.tokens - 1
    assert thoughts(rude) == pytest.approx(thoughts(fresh), abs=CLOSE)
    assert thoughts(again) == pytest.approx(thoughts(switched), abs=CLOSE)
    assert far(thoughts(back), thoughts(again))


async def test_a_broken_adapter_costs_only_itself(
    local: MakeEngine,
    adapters: dict[str, Path],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    garbage = tmp_path / "garbage.gguf"
    garbage.write_bytes(b"GGUF but not really")
    broken = {
        "missing": tmp_path / "missing.gguf",
        "garbage": garbage,
        "foreign": make_lora(tmp_path / "foreign.gguf", width=128),
    }
    with caplog.at_level(logging.WARNING):
        async with started(local(adapters=adapters | broken)) as engine:
            for name in broken:
                with pytest.raises(InvalidRequest, match=f"'{name}' could not be loaded") as caught:
                    await collect(engine, ask("hi", adapter=name))
                assert caught.value.param == "adapter"
                assert f"'{name}' cannot be used" in caplog.text
            with pytest.raises(InvalidRequest, match="'kind'; there are 'formal', 'rude'"):
                await collect(engine, ask("hi", adapter="kind"))
            assert await answer(engine, ask("hi", adapter="rude"))
            assert engine.status().restarts == 0


async def test_without_adapters_there_are_none() -> None:
    async with started(ScriptedEngine()) as engine:
        with pytest.raises(InvalidRequest, match="'kind'; there are none"):
            await collect(engine, ask("hi", adapter="kind"))
    async with started(ScriptedEngine(adapters=["kind"])) as engine:
        assert await answer(engine, ask("hi", adapter="kind"))


def test_a_step_has_one_adapter_and_all_take_turns() -> None:
    llama = FakeLlama()
    scheduler = Scheduler(llama, Slots(llama, 4, 0), llama, Limits(4, 200, 64))
    names = [None, "a", "b", "a"]
    for number, name in enumerate(names):
        sampling = Sampling(max_tokens=12)
        job = Job(number, [1, 2, 3 + number], sampling, TextAssembler(), adapter=name)
        scheduler.submit(job)
    outputs: list[Output] = []
    while scheduler.busy:
        outputs += scheduler.admit() + scheduler.step()

    used = [{row.adapter for row in rows} for rows in llama.steps]
    assert all(len(adapters) == 1 for adapters in used)
    served = [adapter for (adapter,) in used]
    for start in range(0, len(served) - 3, 3):
        assert set(served[start : start + 3]) == {None, "a", "b"}
    for number in range(4):
        text = "".join(o.delta.text for o in outputs if o.id == number and o.delta)
        expected = llama.expected([1, 2, 3 + number], 12)
        assert text == "".join(f"{token} " for token in expected)
