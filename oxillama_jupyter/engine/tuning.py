"""What may be chosen for speed, and when the ways to run a model are measured.

That is done once, and whenever somebody asks for it again, behind an engine that runs already, in
quiet.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

import msgspec

from oxillama_jupyter.engine.autotune import Autotuner, Choice, TunedFile
from oxillama_jupyter.engine.fit import Wanted, available_memory, estimate, megabytes
from oxillama_jupyter.engine.gguf import GGUFError, read_header
from oxillama_jupyter.engine.process import CHILD_ENVIRONMENT, SPIN
from oxillama_jupyter.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from oxillama_jupyter.engine.frames import Configure
    from oxillama_jupyter.engine.protocol import ModelInfo

__all__ = ["BackgroundTuning", "Neighbours", "Tunable", "Tuning"]

_QUIET_SECONDS = 5.0
_LOOK_SECONDS = 0.25
_WORTH_PARAMS = 20_000_000  # smaller models are fast in any way


@dataclass(frozen=True)
class Tuning:
    """What may be chosen for speed; None lets the engine choose.

    Attributes:
        use_extra_bufts: llama.cpp's repacked weights; None uses them where they do not crash.
        flash_attn: Flash attention; None uses it where several generations share the cache.
        prefill_seconds: How long a step that only reads prompts may take: newcomers wait so long.
        mixed_seconds: How long a step may take while somebody generates.
        autotune: Whether the ways to run a model are measured where nobody has yet, and the best
            one is used; `again` measures whatever is known.
    """

    use_extra_bufts: bool | None = None
    flash_attn: bool | None = None
    prefill_seconds: float = 0.25
    mixed_seconds: float = 0.06
    autotune: bool | Literal["again"] = False


@dataclass(frozen=True)
class Neighbours:
    """What the engines of one machine know of each other: who measures is to be alone.

    Attributes:
        users: How many generations and embeddings there are, of all engines.
        available: Bytes of memory that can be had now; None where nothing is known.
        turn: Whoever measures has it.
    """

    users: Callable[[], int]
    available: Callable[[], int | None] = available_memory
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class _NoRoomError(Exception):
    """There is too little memory for a second process of the model."""


@runtime_checkable
class Tunable(Protocol):
    """An engine whose settings can be measured."""

    def measure_again(self) -> None:
        """Begin to measure anew, in quiet, which settings are fastest; nothing if that goes on.

        Raises:
            EngineUnavailable: There is nothing to measure.
            InvalidRequest: What would be found would not be used.
        """


class BackgroundTuning:
    """Keeps the best known choice for one model, and finds it where there is none yet.

    Attributes:
        choice: What was found to be the fastest; None where nothing is known.
        measuring: How many ways have been timed of a measurement that goes on; None where none
            does.

    Args:
        base: The engine's settings; what they fix is not varied.
        data_dir: Where the findings are kept.
        neighbours: What else runs on this machine.
        again: Measure anew, whatever is known.
        logger: Where it is told.
    """

    def __init__(
        self,
        base: Configure,
        data_dir: Path,
        *,
        neighbours: Neighbours,
        again: bool,
        logger: logging.Logger,
    ) -> None:
        self._base = base
        self._file = TunedFile(data_dir, base)
        self._neighbours = neighbours
        self._logger = logger
        self._tuned = None if again else self._file.load()
        self._failed = False
        self._need = 0
        self._tuner: Autotuner | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def choice(self) -> Choice | None:
        """The best way known."""
        return self._tuned.choice if self._tuned is not None else None

    @property
    def measuring(self) -> int | None:
        """How far a measurement is."""
        return self._tuner.tried if self._tuner is not None else None

    def table(self) -> list[dict[str, Any]]:
        """What was measured, for people; empty where nothing was."""
        return self._tuned.summary() if self._tuned is not None else []

    def forget(self) -> None:
        """The engine does not start with the best way known: look for no other by ourselves."""
        self._tuned, self._failed = None, True
        try:
            self._file.forget()
        except OSError as error:
            self._logger.warning("Settings that do not work are still remembered: %s", error)

    def begin(
        self,
        model: ModelInfo,
        settings: dict[str, Any],
        better: Callable[[], Awaitable[None]],
        *,
        again: bool = False,
    ) -> None:
        """Measure in the background, unless that was done, or goes on.

        Args:
            model: What the engine serves.
            settings: How it serves it now; `why` says that extra buffer types have crashed.
            better: Called where there is a faster way.
            again: Measure whatever is known; what is known is used until then.

        Raises:
            InvalidRequest: It makes no difference to so small a model.
        """
        small = model.n_params < _WORTH_PARAMS
        if again and small:
            raise InvalidRequest(
                f"The model '{model.id}' is so small that it is fast with any settings."
            )
        known = self._tuned is not None or self._failed
        if small or self._tuner is not None or (known and not again):
            return
        first = Choice(
            flash_attn=settings["flash_attn"],
            n_threads=settings["n_threads"],
            use_extra_bufts=settings["use_extra_bufts"],
            spin=CHILD_ENVIRONMENT[SPIN],
        )
        base = self._base
        if settings["why"]:  # what has crashed here is as good as fixed
            base = msgspec.structs.replace(base, use_extra_bufts=False)
        self._tuner = Autotuner(base, first, quiet=self._alone, busy=self._busy)
        self._task = asyncio.create_task(
            self._improve(self._tuner, base, better), name="oxillama-tuning"
        )

    async def aclose(self) -> None:
        """End a measurement that goes on."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self._tuner = None  # a task that is cancelled before it begins tells nobody

    async def _improve(
        self, tuner: Autotuner, base: Configure, better: Callable[[], Awaitable[None]]
    ) -> None:
        before = self.choice or tuner.first
        try:
            self._need = await asyncio.to_thread(_private_memory, base)
            async with self._neighbours.turn:
                found = await tuner.tune()
        except _NoRoomError as error:
            self._logger.info("The fastest settings are not looked for. %s", error)
            return
        except Exception:  # the engine works all the same
            self._logger.exception("The fastest settings could not be looked for")
            return
        finally:
            self._tuner = None
        if found is None:
            self._logger.info("The machine is too busy to find the fastest settings; next time.")
            return
        self._tuned = found
        self._logger.info("Measured %d ways to run the model.", len(found.trials))
        try:
            self._file.save(found)
        except OSError as error:
            self._logger.warning("What was measured is not kept: %s", error)
        if found.choice != before:
            await better()

    async def _alone(self) -> None:
        """Wait until nobody has generated for a while; a second process must fit in, too."""
        await self._quiet()
        free = self._neighbours.available()
        if free is not None and free < self._need:
            raise _NoRoomError(
                f"Measuring takes about {megabytes(self._need)} of memory beside the engine, "
                f"and {megabytes(free)} is free."
            )

    async def _quiet(self) -> None:
        """Wait until nobody has generated for a while."""
        still = 0.0
        while still < _QUIET_SECONDS:
            await asyncio.sleep(_LOOK_SECONDS)
            still = 0.0 if self._neighbours.users() else still + _LOOK_SECONDS

    async def _busy(self) -> None:
        while not self._neighbours.users():  # noqa: ASYNC110 - an engine tells nobody
            await asyncio.sleep(_LOOK_SECONDS)


def _private_memory(base: Configure) -> int:
    """Bytes that one more process of a model takes, about; 0 where the file does not say.

    Weights are mapped from the file, which processes share, unless they are repacked.
    """
    try:
        header = read_header(Path(base.model))
    except (GGUFError, OSError):
        return 0
    need = estimate(header, Wanted(base.n_ctx, base.n_parallel, base.flash_attn))
    return need.total - (need.weights if base.use_extra_bufts is False else 0)
