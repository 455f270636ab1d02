"""Models that cannot cut their memory back: a state at the end of each prompt does instead."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from engine.helpers import answer, ask, collect, started, text_of
from engine.recurrent import make_recurrent, make_sliding

from oxillama_jupyter.engine.local import LocalEngine
from oxillama_jupyter.engine.protocol import GenerateRequest, PromptInfo

FIRST = "tell me " + "abcd " * 60


@pytest.fixture(scope="module", params=[make_recurrent, make_sliding])
def model(
    request: pytest.FixtureRequest, small_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    maker = sys.modules["benchmark_model"]  # `small_model` has loaded it
    return request.param(tmp_path_factory.mktemp("model") / "model.gguf", maker)


@pytest.fixture
def make(local: Callable[..., LocalEngine], model: Path) -> Callable[[], LocalEngine]:
    return lambda: local(model, vault_bytes=1 << 28)


def _turn() -> GenerateRequest:
    """The next turn, whose history has another answer than the one that was generated."""
    return ask(FIRST, "yes", "go on", cache_key="mine", max_tokens=24)


def _saved(folder: Path) -> int:
    return len(list(folder.rglob("*.kv")))


async def _ask(engine: LocalEngine, request: GenerateRequest) -> tuple[str, PromptInfo]:
    deltas = await collect(engine, request)
    assert deltas[0].prompt is not None
    return text_of(deltas), deltas[0].prompt


async def test_the_next_turn_begins_where_the_last_prompt_ended(
    make: Callable[[], LocalEngine],
) -> None:
    async with started(make()) as engine:
        wanted, cold = await _ask(engine, _turn())
        await engine.forget("mine")
        _, first = await _ask(engine, ask(FIRST, cache_key="mine"))
        warm_text, warm = await _ask(engine, _turn())

    assert (cold.cached_tokens, first.cached_tokens) == (0, 0)
    assert warm.cached_tokens >= first.tokens
    assert warm_text == wanted


async def test_also_when_others_took_its_place(make: Callable[[], LocalEngine]) -> None:
    async with started(make()) as engine:
        _, first = await _ask(engine, ask(FIRST, cache_key="mine"))
        others = (ask(f"other {n} " * 20, cache_key=f"{n}") for n in range(4))
        await asyncio.gather(*(collect(engine, other) for other in others))
        _, info = await _ask(engine, _turn())

    assert info.cached_tokens == first.tokens


async def test_also_after_the_engine_ended(make: Callable[[], LocalEngine], tmp_path: Path) -> None:
    async with started(make()) as engine:
        wanted, _ = await _ask(engine, _turn())
        await engine.forget("mine")
        _, first = await _ask(engine, ask(FIRST, cache_key="mine"))
    assert _saved(tmp_path) == 2  # after the prompt, and after the answer
    async with started(make()) as engine:
        text, info = await _ask(engine, _turn())

    assert info.cached_tokens == first.tokens
    assert text == wanted


async def test_a_changed_history_is_read_again(make: Callable[[], LocalEngine]) -> None:
    async with started(make()) as engine:
        await answer(engine, ask(FIRST, cache_key="mine"))
    async with started(make()) as engine:
        _, info = await _ask(engine, ask(FIRST + "but not this", cache_key="mine"))

    assert info.cached_tokens == 0
