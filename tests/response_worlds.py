"""Responses over a real store and a scripted engine, in the test's own event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from worlds import LOGGER

from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.schemas.responses import CreateResponse, Response
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


def asked(**settings: Any) -> CreateResponse:
    return CreateResponse(**({"model": "scripted", "input": "Hi"} | settings))


def body(**settings: Any) -> CreateResponse:
    return asked(background=True, **settings)


async def ended(service: ResponseService, response_id: str) -> Response:
    while (found := await service.get(response_id)).status in {"queued", "in_progress"}:  # noqa: ASYNC110
        await asyncio.sleep(0.01)  # nothing tells
    return found


async def running(engine: ScriptedEngine) -> None:
    while not engine.running:  # noqa: ASYNC110  # nothing tells
        await asyncio.sleep(0.001)
