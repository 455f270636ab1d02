"""Responses in the background when the store fails, servers share it, or a row is gone."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from response_worlds import body, ended, running, server
from worlds import run

from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.errors import NotFound, StoreError
from oxillama_jupyter.services import response_jobs


def test_an_end_that_could_not_be_stored_is_made_up_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conclude = response_jobs._conclude

    def broken(*_: Any) -> None:
        raise StoreError("The disk is full.")

    async def test() -> None:
        async with server(tmp_path / "db", ScriptedEngine("One two")) as (service, jobs, _):
            monkeypatch.setattr(response_jobs, "_conclude", broken)
            made, log = await service.begin(body(stream=True), user="")
            async for _batch in log.read():
                pass
            monkeypatch.setattr(response_jobs, "_conclude", conclude)
            assert (await service.get(made.id)).status == "in_progress"
            await jobs.sweep()
            found = await service.get(made.id)
            assert found.status == "failed"
            assert found.error is not None

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
