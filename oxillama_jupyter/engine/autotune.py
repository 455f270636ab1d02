"""Which settings are fastest on this machine: measured once for a model, and remembered.

One thing is varied at a time, and a change is kept only if it is clearly better; what is near the
best is timed once more, in turns with it. Each way to run the model is timed in a process of its
own (`engine.measure`), while nobody generates; a request that comes in ends that process, and the
way is timed again later.
"""

from __future__ import annotations

import asyncio
import math
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from oxillama_jupyter.engine.frames import Configure, encode
from oxillama_jupyter.engine.machine import fingerprint, logical_cores, physical_cores
from oxillama_jupyter.engine.measure import Measured
from oxillama_jupyter.engine.process import CHILD_ENVIRONMENT, PACKAGE_ROOT, SPIN
from oxillama_jupyter.engine.records import Records

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["Autotuner", "Choice", "Trial", "Tuned", "TunedFile"]

_CLEARLY = 0.97  # of the best time so far; what is nearer may be chance
_NEAR = 1.1  # times the best time so far, or as much less: both are timed again
_STEADY = 1.25  # the first way, timed again at the end, must not have changed more than this
_LONGEST = 120.0  # seconds for one way; a hopeless one is not waited for
_MOST_MODELS = 64


class Choice(Struct, frozen=True, omit_defaults=True):
    """One way to run a model.

    Attributes:
        flash_attn: Flash attention.
        n_threads: Compute threads.
        n_batch: The most prompt tokens of one step; 0 for the usual.
        round_up: As in `Configure`; it follows from what was measured.
        use_extra_bufts: llama.cpp's repacked weights.
        spin: How long threads spin before they sleep, as `GOMPSPINCOUNT` has it.
    """

    flash_attn: bool
    n_threads: int
    n_batch: int = 0
    round_up: int = 0
    use_extra_bufts: bool = True
    spin: str = CHILD_ENVIRONMENT[SPIN]

    def configure(self, base: Configure) -> Configure:
        """The engine's settings with this choice, but for what they fix."""
        extra = base.use_extra_bufts
        return msgspec.structs.replace(
            base,
            flash_attn=self.flash_attn if base.flash_attn is None else base.flash_attn,
            n_threads=base.n_threads or self.n_threads,
            n_batch=self.n_batch,
            round_up=self.round_up,
            use_extra_bufts=self.use_extra_bufts if extra is None else extra,
        )

    def environment(self) -> dict[str, str]:
        """What its process's environment has, unless the user's own says otherwise."""
        return {**CHILD_ENVIRONMENT, SPIN: self.spin, **os.environ}


class Trial(Struct, frozen=True):
    """One way and what it gave; None where it crashed or took too long."""

    choice: Choice
    measured: Measured | None


class Tuned(Struct, frozen=True):
    """What was found out about a model on this machine.

    Attributes:
        choice: The best way.
        trials: All ways that were timed, in order.
        measured_at: Unix seconds.
    """

    choice: Choice
    trials: list[Trial]
    measured_at: int

    def summary(self) -> list[dict[str, Any]]:
        """The trials as rows of a table."""
        return [
            {
                **msgspec.to_builtins(trial.choice),
                **({} if trial.measured is None else msgspec.to_builtins(trial.measured)),
                "seconds": None if trial.measured is None else round(trial.measured.seconds, 3),
                "chosen": trial.choice == self.choice,
            }
            for trial in self.trials
        ]


class TunedFile:
    """What was found out, by machine, build and model, in one JSON file.

    Args:
        data_dir: Folder of the file; made when needed.
        settings: The model, and what else the figures depend on.
    """

    def __init__(self, data_dir: Path, settings: Configure) -> None:
        model = Path(settings.model)
        self._records = Records(data_dir / "engine-tuning.json", Tuned, most=_MOST_MODELS)
        size = model.stat().st_size if model.exists() else 0
        # What was the fastest beside a fixed setting need not be so without it.
        fixed = (settings.n_threads, settings.flash_attn, settings.use_extra_bufts)
        cores = f"{physical_cores()}/{logical_cores()}"  # of this process: a container may have few
        parts = (fingerprint(), model.name, size, settings.n_parallel, settings.n_ctx, cores)
        self._key = " ".join(map(str, (*parts, *fixed, os.environ.get(SPIN))))

    def load(self) -> Tuned | None:
        """What is known; a damaged file counts as nothing."""
        return self._records.load(self._key)

    def save(self, tuned: Tuned) -> None:
        """Remember it.

        Raises:
            OSError: The file cannot be written.
        """
        self._records.save(self._key, tuned)

    def forget(self) -> None:
        """Forget it.

        Raises:
            OSError: The file cannot be written.
        """
        self._records.forget(self._key)


class Autotuner:
    """Times ways to run a model and chooses.

    Attributes:
        first: The way the engine runs now.
        tried: How many ways have been timed.

    Args:
        base: The engine's settings; what they fix is not varied.
        first: The way the engine runs now.
        quiet: Returns when nobody generates.
        busy: Returns when somebody does.
    """

    def __init__(
        self,
        base: Configure,
        first: Choice,
        *,
        quiet: Callable[[], Awaitable[None]],
        busy: Callable[[], Awaitable[None]],
    ) -> None:
        self.tried = 0
        self.first = first
        self._base = base
        self._quiet = quiet
        self._busy = busy
        self._trials: list[Trial] = []

    async def tune(self) -> Tuned | None:
        """Time all ways; None if the machine was too restless for a verdict."""
        best = await self._try(self.first)
        if best.measured is None:
            return None
        start = best.measured.seconds
        for name, values in self._candidates():
            best = await self._vary(best, name, values)
        again = await self._try(self.first)
        if again.measured is None or not 1 / _STEADY < again.measured.seconds / start < _STEADY:
            return None
        best = await self._rematch(best, self._merge(again))
        return Tuned(self._rounded(best).choice, self._trials, int(time.time()))

    async def _vary(self, best: Trial, name: str, values: list[Any]) -> Trial:
        """Vary one thing of the best way so far; return the best then."""
        for value in values:
            choice = msgspec.structs.replace(best.choice, **{name: value})
            if any(trial.choice == choice for trial in self._trials):
                continue
            trial = await self._try(choice)
            if 1 / _NEAR < _seconds(trial) / _seconds(best) < _NEAR:
                best, trial = await self._repeat(best), await self._repeat(trial)
            if _seconds(trial) < _CLEARLY * _seconds(best):
                best = trial
        return best

    async def _rematch(self, best: Trial, first: Trial) -> Trial:
        """Let the first way win after all, if it was only unlucky; minutes have gone by."""
        if best.choice == first.choice:
            return first
        if _seconds(first) < _CLEARLY * _seconds(best):
            best = await self._repeat(best)
        return first if _seconds(first) < _CLEARLY * _seconds(best) else best

    async def _repeat(self, trial: Trial) -> Trial:
        """Time a way again, and keep the best of its figures."""
        return self._merge(await self._try(trial.choice))

    def _merge(self, again: Trial) -> Trial:
        """Put the newest trial together with the one that its way had before."""
        self._trials.pop()
        before = next(trial for trial in self._trials if trial.choice == again.choice)
        if before.measured is not None and again.measured is not None:
            again = Trial(again.choice, before.measured.best(again.measured))
        return self._replace(before, again)

    def _rounded(self, trial: Trial) -> Trial:
        """Say how few tokens the best way is to read with others."""
        count = trial.measured.round_up if trial.choice.flash_attn and trial.measured else 0
        choice = msgspec.structs.replace(trial.choice, round_up=count)
        return self._replace(trial, Trial(choice, trial.measured))

    def _replace(self, old: Trial, new: Trial) -> Trial:
        self._trials[self._trials.index(old)] = new
        return new

    def _candidates(self) -> list[tuple[str, list[Any]]]:
        """What may be varied: what nobody has fixed."""
        cores = physical_cores()
        found: list[tuple[str, list[Any]]] = []
        if self._base.flash_attn is None:
            found.append(("flash_attn", [not self.first.flash_attn]))
        if not self._base.n_threads:
            found.append(("n_threads", sorted({1, max(cores // 2, 1), cores, logical_cores()})))
        found.append(("n_batch", [256, 1024]))
        if self._base.use_extra_bufts is None:
            found.append(("use_extra_bufts", [not self.first.use_extra_bufts]))
        if SPIN not in os.environ:
            found.append(("spin", ["100000"]))
        return found

    async def _try(self, choice: Choice) -> Trial:
        """Time one way, undisturbed."""
        while True:
            await self._quiet()
            measuring = asyncio.ensure_future(run_measure(choice, self._base))
            disturbed = asyncio.ensure_future(self._busy())
            try:
                await asyncio.wait((measuring, disturbed), return_when=asyncio.FIRST_COMPLETED)
            finally:
                undisturbed = measuring.done() and not disturbed.done()
                for task in (measuring, disturbed):
                    task.cancel()
                await asyncio.wait((measuring, disturbed))
            if undisturbed:
                trial = Trial(choice, measuring.result())
                self._trials.append(trial)
                self.tried += 1
                return trial


def _seconds(trial: Trial) -> float:
    return trial.measured.seconds if trial.measured is not None else math.inf


async def run_measure(choice: Choice, base: Configure) -> Measured | None:
    """Time one way in a process of its own; None if it crashed or took too long."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "oxillama_jupyter.engine.measure",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=PACKAGE_ROOT,
        env=choice.environment(),
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(_LONGEST):
            out, _ = await process.communicate(encode(choice.configure(base)))
        return msgspec.json.decode(out, type=Measured) if process.returncode == 0 else None
    except (TimeoutError, msgspec.DecodeError):
        return None
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
