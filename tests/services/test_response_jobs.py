"""Responses in the background when the store fails, servers share it, or a row is gone."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from response_worlds import body, ended, running, server
from worlds import run

from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.errors import NotFound, StoreError
from oxillama_jupyter.events import EventLog
from oxillama_jupyter.services import response_jobs, response_records


def numbers(log: EventLog) -> list[int]:
    """The `sequence_number`s of all events but `[DONE]`, which has none."""
    events = [frame.partition(b"\ndata: ")[2] for frame in log.frames]
    return [json.loads(event)["sequence_number"] for event in events if event]


def test_an_end_that_could_not_be_stored_is_made_up_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conclude = response_records.conclude

    def broken(*_: Any) -> None:
        raise StoreError("The disk is full.")

    async def test() -> None:
        async with server(tmp_path / "db", ScriptedEngine("One two")) as (service, jobs, _):
            monkeypatch.setattr(response_records, "conclude", broken)
            made, log = await service.begin(body(stream=True), user="")
            async for _batch in log.read():
                pass
            monkeypatch.setattr(response_records, "conclude", conclude)
            assert (await service.get(made.id)).status == "in_progress"
            assert [frame.split(b"\n")[0] for frame in log.frames[-3:]] == [
                b"event: error",
                b"event: response.failed",
                b"data: [DONE]",
            ]
            told = json.loads(log.frames[-2].partition(b"data: ")[2])["response"]
            assert numbers(log) == list(range(len(log.frames) - 1))
            await jobs.sweep()
            found = await service.get(made.id)
            assert found.status == told["status"] == "failed"
            assert found.error is not None
            assert found.error.message == told["error"]["message"]
            assert found.completed_at is told["completed_at"] is None

    run(test)


def test_another_server_can_cancel_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response_jobs, "_CHECKPOINT_SECONDS", 0.01)
    engine = ScriptedEngine("word " * 500, delay=0.01)

    async def test() -> None:
        async with (
            server(tmp_path / "db", engine) as (service, _, _),
            server(tmp_path / "db", ScriptedEngine(), "other") as (other, _, _),
        ):
            made, log = await service.begin(body(), user="")
            await running(engine)
            assert (await other.cancel(made.id)).status == "cancelled"
            async for _batch in log.read():
                pass
            assert engine.aborted == 1
            assert (await service.get(made.id)).status == "cancelled"

    run(test)


def test_one_that_is_deleted_elsewhere_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(response_jobs, "_CHECKPOINT_SECONDS", 0.01)
    engine = ScriptedEngine("word " * 500, delay=0.01)

    async def test() -> None:
        async with (
            server(tmp_path / "db", engine) as (service, _, _),
            server(tmp_path / "db", ScriptedEngine(), "other") as (other, _, _),
        ):
            made, log = await service.begin(body(), user="")
            await running(engine)
            await other.delete(made.id)
            async for _batch in log.read():
                pass
            with pytest.raises(NotFound):
                await service.get(made.id)

    run(test)


def test_a_deleted_chain_is_forgotten_when_nothing_of_it_generates(tmp_path: Path) -> None:
    engine = ScriptedEngine("word " * 20, delay=0.005)

    async def test() -> None:
        async with server(tmp_path / "db", engine) as (service, _, _):
            first, _ = await service.begin(body(), user="")
            await ended(service, first.id)
            second, _ = await service.begin(body(previous_response_id=first.id), user="")
            await running(engine)
            await service.delete(first.id)
            assert not engine.forgotten
            await ended(service, second.id)
            await asyncio.sleep(0.05)
            assert list(engine.forgotten) == [first.id]
            third, _ = await service.begin(body(previous_response_id=second.id), user="")
            assert (await ended(service, third.id)).status == "completed"

    run(test)


def test_a_dead_servers_responses_are_adopted(tmp_path: Path) -> None:
    async def test() -> None:
        slow = ScriptedEngine("word " * 500, delay=0.01)
        async with server(tmp_path / "db", slow) as (service, jobs, db):
            made, _ = await service.begin(body(stream=True), user="")
            await running(slow)
            async with server(tmp_path / "db", ScriptedEngine(), "other") as (other, others, _):
                await others.sweep()  # its lease goes on
                assert (await other.get(made.id)).status == "in_progress"
                await db.write(lambda conn: conn.execute("UPDATE responses SET lease = 0"))
                await others.sweep()
                assert (await other.get(made.id)).status == "failed"
            await jobs.cancel(made)
            assert (await service.get(made.id)).status == "failed"

    run(test)


def test_who_lives_keeps_its_responses_when_the_machine_has_slept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        slow = ScriptedEngine("word " * 50, delay=0.01)
        async with server(tmp_path / "db", slow) as (service, _, db):
            made, _ = await service.begin(body(stream=True), user="")
            await running(slow)
            async with server(tmp_path / "db", ScriptedEngine(), "other") as (_, others, _):
                await db.write(lambda conn: conn.execute("UPDATE responses SET lease = 0"))
                monkeypatch.setattr(response_jobs, "is_alive", lambda owner: owner == "me")
                await others.sweep()
                assert (await ended(service, made.id)).status == "completed"

    run(test)


@pytest.mark.parametrize("damaged", ["request", "payload"])
def test_one_that_cannot_be_adopted_fails_and_keeps_nothing_from_the_others(
    tmp_path: Path, damaged: str
) -> None:
    async def test() -> None:
        stuck = ScriptedEngine("x", prefill_delay=60)
        async with server(tmp_path / "db", stuck) as (service, _, db):
            made = [(await service.begin(body(), user=""))[0] for _ in range(4)]
            await running(stuck)
            first, *_, last = [one.id for one in made[2:]]  # those that still wait
            sql = f"UPDATE responses SET lease = 0, {damaged} = iif(id = ?, '[', {damaged})"
            await db.write(lambda conn: conn.execute(sql, (first,)))
            async with server(tmp_path / "db", ScriptedEngine(), "other") as (other, others, _):
                await others.sweep()
                assert (await ended(other, last)).status == "completed"
                await others.sweep()
                sql = "SELECT id FROM responses WHERE status = 'failed'"
                failed = await db.read(lambda conn: conn.execute(sql).fetchall())
                assert (first,) in failed

    run(test)


def test_events_that_cannot_be_read_are_none(tmp_path: Path) -> None:
    async def test() -> None:
        slow = ScriptedEngine("word " * 500, delay=0.01)
        async with server(tmp_path / "db", slow) as (service, jobs, db):
            made, _ = await service.begin(body(stream=True), user="")
            await running(slow)
            sql = "UPDATE response_events SET frames = x'00'"
            await db.write(lambda conn: conn.execute(sql))
            await db.write(lambda conn: conn.execute("UPDATE responses SET lease = 0"))
            async with server(tmp_path / "db", ScriptedEngine(), "other") as (other, others, _):
                await others.sweep()
                assert (await other.get(made.id)).status == "failed"
            await jobs.cancel(made)

    run(test)


def test_a_cancellation_during_a_checkpoint_leaves_no_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(response_jobs, "_CHECKPOINT_SECONDS", 0.02)
    engine = ScriptedEngine("word " * 500, delay=0.002)
    save, statuses = response_records.save, []

    def slow(conn: Any, response: Any, frames: Any) -> bool:
        time.sleep(0.02)
        statuses.append(response.status)
        return save(conn, response, frames)

    async def test() -> None:
        async with server(tmp_path / "db", engine) as (service, jobs, db):
            made, log = await service.begin(body(stream=True), user="")
            while len(log.frames) < 10:  # noqa: ASYNC110  # nothing tells
                await asyncio.sleep(0.001)
            monkeypatch.setattr(response_records, "save", slow)
            waiting = asyncio.create_task(db.read(lambda _: time.sleep(0.1)))
            await asyncio.sleep(0.05)  # a checkpoint waits behind it by now
            await jobs.cancel(made)
            await waiting
            stored, _ = await service.events(made.id, None)
            assert stored.frames == log.frames
            assert numbers(stored) == list(range(len(log.frames) - 1))
            stored, start = await service.events(made.id, 5)
            assert numbers(stored)[start] == 6
            assert statuses[0] == "in_progress"  # and not the end that was coming
            assert (await service.get(made.id)).status == "cancelled"

    run(test)


def test_a_checkpoint_that_fails_leaves_no_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(response_jobs, "_CHECKPOINT_SECONDS", 0.01)
    save, calls = response_records.save, 0

    def broken_once(*args: Any) -> bool:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise StoreError("The disk is full.")
        return save(*args)

    async def test() -> None:
        engine = ScriptedEngine("word " * 60, delay=0.002)
        async with server(tmp_path / "db", engine) as (service, _, _):
            monkeypatch.setattr(response_records, "save", broken_once)
            made, log = await service.begin(body(stream=True), user="")
            async for _batch in log.read():
                pass
            stored, _ = await service.events(made.id, None)
            assert stored.frames == log.frames
            assert numbers(stored) == list(range(len(log.frames) - 1))

    run(test)
