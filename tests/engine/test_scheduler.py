"""Continuous batching with a fake backend: who gets what, in which step."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator

import pytest
from engine.fakes import FakeLlama, FakeSampler

from oxillama_jupyter.engine.backend import Limits
from oxillama_jupyter.engine.frames import Output
from oxillama_jupyter.engine.jobs import Job
from oxillama_jupyter.engine.pieces import Pieces
from oxillama_jupyter.engine.protocol import Delta, PromptInfo, Sampling
from oxillama_jupyter.engine.scheduler import Scheduler
from oxillama_jupyter.engine.slots import Slots
from oxillama_jupyter.engine.text import TextAssembler


@pytest.fixture(autouse=True)
def no_leaks() -> Iterator[None]:
    FakeSampler.open = 0
    yield
    assert FakeSampler.open == 0


class World:
    """A scheduler, its fake, and all that came out."""

    def __init__(self, llama: FakeLlama | None = None, **limits: float | Pieces) -> None:
        self.llama = llama or FakeLlama()
        values = {"n_parallel": 4, "n_ctx": 1000, "n_batch": 128, "token_seconds": 0.001} | limits
        slots = Slots(self.llama, int(values["n_parallel"]), memory=10_000)  # type: ignore[arg-type]
        self.scheduler = Scheduler(
            self.llama,
            slots,
            self.llama,
            Limits(**values),  # type: ignore[arg-type]
            clock=lambda: self.llama.now,
        )
        self.deltas: dict[int, list[Delta]] = defaultdict(list)
        self.errors: dict[int, Output] = {}

    def submit(
        self, number: int, prompt: list[int], key: str | None = None, **sampling: object
    ) -> None:
        options = {"max_tokens": 10} | sampling
        stops = options.get("stop", ())
        assembler = TextAssembler(stops)  # type: ignore[arg-type]
        self.scheduler.submit(Job(number, prompt[:], Sampling(**options), assembler, key))  # type: ignore[arg-type]

    def step(self) -> None:
        for output in self.scheduler.admit() + self.scheduler.step():
            if output.delta is None:
                self.errors[output.id] = output
            else:
                self.deltas[output.id].append(output.delta)

    def run(self, most: int = 10_000) -> None:
        for _ in range(most):
            if not self.scheduler.busy:
                return
            self.step()
        raise AssertionError("it never ends")

    def text(self, number: int) -> str:
        return "".join(delta.text for delta in self.deltas[number])

    def expected(self, prompt: list[int], count: int) -> str:
        return "".join(f"{token} " for token in self.llama.expected(prompt, count))

    def prompt(self, number: int) -> PromptInfo | None:
        return self.deltas[number][0].prompt


def test_one_generation_from_prompt_to_usage() -> None:
    world = World()
    world.submit(1, [5, 6, 7])
    world.run()

    assert world.text(1) == world.expected([5, 6, 7], 10)
    assert world.prompt(1) == PromptInfo(3)
    last = world.deltas[1][-1]
    assert last.finish_reason == "length"
    assert last.usage is not None
    assert (last.usage.prompt_tokens, last.usage.completion_tokens) == (3, 10)
    assert last.usage.prompt_seconds == pytest.approx(0.003)
    assert last.usage.completion_seconds == pytest.approx(0.009)


def test_the_end_token_is_neither_said_nor_counted() -> None:
    world = World(FakeLlama(end_at=8))
    world.submit(1, [5] * 5)
    world.run()

    last = world.deltas[1][-1]
    assert (last.finish_reason, last.text, last.tokens) == ("stop", "", 0)
    assert last.usage is not None
    assert last.usage.completion_tokens == 3


def test_the_context_bounds_a_generation() -> None:
    world = World(n_ctx=20)
    world.submit(1, [5] * 15, max_tokens=None)
    world.run()

    assert world.deltas[1][-1].finish_reason == "length"
    assert world.text(1) == world.expected([5] * 15, 5)


def test_a_stop_string_ends_a_generation() -> None:
    world = World()
    tokens = world.llama.expected([5], 10)
    world.submit(1, [5], stop=(f" {tokens[4]}",))
    world.run()

    assert world.deltas[1][-1].finish_reason == "stop"
    assert world.text(1) == "".join(f"{token} " for token in tokens[:4])[:-1]


def test_generations_share_every_step() -> None:
    world = World()
    for number in range(4):
        world.submit(number, [number + 1])
    world.run()

    assert [len(rows) for rows in world.llama.steps] == [4] * 10
    for number in range(4):
        assert world.text(number) == world.expected([number + 1], 10)


def test_a_long_prompt_stalls_nobody() -> None:
    world = World(n_ctx=100_000)
    world.submit(1, [1], max_tokens=50)
    world.step()
    world.submit(2, list(range(2, 2002)), max_tokens=2)
    said = len(world.deltas[1])
    for count in range(1, 20):
        world.step()
        assert len(world.deltas[1]) == said + count  # a token in each step
    assert world.deltas[2] == [Delta(prompt=PromptInfo(2000))]
    assert max(sum(len(row.tokens) for row in rows) for rows in world.llama.steps) <= 128
    world.run()
    assert world.text(2) == world.expected(list(range(2, 2002)), 2)


def test_steps_are_as_long_as_the_machine_allows() -> None:
    slow = FakeLlama()
    slow.token_seconds = 0.01
    world = World(slow, token_seconds=0.0001, min_chunk=4, n_ctx=100_000)
    world.submit(1, list(range(1, 1001)), max_tokens=1)
    world.run()

    counts = [len(row.tokens) for rows in slow.steps for row in rows]
    assert counts[0] == 128
    assert min(counts[:-1]) == 12  # 0.12 s of 0.01 s each, once it is known

    world.submit(2, [1], max_tokens=100)
    world.step()
    world.submit(3, list(range(2001, 2101)), max_tokens=1)
    world.step()
    assert sum(len(row.tokens) for row in slow.steps[-1]) <= 1 + 6  # 0.06 s beside a generation
    world.run()


def test_prompts_share_a_step_and_short_ones_are_through_first() -> None:
    world = World(n_ctx=100_000, prefill_seconds=1.0)
    world.submit(1, list(range(1, 1001)))
    world.submit(2, list(range(2001, 2021)))
    world.step()

    assert {row.sequence: len(row.tokens) for row in world.llama.steps[0]} == {1: 20, 0: 108}
    assert len(world.deltas[2]) == 2
    world.run()


def test_prompts_are_read_in_turns_each_in_pieces_worth_a_step() -> None:
    world = World(n_ctx=100_000, prefill_seconds=1.0)
    for number in range(3):
        world.submit(number, list(range(1000 * number + 1, 1000 * number + 401)))
    world.run()

    steps = [{row.sequence: len(row.tokens) for row in rows} for rows in world.llama.steps]
    assert steps[:4] == [{0: 64, 1: 64}, {2: 64, 0: 64}, {1: 64, 0: 64}, {2: 64, 0: 64}]
    assert all(sum(step.values()) <= 128 for step in steps)
    for number in range(3):
        prompt = list(range(1000 * number + 1, 1000 * number + 401))
        assert world.text(number) == world.expected(prompt, 10)


def test_short_prompts_are_read_whole_beside_a_generation_and_long_ones_in_pieces() -> None:
    world = World(n_parallel=8, n_ctx=100_000, min_chunk=4, prefill_seconds=0.12)
    world.submit(0, [1], max_tokens=100)
    world.step()
    world.submit(1, list(range(1001, 3001)), max_tokens=1)
    world.step()
    assert sorted(len(row.tokens) for row in world.llama.steps[-1]) == [1, 60]

    for number in (2, 3):
        world.submit(number, list(range(10_000 * number, 10_000 * number + 45)), max_tokens=1)
    world.step()
    assert sorted(len(row.tokens) for row in world.llama.steps[-1]) == [1, 45, 45]
    world.run()


def test_a_short_next_turn_is_read_with_cached_tokens_where_that_is_sooner() -> None:
    world = World(n_ctx=100_000, n_batch=600, pieces=Pieces(tile=64, round_up=20))
    prompt = list(range(1, 2001))
    world.submit(1, prompt, key="thread", max_tokens=1)
    world.run()
    prompt = [*prompt, *world.llama.expected(prompt, 1), *range(3001, 3030)]
    world.submit(2, prompt, key="thread")
    world.run()

    steps = [[len(row.tokens) for row in rows] for rows in world.llama.steps]
    assert steps[-10] == [64]
    assert world.prompt(2) == PromptInfo(2030, 2030 - 64)
    assert world.text(2) == world.expected(prompt, 10)


def test_more_generations_than_sequences_wait_in_order() -> None:
    world = World(n_parallel=2)
    for number in range(5):
        world.submit(number, [number + 1])
    world.step()
    assert [number for number in range(5) if world.deltas[number]] == [0, 1]
    world.run()

    assert list(world.deltas) == [0, 1, 2, 3, 4]
    for number in range(5):
        assert world.text(number) == world.expected([number + 1], 10)


def test_abort_in_prefill_frees_the_sequence_at_once() -> None:
    world = World(n_parallel=1, n_ctx=100_000)
    world.submit(1, list(range(1, 5001)))
    world.submit(2, [7])
    world.step()
    assert world.scheduler.prefilling
    world.scheduler.abort(1)
    world.step()

    assert [len(rows) for rows in world.llama.steps] == [1, 1]
    assert len(world.deltas[2]) == 2
    world.run()
    assert world.text(2) == world.expected([7], 10)


def test_what_an_aborted_prompt_read_is_not_lost() -> None:
    world = World(n_ctx=100_000)
    prompt = list(range(1, 501))
    world.submit(1, prompt)
    world.step()
    world.scheduler.abort(1)
    world.submit(2, prompt)
    world.run()

    info = world.prompt(2)
    assert info is not None
    assert info.cached_tokens == 120


def test_abort_of_a_waiting_or_unknown_generation() -> None:
    world = World(n_parallel=1)
    world.submit(1, [1])
    world.submit(2, [2])
    world.step()
    world.scheduler.abort(2)
    world.scheduler.abort(99)
    world.run()

    assert 2 not in world.deltas
    assert world.text(1) == world.expected([1], 10)


def test_the_next_turn_reads_only_what_is_new() -> None:
    world = World()
    prompt = list(range(1, 101))
    world.submit(1, prompt, "thread")
    world.run()
    history = prompt + world.llama.expected(prompt, 10)
    world.submit(2, [*history, 3, 4], "thread")
    world.run()

    assert world.prompt(2) == PromptInfo(112, 109)  # the last token was said, but never decoded
    assert world.text(2) == world.expected([*history, 3, 4], 10)


def test_when_the_cache_is_full_the_newest_waits_and_loses_nothing() -> None:
    world = World(FakeLlama(count=4, cells=200), n_ctx=150)
    prompts = {number: list(range(number * 100, number * 100 + 60)) for number in range(1, 4)}
    for number, prompt in prompts.items():
        world.submit(number, prompt, max_tokens=60)
    world.run()

    assert not world.errors
    for number, prompt in prompts.items():
        assert world.text(number) == world.expected(prompt, 60)
        assert sum(delta.prompt is not None for delta in world.deltas[number]) == 1
    assert world.llama.used() <= 200


def test_a_generation_that_can_never_fit_fails_alone() -> None:
    world = World(FakeLlama(count=4, cells=50), n_ctx=1000)
    world.submit(1, list(range(1, 101)))
    world.submit(2, [1, 2, 3])
    world.run()

    assert (world.errors[1].error, list(world.errors)) == ("EngineError", [1])
    assert world.text(2) == world.expected([1, 2, 3], 10)


def test_a_preempted_generation_can_be_aborted() -> None:
    world = World(FakeLlama(count=4, cells=130), n_ctx=130)
    world.submit(1, list(range(1, 61)), max_tokens=60)
    world.submit(2, list(range(101, 161)), max_tokens=60)
    for _ in range(30):
        world.step()
    world.scheduler.abort(2)
    world.run()

    assert world.text(1) == world.expected(list(range(1, 61)), 60)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("apart", [False, True])
def test_whatever_happens_the_text_is_the_same(seed: int, apart: bool) -> None:  # noqa: FBT001
    """Random arrivals, aborts, threads and a small cache: no generation notices the others."""
    chance = random.Random(seed)
    if apart:
        llama, count = FakeLlama(count=5, unified=False), 5
    else:
        llama, count = FakeLlama(count=3, cells=300), 3
    world = World(llama, n_parallel=count, n_ctx=200, n_batch=40, min_chunk=8)
    histories: dict[str, list[int]] = {key: [] for key in "abcd"}
    wanted: dict[int, str] = {}
    for number in range(60):
        key = chance.choice("abcd")
        history = histories[key] if len(histories[key]) < 120 else []
        prompt = [*history, *(chance.randrange(1, 1000) for _ in range(chance.randrange(1, 40)))]
        count = chance.randrange(1, 30)
        histories[key] = prompt + world.llama.expected(prompt, count)
        world.submit(number, prompt, chance.choice([key, None]), max_tokens=count)
        wanted[number] = world.expected(prompt, count)
        for _ in range(chance.randrange(6)):
            world.step()
        if chance.random() < 0.15:
            victim = chance.randrange(number + 1)
            world.scheduler.abort(victim)
            wanted.pop(victim, None)
    world.run()

    assert not world.errors
    assert {number: world.text(number) for number in wanted} == wanted


def test_a_long_step_is_broken_off_for_an_abort_and_costs_others_only_time() -> None:
    world = World(n_ctx=100_000, token_seconds=0.01, min_chunk=16)
    prompt = list(range(1, 401))
    world.submit(1, [7])
    world.step()
    world.submit(2, prompt)
    world.llama.token_seconds = 0.01
    world.llama.during_step = lambda: world.scheduler.interrupt(2)
    said = len(world.deltas[1])
    world.step()
    assert len(world.deltas[1]) == said  # nothing came of it
    assert world.llama.content[1] == []

    world.llama.during_step = lambda: None
    world.scheduler.abort(2)
    world.run()
    assert world.text(1) == world.expected([7], 10)


def test_a_short_step_is_not_broken_off() -> None:
    world = World()
    world.submit(1, [7])
    world.llama.during_step = lambda: world.scheduler.interrupt(1)
    world.run()
    assert world.text(1) == world.expected([7], 10)


def test_after_a_broken_step_even_a_rigid_memory_gives_the_right_answer() -> None:
    world = World(FakeLlama(rigid=True), n_ctx=100_000, token_seconds=0.01, min_chunk=16)
    world.llama.token_seconds = 0.01
    prompt = list(range(1, 101))
    world.submit(1, prompt)
    world.step()
    world.llama.during_step = lambda: world.scheduler.interrupt(1)
    world.step()
    world.llama.during_step = lambda: None
    world.run()
    assert world.text(1) == world.expected(prompt, 10)


@pytest.mark.parametrize("rigid", [False, True])
def test_who_is_stopped_costs_others_nothing_of_their_cache(rigid: bool) -> None:  # noqa: FBT001
    world = World(FakeLlama(rigid=rigid), n_ctx=100_000, token_seconds=0.01, min_chunk=16)
    world.llama.token_seconds = 0.01
    prompts = {1: list(range(1, 1001)), 2: list(range(5000, 6000))}
    world.submit(1, prompts[1], max_tokens=100)
    while len(world.deltas[1]) < 5:
        world.step()
    world.submit(2, prompts[2])
    world.step()
    held = world.scheduler.stats().sequences[0].tokens
    world.llama.during_step = lambda: world.scheduler.interrupt(2)
    world.step()
    assert world.scheduler.stats().sequences[0].tokens >= held > 1000
    world.llama.during_step = lambda: None
    world.scheduler.abort(2)
    world.run()
    assert world.text(1) == world.expected(prompts[1], 100)


def test_equal_prompts_are_read_once() -> None:
    world = World(n_ctx=100_000)
    prompt = list(range(1, 1001))
    for number in range(4):
        world.submit(number, [*prompt, 2000 + number])
    world.run()

    read = sum(len(row.tokens) for rows in world.llama.steps for row in rows)
    assert read == 1000 + 4 + 4 * 9  # and each one's own last token, and what it said
    assert world.llama.copies == 3
    for number in range(4):
        assert world.text(number) == world.expected([*prompt, 2000 + number], 10)


def test_who_waits_to_share_does_not_wait_for_an_aborted_reader() -> None:
    world = World(n_ctx=100_000)
    prompt = list(range(1, 1001))
    world.submit(1, prompt)
    world.submit(2, [*prompt, 5])
    world.submit(3, [9])
    world.step()
    assert world.deltas[3]  # the one behind passes
    assert not world.deltas[2]
    world.scheduler.abort(1)
    world.run()
    assert world.text(2) == world.expected([*prompt, 5], 10)


def test_what_was_read_and_generated_is_counted_in_all() -> None:
    world = World()
    world.submit(1, list(range(200)), "a", max_tokens=5)
    world.step()
    reading = world.scheduler.stats()
    world.run()
    world.submit(2, list(range(200)), "a", max_tokens=3)
    world.run()
    stats = world.scheduler.stats()

    assert (reading.generated, reading.sequences[0].state) == (0, "reading")
    assert 0 < reading.read == reading.sequences[0].tokens < reading.sequences[0].wanted == 200
    assert stats.generated == 5 + 3
    assert stats.read == 200 + 1  # the second prompt was in the cache, but for its last token
    assert stats.sequences[0].state == "idle"


def test_generations_that_are_apart_are_brought_together() -> None:
    world = World(FakeLlama(unified=False))
    for number in range(3):
        world.submit(number, [number + 1], key=str(number), max_tokens=5 if number == 1 else 40)
    world.run()

    sequences = [[row.sequence for row in rows] for rows in world.llama.steps]
    assert sequences[0] == [0, 1, 2]
    assert sequences[6] == [0, 2]
    assert sequences[-1] == [0, 1]
    for number in range(3):
        assert world.text(number) == world.expected([number + 1], 5 if number == 1 else 40)
