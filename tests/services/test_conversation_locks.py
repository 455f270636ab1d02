"""A conversation is free again whatever became of the response that was made for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from response_worlds import asked, body, ended, running, server
from worlds import run

from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.errors import InvalidRequest, StoreError
from oxillama_jupyter.services import response_records
from oxillama_jupyter.services.responses import ResponseService
from oxillama_jupyter.store import conversations, responses
from oxillama_jupyter.store.database import Connection, Database


def broken(*_: Any) -> None:
    raise StoreError("The disk is full.")


async def works(service: ResponseService, conversation_id: str) -> None:
    """Whether a response can be made for it."""
    work = await service.create(asked(conversation=conversation_id), user="")
    assert (await work.result()).status == "completed"


async def lapse(db: Database) -> None:
    """Let all leases end."""
    await db.write(lambda conn: conn.execute("UPDATE conversations SET held_until = 1"))


def slowed(op: Callable[..., Any], begun: Callable[[], None]) -> Callable[..., Any]:
    """An operation that tells when it is done, and keeps the store's thread a moment longer."""

    def slow(*args: Any) -> Any:
        done = op(*args)
        begun()
        time.sleep(0.05)
        return done

    return slow


@pytest.mark.parametrize("background", [False, True])
@pytest.mark.parametrize("when", ["locked", "read"])
def test_a_client_that_leaves_while_it_is_planned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str, *, background: bool
) -> None:
    async def test() -> None:
        async with server(tmp_path / "db", ScriptedEngine("word")) as (service, _, db):
            conv = (await db.write(conversations.create)).id
            begun, loop = asyncio.Event(), asyncio.get_running_loop()
            name = "lock" if when == "locked" else "history"
            with monkeypatch.context() as patch:
                tell = lambda: loop.call_soon_threadsafe(begun.set)  # noqa: E731
                patch.setattr(conversations, name, slowed(getattr(conversations, name), tell))
                make = service.begin if background else service.create
                request = asked(conversation=conv, background=background)
                task = asyncio.ensure_future(make(request, user=""))
                await begun.wait()
                task.cancel()
                await asyncio.wait((task,))
                assert task.cancelled()
            await works(service, conv)

    run(test)


def test_a_client_that_leaves_while_its_response_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        async with server(tmp_path / "db", ScriptedEngine("word")) as (service, jobs, db):
            conv = (await db.write(conversations.create)).id
            begun, loop = asyncio.Event(), asyncio.get_running_loop()
            with monkeypatch.context() as patch:
                tell = lambda: loop.call_soon_threadsafe(begun.set)  # noqa: E731
                patch.setattr(responses, "add", slowed(responses.add, tell))
                task = asyncio.create_task(service.begin(body(conversation=conv), user=""))
                await begun.wait()
                task.cancel()
                await asyncio.wait((task,))
            (made,) = jobs.responses()
            assert (await ended(service, made.id)).status == "completed"
            await works(service, conv)

    run(test)


def test_a_background_response_that_cannot_be_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        async with server(tmp_path / "db", ScriptedEngine("word")) as (service, _, db):
            conv = (await db.write(conversations.create)).id
            with monkeypatch.context() as patch:
                patch.setattr(response_records, "begin", broken)
                with pytest.raises(StoreError):
                    await service.begin(body(conversation=conv), user="")
            await works(service, conv)

    run(test)


def test_an_end_that_could_not_be_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        async with server(tmp_path / "db", ScriptedEngine("word")) as (service, jobs, db):
            conv = (await db.write(conversations.create)).id
            with monkeypatch.context() as patch:
                patch.setattr(response_records, "conclude", broken)
                _, log = await service.begin(body(conversation=conv), user="")
                async for _batch in log.read():
                    pass
            await jobs.sweep()
            await works(service, conv)

    run(test)


def test_another_server_ends_what_nobody_executes(tmp_path: Path) -> None:
    slow = ScriptedEngine("word " * 500, delay=0.01)

    async def test() -> None:
        async with (
            server(tmp_path / "db", slow, "far/1") as (service, _, db),
            server(tmp_path / "db", ScriptedEngine("word"), "other") as (other, others, _),
        ):
            conv = (await db.write(conversations.create)).id
            made, _ = await service.begin(body(conversation=conv), user="")
            await running(slow)
            await db.write(lambda conn: conn.execute("UPDATE responses SET lease = 0"))
            await others.sweep()
            assert (await other.get(made.id)).status == "failed"
            await works(other, conv)

    run(test)


def test_a_server_that_adopts_a_response_has_its_lock(tmp_path: Path) -> None:
    async def test() -> None:
        async with server(tmp_path / "db", ScriptedEngine("word")) as (service, jobs, db):
            conv = (await db.write(conversations.create)).id
            plan = await service._planner.plan(body(conversation=conv))
            await db.write(_leave, plan.response, plan.new, "far/1", conv)
            await jobs.sweep()
            assert (await ended(service, plan.response.id)).status == "completed"
            await works(service, conv)

    run(test)


def _leave(conn: Connection, response: Any, new: Any, owner: str, conversation_id: str) -> None:
    """What a server leaves that dies with a response in its queue."""
    responses.add(conn, response, new)
    conn.execute("UPDATE responses SET owner = ? WHERE id = ?", (owner, response.id))
    holder = f"{owner}/{response.id}"
    conn.execute("UPDATE conversations SET holder = ? WHERE id = ?", (holder, conversation_id))


def test_a_lock_is_a_lease_that_is_renewed_while_its_response_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = ScriptedEngine("word " * 500, delay=0.01)

    async def test() -> None:
        async with server(tmp_path / "db", slow) as (service, jobs, db):
            conv = (await db.write(conversations.create)).id
            work = await service.create(asked(conversation=conv), user="")
            await lapse(db)
            await jobs.sweep()
            with pytest.raises(InvalidRequest, match="Another response"):
                await service.create(asked(conversation=conv), user="")
            with monkeypatch.context() as patch:
                patch.setattr(conversations, "unlock", broken)
                await work.aclose()
            await lapse(db)
            await jobs.sweep()
            await (await service.create(asked(conversation=conv), user="")).aclose()

    run(test)


def test_what_is_held_stays_so_when_the_machine_has_slept(tmp_path: Path) -> None:
    async def test() -> None:
        slow = ScriptedEngine("word " * 300, delay=0.01)
        async with server(tmp_path / "db", slow) as (service, _, db):
            conv = (await db.write(conversations.create)).id
            made, _ = await service.begin(body(conversation=conv), user="")
            await running(slow)
            await db.write(lambda conn: conn.execute("UPDATE conversations SET held_until = 0"))
            with pytest.raises(InvalidRequest, match="Another response"):
                await service.begin(body(conversation=conv), user="")
            await service.cancel(made.id)

    run(test)
