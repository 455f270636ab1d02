"""Starting the engine's process with settings that it proves by decoding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from oxillama_jupyter.engine.process import CHILD_ENVIRONMENT, ChildProcess, StartError
from oxillama_jupyter.engine.verdicts import Verdict

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from oxillama_jupyter.engine.autotune import Choice
    from oxillama_jupyter.engine.frames import Configure, Output, Ready
    from oxillama_jupyter.engine.verdicts import Verdicts

__all__ = ["Launched", "Launcher"]


@dataclass(frozen=True)
class Launched:
    """A process that can generate.

    Attributes:
        child: The process.
        ready: What it said of its model and its settings.
        extra_bufts: Whether it uses llama.cpp's extra CPU buffer types.
        why: Why it does not, where they have crashed.
    """

    child: ChildProcess
    ready: Ready
    extra_bufts: bool
    why: str


class Launcher:
    """Starts children; where llama.cpp's extra CPU buffer types crash, without them.

    Args:
        configure: The engine's settings; extra buffer types that nobody has fixed are used where
            they do not crash.
        verdicts: What is known to crash on this machine.
        choice: Gives the fastest way known to run the model, or None.
        timeout: Seconds until a child must be ready.
        logger: Gets its log.
    """

    def __init__(
        self,
        configure: Configure,
        verdicts: Verdicts,
        *,
        choice: Callable[[], Choice | None],
        timeout: float,
        logger: logging.Logger,
    ) -> None:
        self._configure = configure
        self._verdicts = verdicts
        self._choice = choice
        self._timeout = timeout
        self._logger = logger

    async def launch(self, receive: Callable[[list[Output]], None]) -> Launched:
        """Start a child and wait until it has proved that it can decode.

        Args:
            receive: Called in the event loop with what each decode step gave.

        Raises:
            StartError: There are no settings that it works with.
        """
        forced = self._configure.use_extra_bufts
        verdict = self._verdicts.load() if forced is None else None
        extra = verdict.use_extra_bufts if verdict else forced is not False
        why = verdict.reason if verdict else ""
        try:
            return await self._open(receive, extra_bufts=extra, why=why)
        except StartError as error:
            if not (error.crash and extra and forced is None):
                raise
            why = f"With llama.cpp's extra CPU buffer types it {error.crash} on this machine."
            self._logger.warning("%s The engine tries without them.", why)
            launched = await self._open(receive, extra_bufts=False, why=why)
            self._remember(Verdict(use_extra_bufts=False, reason=why))
            return launched

    async def _open(
        self, receive: Callable[[list[Output]], None], *, extra_bufts: bool, why: str
    ) -> Launched:
        choice = self._choice()
        configure = choice.configure(self._configure) if choice else self._configure
        extra_bufts = extra_bufts and configure.use_extra_bufts is not False
        configure = msgspec.structs.replace(configure, use_extra_bufts=extra_bufts)
        environment = choice.environment() if choice else CHILD_ENVIRONMENT
        try:
            child = ChildProcess(receive, self._logger, environment)
        except OSError as error:
            raise StartError(f"The engine's process cannot be started: {error}") from error
        ready = await child.open(configure, self._timeout)
        return Launched(child, ready, extra_bufts, why)

    def _remember(self, verdict: Verdict) -> None:
        try:
            self._verdicts.save(verdict)
        except OSError as error:
            self._logger.warning("The engine will crash once at each start: %s", error)
