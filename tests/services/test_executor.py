from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

import pytest
from blockbuster import blockbuster_ctx
from worlds import MakeWorld, names, run, until

from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.errors import (
    ContextLengthExceeded,
    EngineCrashed,
    EngineUnavailable,
    InvalidRequest,
    QueueFull,
    StoreError,
)
from oxillama_jupyter.schemas.runs import CreateRun, MessageQuery
from oxillama_jupyter.services import turns as turns_module
from oxillama_jupyter.store import journals, messages

OPENING = ["thread.run.created", "thread.run.queued", "thread.run.in_progress"]
MESSAGE = [
    "thread.run.step.created",
    "thread.run.step.in_progress",
    "thread.message.created",
    "thread.message.in_progress",
    "thread.message.delta",
]
FOREVER = [f"word{i} " for i in range(10_000)]


def slow(**settings: Any) -> ScriptedEngine:
    """An engine that never comes to its end in the time of a test."""
    return ScriptedEngine(FOREVER, delay=0.01, **settings)


def stuck() -> ScriptedEngine:
    """An engine that stays in prefill."""
    return ScriptedEngine("x", prefill_delay=60)


# -- the way to the end --------------------------------------------------------------------------


def test_a_run_writes_the_engines_text_and_ends(world: MakeWorld) -> None:
    async def test() -> None:
        async with world(ScriptedEngine("Good morning, world.")) as here:
            job = await here.start()
            done = await here.ended(job)
            page = await here.threads.messages(done.thread_id, MessageQuery(run_id=done.id))
        assert done.status == "completed"
        assert names(job) == [
            *OPENING,
            *MESSAGE,
            "thread.message.completed",
            "thread.run.step.completed",
            "thread.run.completed",
            "done",
        ]
        assert page.data[0].content[0].text.value == "Good morning, world."  # type: ignore[union-attr]

    run(test)


def test_an_empty_answer_is_an_answer(world: MakeWorld) -> None:
    async def test() -> None:
        async with world(ScriptedEngine("")) as here:
            job = await here.start()
            done = await here.ended(job)
        assert done.status == "completed"
        assert "thread.message.completed" in names(job)

    run(test)


def test_nothing_blocks_the_event_loop(world: MakeWorld) -> None:
    async def test() -> None:
        async with world(ScriptedEngine("One two three four five.")) as here:
            job = await here.start()
            with blockbuster_ctx("oxillama_jupyter"):
                await here.ended(job)
                cancelled = await here.start()
                await here.runs.cancel(cancelled.run.thread_id, cancelled.run.id)
                await here.ended(cancelled)
                await here.recovery.sweep()

    run(test)


def test_no_more_than_n_parallel_runs_generate(world: MakeWorld) -> None:
    async def test() -> None:
        engine = ScriptedEngine("One two three.", delay=0.001)
        async with world(engine, n_parallel=2) as here:
            jobs = [await here.start() for _ in range(6)]
            await until(jobs[0], "thread.run.in_progress")
            assert engine.running <= 2
            for job in jobs:
                assert (await here.ended(job)).status == "completed"

    run(test)


def test_text_is_saved_while_it_is_written(
    world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns_module, "_CHECKPOINT_SECONDS", 0.0)

    async def test() -> None:
        async with world(slow()) as here:
            job = await here.start()
            await until(job, "thread.message.delta")
            assert job.message is not None
            stored = await here.threads.message(job.run.thread_id, job.message.id)
            await here.runs.cancel(job.run.thread_id, job.run.id)
            await here.ended(job)
        assert stored.status == "in_progress"
        assert stored.content[0].text.value.startswith("word0")  # type: ignore[union-attr]

    run(test)


# -- failures ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (EngineCrashed("It died."), "server_error"),
        (EngineUnavailable("It is not running."), "server_error"),
        (ContextLengthExceeded("Too many tokens."), "invalid_prompt"),
        (InvalidRequest("The template refused."), "invalid_prompt"),
        (QueueFull("The upstream answered 429."), "rate_limit_exceeded"),
        (RuntimeError("secret"), "server_error"),
    ],
)
@pytest.mark.parametrize("after", [0, 2])
def test_an_engines_error_fails_the_run(
    world: MakeWorld, error: Exception, code: str, after: int
) -> None:
    async def test() -> None:
        engine = ScriptedEngine("One two three", fail_after=after, error=error)
        async with world(engine) as here:
            job = await here.start()
            done = await here.ended(job)
        assert done.status == "failed"
        assert done.last_error is not None
        assert done.last_error.code == code
        assert "secret" not in done.last_error.message
        open_message = ["thread.message.incomplete", "thread.run.step.failed"] if after else []
        end = [*(MESSAGE if after else []), *open_message, "thread.run.failed", "done"]
        assert names(job) == [*OPENING, *end]

    run(test)


def test_a_prompt_above_its_own_budget_makes_the_run_incomplete(world: MakeWorld) -> None:
    async def test() -> None:
        engine = ScriptedEngine("x", error=ContextLengthExceeded("Too many tokens."))
        async with world(engine) as here:
            done = await here.ended(await here.start(max_prompt_tokens=256))
        assert done.status == "incomplete"
        assert done.incomplete_details is not None
        assert done.incomplete_details.reason == "max_prompt_tokens"

    run(test)


def test_a_budget_counts_where_the_engine_does_not_tell_its_context(world: MakeWorld) -> None:
    async def test() -> None:
        engine = ScriptedEngine("x", error=ContextLengthExceeded("Too many tokens."), n_ctx=0)
        async with world(engine) as here:
            done = await here.ended(await here.start(max_prompt_tokens=256))
        assert done.status == "incomplete"

    run(test)


def test_a_run_without_its_journal_is_replayed_from_what_is_stored(
    world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(journals, "save", full)

    async def test() -> None:
        async with world(ScriptedEngine("One two.")) as here:
            job = await here.start()
            assert (await here.ended(job)).status == "completed"
            log = await here.runs.events(job.run.thread_id, job.run.id)
        replayed = [frame.split(b"\n")[0].decode().removeprefix("event: ") for frame in log.frames]
        assert replayed[0] == "thread.run.created"
        assert replayed[-2:] == ["thread.run.completed", "done"]
        assert b"One two." in b"".join(log.frames)

    run(test)


def test_a_run_whose_end_cannot_be_stored_ends_at_the_next_sweep(
    world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: Any) -> None:
        raise sqlite3.OperationalError("database is locked")

    async def test() -> None:
        async with world(ScriptedEngine("One two.")) as here:
            with monkeypatch.context() as patch:
                patch.setattr(messages, "update", locked)
                job = await here.start()
                assert (await here.ended(job)).status == "in_progress"
                assert names(job)[-2:] == ["error", "done"]
                await here.recovery.sweep()
                assert (await here.stored(job)).status == "in_progress"
            await here.recovery.sweep()
            assert (await here.stored(job)).status == "failed"
            assert here.executor.unconcluded == {}

    run(test)


def test_the_runs_of_a_thread_deleted_by_others_end_quietly(world: MakeWorld) -> None:
    async def test() -> None:
        async with world(slow()) as here:
            job = await here.start()
            await until(job, "thread.message.delta")
            from oxillama_jupyter.store import threads

            await here.db.write(threads.delete, job.run.thread_id)
            here.executor.stop(job.run.id, "cancelled")
            await here.executor.join(job.run.id)
        assert names(job)[-1] == "done"
        assert "error" not in names(job)

    run(test)


# -- admission -----------------------------------------------------------------------------------


def test_a_full_queue_refuses(world: MakeWorld) -> None:
    async def test() -> None:
        async with world(stuck(), n_parallel=1, max_queue=1) as here:
            jobs = [await here.start(), await here.start()]
            with pytest.raises(QueueFull):
                await here.start()
            for job in jobs:
                await here.runs.cancel(job.run.thread_id, job.run.id)
                await here.ended(job)
            await here.start()

    run(test)


def test_a_queue_of_none_still_runs_what_fits(world: MakeWorld) -> None:
    async def test() -> None:
        async with world(stuck(), n_parallel=1, max_queue=0) as here:
            await here.start()
            with pytest.raises(QueueFull):
                await here.start()

    run(test)


def test_a_burst_is_counted_before_it_is_stored(world: MakeWorld) -> None:
    async def test() -> None:
        async with world(stuck(), n_parallel=1, max_queue=1) as here:
            threads = [await here.thread() for _ in range(5)]
            body = CreateRun(assistant_id="default")
            starts = (here.runs.start(thread, body) for thread in threads)
            answers = await asyncio.gather(*starts, return_exceptions=True)
        assert sum(isinstance(answer, QueueFull) for answer in answers) == 3

    run(test)


def test_a_refused_run_gives_its_place_back(world: MakeWorld) -> None:
    async def test() -> None:
        async with world(n_parallel=1, max_queue=0) as here:
            for _ in range(3):
                with pytest.raises(Exception, match="No thread found"):
                    await here.runs.start("thread_x", CreateRun(assistant_id="default"))
            assert (await here.ended(await here.start())).status == "completed"

    run(test)


def test_no_run_is_taken_while_the_engine_has_failed(world: MakeWorld) -> None:
    async def test() -> None:
        engine = ScriptedEngine(start_error=EngineUnavailable("no such file"))
        async with world(engine) as here:
            with pytest.raises(EngineUnavailable):
                await here.models.ready()
            with pytest.raises(EngineUnavailable, match="no such file"):
                await here.start()

    run(test)


def test_a_closed_store_is_an_error_not_a_hang(world: MakeWorld) -> None:
    async def test() -> None:
        async with world() as here:
            await here.db.aclose()
            with pytest.raises(StoreError):
                await here.start()

    run(test)
