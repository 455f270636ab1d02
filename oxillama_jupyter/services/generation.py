"""Generations that are no runs: admitted, queued, measured and stopped as runs are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable
from contextlib import AbstractContextManager, aclosing, asynccontextmanager
from dataclasses import dataclass, field

from oxillama_jupyter.engine.protocol import Delta, Embeddings, EmbedRequest, GenerateRequest
from oxillama_jupyter.errors import GenerationStopped, NotFound
from oxillama_jupyter.ids import new_id, now
from oxillama_jupyter.schemas.generations import LiveRun
from oxillama_jupyter.services.metrics import Metrics, timings_of
from oxillama_jupyter.services.models import ModelService
from oxillama_jupyter.services.places import Places

__all__ = ["Generator"]


@dataclass(slots=True, eq=False)
class _Waited:
    """A generation that a client waits for."""

    live: LiveRun
    limit: asyncio.Timeout
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Generator:
    """Generates for whoever asks, in turn with everybody else.

    Args:
        models: The engine and its readiness.
        places: Who is next.
        metrics: Where generations are taken down.
    """

    def __init__(self, models: ModelService, places: Places, metrics: Metrics) -> None:
        self._models = models
        self._places = places
        self._metrics = metrics
        self._waited: dict[str, _Waited] = {}  # by id

    async def generate(
        self, request: GenerateRequest, *, user: str, name: str
    ) -> AsyncGenerator[Delta, None]:
        """Generate once a place is free; closing the iterator gives the place back.

        The first delta has `prompt`: all errors of the request itself come ahead of it.

        Args:
            request: What to generate; `model` is one of the engine's own names.
            user: Who asked; where many wait, users take turns.
            name: Id of the object it is for, such as `chatcmpl-…`.

        Raises:
            QueueFull: Too many wait already.
            EngineUnavailable: The model cannot be loaded, and why; otherwise as `Engine.generate`.
        """
        with self.admission():
            async with aclosing(self.generate_admitted(request, user=user, name=name)) as deltas:
                async for delta in deltas:
                    yield delta

    def admission(self) -> AbstractContextManager[None]:
        """Be one of those who generate or wait, for requests with several generations.

        Raises:
            QueueFull: Too many wait already.
        """
        return self._places.admission()

    async def generate_admitted(
        self, request: GenerateRequest, *, user: str, name: str
    ) -> AsyncGenerator[Delta, None]:
        """As `generate`, for who holds an admission already."""
        model = self._models.resolve(request.model)
        begun = time.monotonic()
        admitted = begun
        async with self._places.place(model, user):
            if name in self._waited:
                self._waited[name].live.status = "in_progress"
            await self._models.ready(model)
            async with aclosing(self._models.engine.generate(request)) as deltas:
                async for delta in deltas:
                    if delta.prompt is not None:
                        admitted = time.monotonic()
                    if delta.usage is not None:
                        timings = timings_of(delta.usage, admitted - begun)
                        self._metrics.turn(name, "", model, delta.usage, timings)
                    yield delta

    async def embed(self, request: EmbedRequest) -> Embeddings:
        """Embed; the engine does that beside its generations, so no place is waited for.

        Raises:
            QueueFull: Too many wait already.
            GenerationStopped: Somebody has stopped it; otherwise as `Engine.embed`.
        """
        model, name = self._models.resolve(request.model), new_id("emb")
        with self.admission():
            async with self.stoppable(name, model):
                self._waited[name].live.status = "in_progress"
                await self._models.ready(model)
                return await self._models.engine.embed(request)

    # -- what clients wait for -------------------------------------------------------------------

    def live(self) -> Iterable[LiveRun]:
        """What clients wait for, and can be stopped."""
        return [waited.live for waited in self._waited.values()]

    @asynccontextmanager
    async def stoppable(self, name: str, model: str) -> AsyncGenerator[None]:
        """Let `stop` end what is inside, which a client waits for.

        Args:
            name: Id of what it makes.
            model: The engine's own name of what makes it.

        Raises:
            GenerationStopped: Somebody has.
        """
        live = LiveRun(name, "", model, "queued", now(), foreground=True)
        # A timeout without an end: it can be moved to now, and tells our cancellation from others.
        limit = asyncio.timeout(None)
        waited = self._waited[name] = _Waited(live, limit)
        try:
            async with limit:
                yield
        except TimeoutError:
            if not limit.expired():
                raise
            raise GenerationStopped(
                f"{name} was stopped by a user of this server, not by its client."
            ) from None
        finally:
            del self._waited[name]
            waited.over.set()

    async def stop(self, name: str) -> LiveRun:
        """Stop what a client waits for; returns when its place is free.

        Raises:
            NotFound: There is no such generation, or it has ended.
        """
        waited = self._waited.get(name)
        if waited is None:
            raise NotFound(f"No client of this server waits for a generation '{name}'.")
        if not waited.limit.expired():  # somebody else may have been first
            waited.limit.reschedule(asyncio.get_running_loop().time())
        await waited.over.wait()
        waited.live.status = "cancelled"
        return waited.live
