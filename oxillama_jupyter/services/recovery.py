"""Leases, adoption and expiry: what keeps a thread from staying locked, whatever died.

Every server renews the leases of its own runs and looks for runs whose lease has ended: `queued`
ones are executed here, `in_progress` ones fail with their partial text kept, `cancelling` ones are
cancelled, `requires_action` ones wait on until they expire.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Sequence

from msgspec import Struct

from oxillama_jupyter.errors import NotFound, OxillamaError
from oxillama_jupyter.ids import now
from oxillama_jupyter.schemas.runs import LastError, Run
from oxillama_jupyter.services import actions, progress
from oxillama_jupyter.services.executor import Executor
from oxillama_jupyter.services.owners import is_alive, is_gone
from oxillama_jupyter.services.transitions import Outcome
from oxillama_jupyter.store import conversations, messages, runs, steps
from oxillama_jupyter.store.database import Connection, Database

__all__ = ["LEASE_SECONDS", "Recovery"]

LEASE_SECONDS = 30
_SWEEP_SECONDS = 5.0
_UNWRITTEN = LastError("server_error", "The run ended, but its end could not be stored.")
_STUCK = LastError("server_error", "The run's server stopped, and it cannot be gone on with.")
_LOST = LastError("server_error", "The server that executed this run stopped in the middle of it.")


class Recovery:
    """The sweep over runs that nobody executes.

    Args:
        db: The store.
        executor: Executes adopted runs.
        owner: This server's id.
        logger: Where adoptions are told.
    """

    def __init__(
        self, db: Database, executor: Executor, owner: str, logger: logging.Logger
    ) -> None:
        self._db = db
        self._executor = executor
        self._owner = owner
        self._logger = logger
        self._task: asyncio.Task[None] | None = None
        self._stuck: dict[str, Run] = {}  # adopted ones that cannot be gone on with

    async def start(self) -> None:
        """Adopt what is left over, then keep sweeping in the background."""
        await self.sweep()
        self._task = asyncio.create_task(self._sweep_forever(), name="oxillama run recovery")

    async def _sweep_forever(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            try:
                await self.sweep()
            except OxillamaError as error:  # a locked or full disk now may be fine in five seconds
                self._logger.warning("oxillama: run recovery: %s", error)
            except Exception:  # nobody else would renew the leases
                self._logger.exception("oxillama: run recovery")

    async def sweep(self) -> None:
        """Renew, expire and adopt, once; an idle store is only read."""
        await self._free_conversations()
        owners = await self._db.read(runs.owners)
        if not owners:
            return
        others = [owner for owner in owners if owner != self._owner]
        gone, alive = list(filter(is_gone, others)), list(filter(is_alive, others))
        adopted, expired = await self._db.write(_take_over, self._owner, gone, alive)
        for run in expired:
            if self._executor.job(run.id) is None:
                await self._try(self.end(run, Outcome("expired")), run)
        for run in adopted:
            if not await self._try(self._adopt(run), run):
                self._stuck[run.id] = run  # it is ours now, and is not to wait for ever
        for left, why in ((self._executor.unconcluded, _UNWRITTEN), (self._stuck, _STUCK)):
            for run in list(left.values()):
                if await self._try(self.end(run, Outcome("failed", last_error=why)), run):
                    del left[run.id]
        for run in await self._db.read(_cancelled_elsewhere, self._executor.runs()):
            self._executor.announce_cancelling(run)
            self._executor.stop(run.id, "cancelled")

    async def _free_conversations(self) -> None:
        """End the locks of processes that are gone; a lock's holder begins with its owner."""
        gone = [holder for holder in await self._db.read(conversations.holders) if is_gone(holder)]
        if gone:
            await self._db.write(conversations.release, gone)

    async def _try(self, work: Awaitable[object], run: Run) -> bool:
        """Do it for one run; false if that must be tried again. It never stops the others."""
        try:
            await work
        except NotFound:
            return True  # its thread was deleted
        except OxillamaError as error:
            self._logger.warning("oxillama: run %s: %s", run.id, error)
            return False
        except Exception:
            self._logger.exception("oxillama: run %s", run.id)
            return False
        return True

    async def _adopt(self, run: Run) -> None:
        self._logger.info("oxillama: adopted run %s, which was %s", run.id, run.status)
        if run.status == "queued":
            resumed = await self._db.read(actions.resume, run)
            if resumed.frames:
                self._executor.resume(resumed)
            else:
                self._executor.submit(run, resumed.work)
        elif run.status == "in_progress":
            await self.end(run, Outcome("failed", last_error=_LOST))
        elif run.status == "cancelling":
            await self.end(run, Outcome("cancelled"))

    async def end(self, run: Run, outcome: Outcome) -> Run:
        """Conclude a run that no job executes; returns it as it ended."""
        return await self._db.write(_end, run, outcome)

    async def aclose(self) -> None:
        """Stop sweeping and let others have what is left, at once."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
        await self._db.write(runs.release, [self._owner])


def _take_over(
    conn: Connection, owner: str, gone: Sequence[str], alive: Sequence[str]
) -> tuple[list[Run], list[Run]]:
    """One transaction: leases renewed, dead owners' released, and what is ours to do now.

    Who lives keeps its runs: after a machine has slept, somebody has to be the first to sweep.
    """
    at = now()
    for one in (owner, *alive):
        runs.renew(conn, one, at + LEASE_SECONDS)
    runs.release(conn, gone)
    adopted = runs.orphans(conn, at, owner, at + LEASE_SECONDS)
    return adopted, runs.expired(conn, at, owner)


def _cancelled_elsewhere(conn: Connection, live: Sequence[Run]) -> list[Run]:
    """Our live runs that another server, which shares the store, was asked to cancel."""
    found = (runs.active(conn, run.thread_id) for run in live)
    return [run for run in found if run is not None and run.status == "cancelling"]


def _end(conn: Connection, run: Run, outcome: Outcome) -> Run:
    step = next(iter(steps.open_steps(conn, run.id)), None)
    message = None
    if step is not None and hasattr(step.step_details, "message_creation"):
        message_id = step.step_details.message_creation.message_id
        message = messages.get(conn, run.thread_id, message_id)
    text = progress.text_of(message) if message is not None else ""
    end = progress.conclude(conn, run, progress.Draft(step, message, text), outcome, [])
    events: list[tuple[str, Struct]] = [(f"thread.run.{end.run.status}", end.run)]
    if end.step is not None:
        events.insert(0, (f"thread.run.step.{end.step.status}", end.step))
    if end.run.status == "cancelled":
        events.insert(0, ("thread.run.cancelling", run))
    actions.append_end(conn, run, events)
    return end.run
