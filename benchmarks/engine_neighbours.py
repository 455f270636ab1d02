"""The engine among others that compute on the same cores, and alone."""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import statistics
import time
from collections.abc import Callable
from typing import Any, Self

import numpy as np
from bare import question, request
from engine_cases import Figures, collect
from engine_more import TUNED, Make, tune

from oxillama_jupyter.engine.local import LocalEngine
from oxillama_jupyter.engine.tuning import Tuning

Work = Callable[[Any], None]
_ROUNDS = 3  # in the first one the engine finds out that it has a neighbour


async def neighbours(make: Make, cores: int) -> list[Figures]:
    """Generation beside something that computes on all cores, and what that loses.

    Its fair share is what it keeps beside as many plain Python loops as there are cores.
    """
    await tune(make)
    rows = []
    for name, work in (("matrix products", _multiply), ("Python loops", _count)):
        engine = make(**TUNED)
        await engine.start()
        alone = statistics.median([await _speed(engine) for _ in range(_ROUNDS)])
        work_alone = await asyncio.to_thread(_neighbour_rate, work, cores, 3.0)
        with _Busy(_count, cores):
            work_among = await asyncio.to_thread(_neighbour_rate, work, cores, 3.0)
        with _Busy(work, cores) as busy:
            beside = statistics.median([await _speed(engine) for _ in range(_ROUNDS)])
            work_beside = busy.rate()
        await engine.aclose()
        rows.append(
            {
                "neighbour": name,
                "tokens_per_s_alone": round(alone, 1),
                "share_kept_beside": round(beside / alone, 2),
                "neighbour_kept": round(work_beside / work_alone, 2),
                "its_fair_share": round(work_among / work_alone, 2),
            }
        )
    return rows


async def best_fixed(make: Make, cores: int, rounds: int) -> Figures:
    """Generation alone, with what was measured and paced, against every fixed setting, in turns."""
    await tune(make)
    engines: dict[str, LocalEngine] = {"tuned": make(**TUNED)}
    for flash, threads in itertools.product((False, True), sorted({1, cores})):
        fixed = TUNED | {"n_threads": threads, "tuning": Tuning(flash_attn=flash)}
        engines[f"{threads} threads, flash attention {'on' if flash else 'off'}"] = make(**fixed)
    speeds: dict[str, list[float]] = {name: [] for name in engines}
    for engine in engines.values():
        await engine.start()
    for _ in range(2 * rounds + 1):  # the best of several medians: chance favours it
        for name, engine in engines.items():
            speeds[name].append(await _speed(engine))
    for engine in engines.values():
        await engine.aclose()
    middle = {name: statistics.median(found[1:]) for name, found in speeds.items()}
    tuned = middle.pop("tuned")
    best = max(middle, key=lambda name: middle[name])
    return {
        "tokens_per_s": round(tuned, 1),
        "best_fixed_tokens_per_s": round(middle[best], 1),
        "best_fixed": best,
        "tuned_to_best": round(tuned / middle[best], 3),
    }


async def _speed(engine: LocalEngine) -> float:
    """Generated tokens per second of one sequence, over a few seconds."""
    _, deltas = await collect(engine, request(question(time.monotonic_ns() % 10**6), 400))
    usage = deltas[-1].usage
    return (usage.completion_tokens - 1) / usage.completion_seconds


def _multiply(done: Any) -> None:
    left = np.random.default_rng(0).standard_normal((700, 700), np.float32)
    while True:
        left @ left
        done.value += 1


def _count(done: Any) -> None:
    while True:
        sum(range(200_000))
        done.value += 1


class _Busy:
    """Processes that work until they are stopped: one with all threads, or one for each core."""

    def __init__(self, work: Work, cores: int) -> None:
        context = multiprocessing.get_context("spawn")
        count = 1 if work is _multiply else cores
        self._done = [context.Value("q", 0, lock=False) for _ in range(count)]
        self._processes = [
            context.Process(target=work, args=(done,), daemon=True) for done in self._done
        ]

    def __enter__(self) -> Self:
        for process in self._processes:
            process.start()
        while not all(done.value for done in self._done):
            time.sleep(0.05)
        self._start = time.perf_counter(), sum(done.value for done in self._done)
        return self

    def rate(self) -> float:
        """Rounds per second since the start."""
        began, count = self._start
        return (sum(done.value for done in self._done) - count) / (time.perf_counter() - began)

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
            process.join()


def _neighbour_rate(work: Work, cores: int, seconds: float) -> float:
    with _Busy(work, cores) as busy:
        time.sleep(seconds)
        return busy.rate()
