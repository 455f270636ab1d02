"""Text generation by llama.cpp in a supervised process of its own.

    engine = LocalEngine(path, model_id="tiny", data_dir=folder)
    await engine.start()
    async for delta in engine.generate(request):
        ...

The process may die at any time without taking anybody along: its generations fail with the reason
and the last lines of its log, it is started again, and the next generation works.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

from oxillama_jupyter.engine.checks import check_adapter, check_request
from oxillama_jupyter.engine.embeddings import Embeddings, EmbedRequest, check_embed
from oxillama_jupyter.engine.frames import (
    Abort,
    Configure,
    Count,
    Embed,
    Forget,
    Render,
    Submit,
    encode,
    encode_checked,
)
from oxillama_jupyter.engine.launcher import Launcher
from oxillama_jupyter.engine.overview import settings_now
from oxillama_jupyter.engine.process import StartError, describe_exit
from oxillama_jupyter.engine.protocol import (
    Delta,
    EngineStats,
    EngineStatus,
    GenerateRequest,
    ModelInfo,
    RenderedPrompt,
)
from oxillama_jupyter.engine.replies import Replies
from oxillama_jupyter.engine.snapshots import forget_files
from oxillama_jupyter.engine.streams import Streams
from oxillama_jupyter.engine.tuning import BackgroundTuning, Neighbours, Tuning
from oxillama_jupyter.engine.verdicts import Verdicts
from oxillama_jupyter.errors import (
    EngineCrashed,
    EngineUnavailable,
    InvalidRequest,
    ModelNotFound,
    OxillamaError,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
    from pathlib import Path

    from oxillama_jupyter.engine.frames import Output
    from oxillama_jupyter.engine.process import ChildProcess

__all__ = ["LocalEngine"]

_FIRST_BACKOFF = 0.1
_LONGEST_BACKOFF = 30.0
_STEADY_SECONDS = 60.0


class LocalEngine:
    """An `Engine` over one GGUF file.

    Args:
        model: The GGUF.
        model_id: The name requests use for it.
        data_dir: Where verdicts on this machine are kept, and in `vault` the states of threads.
        n_parallel: Generations at the same time; more wait.
        n_ctx: The most tokens one request may use, answer included; 0 for the model's own.
        n_threads: Compute threads; None for the physical cores, or one for a small model, and fewer
            while the machine is busy.
        niceness: How much the process lets others go first, 0 to 19.
        start_timeout: Seconds the process may take until it can generate.
        vault_bytes: The most bytes of threads' states on disk, with which they go on after a
            restart; 0 for none.
        tuning: What may be chosen for speed.
        neighbours: What else runs on this machine; None for nothing.
        adapters: LoRA adapters for this model, by the names that requests use.
        rpc_servers: llama.cpp's RPC servers that hold parts of the model, as host:port.
        logger: Gets the engine's log.
    """

    def __init__(  # noqa: PLR0913 - settings, all by name
        self,
        model: Path,
        *,
        model_id: str,
        data_dir: Path,
        n_parallel: int = 4,
        n_ctx: int = 0,
        n_threads: int | None = None,
        niceness: int = 1,
        start_timeout: float = 120.0,
        vault_bytes: int = 0,
        tuning: Tuning | None = None,
        neighbours: Neighbours | None = None,
        adapters: Mapping[str, Path] | None = None,
        rpc_servers: Sequence[str] = (),
        logger: logging.Logger | None = None,
    ) -> None:
        self._tuning = tuning or Tuning()
        self._vault = data_dir.resolve() / "vault"
        self._configure = Configure(
            model=str(model.absolute()),  # a link's own name tells the parts of a split model
            model_id=model_id,
            n_ctx=n_ctx,
            n_parallel=n_parallel,
            n_threads=n_threads or 0,
            pace=not n_threads,
            niceness=niceness,
            use_extra_bufts=self._tuning.use_extra_bufts,
            flash_attn=self._tuning.flash_attn,
            prefill_seconds=self._tuning.prefill_seconds,
            mixed_seconds=self._tuning.mixed_seconds,
            vault=str(self._vault),
            vault_bytes=vault_bytes,
            adapters={name: str(path.resolve()) for name, path in (adapters or {}).items()},
            rpc_servers=list(rpc_servers),
        )
        self._ways = BackgroundTuning(
            self._configure,
            data_dir,
            neighbours=neighbours or Neighbours(self._live),
            again=self._tuning.autotune == "again",
            logger=logger or logging.getLogger(__name__),
        )
        self._launcher = Launcher(
            self._configure,
            Verdicts(data_dir),
            ways=self._ways if self._tuning.autotune else None,
            timeout=start_timeout,
            logger=logger or logging.getLogger(__name__),
        )
        self._renewing = False
        self._start_timeout = start_timeout
        self._logger = logger or logging.getLogger(__name__)
        self._ids = itertools.count(1)
        self._streams = Streams()
        self._replies = Replies()
        self._child: ChildProcess | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._settled = asyncio.Event()
        self._state: Literal["starting", "ok", "failed"] = "starting"
        self._detail = "The engine has not been started."
        self._restarts, self._last_exit, self._ready_at = 0, "", 0.0
        self._model = ModelInfo(id=model_id, created=0)
        self._settings: dict[str, Any] = {}  # shown to people as it is

    async def start(self) -> None:
        """Load the model and return when it can generate."""
        if self._supervisor is None or self._supervisor.done():
            self._settle("starting", "The engine is loading its model.")
            self._supervisor = asyncio.create_task(self._supervise(), name="oxillama-engine")
        await self._settled.wait()
        if self._state == "failed":
            raise EngineUnavailable(self._detail)

    async def generate(self, request: GenerateRequest) -> AsyncGenerator[Delta, None]:
        """Generate; closing the iterator frees the sequence within one step."""
        self._check_model(request.model)
        check_request(request)
        number = next(self._ids)
        frame = encode_checked(Submit(number, request))
        child = await self._running()
        check_adapter(request.adapter, self._settings.get("adapters", {}))
        stream = self._streams.open(number)
        child.send(frame)
        finished = False
        try:
            while not finished:
                delta = await stream.next()
                finished = delta.finish_reason is not None
                yield delta
        except OxillamaError:
            finished = True
            raise
        finally:
            self._streams.close(number)
            if not finished:
                child.send(encode(Abort(number)))

    async def embed(self, request: EmbedRequest) -> Embeddings:
        """Embed texts; cancelling aborts."""
        self._check_model(request.model)
        check_embed(request)
        output = await self._ask(Embed(next(self._ids), request))
        assert output.embeddings is not None  # noqa: S101  # what was asked for
        return output.embeddings

    async def count(self, request: GenerateRequest) -> int:
        """Count a prompt's tokens; cancelling aborts."""
        self._check_model(request.model)
        check_request(request)
        output = await self._ask(Count(next(self._ids), request))
        assert output.count is not None  # noqa: S101  # what was asked for
        return output.count

    async def render(self, request: GenerateRequest) -> RenderedPrompt:
        """Make a prompt; cancelling aborts."""
        self._check_model(request.model)
        check_request(request)
        output = await self._ask(Render(next(self._ids), request))
        assert output.rendered is not None  # noqa: S101  # what was asked for
        return output.rendered

    async def _ask(self, message: Embed | Count | Render) -> Output:
        """Send what one frame answers, and wait for it."""
        frame = encode_checked(message)
        child = await self._running()
        child.send(frame)
        try:
            return await self._replies.wait(message.id)
        except asyncio.CancelledError:
            child.send(encode(Abort(message.id)))
            raise

    def models(self) -> list[ModelInfo]:
        """The one model; its sizes are known once it is loaded."""
        return [self._model]

    def status(self) -> EngineStatus:
        """Say how the engine is."""
        running = self._streams.admitted
        stats = self._child.stats if self._child else EngineStats()
        return EngineStatus(
            state=self._state,
            detail=self._detail,
            pid=self._child.pid if self._child else None,
            restarts=self._restarts,
            last_exit=self._last_exit,
            started_at=self._ready_at if self._child else 0.0,
            n_parallel=self._configure.n_parallel,
            running=running,
            waiting=len(self._streams) - running,
            settings=settings_now(self._settings, stats),
            measured=self._ways.table(),
            measuring=self._ways.measuring,
            stats=stats,
        )

    async def forget(self, cache_key: str) -> None:
        """Have a thread forgotten; its files go even where no process runs."""
        child = self._child
        if child is not None:
            child.send(encode(Forget(cache_key)))  # it may be about to write one more
        await self._forget_files(cache_key)
        if child is not None and child.stopping:
            await child.wait()  # it did not read that, and saves threads as it ends
            await self._forget_files(cache_key)

    async def _forget_files(self, cache_key: str) -> None:
        try:
            await asyncio.to_thread(forget_files, self._vault, cache_key)
        except OSError as error:
            self._logger.warning("The saved state of a thread could not be deleted: %s", error)

    def measure_again(self) -> None:
        """Begin to measure anew, in quiet, which settings are fastest; nothing if that goes on.

        Raises:
            EngineUnavailable: No process runs.
            InvalidRequest: The model is too small for it, or nobody wants settings to be measured.
        """
        if self._child is None:
            raise EngineUnavailable(self._detail)
        if not self._tuning.autotune:
            raise InvalidRequest("This server measures no settings: OxillamaApp.autotune is False.")
        self._ways.begin(self._model, self._settings, self._renew, again=True)

    async def aclose(self) -> None:
        """Stop the process; generations in flight end with `EngineUnavailable`."""
        task, self._supervisor = self._supervisor, None
        await self._ways.aclose()
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self._settle("failed", "The engine was stopped.")
        self._fail_all(lambda: EngineUnavailable("The engine was stopped."))

    # -- supervision -----------------------------------------------------------------------------

    async def _supervise(self) -> None:
        """Keep a child running until this task is cancelled or the first start fails."""
        loop = asyncio.get_running_loop()
        backoff, proven = _FIRST_BACKOFF, False
        while True:
            child = await self._start_child()
            if child is None and not proven:
                return
            if child is not None:
                started, proven = loop.time(), True
                await self._watch(child)
                if loop.time() - started > _STEADY_SECONDS:
                    backoff = _FIRST_BACKOFF
                if self._renewing:
                    self._renewing = False
                    continue
            await asyncio.sleep(backoff)
            backoff = min(2 * backoff, _LONGEST_BACKOFF)
            self._restarts += 1

    async def _watch(self, child: ChildProcess) -> None:
        """Wait for the death of a running child and tell its generations."""
        try:
            code = await child.wait()
        except asyncio.CancelledError:
            await child.stop()
            raise
        finally:
            self._child = None
        if self._renewing:
            return
        reason = self._last_exit = f"The engine's process {describe_exit(code)}."
        self._logger.error(
            "%s It is started again. Its last words:\n%s", reason, child.last_words()
        )
        self._settle("starting", f"{reason} It is starting again.")
        message = f"{reason} Its last words:\n{child.last_words()}"
        self._fail_all(lambda: EngineCrashed(message))

    async def _start_child(self) -> ChildProcess | None:
        """Start a child; None where it works with no settings."""
        try:
            launched = await self._launcher.launch(self._dispatch)
        except StartError as error:
            self._logger.error("The engine did not start: %s", error.message)  # noqa: TRY400
            self._settle("failed", error.message)
            return None
        child, ready, why = launched.child, launched.ready, launched.why
        self._child, self._model, self._ready_at = child, ready.model, time.time()
        self._settings = {**ready.settings, "why": why}
        count = ready.settings["n_threads"]
        words = f"{count} thread{'s' if count > 1 else ''}, extra CPU buffer types "
        self._settle("ok", f"{words}{'on' if launched.extra_bufts else 'off'}. {why}".strip())
        self._logger.info("The engine is ready: %s", self._detail)
        for name, trouble in self._settings["adapters"].items():
            if trouble:
                self._logger.warning("The adapter '%s' cannot be used. %s", name, trouble)
        if self._tuning.autotune:
            self._ways.begin(self._model, self._settings, self._renew)
        return child

    async def _renew(self) -> None:
        """Start again with faster settings, where that disturbs nobody; or use them next time."""
        if self._child is None or self._live():
            return
        self._renewing = True
        self._settle("starting", "The engine starts again with faster settings.")
        self._logger.info("%s", self._detail)
        await self._child.stop()

    def _dispatch(self, outputs: list[Output]) -> None:
        """Hand a step's outputs to their generations; those of aborted ones have no taker."""
        for output in outputs:
            if not self._streams.take(output):
                self._replies.settle(output)

    def _fail_all(self, make_error: Callable[[], OxillamaError]) -> None:
        self._streams.fail_all(make_error)
        self._replies.fail_all(make_error)

    def _live(self) -> int:
        """How many generations and embeddings there are."""
        return len(self._streams) + len(self._replies)

    def _check_model(self, name: str | None) -> None:
        if name not in (None, self._model.id):
            raise ModelNotFound(f"The model '{name}' does not exist.", param="model")

    def _settle(self, state: Literal["starting", "ok", "failed"], detail: str) -> None:
        self._state, self._detail = state, detail
        if state == "starting":
            self._settled.clear()
        else:
            self._settled.set()

    async def _running(self) -> ChildProcess:
        """The child, after a restart if one is under way."""
        if self._supervisor is None:
            raise EngineUnavailable(self._detail)
        try:
            async with asyncio.timeout(self._start_timeout):
                await self._settled.wait()
        except TimeoutError:
            raise EngineUnavailable(self._detail) from None
        if self._child is None:
            raise EngineUnavailable(self._detail)
        return self._child
