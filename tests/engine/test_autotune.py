"""The choice among ways to run a model: scripted figures, then one real measurement."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from oxillama_jupyter.engine import autotune, machine
from oxillama_jupyter.engine.autotune import Autotuner, Choice, Tuned, TunedFile, run_measure
from oxillama_jupyter.engine.frames import Configure
from oxillama_jupyter.engine.measure import Measured

FIRST = Choice(flash_attn=True, n_threads=2)
BASE = Configure("model.gguf", "m")


def figures(speed: float) -> Measured:
    """What a way gives that is so many times as fast as the first."""
    return Measured(1000, 500 * speed, 50 * speed, 100 * speed, 0.1 / speed, 0.2 / speed, 4)


class Machine:
    """Times ways by a rule instead of a clock."""

    def __init__(
        self, speed: Callable[[Choice], float | None], always: Measured | None = None
    ) -> None:
        self.speed = speed
        self.always = always
        self.tried: list[Choice] = []
        self.restless = 0
        self.disturbed = asyncio.Event()

    async def run(self, choice: Choice, _: Configure) -> Measured | None:
        self.tried.append(choice)
        if self.restless:
            self.restless -= 1
            self.disturbed.set()
            await asyncio.sleep(10)
        speed = self.speed(choice)
        return None if speed is None else self.always or figures(speed)

    async def quiet(self) -> None:
        self.disturbed.clear()

    async def busy(self) -> None:
        await self.disturbed.wait()


@pytest.fixture
def tune(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Awaitable[Tuned | None]]:
    monkeypatch.setattr(autotune, "physical_cores", lambda: 4)
    monkeypatch.setattr(autotune, "logical_cores", lambda: 8)
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)

    async def start(world: Machine, base: Configure = BASE, first: Choice = FIRST) -> Tuned | None:
        monkeypatch.setattr(autotune, "run_measure", world.run)
        return await Autotuner(base, first, quiet=world.quiet, busy=world.busy).tune()

    return start


async def test_the_best_of_each_kind_is_chosen(
    tune: Callable[..., Awaitable[Tuned | None]],
) -> None:
    def speed(choice: Choice) -> float:
        threads = {1: 0.8, 2: 1.0, 4: 1.6, 8: 1.1}[choice.n_threads]
        return threads * (0.5 if choice.flash_attn else 1.0) * (1.2 if choice.n_batch else 1.0)

    tuned = await tune(Machine(speed))
    assert tuned is not None
    assert tuned.choice == Choice(flash_attn=False, n_threads=4, n_batch=256)
    rows = tuned.summary()
    assert [row["chosen"] for row in rows].count(True) == 1
    assert (
        min(row["seconds"] for row in rows)
        == rows[[r["chosen"] for r in rows].index(True)]["seconds"]
    )


async def test_what_is_hardly_better_is_not_worth_a_change(
    tune: Callable[..., Awaitable[Tuned | None]],
) -> None:
    tuned = await tune(Machine(lambda choice: 1.0 if choice == FIRST else 1.02))
    assert tuned is not None
    assert tuned.choice == FIRST


async def test_a_way_that_crashes_is_not_chosen(
    tune: Callable[..., Awaitable[Tuned | None]],
) -> None:
    tuned = await tune(Machine(lambda choice: 1.0 if choice.flash_attn else None))
    assert tuned is not None
    assert tuned.choice.flash_attn
    assert any(trial.measured is None for trial in tuned.trials)


async def test_what_the_user_fixed_is_left_alone(
    tune: Callable[..., Awaitable[Tuned | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOMP_SPINCOUNT", "7")
    world = Machine(lambda _: 1.0)
    fixed = Configure("model.gguf", "m", flash_attn=True, n_threads=2, use_extra_bufts=True)
    await tune(world, fixed)
    assert {choice.flash_attn for choice in world.tried} == {True}
    assert {choice.n_threads for choice in world.tried} == {2}
    assert {choice.use_extra_bufts for choice in world.tried} == {True}
    assert len({choice.spin for choice in world.tried}) == 1


@pytest.mark.parametrize(("fixed", "tried"), [(None, {False, True}), (False, {False})])
async def test_extra_buffers_that_were_slower_once_are_tried_again(
    tune: Callable[..., Awaitable[Tuned | None]], *, fixed: bool | None, tried: set[bool]
) -> None:
    first = msgspec.structs.replace(FIRST, use_extra_bufts=False)
    world = Machine(lambda choice: 1.5 if choice.use_extra_bufts else 1.0)
    base = msgspec.structs.replace(BASE, use_extra_bufts=fixed)
    tuned = await tune(world, base, first)
    assert tuned is not None
    assert {choice.use_extra_bufts for choice in world.tried} == tried
    assert tuned.choice.use_extra_bufts == (fixed is None)


async def test_a_disturbed_measurement_is_repeated(
    tune: Callable[..., Awaitable[Tuned | None]],
) -> None:
    world = Machine(lambda _: 1.0)
    world.restless = 2
    tuned = await tune(world)
    assert tuned is not None
    assert world.tried[:3] == [FIRST] * 3
    assert [trial.choice for trial in tuned.trials].count(FIRST) == 1


async def test_a_restless_machine_gets_no_verdict(
    tune: Callable[..., Awaitable[Tuned | None]],
) -> None:
    speeds = iter([1.0] + [1.0] * 50)
    world = Machine(lambda choice: 0.5 if len(world.tried) > 5 else next(speeds))
    assert await tune(world) is None


async def test_what_is_near_is_timed_again_in_turns(
    tune: Callable[..., Awaitable[Tuned | None]],
) -> None:
    """Chance slows a process down, all of it; it is not to decide."""
    other = msgspec.structs.replace(FIRST, flash_attn=False)
    unlucky = iter([1.0])
    world = Machine(lambda choice: next(unlucky, 1.05) if choice == other else 1.0)
    tuned = await tune(world, Configure("model.gguf", "m", n_threads=2))
    assert tuned is not None
    assert world.tried[:4] == [FIRST, other, FIRST, other]
    assert tuned.choice == other
    assert [trial.choice for trial in tuned.trials].count(other) == 1


async def test_the_first_way_wins_at_last_if_it_was_only_unlucky(
    tune: Callable[..., Awaitable[Tuned | None]],
) -> None:
    luck = iter([0.95, 0.95])
    other = msgspec.structs.replace(FIRST, flash_attn=False)
    speeds = {FIRST: 1.06, other: 1.0}
    world = Machine(lambda way: next(luck, 1.06) if way == FIRST else speeds.get(way, 0.5))
    tuned = await tune(world, Configure("model.gguf", "m", n_threads=2))
    assert tuned is not None
    assert tuned.choice == FIRST
    assert world.tried[-2:] == [FIRST, other]
    assert sum(row["chosen"] for row in tuned.summary()) == 1


async def test_a_first_way_that_stays_the_best_has_its_best_figures(
    tune: Callable[..., Awaitable[Tuned | None]],
) -> None:
    faster = iter([1.0, 1.02])
    world = Machine(lambda choice: next(faster, 1.02) if choice == FIRST else 0.5)
    tuned = await tune(world)
    assert tuned is not None
    assert tuned.choice == FIRST
    (row,) = [row for row in tuned.summary() if row["chosen"]]
    assert row["decode"] == pytest.approx(51)


async def test_what_is_far_is_not_timed_again(
    tune: Callable[..., Awaitable[Tuned | None]],
) -> None:
    world = Machine(lambda choice: 1.0 if choice == FIRST else 0.8)
    await tune(world)
    assert len(world.tried) == len(set(map(repr, world.tried))) + 1  # the first one, at the end


@pytest.mark.parametrize(
    ("one", "forty", "tile", "expected"),
    [
        (0.012, 0.202, 0.144, 29),  # an AMD EPYC with flash attention, 2,048 tokens cached
        (0.033, 0.920, 0.195, 9),  # an Intel Xeon with it
        (0.009, 0.081, 0.124, 0),  # without: as much for each token
        (0.009, 0.009, 0.009, 2),  # where a tile costs nothing more
    ],
)
def test_few_tokens_are_read_with_others_where_that_takes_less_time(
    one: float, forty: float, tile: float, expected: int
) -> None:
    assert Measured(2048, 600, 1 / one, 200, forty, tile, 4).round_up == expected


async def test_the_choice_says_how_few(
    tune: Callable[..., Awaitable[Tuned | None]],
) -> None:
    steep = Measured(2048, 500, 30, 100, 0.9, 0.2, 4)
    world = Machine(lambda choice: 1.0 if choice.flash_attn else None, steep)
    tuned = await tune(world)
    assert tuned is not None
    assert tuned.choice.round_up == steep.round_up > 0
    assert tuned.choice.configure(BASE).round_up == steep.round_up


def test_what_was_found_is_kept_for_machine_and_model(
    tmp_path: Path, small_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tuned = Tuned(FIRST, [], 1)
    base = Configure(str(small_model), "m")
    TunedFile(tmp_path, base).save(tuned)
    assert TunedFile(tmp_path, base).load() == tuned
    wider = Configure(str(small_model), "m", n_parallel=9)
    assert TunedFile(tmp_path, wider).load() is None
    assert TunedFile(tmp_path, BASE).load() is None
    monkeypatch.setattr(machine, "version", lambda _name: "0.0.0")
    assert TunedFile(tmp_path, base).load() is None


@pytest.mark.parametrize(
    "fixed", [{"n_threads": 1}, {"flash_attn": False}, {"use_extra_bufts": True}]
)
def test_what_is_fixed_wins_and_has_figures_of_its_own(
    tmp_path: Path, small_model: Path, fixed: dict[str, int]
) -> None:
    free = Configure(str(small_model), "m")
    base = msgspec.structs.replace(free, **fixed)
    choice = Choice(flash_attn=True, n_threads=4, n_batch=256, use_extra_bufts=False)
    configured = msgspec.to_builtins(choice.configure(base))

    assert configured["n_batch"] == 256
    assert {name: configured[name] for name in fixed} == fixed
    TunedFile(tmp_path, base).save(Tuned(choice, [], 1))
    assert TunedFile(tmp_path, free).load() is None
    assert TunedFile(tmp_path, base).load() is not None


def test_a_spin_of_the_environment_has_figures_of_its_own(
    tmp_path: Path, small_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    base = Configure(str(small_model), "m")
    TunedFile(tmp_path, base).save(Tuned(FIRST, [], 1))
    monkeypatch.setenv("GOMP_SPINCOUNT", "7")
    assert TunedFile(tmp_path, base).load() is None


@pytest.mark.parametrize("name", ["physical_cores", "logical_cores"])
def test_other_cores_have_figures_of_their_own(
    tmp_path: Path, small_model: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    base = Configure(str(small_model), "m")
    TunedFile(tmp_path, base).save(Tuned(FIRST, [], 1))
    monkeypatch.setattr(autotune, name, lambda: 1000)
    assert TunedFile(tmp_path, base).load() is None


async def test_a_real_measurement(small_model: Path) -> None:
    base = Configure(str(small_model), "small", n_ctx=512)
    found = await run_measure(Choice(flash_attn=False, n_threads=1), base)
    assert found is not None
    assert 128 <= found.depth < 512
    assert found.together == 4
    assert min(found.prefill, found.decode, found.decode_together, found.follow_up) > 0
    assert found.tile > 0
    assert found.seconds > 500 / found.prefill


async def test_a_model_that_is_none_gives_no_figures(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF")
    assert await run_measure(FIRST, Configure(str(broken), "broken")) is None
