"""Two worlds on one store are two servers; a dead one is a world whose runs nobody renews."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from worlds import MakeWorld, World, names, run, until

from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.schemas.runs import Run
from oxillama_jupyter.services import recovery
from oxillama_jupyter.services.jobs import Job
from oxillama_jupyter.store import runs, threads

FOREVER = [f"word{i} " for i in range(10_000)]


def slow() -> ScriptedEngine:
    return ScriptedEngine(FOREVER, delay=0.01)


async def lose(here: World, job: Job) -> None:
    """End a job as a crash would: nothing is written, and the lease runs out."""
    assert job.task is not None
    job.task.cancel()
    await asyncio.wait((job.task,))
    await here.db.write(runs.renew, "dead", 0)


def adopted(world: MakeWorld, engine: ScriptedEngine, *, begun: bool) -> tuple[Run, Any]:
    """How a run of a dead server stands after another one has swept."""
    found: list[Any] = []

    async def test() -> None:
        async with world(engine, owner="dead") as dead:
            job = await dead.start()
            await until(job, "thread.message.delta" if begun else "thread.run.queued")
            await lose(dead, job)
        async with world(ScriptedEngine("Done.")) as here:
            await here.recovery.sweep()
            await here.executor.join(job.run.id)
            found.append(await here.stored(job))
            found.append(await here.threads._db.read(_open))

    run(test)
    return found[0], found[1]


def _open(conn: Any) -> list[Any]:
    sql = """SELECT id FROM messages WHERE status = 'in_progress'
             UNION SELECT id FROM steps WHERE status = 'in_progress'"""
    return conn.execute(sql).fetchall()  # type: ignore[no-any-return]  # rows


def test_a_dead_servers_queued_run_is_executed(world: MakeWorld) -> None:
    done, left = adopted(world, ScriptedEngine("x", prefill_delay=60), begun=False)
    assert done.status in {"completed", "failed"}  # failed, if it had just begun
    assert left == []


def test_a_dead_servers_running_run_fails(world: MakeWorld) -> None:
    done, left = adopted(world, slow(), begun=True)
    assert done.status == "failed"
    assert done.last_error is not None
    assert "stopped in the middle" in done.last_error.message
    assert left == []


def test_a_living_servers_runs_are_left_alone(world: MakeWorld) -> None:
    async def test() -> None:
        async with world(slow(), owner="other") as other, world() as here:
            job = await other.start()
            await until(job, "thread.message.delta")
            await here.recovery.sweep()
            assert (await here.stored(job)).status == "in_progress"
            assert not here.executor.runs()

    run(test)


def test_who_lives_keeps_its_runs_when_the_machine_has_slept(
    world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        async with world(slow(), owner="sleeper") as other, world() as here:
            job = await other.start()
            await until(job, "thread.message.delta")
            await here.db.write(runs.renew, "sleeper", 0)
            monkeypatch.setattr(recovery, "is_alive", lambda owner: owner == "sleeper")
            await here.recovery.sweep()
            monkeypatch.undo()
            await here.recovery.sweep()
            assert (await here.stored(job)).status == "in_progress"

    run(test)


def test_a_run_that_another_server_took_is_left_to_it(world: MakeWorld) -> None:
    async def test() -> None:
        words = ["word "] * 200
        first, second = (ScriptedEngine(words, delay=0.01) for _ in range(2))
        async with (
            world(first, owner="other", n_parallel=1) as other,
            world(second, n_parallel=1) as here,
        ):
            begun, queued = await other.start(), await other.start()
            await until(begun, "thread.message.delta")
            await here.db.write(runs.renew, "other", 0)
            await here.recovery.sweep()
            # Whoever follows them where they were begun is told, and nothing is left open.
            assert (await other.ended(begun)).status == "failed"
            assert names(begun)[-2:] == ["thread.run.failed", "done"]
            await other.executor.join(queued.run.id)
            assert names(queued)[-2:] == ["error", "done"]
            assert (await here.ended(queued)).status == "completed"
            assert await here.db.read(_open) == []

    run(test)


@pytest.mark.parametrize("damage", ["messages SET payload = '{}'", "runs SET payload = '{}'"])
def test_what_cannot_be_read_ends_and_keeps_nothing_from_the_others(
    world: MakeWorld, damage: str
) -> None:
    async def test() -> None:
        async with world(ScriptedEngine("x", prefill_delay=60), owner="dead", n_parallel=1) as dead:
            first, second = await dead.start(), await dead.start()
            await until(first, "thread.run.in_progress")
            await lose(dead, second)
            await lose(dead, first)
            sql = f"UPDATE {damage} WHERE thread_id = ?"
            await dead.db.write(lambda conn: conn.execute(sql, (second.run.thread_id,)))
        async with world() as here:
            await here.recovery.sweep()
            assert (await here.stored(first)).status == "failed"
            sql = "SELECT status, payload LIKE '%cannot be gone on with%' FROM runs WHERE id = ?"
            row = await here.db.read(lambda c: c.execute(sql, (second.run.id,)).fetchone())
            assert row == ("failed", "messages" in damage)

    run(test)


def test_a_sweep_renews_the_leases_of_its_own_runs(
    world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        async with world(slow()) as here, world(owner="other") as other:
            job = await here.start()
            await until(job, "thread.message.delta")
            await here.db.write(runs.renew, "me", 0)
            await here.recovery.sweep()
            await other.recovery.sweep()
            assert (await here.stored(job)).status == "in_progress"

    run(test)


def test_a_cancel_asked_of_another_server_is_seen_at_the_next_sweep(world: MakeWorld) -> None:
    async def test() -> None:
        engine = ScriptedEngine("x", prefill_delay=60)
        async with world(engine) as here, world(owner="other") as other:
            job = await here.start()
            await until(job, "thread.run.in_progress")
            asked = await other.runs.cancel(job.run.thread_id, job.run.id)
            assert asked.status == "cancelling"
            await here.recovery.sweep()
            assert (await here.ended(job)).status == "cancelled"

    run(test)


def test_one_run_that_is_gone_does_not_keep_others_from_adoption(world: MakeWorld) -> None:
    async def test() -> None:
        async with world(slow(), owner="dead") as dead:
            first, second = await dead.start(), await dead.start()
            for job in (first, second):
                await until(job, "thread.message.delta")
            for job in (first, second):
                await lose(dead, job)
        async with world() as here:
            found = await here.db.write(recovery._take_over, "me", ["dead"], [])
            await here.db.write(threads.delete, first.run.thread_id)
            for adopted_run in found[0]:
                await here.recovery._try(here.recovery._adopt(adopted_run), adopted_run)
            assert (await here.stored(second)).status == "failed"

    run(test)


def test_closing_lets_others_have_what_is_left_at_once(world: MakeWorld) -> None:
    async def test() -> None:
        engine = ScriptedEngine("x", prefill_delay=60)
        async with world(engine, n_parallel=1) as here:
            await here.start()
            waiting = await here.start()
            await here.executor.aclose()
            await here.recovery.aclose()
        async with world(ScriptedEngine("Done."), owner="next") as other:
            await other.recovery.sweep()
            assert (await other.ended(waiting)).status == "completed"

    run(test)
