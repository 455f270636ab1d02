"""The engine's models: when they are ready, what they are called, and which name means which."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from oxillama_jupyter.engine.protocol import Engine, EngineStatus
from oxillama_jupyter.errors import EngineUnavailable, ModelNotFound
from oxillama_jupyter.schemas.models import Model, ModelList

__all__ = ["ModelService"]


class ModelService:
    """Owns the engine's start, so that the server's start never waits for a model.

    Args:
        engine: The engine; started by `start`, closed by `aclose`.
        aliases: Names that clients use, to names the engine knows; `*` stands for every other one.
        logger: Where the engine's start is told.
    """

    def __init__(self, engine: Engine, aliases: Mapping[str, str], logger: logging.Logger) -> None:
        self.engine = engine
        self._aliases = aliases
        self._log = logger
        self._starting: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to load the model in the background."""
        self._starting = asyncio.create_task(self._start(), name="oxillama engine start")

    async def _start(self) -> None:
        try:
            await self.engine.start()
        except EngineUnavailable as error:
            # Everyone who asks is told by `ready`; the log is told here, once.
            self._log.error("oxillama: the engine did not start: %s", error)

    async def ready(self) -> None:
        """Wait for the engine.

        Raises:
            EngineUnavailable: It failed to start, and why.
        """
        if self._starting is not None:
            await asyncio.shield(self._starting)
        self.check()

    def check(self) -> None:
        """Refuse work at once while the engine is known not to run.

        Raises:
            EngineUnavailable: It failed to start, and why.
        """
        status = self.engine.status()
        if status.state == "failed":
            raise EngineUnavailable(f"The engine is not running: {status.detail}")

    def status(self) -> EngineStatus:
        """How the engine is."""
        return self.engine.status()

    def list(self) -> ModelList:
        """All models, the default one first."""
        return ModelList([Model(m.id, m.created) for m in self.engine.models()])

    def get(self, model_id: str) -> Model:
        """One model.

        Raises:
            ModelNotFound: There is none of that name.
        """
        resolved = self.resolve(model_id)
        return next(model for model in self.list().data if model.id == resolved)

    def resolve(self, name: str | None) -> str:
        """The engine's name for a model as a client names it; no name means the default model.

        Raises:
            ModelNotFound: There is none of that name; the message says which there are.
        """
        known = [model.id for model in self.engine.models()]
        if not name:
            return known[0]
        for candidate in (name, self._aliases.get(name), self._aliases.get("*")):
            if candidate in known:
                return candidate
        raise ModelNotFound(
            f"The model '{name}' does not exist here. Available: {', '.join(known)}. "
            "OxillamaApp.model_aliases maps other names to these.",
            param="model",
        )

    def n_ctx(self) -> int:
        """The context of the default model in tokens; 0 while it is not known."""
        return self.engine.models()[0].n_ctx

    async def aclose(self) -> None:
        """Stop the engine, also in the middle of its start."""
        await self.engine.aclose()
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait((self._starting,))
