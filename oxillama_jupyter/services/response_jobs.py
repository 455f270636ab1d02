"""Responses in the background: the server's own tasks, which no client takes along.

Every end is stored before it is announced; what is written meanwhile is stored about once a second,
with its events. A server that dies leaves at most a second behind: see `sweep`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from oxillama_jupyter.errors import EngineError, NotFound, OxillamaError
from oxillama_jupyter.events import EventLog
from oxillama_jupyter.ids import now
from oxillama_jupyter.schemas.responses import ENDED, Response
from oxillama_jupyter.services import response_records
from oxillama_jupyter.services.generation import Generator
from oxillama_jupyter.services.models import ModelService
from oxillama_jupyter.services.owners import is_alive, is_gone
from oxillama_jupyter.services.places import Places
from oxillama_jupyter.services.recovery import LEASE_SECONDS
from oxillama_jupyter.services.response_plans import Plan, Planner
from oxillama_jupyter.services.response_turns import ResponseTurn
from oxillama_jupyter.services.seals import Sealer
from oxillama_jupyter.services.tasks import whole
from oxillama_jupyter.services.translate_items import REASONING
from oxillama_jupyter.store import response_life, responses
from oxillama_jupyter.store.database import Database

__all__ = ["ResponseJobs"]

_CHECKPOINT_SECONDS = 1.0
_SWEEP_SECONDS = 5.0
_LOST = EngineError("The server that executed this response stopped in the middle of it.")
_UNWRITTEN = EngineError("The response ended, but its end could not be stored.")
_STOPPED = EngineError("The server was stopped while the response was in progress.")


@dataclass(slots=True, eq=False)
class _Job:
    """A response that this process executes.

    Attributes:
        kept: How many of its frames are stored.
    """

    plan: Plan
    turn: ResponseTurn
    user: str
    task: asyncio.Task[None] | None = None
    stop: Literal["cancelled", "shutdown"] | None = None
    kept: int = 0
    saved_at: float = 0.0


class ResponseJobs:
    """Executes responses in the background.

    Args:
        db: The store.
        models: Their engine forgets what is deleted.
        generator: Generates in turn with everybody else.
        planner: Makes what was queued into what is to be done, after a restart.
        places: Who generates or waits.
        sealer: Seals what clients keep for us.
        owner: This server's id.
        logger: Where failures that are ours are told.
    """

    def __init__(  # noqa: PLR0913  # what the composition root hands over
        self,
        db: Database,
        models: ModelService,
        generator: Generator,
        *,
        planner: Planner,
        places: Places,
        sealer: Sealer,
        owner: str,
        logger: logging.Logger,
    ) -> None:
        self._db = db
        self._models = models
        self._generator = generator
        self._places = places
        self._sealer = sealer
        self._owner = owner
        self._logger = logger
        self._planner = planner
        self._jobs: dict[str, _Job] = {}
        self._sweeping: asyncio.Task[None] | None = None
        self._used = Counter[str]()
        self._doomed: set[str] = set()
        self._unconcluded: dict[str, EngineError] = {}  # ids, and why they are going to fail

    # -- what services ask for ---------------------------------------------------------------------

    def log(self, response_id: str) -> EventLog | None:
        """The events of a response that this process executes."""
        job = self._jobs.get(response_id)
        return None if job is None else job.turn.log

    def responses(self) -> list[Response]:
        """The live ones."""
        return [job.turn.response for job in self._jobs.values()]

    async def begin(self, plan: Plan, *, user: str) -> EventLog:
        """Store a response as `queued`, execute it, return its events.

        A client that leaves meanwhile leaves it stored and executed, or neither.
        """
        return await whole(self._begin(plan, user))

    async def _begin(self, plan: Plan, user: str) -> EventLog:
        owned = replace(plan.new, owner=self._owner, lease=now() + LEASE_SECONDS)
        job = self._job(plan, user)
        job.turn.announce("created")
        job.turn.announce("queued")
        first = self._unkept(job)
        try:
            await self._db.write(response_records.begin, plan, owned, first)
        except BaseException:
            await self._planner.release(plan)
            raise
        job.kept = len(first)
        self._start(job)
        return job.turn.log

    async def cancel(self, response: Response) -> None:
        """End a response that has not ended, whichever server executes it."""
        job = self._jobs.get(response.id)
        if job is None:
            await self._end_stored(response.id, "cancelled")
            return
        self._stop(job, "cancelled")
        if job.task is not None:
            await asyncio.wait((job.task,))

    @asynccontextmanager
    async def using(self, cache_key: str) -> AsyncGenerator[None]:
        """Generate with a key; it is not forgotten meanwhile, but then, if that was asked for."""
        self._used[cache_key] += 1
        try:
            yield
        finally:
            self._used[cache_key] -= 1
            if not self._used[cache_key]:
                del self._used[cache_key]
                if cache_key in self._doomed:
                    await self.forget(cache_key)

    async def forget(self, cache_key: str) -> None:
        """Let the engine forget a chain, now or when nothing of it generates any more."""
        if cache_key in self._used:
            self._doomed.add(cache_key)
            return
        self._doomed.discard(cache_key)
        await self._models.engine.forget(cache_key)

    async def start(self) -> None:
        """Adopt what is left over, then keep sweeping in the background."""
        await self.sweep()
        self._sweeping = asyncio.create_task(self._sweep_forever(), name="oxillama responses")

    async def aclose(self) -> None:
        """End all; what had begun fails with the reason, what was queued is left to the next."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.wait((self._sweeping,))
        tasks = [job.task for job in self._jobs.values() if job.task is not None]
        for job in self._jobs.values():
            self._stop(job, "shutdown")
        if tasks:
            await asyncio.wait(tasks)
        await self._db.write(response_life.release, [self._owner])

    # -- one response ------------------------------------------------------------------------------

    def _job(self, plan: Plan, user: str) -> _Job:
        turn = ResponseTurn(plan, EventLog(), partial(self._sealer.seal, REASONING))
        return _Job(plan, turn, user, saved_at=time.monotonic())

    def _start(self, job: _Job) -> None:
        response_id = job.plan.response.id
        self._places.enter()
        self._jobs[response_id] = job
        job.task = asyncio.create_task(self._execute(job), name=f"oxillama {response_id}")

    def _stop(self, job: _Job, reason: Literal["cancelled", "shutdown"]) -> None:
        if job.stop is None and job.task is not None and job.turn.response.status not in ENDED:
            job.stop = reason
            job.task.cancel()

    async def _execute(self, job: _Job) -> None:
        response = job.turn.response
        try:
            async with self.using(job.plan.new.cache_key):
                frames = await self._frames(job)
            if frames is not None:
                await self._conclude(job, frames)
            else:
                await self._planner.release(job.plan)
        except Exception:
            self._logger.exception("oxillama: response %s could not be concluded", response.id)
            self._unconcluded[response.id] = _UNWRITTEN
            for frame in job.turn.fail(_UNWRITTEN):  # as the sweep is going to end it
                job.turn.log.append_frame(frame)
        finally:
            self._places.leave()
            self._planner.locks.drop(job.plan.holder)
            del self._jobs[response.id]
            job.turn.log.close()

    async def _frames(self, job: _Job) -> list[bytes] | None:
        """Generate, and say how it ended; None leaves the response to the next server."""
        try:
            await self._generate(job)
            return job.turn.end()
        except asyncio.CancelledError:
            if job.stop is None:  # the loop itself is going down
                raise
            task = asyncio.current_task()
            if task is not None:
                task.uncancel()
            if job.stop == "cancelled":
                return job.turn.cancel()
            return None if job.turn.response.status == "queued" else job.turn.fail(_STOPPED)
        except OxillamaError as error:
            return job.turn.fail(error)
        except Exception:
            self._logger.exception("oxillama: response %s failed", job.turn.response.id)
            return job.turn.fail(EngineError("Internal error; the server's log says which."))

    async def _generate(self, job: _Job) -> None:
        turn, response = job.turn, job.turn.response
        deltas = self._generator.generate_admitted(
            job.plan.request, user=job.user, name=response.id
        )
        async with aclosing(deltas):
            async for delta in deltas:
                if delta.prompt is not None:
                    response.status = "in_progress"
                    turn.announce("in_progress")
                    await self._checkpoint(job)
                turn.take(delta)
                if turn.over:
                    return
                if time.monotonic() - job.saved_at > _CHECKPOINT_SECONDS:
                    await self._checkpoint(job)

    async def _checkpoint(self, job: _Job) -> None:
        """Store what there is; another server may have cancelled or deleted it meanwhile."""
        if not await whole(self._save(job)):
            self._stop(job, "cancelled")
            await asyncio.sleep(0)

    async def _save(self, job: _Job) -> bool:
        """Store what there is; until that is done nobody may write on, for it is encoded there."""
        frames = self._unkept(job)
        going = await self._db.write(response_records.save, job.turn.current(), frames)
        job.kept += len(frames)
        job.saved_at = time.monotonic()
        return going

    async def _conclude(self, job: _Job, frames: Sequence[bytes]) -> None:
        """Store first, then announce."""
        await self._db.write(response_records.conclude, job.plan, [*self._unkept(job), *frames])
        for frame in frames:
            job.turn.log.append_frame(frame)

    def _unkept(self, job: _Job) -> list[bytes]:
        """The frames that are to be stored and are not yet."""
        return job.turn.log.frames[job.kept :] if job.plan.new.streamed else []

    # -- what others left --------------------------------------------------------------------------

    async def _sweep_forever(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            try:
                await self.sweep()
            except OxillamaError as error:  # a locked or full disk now may be fine in five seconds
                self._logger.warning("oxillama: recovery of responses: %s", error)
            except Exception:  # nobody else would renew the leases
                self._logger.exception("oxillama: recovery of responses")

    async def sweep(self) -> None:
        """Renew our leases and adopt what dead servers left, once; an idle store is only read."""
        await self._planner.locks.renew()
        owners = await self._db.read(response_life.owners)
        if not owners:
            return
        others = [owner for owner in owners if owner != self._owner]
        gone, alive = list(filter(is_gone, others)), list(filter(is_alive, others))
        adopted = await self._db.write(response_records.take_over, self._owner, gone, alive)
        for response_id in adopted:
            if not await self._try(self._adopt(response_id), response_id):
                self._unconcluded[response_id] = _LOST  # it is not to wait for ever
        for response_id, why in list(self._unconcluded.items()):
            if await self._try(self._end_stored(response_id, "failed", why), response_id):
                del self._unconcluded[response_id]

    async def _try(self, work: Awaitable[None], response_id: str) -> bool:
        """Do it for one response; false if that failed. It never stops the others."""
        try:
            await work
        except OxillamaError as error:
            self._logger.warning("oxillama: response %s: %s", response_id, error)
            return False
        except Exception:
            self._logger.exception("oxillama: response %s", response_id)
            return False
        return True

    async def _adopt(self, response_id: str) -> None:
        """Begin what was queued; what had begun has failed, with what was stored of it."""
        stored = await self._db.read(responses.find, response_id)
        self._logger.info("oxillama: adopted %s, which was %s", response_id, stored.response.status)
        if stored.response.status != "queued":
            await self._end_stored(response_id, "failed", _LOST)
            return
        frames = await self._db.read(response_life.frames, response_id)
        try:
            plan = await self._planner.plan_again(stored)
        except OxillamaError as error:
            await self._end_stored(response_id, "failed", error)
            return
        job = self._job(plan, "")
        for frame in frames:
            job.turn.log.append_frame(frame)
        job.kept = len(job.turn.log.frames)
        self._start(job)

    async def _end_stored(
        self,
        response_id: str,
        status: Literal["cancelled", "failed"],
        error: OxillamaError | None = None,
    ) -> None:
        """End a response that nobody executes; one that is gone needs no end."""
        with contextlib.suppress(NotFound):
            await self._db.write(response_records.end, response_id, status, error)
