"""An engine around another one that writes down what it is asked and what it answers.

What is recorded already is not asked again: a second recording adds what is new, and what is there
stays as it is. To record anew, delete the files, or the folder.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from msgspec.structs import replace

from oxillama_jupyter.engine.cassette_keys import Key, Kind, key_of
from oxillama_jupyter.engine.cassettes import RECORDED, Cassettes, Failure, Take
from oxillama_jupyter.engine.protocol import (
    Delta,
    Embeddings,
    EmbedRequest,
    Engine,
    EngineStatus,
    GenerateRequest,
    ModelInfo,
    RenderedPrompt,
)

__all__ = ["TapingEngine"]


class TapingEngine:
    """Engine that records another one.

    Errors that the request deserves are recorded too; an engine's own failures are not.

    Args:
        engine: Who answers; started and closed with this one.
        cassettes: Where it is written down.
    """

    def __init__(self, engine: Engine, cassettes: Cassettes) -> None:
        self._engine = engine
        self._cassettes = cassettes
        self._asked: Counter[str] = Counter()
        self._known: set[ModelInfo] = set()

    async def start(self) -> None:
        """Start the engine."""
        await self._engine.start()

    async def generate(self, request: GenerateRequest) -> AsyncGenerator[Delta, None]:
        """Generate; an answer is on disk before its last delta is given out."""
        key, number, take = await self._look("generate", request)
        stream = self._record(key, number, request) if take is None else _again(take)
        async with aclosing(stream) as deltas:
            async for delta in deltas:
                yield delta

    async def _record(
        self, key: Key, number: int, request: GenerateRequest
    ) -> AsyncGenerator[Delta, None]:
        heard: list[Delta] = []
        kept = False
        try:
            async with aclosing(self._engine.generate(request)) as deltas:
                async for delta in deltas:
                    heard.append(delta)
                    if delta.finish_reason is not None:
                        await self._keep(key, number, Take(tuple(heard)))
                        kept = True
                    yield delta
        except RECORDED as error:
            await self._keep(key, number, Take(tuple(heard), error=Failure.of(error)))
            raise
        except (GeneratorExit, asyncio.CancelledError):
            if heard and not kept:
                await self._keep(key, number, Take(tuple(heard), aborted=True))
            elif not kept:
                self._unasked(key, number)
            raise
        except Exception:
            self._unasked(key, number)
            raise

    async def embed(self, request: EmbedRequest) -> Embeddings:
        """Embed, and record that."""

        async def ask() -> Take:
            return Take(embeddings=await self._engine.embed(request))

        take = await self._single("embed", request, ask)
        assert take.embeddings is not None  # noqa: S101  # it has no error
        return take.embeddings

    async def count(self, request: GenerateRequest) -> int:
        """Count, and record that."""

        async def ask() -> Take:
            return Take(tokens=await self._engine.count(request))

        take = await self._single("count", request, ask)
        assert take.tokens is not None  # noqa: S101  # it has no error
        return take.tokens

    async def render(self, request: GenerateRequest) -> RenderedPrompt:
        """Make a prompt, and record that."""

        async def ask() -> Take:
            return Take(rendered=await self._engine.render(request))

        take = await self._single("render", request, ask)
        assert take.rendered is not None  # noqa: S101  # it has no error
        return take.rendered

    def models(self) -> list[ModelInfo]:
        """The engine's models."""
        return self._engine.models()

    def status(self) -> EngineStatus:
        """How the engine is, and where its answers are kept."""
        status = self._engine.status()
        told = f"recording in {self._cassettes.path}" + (status.detail and f"; {status.detail}")
        detail = told if status.state == "ok" else status.detail
        return replace(status, detail=detail, mode="record")

    async def forget(self, cache_key: str) -> None:
        """Have a thread forgotten; what was recorded stays."""
        await self._engine.forget(cache_key)

    async def aclose(self) -> None:
        """Stop the engine."""
        await self._engine.aclose()

    async def _single(
        self,
        kind: Kind,
        request: GenerateRequest | EmbedRequest,
        ask: Callable[[], Awaitable[Take]],
    ) -> Take:
        key, number, take = await self._look(kind, request)
        if take is not None:
            if take.error is not None:
                raise take.error.error()
            return take
        try:
            take = await ask()
        except RECORDED as error:
            await self._keep(key, number, Take(error=Failure.of(error)))
            raise
        except BaseException:
            self._unasked(key, number)
            raise
        await self._keep(key, number, take)
        return take

    async def _look(
        self, kind: Kind, request: GenerateRequest | EmbedRequest
    ) -> tuple[Key, int, Take | None]:
        """A request's key, the how-manieth time it is asked in this run, and what is recorded."""
        key = key_of(kind, request, self._engine.models()[0].id)
        self._asked[key.digest] += 1
        number = self._asked[key.digest]
        take = await asyncio.to_thread(self._cassettes.find, key, number, exact=True)
        return key, number, None if take is None or take.aborted else take

    def _unasked(self, key: Key, number: int) -> None:
        """Whoever asks again after a failure is asking for the first time."""
        if self._asked[key.digest] == number:
            self._asked[key.digest] -= 1

    async def _keep(self, key: Key, number: int, take: Take) -> None:
        await asyncio.to_thread(self._cassettes.keep, key, number, take)
        models = self._engine.models()
        for model in models:
            if model not in self._known and model.id in {models[0].id, key.request["model"]}:
                self._known.add(model)
                default = model.id == models[0].id
                await asyncio.to_thread(self._cassettes.keep_model, model, default=default)


async def _again(take: Take) -> AsyncGenerator[Delta, None]:
    """What is recorded already."""
    for delta in take.deltas:
        yield delta
        await asyncio.sleep(0)
    if take.error is not None:
        raise take.error.error()
