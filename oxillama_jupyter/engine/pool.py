"""Several models side by side: an `Engine` that starts one for each model when it is first used.

    pool = EnginePool(catalog, make_engine, default="tiny")
    await pool.start()
    async for delta in pool.generate(request):  # of any model in the catalog
        ...

Each model has an engine, and so a process, of its own: one that dies or cannot be loaded is no
matter to the others. Where memory is short, the idle model that was used longest ago gives way.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress

from msgspec.structs import replace

from oxillama_jupyter.engine.catalog import Catalog, Entry
from oxillama_jupyter.engine.embeddings import Embeddings, EmbedRequest
from oxillama_jupyter.engine.fit import Memory, Wanted
from oxillama_jupyter.engine.overview import expected, overview
from oxillama_jupyter.engine.protocol import (
    Delta,
    Engine,
    EngineStatus,
    GenerateRequest,
    MemoryRoom,
    ModelFit,
    ModelInfo,
    ModelState,
    RenderedPrompt,
)
from oxillama_jupyter.engine.residents import Resident
from oxillama_jupyter.engine.room import Room
from oxillama_jupyter.engine.tuning import Tunable
from oxillama_jupyter.errors import EngineUnavailable, InvalidRequest, ModelNotFound

__all__ = ["EnginePool"]

_UNLOADED = "The default model was unloaded; its next request loads it again."
_STOPPED = "The engine was stopped."
_NOT_STARTED = "The engine has not been started."


class EnginePool:
    """An `Engine` and `ModelLoader` over all models of a catalog.

    Args:
        catalog: Which models there are.
        make: Makes a model's engine.
        default: The model of requests that name none; loaded by `start`.
        memory: How much memory they may take.
        wanted: What engines are made with, for what they will need.
        patience: Seconds that a model waits for others to become idle.
        logger: Where loading and unloading are told.
    """

    def __init__(  # noqa: PLR0913 - settings, all by name
        self,
        catalog: Catalog,
        make: Callable[[Entry], Engine],
        *,
        default: str,
        memory: Memory | None = None,
        wanted: Wanted | None = None,
        patience: float = 120.0,
        logger: logging.Logger | None = None,
    ) -> None:
        self._catalog = catalog
        self._make = make
        self._default = default
        self._memory = memory or Memory()
        self._wanted = wanted or Wanted()
        self._fitting = Room(self._memory, self._wanted)
        self._patience = patience
        self._logger = logger or logging.getLogger(__name__)
        self._residents: dict[str, Resident] = {}
        self._room = asyncio.Lock()
        self._change = asyncio.Event()
        self._scan: asyncio.Task[None] | None = None
        self._state: str = "starting"

    # -- an engine -------------------------------------------------------------------------------

    async def start(self) -> None:
        """Load the default model and return when it can generate; others are looked for meanwhile.

        Raises:
            EngineUnavailable: It cannot, and why; other models may work all the same.
        """
        self._state = "started"
        self._memory.budget()
        await self._catalog.read_given()
        self._scan = asyncio.create_task(self.refresh(), name="oxillama models")
        try:
            async with self.using(None):
                pass
        except ModelNotFound as error:
            raise EngineUnavailable(error.message) from None

    async def generate(self, request: GenerateRequest) -> AsyncGenerator[Delta, None]:
        """Generate with the request's model, loading it where it is not loaded."""
        entry = await self._entry(request.model or self._default)
        if entry.header is not None and entry.header.embedding:
            raise InvalidRequest(
                f"The model '{entry.id}' makes embeddings, no text.", param="model"
            )
        async with self.using(entry.id) as engine:
            named = replace(request, model=engine.models()[0].id)
            async with aclosing(engine.generate(named)) as deltas:
                async for delta in deltas:
                    yield delta

    async def embed(self, request: EmbedRequest) -> Embeddings:
        """Embed with the request's model, loading it where it is not loaded."""
        entry = await self._entry(request.model or self._default)
        async with self.using(entry.id) as engine:
            return await engine.embed(replace(request, model=engine.models()[0].id))

    async def count(self, request: GenerateRequest) -> int:
        """Count with the request's model, loading it where it is not loaded."""
        entry = await self._entry(request.model or self._default)
        async with self.using(entry.id) as engine:
            return await engine.count(replace(request, model=engine.models()[0].id))

    async def render(self, request: GenerateRequest) -> RenderedPrompt:
        """Make a prompt of the request's model, loading it where it is not loaded."""
        entry = await self._entry(request.model or self._default)
        async with self.using(entry.id) as engine:
            return await engine.render(replace(request, model=engine.models()[0].id))

    async def forget(self, cache_key: str) -> None:
        """Have a thread forgotten by all models; on disk also by those that are not loaded."""
        engines = [engine for one in tuple(self._residents.values()) for engine in one.engines]
        if not engines and self._default in self._catalog.entries:
            engines = [self._make(self._catalog.entries[self._default])]  # it is not started
        for engine in engines:
            await engine.forget(cache_key)

    def models(self) -> list[ModelInfo]:
        """All models that nothing speaks against, the default one first, loaded or not."""
        entries = self._catalog.entries
        infos = {id_: self._info(entry) for id_, entry in entries.items() if not entry.problem}
        default = infos.pop(self._default, None) or ModelInfo(self._default, created=0)
        return [default, *infos.values()]

    def status(self) -> EngineStatus:
        """How the default model's engine is, and in a word how all are."""
        states = [self._model_state(entry) for entry in self._catalog.entries.values()]
        resident = self._residents.get(self._default)
        if resident is not None and resident.engine is not None:
            status = resident.engine.status()
        elif self._state == "stopped":
            status = EngineStatus("failed", _STOPPED)
        elif resident is None or resident.loading is not None:
            status = self._missing()
        elif resident.failure:
            status = EngineStatus("failed", resident.failure)
        else:
            status = EngineStatus("ok", _UNLOADED)
        loaded = {
            one.entry.id: one.engine.status()
            for one in tuple(self._residents.values())
            if one.engine
        }
        return overview(status, loaded, states, self._wanted.n_parallel)

    def fits(self) -> tuple[MemoryRoom, dict[str, ModelFit]]:
        """The memory, and what loading each model would come to that is not loaded."""
        loaded = [one for one in tuple(self._residents.values()) if one.engine]
        room = self._fitting.now(loaded)
        taken = {one.entry.id for one in loaded}
        return room, {
            id_: self._fitting.fit(entry, loaded, room)
            for id_, entry in self._catalog.entries.items()
            if id_ not in taken and not entry.problem
        }

    @property
    def users(self) -> int:
        """How many use a model now, or wait for one."""
        return sum(one.users for one in tuple(self._residents.values()))

    async def aclose(self) -> None:
        """Stop every process; generations in flight end with `EngineUnavailable`."""
        self._state = "stopped"
        tasks = [one.loading for one in tuple(self._residents.values()) if one.loading is not None]
        tasks += [self._scan] if self._scan is not None else []
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await asyncio.gather(*(one.close() for one in tuple(self._residents.values())))
        await self._catalog.aclose()

    # -- a loader --------------------------------------------------------------------------------

    async def refresh(self) -> None:
        """Look which models there are; one that failed may have been repaired."""
        await self._catalog.refresh()

    async def settled(self) -> None:
        """Wait until it is known which models there are."""
        await self._catalog.settled()

    async def load(self, model: str, *, again: bool = False) -> None:
        """Load a model; `again` tries one that failed before."""
        resident = self._residents.get(model)
        if again:
            await self._catalog.refresh(max_age=0)
        if again and resident is not None:
            resident.failure = ""
            await self._give_up_if_failed(resident)
        async with self.using(model):
            pass

    async def unload(self, model: str) -> None:
        """Free a model's memory."""
        await self._entry(model)
        resident = self._residents.get(model)
        if resident is None:
            return
        if resident.users or resident.loading is not None:
            doing = "being loaded" if resident.loading is not None else "generating"
            raise InvalidRequest(f"The model '{model}' is {doing}: it cannot be unloaded now.")
        resident.failure = ""
        await self._unload(resident)

    async def autotune(self, model: str) -> None:
        """Load a model and begin to measure anew which settings run it fastest."""
        async with self.using(model) as engine:
            if not isinstance(engine, Tunable):
                raise InvalidRequest(f"The model '{model}' has no settings to measure.")
            engine.measure_again()

    @asynccontextmanager
    async def using(self, model: str | None) -> AsyncIterator[Engine]:
        """A model's engine, loaded and not unloaded meanwhile.

        Raises:
            ModelNotFound: There is none of that name.
            EngineUnavailable: It cannot be loaded, or there is no room for it, and why.
        """
        if self._state != "started":
            raise EngineUnavailable(_STOPPED if self._state == "stopped" else _NOT_STARTED)
        entry = await self._entry(model or self._default)
        resident = self._residents.setdefault(entry.id, Resident(entry))
        resident.users += 1
        try:
            yield await self._loaded(resident)
        finally:
            resident.users -= 1
            resident.used_at = asyncio.get_running_loop().time()
            self._change.set()

    # -- loading ---------------------------------------------------------------------------------

    async def _entry(self, model: str) -> Entry:
        if model not in self._catalog.entries:
            await self._catalog.settled()
        try:
            return self._catalog.entries[model]
        except KeyError:
            raise ModelNotFound(self._unknown(model), param="model") from None

    def _unknown(self, model: str) -> str:
        known = ", ".join(info.id for info in self.models()[:20] if info.id != model)
        return f"The model '{model}' does not exist here. Available: {known or 'none'}."

    async def _loaded(self, resident: Resident) -> Engine:
        """Wait until it is loaded; whoever comes first begins with it."""
        while resident.loading is not None or resident.engine is None:
            if self._state == "stopped":
                raise EngineUnavailable(_STOPPED)
            if resident.closing:
                await resident.closed()
                continue
            loading = resident.loading or self._begin(resident)
            await asyncio.wait((loading,))
            if loading.cancelled():
                raise EngineUnavailable(_STOPPED)
            await loading
        return resident.engine

    def _begin(self, resident: Resident) -> asyncio.Task[None]:
        entry = self._catalog.entries.get(resident.entry.id, resident.entry)
        if resident.refuses(entry):
            raise EngineUnavailable(resident.failure)
        resident.entry, resident.failure = entry, ""
        resident.loading = asyncio.create_task(
            self._load(resident), name=f"oxillama load {entry.id}"
        )
        resident.loading.add_done_callback(_retrieve)
        return resident.loading

    async def _load(self, resident: Resident) -> None:
        try:
            await self._make_room(resident)
            self._logger.info("oxillama: loading %s", resident.entry.id)
            assert resident.engine is not None  # noqa: S101  # room was made for it
            await resident.engine.start()
        except BaseException as error:
            if isinstance(error, EngineUnavailable):
                resident.failure = error.message
            await resident.close()
            raise
        finally:
            resident.loading = None
            self._change.set()

    async def _make_room(self, resident: Resident) -> None:
        """Unload idle models until there is room for one more, and take it."""
        entry, resident.lasting = resident.entry, True
        if entry.problem:
            raise EngineUnavailable(entry.problem)
        resident.lasting, lack = False, ""
        resident.cost = self._fitting.cost(entry)
        async with self._room:
            try:
                async with asyncio.timeout(self._patience):
                    while lack := self._fitting.lack(resident, self._others(resident)):
                        await self._shrink(resident, lack)
            except TimeoutError:
                busy = ", ".join(one.entry.id for one in self._others(resident))
                raise EngineUnavailable(f"{lack} Others are in use: {busy}.") from None
            resident.engine, resident.lasting = self._make(entry), True

    async def _shrink(self, resident: Resident, lack: str) -> None:
        """Unload the idle model used longest ago, or wait until one is idle.

        Raises:
            EngineUnavailable: All the others' memory would not be enough.
        """
        others = self._others(resident)
        if self._fitting.hopeless(resident, others):
            raise EngineUnavailable(lack)
        idle = [one for one in others if one.idle]
        if idle:
            oldest = min(idle, key=lambda one: one.used_at)
            self._logger.info("oxillama: %s gives way to %s", oldest.entry.id, resident.entry.id)
            await self._unload(oldest)
        else:
            self._change.clear()
            await self._change.wait()

    def _others(self, resident: Resident) -> list[Resident]:
        return [
            one for one in tuple(self._residents.values()) if one.engine and one is not resident
        ]

    async def _unload(self, resident: Resident) -> None:
        await resident.close()
        self._change.set()

    async def _give_up_if_failed(self, resident: Resident) -> None:
        """Stop an engine that lost its process and gets no new one, so that another is made."""
        engine = resident.engine
        if engine is None or resident.loading is not None:
            return
        try:
            await engine.start()
        except EngineUnavailable:
            if resident.engine is engine:
                await self._unload(resident)

    # -- words -----------------------------------------------------------------------------------

    def _info(self, entry: Entry) -> ModelInfo:
        resident = self._residents.get(entry.id)
        if resident is not None and resident.engine is not None and resident.loading is None:
            return resident.engine.models()[0]
        return expected(entry, self._wanted)

    def _missing(self) -> EngineStatus:
        """The default model has never been loaded: it is to come, or nobody knows it."""
        if self._catalog.looked and self._default not in self._catalog.entries:
            return EngineStatus("failed", self._unknown(self._default))
        return EngineStatus("starting", "The engine is loading its model.")

    def _model_state(self, entry: Entry) -> ModelState:
        resident = self._residents.get(entry.id)
        header = entry.header
        state = ModelState(
            id=entry.id,
            state="failed" if entry.problem else "available",
            detail=entry.problem,
            size=header.size if header is not None else 0,
            memory=self._fitting.cost(entry),
            embedding=header is not None and header.embedding,
        )
        return resident.state(state, entry) if resident is not None else state


def _retrieve(task: asyncio.Task[None]) -> None:
    """Look at a task's error, so that nobody complains where all who waited have left."""
    with suppress(asyncio.CancelledError):
        task.exception()
