"""Generations that are no runs: admitted, queued and measured as runs are."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, aclosing

from oxillama_jupyter.engine.protocol import Delta, Embeddings, EmbedRequest, GenerateRequest
from oxillama_jupyter.services.metrics import Metrics, timings_of
from oxillama_jupyter.services.models import ModelService
from oxillama_jupyter.services.places import Places

__all__ = ["Generator"]


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
            QueueFull: Too many wait already; otherwise as `Engine.embed`.
        """
        with self.admission():
            await self._models.ready(self._models.resolve(request.model))
            return await self._models.engine.embed(request)
