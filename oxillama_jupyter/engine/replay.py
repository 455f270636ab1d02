"""An engine without a model: it answers what was recorded, delta by delta, and nothing else."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Sequence

from oxillama_jupyter.engine.cassette_keys import Key, Kind, key_of
from oxillama_jupyter.engine.cassette_misses import missing
from oxillama_jupyter.engine.cassettes import Cassettes, Take
from oxillama_jupyter.engine.checks import check_request
from oxillama_jupyter.engine.embeddings import check_embed
from oxillama_jupyter.engine.protocol import (
    Delta,
    Embeddings,
    EmbedRequest,
    EngineStatus,
    GenerateRequest,
    ModelInfo,
    RenderedPrompt,
)
from oxillama_jupyter.errors import CassetteError, EngineUnavailable

__all__ = ["ReplayEngine"]

_PATIENCE = 30.0
_STOPPED = "The engine was stopped."


class ReplayEngine:
    """Engine that has a folder of cassettes.

    Args:
        cassettes: The folder; nothing is written to it.
        models: What it says of the models, the default one first.
        n_parallel: Said in its status; any number of answers is replayed at the same time.
        patience: Seconds to wait for an abort that was recorded and does not come.
    """

    def __init__(
        self,
        cassettes: Cassettes,
        models: Sequence[ModelInfo],
        *,
        n_parallel: int = 4,
        patience: float = _PATIENCE,
    ) -> None:
        self._cassettes = cassettes
        self._models = list(models)
        self._n_parallel = n_parallel
        self._patience = patience
        self._asked: Counter[str] = Counter()
        self._running = 0
        self._stopped = asyncio.Event()
        self._refusal = "The engine has not been started."

    async def start(self) -> None:
        """Be ready at once.

        Raises:
            EngineUnavailable: Nothing is recorded.
        """
        self._refusal = ""
        if not self._models:
            self._refusal = (
                f"There is nothing to replay in {self._cassettes.path}: "
                "OXILLAMA_MODE=record records it."
            )
            raise EngineUnavailable(self._refusal)

    async def generate(self, request: GenerateRequest) -> AsyncGenerator[Delta, None]:
        """Give out the deltas that were recorded.

        Raises:
            CassetteMissing: Nothing was, and what comes nearest; otherwise what was recorded.
        """
        self._check()
        check_request(request)
        take = await self._take("generate", request)
        self._running += 1
        try:
            for delta in take.deltas:
                yield delta
                await asyncio.sleep(0)
                self._check()
            if take.aborted:
                await self._wait()
        finally:
            self._running -= 1
        if take.error is not None:
            raise take.error.error()

    async def embed(self, request: EmbedRequest) -> Embeddings:
        """Give the vectors that were recorded."""
        self._check()
        check_embed(request)
        take = await self._take("embed", request)
        if take.error is not None:
            raise take.error.error()
        assert take.embeddings is not None  # noqa: S101  # it is of that kind
        return take.embeddings

    async def count(self, request: GenerateRequest) -> int:
        """Give the count that was recorded."""
        self._check()
        check_request(request)
        take = await self._take("count", request)
        if take.error is not None:
            raise take.error.error()
        assert take.tokens is not None  # noqa: S101  # it is of that kind
        return take.tokens

    async def render(self, request: GenerateRequest) -> RenderedPrompt:
        """Give the prompt that was recorded."""
        self._check()
        check_request(request)
        take = await self._take("render", request)
        if take.error is not None:
            raise take.error.error()
        assert take.rendered is not None  # noqa: S101  # it is of that kind
        return take.rendered

    def models(self) -> list[ModelInfo]:
        """The models that were recorded."""
        return self._models or [ModelInfo("nothing-recorded", created=0)]

    def status(self) -> EngineStatus:
        """Say where the answers come from."""
        return EngineStatus(
            state="failed" if self._refusal else "ok",
            detail=self._refusal or f"replaying {self._cassettes.path}; no model runs",
            n_parallel=self._n_parallel,
            running=self._running,
            mode="replay",
        )

    async def forget(self, cache_key: str) -> None:
        """Nothing is kept of a thread."""

    async def aclose(self) -> None:
        """End all replays."""
        self._refusal = _STOPPED
        self._stopped.set()

    def _check(self) -> None:
        if self._refusal:
            raise EngineUnavailable(self._refusal)

    async def _take(self, kind: Kind, request: GenerateRequest | EmbedRequest) -> Take:
        key = key_of(kind, request, self.models()[0].id)
        self._asked[key.digest] += 1
        return await asyncio.to_thread(self._find, key, self._asked[key.digest])

    def _find(self, key: Key, number: int) -> Take:
        take = self._cassettes.find(key, number)
        if take is None:
            raise missing(self._cassettes, key)
        return take

    async def _wait(self) -> None:
        """The answer was left here when it was recorded, so it should be now."""
        try:
            async with asyncio.timeout(self._patience):
                await self._stopped.wait()
        except TimeoutError:
            raise CassetteError(
                "When this answer was recorded it was left unfinished; nobody knows how it goes on."
            ) from None
        self._check()
