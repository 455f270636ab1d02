"""Services over a real store and a scripted engine, in the test's own event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.schemas.messages import CreateMessage
from oxillama_jupyter.schemas.runs import CreateRun, Run
from oxillama_jupyter.schemas.threads import CreateThread
from oxillama_jupyter.services.executor import Executor
from oxillama_jupyter.services.jobs import Job
from oxillama_jupyter.services.metrics import Metrics
from oxillama_jupyter.services.models import ModelService
from oxillama_jupyter.services.places import Places
from oxillama_jupyter.services.recovery import Recovery
from oxillama_jupyter.services.runs import RunService
from oxillama_jupyter.services.threads import ThreadService
from oxillama_jupyter.store.database import Database

LOGGER = logging.getLogger("test")


@dataclass
class World:
    """The services of one server."""

    db: Database
    engine: ScriptedEngine
    models: ModelService
    executor: Executor
    recovery: Recovery
    runs: RunService
    threads: ThreadService

    async def thread(self) -> str:
        """A new thread with one message."""
        hello = CreateMessage(role="user", content="Hello!")
        return (await self.threads.create(CreateThread(messages=[hello]))).id

    async def start(self, **settings: Any) -> Job:
        """A run on a new thread."""
        body = CreateRun(assistant_id="default", **settings)
        return await self.runs.start(await self.thread(), body)

    async def stored(self, job: Job) -> Run:
        return await self.runs.get(job.run.thread_id, job.run.id)

    async def ended(self, job: Job) -> Run:
        """Wait for the end of a run; return it as it is stored."""
        await self.executor.join(job.run.id)
        return await self.stored(job)


def names(job: Job) -> list[str]:
    """The events so far, without the deltas' repetitions."""
    found: list[str] = []
    for frame in job.log.frames:
        name = frame.split(b"\n")[0].decode().removeprefix("event: ")
        found += [name] if [name] != found[-1:] else []
    return found


async def until(job: Job, name: str) -> None:
    """Follow a run's events until one of that name has come."""
    async for batch in job.log.read():
        if any(frame.startswith(f"event: {name}\n".encode()) for frame in batch):
            return
    raise AssertionError(f"{name} never came: {names(job)}")


@asynccontextmanager
async def make_world(  # noqa: PLR0913  # settings, all by name
    store: Path,
    engine: ScriptedEngine | None = None,
    *,
    n_parallel: int = 2,
    max_queue: int = 8,
    expiry: int = 600,
    tool_wait: int = 600,
    owner: str = "me",
) -> AsyncIterator[World]:
    """The services of one server on a store; several may share it."""
    db = await Database.open(store)
    engine = engine or ScriptedEngine()
    models = ModelService(engine, {}, LOGGER)
    places = Places(n_parallel=n_parallel, max_queue=max_queue)
    executor = Executor(
        db, models, places=places, metrics=Metrics(), tool_wait=tool_wait, logger=LOGGER
    )
    recovery = Recovery(db, executor, owner, LOGGER)
    runs = RunService(db, executor, recovery, models, owner=owner, expiry=expiry)
    threads = ThreadService(db, runs, executor, models)
    models.start()
    yield World(db, engine, models, executor, recovery, runs, threads)
    await executor.aclose()
    await models.aclose()
    await db.aclose()


MakeWorld = Callable[..., AbstractAsyncContextManager[World]]


def run(test: Callable[[], Awaitable[None]]) -> None:
    """Run a test in a loop of its own, and see that it leaves no task behind."""

    async def alone() -> None:
        await test()
        await asyncio.sleep(0)
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        assert not rest, rest

    asyncio.run(alone())
