"""Runs, as clients use them: create, watch, cancel."""

from __future__ import annotations

from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.events import EventLog
from oxillama_jupyter.ids import now
from oxillama_jupyter.schemas.base import Page, PageQuery
from oxillama_jupyter.schemas.decisions import DecideCall, DecisionsQuery, PendingDecisions
from oxillama_jupyter.schemas.runs import (
    TERMINAL,
    CreateRun,
    CreateThreadAndRun,
    ModifyRun,
    Run,
    SubmitToolOutputs,
)
from oxillama_jupyter.schemas.steps import RunStep
from oxillama_jupyter.schemas.thoughts import Thoughts, ThoughtsQuery
from oxillama_jupyter.services import actions
from oxillama_jupyter.services.decisions import Decisions
from oxillama_jupyter.services.executor import Executor
from oxillama_jupyter.services.jobs import Job
from oxillama_jupyter.services.models import ModelService
from oxillama_jupyter.services.recovery import LEASE_SECONDS, Recovery
from oxillama_jupyter.services.transitions import Outcome
from oxillama_jupyter.services.translate import Work, check_format, replay_frames
from oxillama_jupyter.store import journals, runs, steps
from oxillama_jupyter.store.database import Connection, Database

__all__ = ["RunService"]


class RunService:
    """Use cases of runs and their steps.

    Args:
        db: The store.
        executor: Executes them.
        recovery: Ends those that no job executes.
        models: Resolves model names.
        owner: This server's id.
        expiry: Seconds after which an unfinished run expires.
    """

    def __init__(  # noqa: PLR0913  # what the composition root hands over
        self,
        db: Database,
        executor: Executor,
        recovery: Recovery,
        models: ModelService,
        *,
        owner: str,
        expiry: int,
    ) -> None:
        self._db = db
        self._executor = executor
        self._recovery = recovery
        self._models = models
        self._owner = owner
        self._expiry = expiry
        self._decisions = Decisions(db)

    async def start(self, thread_id: str, body: CreateRun, *, user: str = "") -> Job:
        """Store a run on a thread and begin to execute it for a user.

        Raises:
            NotFound: No such thread, assistant or model.
            InvalidRequest: The thread has an active run, or the response format cannot be kept.
            QueueFull: Too many runs wait.
            EngineUnavailable: The engine failed to start.
        """
        check_format(body.response_format)
        with self._executor.admission():
            begun = await self._models.resolving(
                lambda resolve: self._db.write(
                    runs.begin,
                    thread_id,
                    body,
                    owner=self._owner,
                    lease=now() + LEASE_SECONDS,
                    expires_in=self._expiry,
                    resolve_model=resolve,
                )
            )
            return self._executor.submit(begun.run, Work(begun.history), user=user)

    async def start_with_thread(self, body: CreateThreadAndRun, *, user: str = "") -> Job:
        """Store a thread and a run on it in one step, and execute it; errors as `start`."""
        check_format(body.response_format)
        with self._executor.admission():
            begun = await self._models.resolving(
                lambda resolve: self._db.write(
                    runs.begin_with_thread,
                    body,
                    owner=self._owner,
                    lease=now() + LEASE_SECONDS,
                    expires_in=self._expiry,
                    resolve_model=resolve,
                )
            )
            created = ("thread.created", begun.thread)
            return self._executor.submit(begun.run, Work(begun.history), created, user=user)

    async def get(self, thread_id: str, run_id: str) -> Run:
        """One run."""
        return await self._db.read(runs.get, thread_id, run_id)

    async def modify(self, thread_id: str, run_id: str, body: ModifyRun) -> Run:
        """Replace its metadata."""
        return await self._db.write(runs.modify, thread_id, run_id, body)

    async def page(self, thread_id: str, query: PageQuery) -> Page[Run]:
        """A page of a thread's runs."""
        return await self._db.read(runs.page, thread_id, query)

    async def cancel(self, thread_id: str, run_id: str) -> Run:
        """Cancel a run; it is `cancelling` until the engine has let go, a few milliseconds later.

        Raises:
            InvalidRequest: It has ended already.
        """
        job = self._executor.job(run_id)
        if job is not None and job.run.status == "requires_action":
            await self._executor.join(run_id)  # it is putting its journal away
        run, waited = await self._db.write(_request_cancel, thread_id, run_id)
        if waited:
            await self._executor.join(run_id)  # it has begun to wait, and puts its journal away
        elif self._executor.job(run_id) is not None:
            self._executor.announce_cancelling(run)
            self._executor.stop(run_id, "cancelled")
            return run
        if waited or await self._db.read(runs.owner_of, run_id) == self._owner:
            ended = await self._recovery.end(run, Outcome("cancelled"))
            self._decisions.changed(run_id)
            return ended
        return run  # the server that executes it sees the status

    async def submit_tool_outputs(
        self, thread_id: str, run_id: str, body: SubmitToolOutputs, *, user: str = ""
    ) -> Job:
        """Answer the pending calls of a run, all of them at once, and go on with it.

        Raises:
            NotFound: No such thread or run.
            InvalidRequest: The run does not wait for tool outputs, or not for these.
            QueueFull: Too many runs wait.
            EngineUnavailable: The engine failed to start.
        """
        run = await self._db.read(runs.get, thread_id, run_id)
        if run.status == "requires_action":
            await self._executor.join(run_id)  # it is putting its journal away
        self._models.check(run.model)
        with self._executor.admission():
            resumed = await self._db.write(
                actions.accept,
                thread_id,
                run_id,
                body.tool_outputs,
                owner=self._owner,
                lease=now() + LEASE_SECONDS,
                expires_in=self._expiry,
                caller=user,
            )
            self._decisions.changed(run_id)
            return self._executor.resume(resumed, user=user)

    async def decide(
        self, thread_id: str, run_id: str, body: DecideCall, *, user: str = ""
    ) -> PendingDecisions:
        """Decide about a call that a run waits for; errors as `Decisions.decide`."""
        return await self._decisions.decide(thread_id, run_id, body, user)

    async def decisions(
        self, thread_id: str, run_id: str, query: DecisionsQuery
    ) -> PendingDecisions:
        """What a run waits for, and what is decided about it."""
        return await self._decisions.pending(thread_id, run_id, query)

    async def thoughts(self, thread_id: str, run_id: str, query: ThoughtsQuery) -> Thoughts:
        """What the model of a live run thinks ahead of its next step; of others, nothing.

        Raises:
            NotFound: No such run.
        """
        job = self._executor.job(run_id)
        if job is not None and job.run.thread_id == thread_id:
            return await job.thoughts_after(query.after, query.wait)
        await self._db.read(runs.get, thread_id, run_id)
        return Thoughts("", query.after, over=True)

    async def events(self, thread_id: str, run_id: str) -> EventLog:
        """A run's event log from event 0: live, from its journal, or made from the stored objects.

        Raises:
            NotFound: No such run.
            InvalidRequest: Another server executes it, and only that one can show it live.
        """
        job = self._executor.job(run_id)
        if job is not None and job.run.thread_id == thread_id:
            return job.log
        run = await self._db.read(runs.get, thread_id, run_id)
        if run.status not in TERMINAL and run.status != "requires_action":
            raise InvalidRequest(
                f"Run {run_id} is {run.status} on another server that shares this store; "
                "poll it here, or follow it there."
            )
        frames = await self._db.read(journals.load, run_id)
        if frames is not None:
            return EventLog(frames)
        return EventLog(replay_frames(run, *await self._db.read(actions.parts, run)))

    async def step(self, thread_id: str, run_id: str, step_id: str) -> RunStep:
        """One step."""
        return await self._db.read(steps.get, thread_id, run_id, step_id)

    async def steps(self, thread_id: str, run_id: str, query: PageQuery) -> Page[RunStep]:
        """A page of a run's steps."""
        return await self._db.read(steps.page, thread_id, run_id, query)


def _request_cancel(conn: Connection, thread_id: str, run_id: str) -> tuple[Run, bool]:
    """Mark a run as `cancelling`; true if it waited for its client, so that nobody executes it."""
    waited = runs.get(conn, thread_id, run_id).status == "requires_action"
    return runs.request_cancel(conn, thread_id, run_id), waited
