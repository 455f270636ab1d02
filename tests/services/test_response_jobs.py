"""Responses in the background when the store fails, servers share it, or a row is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from worlds import LOGGER, run

from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.errors import NotFound, StoreError
from oxillama_jupyter.schemas.responses import CreateResponse, Response
from oxillama_jupyter.services import response_jobs
from oxillama_jupyter.services.generation import Generator
from oxillama_jupyter.services.metrics import Metrics
from oxillama_jupyter.services.models import ModelService
from oxillama_jupyter.services.places import Places
from oxillama_jupyter.services.response_jobs import ResponseJobs
from oxillama_jupyter.services.response_plans import Planner
from oxillama_jupyter.services.responses import ResponseService
from oxillama_jupyter.services.seals import Sealer
from oxillama_jupyter.store.database import Database


@asynccontextmanager
async def server(
    store: Path, engine: ScriptedEngine, owner: str = "me"
) -> AsyncIterator[tuple[ResponseService, ResponseJobs, Database]]:
    """The responses of one server; several may share the store."""
    db = await Database.open(store)
    models = ModelService(engine, {}, LOGGER)
    models.start()
    await models.ready()
    places = Places(n_parallel=2, max_queue=8)
    generator = Generator(models, places, Metrics())
    sealer = Sealer(b"x" * 32)
    planner = Planner(db, models, sealer, owner)
    jobs = ResponseJobs(
        db,
        models,
        generator,
        planner=planner,
        places=places,
        sealer=sealer,
        owner=owner,
        logger=LOGGER,
    )
    yield (
        ResponseService(
            db, models, generator, planner=planner, jobs=jobs, sealer=sealer, logger=LOGGER
        ),
        jobs,
        db,
    )
    await jobs.aclose()
    assert places.taken == 0
    await models.aclose()
    await db.aclose()


def body(**settings: Any) -> CreateResponse:
    return CreateResponse(model="scripted", input="Hi", background=True, **settings)


async def ended(service: ResponseService, response_id: str) -> Response:
    while (found := await service.get(response_id)).status in {"queued", "in_progress"}:  # noqa: ASYNC110
        await asyncio.sleep(0.01)  # nothing tells
    return found


async def running(engine: ScriptedEngine) -> None:
    while not engine.running:  # noqa: ASYNC110  # nothing tells
        await asyncio.sleep(0.001)


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
