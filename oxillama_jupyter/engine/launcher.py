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
    from oxillama_jupyter.engine.tuning import BackgroundTuning
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
    """Starts children; without what was found the fastest, or extra buffers, where these fail.

    Args:
        configure: The engine's settings; extra buffer types that nobody has fixed are used where
            they do not crash.
        verdicts: What is known to crash on this machine.
        ways: Knows the fastest way to run the model; None where nobody wants it.
        timeout: Seconds until a child must be ready.
        logger: Gets its log.
    """

    def __init__(
        self,
        configure: Configure,
        verdicts: Verdicts,
        *,
        ways: BackgroundTuning | None,
        timeout: float,
        logger: logging.Logger,
    ) -> None:
        self._configure = configure
        self._verdicts = verdicts
        self._ways = ways
        self._timeout = timeout
        self._logger = logger

    async def launch(self, receive: Callable[[list[Output]], None]) -> Launched:
        """Start a child and wait until it has proved that it can decode.

        Args:
            receive: Called in the event loop with what each decode step gave.

        Raises:
            StartError: There are no settings that it works with.
        """
        choice = self._ways.choice if self._ways is not None else None
        if self._ways is None or choice is None:
            return await self._plain(receive)
        extra, why = self._expected()
        try:
            return await self._open(receive, extra_bufts=extra, why=why, choice=choice)
        except StartError as error:
            passing = error.passing
            self._logger.warning(
                "The engine does not start with the settings that were the fastest; it tries "
                "without them. %s",
                error.message,
            )
        launched = await self._plain(receive)
        if not passing:
            self._ways.forget()  # only now it is known that they were to blame
        return launched

    async def _plain(self, receive: Callable[[list[Output]], None]) -> Launched:
        """Start a child as it is where nothing was measured."""
        extra, why = self._expected()
        try:
            return await self._open(receive, extra_bufts=extra, why=why)
        except StartError as error:
            forced = self._configure.use_extra_bufts
            if not (error.crash and extra and forced is None):
                raise
            why = f"With llama.cpp's extra CPU buffer types it {error.crash} on this machine."
            self._logger.warning("%s The engine tries without them.", why)
            launched = await self._open(receive, extra_bufts=False, why=why)
            self._remember(Verdict(use_extra_bufts=False, reason=why))
            return launched

    def _expected(self) -> tuple[bool, str]:
        """Whether the extra buffer types should work here, and why they should not."""
        forced = self._configure.use_extra_bufts
        verdict = self._verdicts.load() if forced is None else None
        if verdict is not None:
            return verdict.use_extra_bufts, verdict.reason
        return forced is not False, ""

    async def _open(
        self,
        receive: Callable[[list[Output]], None],
        *,
        extra_bufts: bool,
        why: str,
        choice: Choice | None = None,
    ) -> Launched:
        configure = choice.configure(self._configure) if choice else self._configure
        extra_bufts = extra_bufts and configure.use_extra_bufts is not False
        configure = msgspec.structs.replace(configure, use_extra_bufts=extra_bufts)
        environment = choice.environment() if choice else CHILD_ENVIRONMENT
        try:
            child = ChildProcess(receive, self._logger, environment)
        except OSError as error:
            message = f"The engine's process cannot be started: {error}"
            raise StartError(message, passing=True) from error
        ready = await child.open(configure, self._timeout)
        return Launched(child, ready, extra_bufts, why)

    def _remember(self, verdict: Verdict) -> None:
        try:
            self._verdicts.save(verdict)
        except OSError as error:
            self._logger.warning("The engine will crash once at each start: %s", error)
