"""The engine's models: when they are ready, what they are called, and which name means which."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal, TypeVar

from msgspec.structs import asdict

from oxillama_jupyter.engine.protocol import (
    Engine,
    EngineStatus,
    Fitting,
    ModelFit,
    ModelInfo,
    ModelLoader,
    ModelState,
)
from oxillama_jupyter.errors import EngineUnavailable, InvalidRequest, ModelNotFound
from oxillama_jupyter.schemas.models import (
    LocalModel,
    LocalModelList,
    MemoryNow,
    Model,
    ModelList,
)

__all__ = ["ModelService"]

T = TypeVar("T")
Resolve = Callable[[str], str]
_SINGLE: dict[str, Literal["loading", "loaded", "failed"]] = {
    "starting": "loading",
    "ok": "loaded",
    "failed": "failed",
}


class ModelService:
    """Owns the engine's start, so that the server's start never waits for a model.

    Args:
        engine: The engine; started by `start`, closed by `aclose`.
        aliases: Names that clients use, to names the engine knows; `*` stands for every other one.
        logger: Where the engine's start is told.
        loader: The engine once more, where it serves several models.
        fitting: And once more, for the memory that these take.
    """

    def __init__(
        self,
        engine: Engine,
        aliases: Mapping[str, str],
        logger: logging.Logger,
        loader: ModelLoader | None = None,
        fitting: Fitting | None = None,
    ) -> None:
        self.engine = engine
        self._aliases = aliases
        self._log = logger
        self._loader = loader
        self._fitting = fitting
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

    async def ready(self, model: str | None = None) -> None:
        """Wait until a model can generate, loading it where it is not loaded; None: the default.

        Raises:
            EngineUnavailable: It cannot be loaded, and why.
        """
        default = self.resolve(None)
        if self._starting is not None and model in (None, default):
            await asyncio.shield(self._starting)
        self.check(model)
        if self._loader is not None:
            await self._loader.load(model or default)

    def check(self, model: str | None = None) -> None:
        """Refuse work at once for a model that is known not to run; None: the default.

        Raises:
            EngineUnavailable: It failed to start, and why.
        """
        refused = self._refused()
        name = model or self.resolve(None)
        if name in refused:
            raise EngineUnavailable(refused[name])

    async def resolving(self, use: Callable[[Resolve], Awaitable[T]]) -> T:
        """Do something that resolves names, in any thread, to models that are not known to fail.

        A name that is not known, or of a model that failed, costs a look which models there are.

        Raises:
            ModelNotFound: A name is not known.
            EngineUnavailable: Its model is known not to run, and why.
        """
        if self._loader is None:
            return await use(self._resolver())
        await self._loader.settled()
        try:
            return await use(self._resolver())
        except (ModelNotFound, EngineUnavailable):
            await self._loader.refresh()
            return await use(self._resolver())

    async def resolved(self, name: str) -> Model:
        """The model that a client's name means; errors as `resolving`."""

        async def use(resolve: Resolve) -> str:
            return resolve(name)

        return self.get(await self.resolving(use))

    def _resolver(self) -> Resolve:
        refused = self._refused()

        def resolve(name: str) -> str:
            model = self.resolve(name)
            if model in refused:
                raise EngineUnavailable(refused[model])
            return model

        return resolve

    def _refused(self) -> dict[str, str]:
        """Why models are known not to run; an engine with one model says it of that one."""
        status = self.engine.status()
        refused = {one.id: one.detail for one in status.models if one.state == "failed"}
        if status.state == "failed" and not status.models:
            refused[self.resolve(None)] = status.detail
        return {name: f"The engine is not running: {why}" for name, why in refused.items()}

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
            ModelNotFound: There is none of that name, or its file is broken; the message says
                which there are, or what is wrong.
        """
        known = [model.id for model in self.engine.models()]
        if not name:
            return known[0]
        for candidate in (name, self._aliases.get(name), self._aliases.get("*")):
            if candidate in known:
                return candidate
        for model in self.engine.status().models:
            if model.id == name and model.detail:
                raise ModelNotFound(f"'{name}' cannot be used. {model.detail}", param="model")
        raise ModelNotFound(
            f"The model '{name}' does not exist here. Available: {', '.join(known)}. "
            "OxillamaApp.model_aliases maps other names to these.",
            param="model",
        )

    def n_ctx(self, model: str | None = None) -> int:
        """The context of a model in tokens; 0 while it is not known. None: the default one."""
        models = self.engine.models()
        return next((one.n_ctx for one in models if one.id == model), models[0].n_ctx)

    # -- several models ----------------------------------------------------------------------------

    async def listing(self) -> ModelList:
        """All models that can be served, as of now."""
        await self._refresh()
        return self.list()

    async def find(self, model_id: str) -> Model:
        """One model, as of now.

        Raises:
            ModelNotFound: There is none of that name.
        """
        await self._refresh()
        return self.get(model_id)

    async def states(self) -> LocalModelList:
        """How all models are, those too that cannot be served, and which could be loaded."""
        await self._refresh()
        states = _states(self.engine)
        if self._fitting is None:
            return LocalModelList(states)
        memory, fits = self._fitting.fits()
        data = [_with_fit(state, fits.get(state.id)) for state in states]
        return LocalModelList(data, MemoryNow(**asdict(memory)))

    async def load(self, name: str) -> LocalModel:
        """Load a model and wait until it can generate; one that failed is tried again.

        Raises:
            ModelNotFound: There is none of that name.
            EngineUnavailable: It cannot be loaded, or there is no room for it, and why.
        """
        loader, model = await self._loadable(name)
        await loader.load(model, again=True)
        return self._state(model)

    async def unload(self, name: str) -> LocalModel:
        """Free a model's memory; its next request loads it again.

        Raises:
            ModelNotFound: There is none of that name.
            InvalidRequest: It is generating or being loaded.
        """
        loader, model = await self._loadable(name)
        await loader.unload(model)
        return self._state(model)

    async def autotune(self, name: str | None) -> LocalModel:
        """Begin to measure anew, in quiet, which settings run a model fastest.

        Args:
            name: The model; None for the default one.

        Raises:
            ModelNotFound: There is none of that name.
            EngineUnavailable: It cannot be loaded, and why.
            InvalidRequest: Its settings cannot be measured, or would not be used.
        """
        loader, model = await self._loadable(name)
        await loader.autotune(model)
        return self._state(model)

    async def _refresh(self) -> None:
        if self._loader is not None:
            await self._loader.refresh()

    async def _loadable(self, name: str | None) -> tuple[ModelLoader, str]:
        """The loader, and its name for a model; broken ones are known here too."""
        if self._loader is None:
            raise InvalidRequest("This server's engine has one model, which is always loaded.")
        await self._loader.refresh()
        known = {state.id for state in self.engine.status().models}
        return self._loader, name if name and name in known else self.resolve(name)

    def _state(self, model: str) -> LocalModel:
        return next(state for state in _states(self.engine) if state.id == model)

    async def aclose(self) -> None:
        """Stop the engine, also in the middle of its start."""
        await self.engine.aclose()
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait((self._starting,))


def _states(engine: Engine) -> list[LocalModel]:
    """How an engine's models are, the default one first; most engines have only that."""
    status, infos = engine.status(), engine.models()
    default, known = infos[0], {info.id: info for info in infos}
    states = status.models or (
        ModelState(default.id, _SINGLE[status.state], status.detail, default.size, pid=status.pid),
    )
    found = [_local(state, known.get(state.id), default.id) for state in states]
    return sorted(found, key=lambda one: not one.default)


def _with_fit(model: LocalModel, fit: ModelFit | None) -> LocalModel:
    if fit is not None:
        model.fits, model.lack, model.gives_way = not fit.lack, fit.lack, list(fit.gives_way)
    return model


def _local(state: ModelState, info: ModelInfo | None, default: str) -> LocalModel:
    return LocalModel(
        **asdict(state),
        default=state.id == default,
        parameters=info.n_params if info else 0,
        context=info.n_ctx if info else 0,
        description=info.description if info else "",
    )
