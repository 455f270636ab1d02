"""What may be chosen for speed, and when the ways to run a model are measured.

That is done once, behind an engine that runs already, in quiet.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from oxillama_jupyter.engine.autotune import Autotuner, Choice, TunedFile
from oxillama_jupyter.engine.process import CHILD_ENVIRONMENT, SPIN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from oxillama_jupyter.engine.frames import Configure
    from oxillama_jupyter.engine.protocol import ModelInfo

__all__ = ["BackgroundTuning", "Tuning"]

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


class BackgroundTuning:
    """Keeps the best known choice for one model, and finds it where there is none yet.

    Attributes:
        choice: What was found to be the fastest; None where nothing is known.

    Args:
        base: The engine's settings; what they fix is not varied.
        data_dir: Where the findings are kept.
        live: How many generations and embeddings there are.
        again: Measure anew, whatever is known.
        logger: Where it is told.
    """

    def __init__(
        self,
        base: Configure,
        data_dir: Path,
        *,
        live: Callable[[], int],
        again: bool,
        logger: logging.Logger,
    ) -> None:
        self._base = base
        self._file = TunedFile(data_dir, base)
        self._live = live
        self._logger = logger
        self._tuned = None if again else self._file.load()

    @property
    def choice(self) -> Choice | None:
        """The best way known."""
        return self._tuned.choice if self._tuned is not None else None

    def table(self) -> list[dict[str, Any]]:
        """What was measured, for people; empty where nothing was."""
        return self._tuned.summary() if self._tuned is not None else []

    async def improve(self, model: ModelInfo, settings: dict[str, Any]) -> bool:
        """Measure, unless that has been done; return whether there is a better way than this one.

        Args:
            model: What the engine serves.
            settings: How it serves it now.
        """
        if self._tuned is not None or model.n_params < _WORTH_PARAMS:
            return False
        first = Choice(
            flash_attn=settings["flash_attn"],
            n_threads=settings["n_threads"],
            use_extra_bufts=settings["use_extra_bufts"],
            spin=CHILD_ENVIRONMENT[SPIN],
        )
        tuner = Autotuner(self._base, first, quiet=self._quiet, busy=self._busy)
        self._tuned = await tuner.tune()
        if self._tuned is None:
            self._logger.info("The machine is too busy to find the fastest settings; next time.")
            return False
        self._logger.info("Measured %d ways to run the model.", len(self._tuned.trials))
        try:
            self._file.save(self._tuned)
        except OSError as error:
            self._logger.warning("What was measured is not kept: %s", error)
        return self._tuned.choice != first

    async def _quiet(self) -> None:
        """Wait until nobody has generated for a while."""
        still = 0.0
        while still < _QUIET_SECONDS:
            await asyncio.sleep(_LOOK_SECONDS)
            still = 0.0 if self._live() else still + _LOOK_SECONDS

    async def _busy(self) -> None:
        while not self._live():  # noqa: ASYNC110 - an engine tells nobody
            await asyncio.sleep(_LOOK_SECONDS)
