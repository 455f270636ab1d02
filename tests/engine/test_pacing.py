"""How many threads generate, on machines whose speed at each count is given."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from engine.helpers import ask, collect, started

from oxillama_jupyter.engine.backend import Row
from oxillama_jupyter.engine.frames import Configure
from oxillama_jupyter.engine.llama import Llama
from oxillama_jupyter.engine.local import LocalEngine
from oxillama_jupyter.engine.measure import measure
from oxillama_jupyter.engine.pacing import Pacer, rungs

Machine = Callable[[int, float], float]
"""Seconds of a step with so many threads at such a time."""


class Runner:
    """Generates on a machine; the clock is the sum of its steps."""

    def __init__(self, machine: Machine, pacer: Pacer) -> None:
        self.machine, self.pacer = machine, pacer
        self.now = 0.0
        self.steps = 0
        self.changes: list[tuple[float, int]] = []

    def generate(self, seconds: float, rows: int = 1) -> float:
        """Generate for so long; return seconds a step."""
        begun, steps = self.now, 0
        while self.now < begun + seconds:
            before = self.pacer.now
            took = self.machine(self.pacer.threads(rows, rows), self.now)
            self.pacer.took(rows, rows, took)
            self.now += took
            steps += 1
            if self.pacer.now != before:
                self.changes.append((self.now, self.pacer.now))
        return (self.now - begun) / steps


def quiet(threads: int, _: float) -> float:
    return {1: 0.018, 2: 0.010}[threads]


def busy(threads: int, _: float) -> float:
    return {1: 0.030, 2: 0.200}[threads]


def noisy(machine: Machine, spread: float) -> Machine:
    chance = random.Random(1)
    return lambda threads, now: machine(threads, now) * chance.uniform(1 - spread, 1 + spread)


@pytest.mark.parametrize("seconds", [3, 60, 600])
def test_a_quiet_machine_keeps_its_speed(seconds: float) -> None:
    runner = Runner(noisy(quiet, 0.3), Pacer(2))

    assert runner.generate(seconds) < 1.03 * 0.010
    assert runner.changes == []


def test_a_busy_machine_gets_fewer_threads() -> None:
    runner = Runner(noisy(busy, 0.5), Pacer(2))

    runner.generate(5)
    assert runner.pacer.now == 1
    assert runner.generate(60) < 1.05 * 0.030
    assert len(runner.changes) == 1


def test_neighbours_that_come_and_go_are_followed() -> None:
    def machine(threads: int, now: float) -> float:
        return (busy if now % 60 >= 30 else quiet)(threads, now)

    runner = Runner(machine, Pacer(2))
    runner.generate(300)

    assert len(runner.changes) == 9 + (runner.pacer.now == 2)
    for number, (moment, threads) in enumerate(runner.changes):
        assert moment - 30 * (number + 1) < 6
        assert threads == (2 if number % 2 else 1)


def test_a_core_that_is_free_again_is_used_though_nothing_became_slower_or_faster() -> None:
    """One thread had a core of its own, beside the neighbour and without it."""

    def machine(threads: int, now: float) -> float:
        return {1: 0.009, 2: 0.006 if now > 60 else 0.014}[threads]

    runner = Runner(machine, Pacer(2))
    runner.generate(60)
    assert runner.pacer.now == 1
    runner.generate(6)
    assert runner.pacer.now == 2


def test_an_unlucky_look_is_repeated_soon() -> None:
    """Neighbours get the cores for so long at a time that one look can meet just that."""
    calm = Runner(quiet, Pacer(2))
    calm.generate(10)
    looks = 0

    def machine(threads: int, _: float) -> float:
        nonlocal looks
        looks += threads == 1
        return 0.030 if threads == 1 and looks > 6 else 0.050

    calm.machine = machine
    calm.generate(2.5)
    assert calm.pacer.now == 1


def test_where_nothing_is_better_it_does_not_flap() -> None:
    runner = Runner(noisy(lambda *_: 0.030, 0.7), Pacer(2))

    assert runner.generate(600) == pytest.approx(0.030, rel=0.03)
    assert len(runner.changes) < 40  # by chance, and they cost nothing


def test_one_core_of_eight_is_left_to_a_neighbour() -> None:
    def machine(threads: int, _: float) -> float:
        return 0.16 / threads * (4 if threads == 8 else 1)

    runner = Runner(machine, Pacer(8))
    runner.generate(10)

    assert runner.pacer.now == 7
    assert runner.generate(100) < 1.05 * 0.16 / 7
    assert rungs(8) == [1, 2, 4, 6, 7, 8]


def test_a_hopeless_count_is_given_up_soon() -> None:
    tried = []

    def machine(threads: int, now: float) -> float:
        tried.append(threads)
        return 0.1 if threads == 2 else 1000.0

    Runner(machine, Pacer(2)).generate(100)

    assert tried.count(1) == 1


def test_prompts_are_read_with_all_threads() -> None:
    runner = Runner(busy, Pacer(2))
    runner.generate(5)

    assert runner.pacer.threads(1, 1) == 1
    assert runner.pacer.threads(1, 200) == 2
    assert runner.pacer.threads(3, 4) == 2
    runner.pacer.took(1, 200, 100.0)
    assert runner.pacer.threads(1, 1) == 1


def test_steps_of_other_shapes_are_not_compared() -> None:
    runner = Runner(quiet, Pacer(2))
    for rows in (1, 4, 1, 4, 2):
        runner.machine = lambda threads, now, rows=rows: rows * quiet(threads, now)  # type: ignore[misc]
        runner.generate(7, rows)

    assert runner.changes == []


def test_a_fixed_count_stays() -> None:
    def machine(threads: int, now: float) -> float:
        tried.add(threads)
        return busy(2, now)

    tried: set[int] = set()
    for pacer in (Pacer(2, fixed=True), Pacer(1)):
        tried.clear()
        Runner(machine, pacer).generate(60)
        assert tried == {pacer.most}


def test_llama_decodes_the_same_with_whatever_is_chosen(small_model: Path) -> None:
    """Threads change between steps, and what is computed does not."""

    class Alternating(Pacer):
        def threads(self, rows: int, tokens: int) -> int:
            used.append(2 - len(used) % 2)
            return used[-1]

    used: list[int] = []
    answers = []
    for kind in (Pacer, Alternating):
        llama = Llama(Configure(str(small_model), "m", n_ctx=256, n_threads=2))
        llama.pacer = kind(2)
        llama.step([Row(0, 0, list(range(260, 280)), None)])
        answers.append(_decoded(llama, 20))
        llama.close()

    assert answers[0] == answers[1]
    assert set(used) == {1, 2}


def _decoded(llama: Llama, count: int) -> list[int]:
    from oxillama_jupyter.engine.protocol import Sampling

    sampler = llama.sampler(Sampling(temperature=0))
    tokens = [280]
    for place in range(count):
        tokens += llama.step([Row(0, 20 + place, tokens[-1:], sampler)])
    sampler.close()
    return tokens


async def test_the_engine_says_how_many_generate(local: Callable[..., LocalEngine]) -> None:
    async with started(local(n_threads=2)) as engine:
        await collect(engine, ask("hi", max_tokens=5))
        settings = engine.status().settings
    assert (settings["n_threads"], settings["n_threads_max"]) == (2, 2)


async def test_fewer_threads_show_while_they_generate(
    local: Callable[..., LocalEngine], worker_script: Callable[[str], None]
) -> None:
    """A machine that is slow with two threads, whatever this one is."""
    worker_script("""
import time
real = llama.Llama._decode
def decode(self, rows):
    time.sleep(0.02 if self._using > 1 else 0.001)
    return real(self, rows)
llama.Llama._decode = decode
llama._default_threads = lambda model: 2
""")
    async with started(local(n_threads=None, n_ctx=2048)) as engine:
        assert engine.status().settings["n_threads"] == 2
        await collect(engine, ask("hi", max_tokens=300, logit_bias={300: 1000.0}))
        async with asyncio.timeout(20):  # it is told within a second
            while engine.status().settings["n_threads"] != 1:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert engine.status().settings["n_threads_max"] == 2
    async with started(local(n_threads=2, n_ctx=2048)) as engine:
        await collect(engine, ask("hi", max_tokens=100, logit_bias={300: 1000.0}))
        assert engine.status().settings["n_threads"] == 2


def test_ways_are_measured_with_the_threads_they_name(
    small_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[bool] = []
    real = Pacer.__init__

    def init(self: Pacer, most: int, *, fixed: bool = False) -> None:
        made.append(fixed)
        real(self, most, fixed=fixed)

    monkeypatch.setattr(Pacer, "__init__", init)
    measure(Configure(str(small_model), "m", n_ctx=512, n_threads=2, pace=True))

    assert made == [True]
