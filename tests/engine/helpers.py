"""What engine tests say over and over."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from oxillama_jupyter.engine.catalog import Catalog
from oxillama_jupyter.engine.fit import Wanted
from oxillama_jupyter.engine.local import LocalEngine
from oxillama_jupyter.engine.places import place_of
from oxillama_jupyter.engine.pool import EnginePool
from oxillama_jupyter.engine.protocol import Delta, Engine, GenerateRequest, Sampling
from oxillama_jupyter.engine.scripted import ScriptedEngine

ENDS = {1529: -100.0, 1531: -100.0}
"""Keeps the small model from ending an answer; scripted engines do not care."""


def ask(*texts: str, system: str = "", **options: Any) -> GenerateRequest:
    """Make a greedy request: user and assistant texts in turn; options of either struct."""
    roles = itertools.cycle(["user", "assistant"])
    messages = [{"role": role, "content": text} for role, text in zip(roles, texts, strict=False)]
    if system:
        messages.insert(0, {"role": "system", "content": system})
    names = {field.name for field in msgspec.structs.fields(Sampling)}
    sampling = {"temperature": 0.0, "logit_bias": ENDS, "max_tokens": 8}
    sampling |= {name: value for name, value in options.items() if name in names}
    others = {name: value for name, value in options.items() if name not in names}
    return GenerateRequest(messages, sampling=Sampling(**sampling), **others)


async def collect(engine: Engine, request: GenerateRequest) -> list[Delta]:
    """Generate to the end."""
    return [delta async for delta in engine.generate(request)]


async def answer(engine: Engine, request: GenerateRequest) -> str:
    """Generate to the end; return the text."""
    return text_of(await collect(engine, request))


def text_of(deltas: list[Delta]) -> str:
    """All the text of some deltas."""
    return "".join(delta.text for delta in deltas)


@asynccontextmanager
async def started(engine: Any) -> AsyncIterator[Any]:
    """Start an engine for one test; any kind."""
    try:
        await engine.start()
        yield engine
    finally:
        await engine.aclose()


async def until(engine: LocalEngine, state: str) -> None:
    """Wait until an engine says that it is so."""
    async with asyncio.timeout(30):
        while engine.status().state != state:  # noqa: ASYNC110 - an engine tells nobody
            await asyncio.sleep(0.01)


class Engines:
    """Makes engines of one kind that go on until they are stopped."""

    def __init__(self, kind: str, local: Callable[..., LocalEngine], model: Path) -> None:
        self.kind = kind
        self._local = local
        self._model = model

    def make(self, **options: Any) -> Engine:
        """Make an engine that is called `small`."""
        if self.kind == "local":
            return self._local(**options)
        if self.kind == "pool":
            catalog = Catalog([place_of(self._model)])
            wanted = Wanted(options.get("n_ctx", 512), options.get("n_parallel", 2))
            return EnginePool(
                catalog, lambda _entry: self._local(**options), default="small", wanted=wanted
            )
        endless = itertools.count
        options = {"n_parallel": 2, "n_ctx": 512} | options
        return ScriptedEngine(
            lambda _request: (f" word{n}" for n in endless()),
            model_id="small",
            delay=0.001,
            **options,
        )
