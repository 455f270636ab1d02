"""How runs are stopped: cancelled at any moment, expired, or by the end of the server."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

import pytest
from worlds import MakeWorld, names, run, until

from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.store import messages

OPENING = ["thread.run.created", "thread.run.queued", "thread.run.in_progress"]
FOREVER = [f"word{i} " for i in range(10_000)]


def slow(**settings: Any) -> ScriptedEngine:
    """An engine that never comes to its end in the time of a test."""
    return ScriptedEngine(FOREVER, delay=0.01, **settings)


def stuck() -> ScriptedEngine:
    """An engine that stays in prefill."""
    return ScriptedEngine("x", prefill_delay=60)


# -- stopping ------------------------------------------------------------------------------------


def test_cancel_while_the_engine_starts(world: MakeWorld) -> None:
    async def test() -> None:
        engine = ScriptedEngine()
        opened = asyncio.Event()
        start = engine.start

        async def wait() -> None:
            await opened.wait()
            await start()

        engine.start = wait  # type: ignore[method-assign]  # a slow start
        async with world(engine) as here:
            job = await here.start()
            await here.runs.cancel(job.run.thread_id, job.run.id)
            done = await here.ended(job)
            opened.set()
            assert done.status == "cancelled"
            assert (await here.ended(await here.start())).status == "completed"

    run(test)


def test_cancel_in_prefill_frees_the_engine(world: MakeWorld) -> None:
    async def test() -> None:
        engine = stuck()
        async with world(engine) as here:
            job = await here.start()
            await until(job, "thread.run.in_progress")
            await here.runs.cancel(job.run.thread_id, job.run.id)
            done = await here.ended(job)
            assert (engine.running, engine.waiting) == (0, 0)
        assert done.status == "cancelled"
        end = ["thread.run.cancelling", "thread.run.cancelled", "done"]
        assert names(job) == [*OPENING, *end]

    run(test)


def test_cancel_in_the_queue(world: MakeWorld) -> None:
    async def test() -> None:
        async with world(stuck(), n_parallel=1) as here:
            first, second = await here.start(), await here.start()
            await until(first, "thread.run.in_progress")
            await here.runs.cancel(second.run.thread_id, second.run.id)
            assert (await here.ended(second)).status == "cancelled"
            assert (await here.stored(first)).status == "in_progress"
            await here.runs.cancel(first.run.thread_id, first.run.id)
            await here.ended(first)

    run(test)


@pytest.mark.parametrize("waits", range(1, 14))
def test_cancel_at_any_moment_leaves_nothing_open(world: MakeWorld, waits: int) -> None:
    """The moments are turns of the event loop; what is stored must agree at each of them."""

    async def test() -> None:
        async with world(slow()) as here:
            job = await here.start()
            for _ in range(waits * waits):
                await asyncio.sleep(0)
            await here.runs.cancel(job.run.thread_id, job.run.id)
            done = await here.ended(job)
            assert done.status == "cancelled"
            rows = await here.db.read(_statuses)
        assert rows <= {("message", "completed"), ("message", "incomplete"), ("step", "cancelled")}
        created, ended = "thread.message.created", "thread.message.incomplete"
        assert (created in names(job)) == (ended in names(job))

    run(test)


def _statuses(conn: sqlite3.Connection) -> set[tuple[str, str]]:
    sql = "SELECT 'message', status FROM messages UNION SELECT 'step', status FROM steps"
    return set(conn.execute(sql))


def test_cancel_in_the_moment_the_message_is_being_stored(
    world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store commits what it has begun, whoever waits: the message must end all the same."""
    jobs: list[Any] = []
    start = messages.start

    async def test() -> None:
        loop = asyncio.get_running_loop()
        async with world(ScriptedEngine("One two three", prefill_delay=0.05)) as here:

            def cancel_meanwhile(*args: Any) -> None:
                loop.call_soon_threadsafe(here.executor.stop, jobs[0].run.id, "cancelled")
                start(*args)

            monkeypatch.setattr(messages, "start", cancel_meanwhile)
            jobs.append(await here.start())
            done = await here.ended(jobs[0])
            rows = await here.db.read(_statuses)
        assert done.status == "cancelled"
        assert ("message", "in_progress") not in rows
        assert ("step", "in_progress") not in rows

    run(test)


@pytest.mark.parametrize("expiry", [0, 1])
def test_a_run_expires(world: MakeWorld, expiry: int) -> None:
    async def test() -> None:
        async with world(stuck(), expiry=expiry) as here:
            job = await here.start()
            done = await here.ended(job)
        assert done.status == "expired"
        assert done.expires_at == done.created_at + expiry

    run(test)


def test_stopping_the_server_fails_what_runs_and_leaves_what_waits(world: MakeWorld) -> None:
    async def test() -> None:
        async with world(slow(), n_parallel=1) as here:
            first, second = await here.start(), await here.start()
            await until(first, "thread.message.delta")
            await here.executor.aclose()
            assert (await here.stored(first)).status == "failed"
            assert (await here.stored(second)).status == "queued"
            assert names(first)[-2:] == ["thread.run.failed", "done"]

    run(test)
