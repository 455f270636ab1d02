"""The only owner of run state: one named task per run, from `queued` to its end or its tools.

Every state is persisted before it is announced. A run whose thread, client or engine goes away ends
in a terminal state all the same, with its partial text kept; nothing here leaves a thread locked.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import AbstractContextManager, aclosing
from typing import Any, Literal

from msgspec.structs import replace

from oxillama_jupyter.errors import (
    ContextLengthExceeded,
    EngineError,
    NotFound,
    OxillamaError,
)
from oxillama_jupyter.events import DONE
from oxillama_jupyter.ids import now
from oxillama_jupyter.schemas.base import ErrorBody
from oxillama_jupyter.schemas.runs import TERMINAL, IncompleteDetails, LastError, Run
from oxillama_jupyter.schemas.streams import StreamError
from oxillama_jupyter.services import actions, progress
from oxillama_jupyter.services.failures import FailureCode, failure_code
from oxillama_jupyter.services.jobs import Job, StopReason
from oxillama_jupyter.services.metrics import Metrics
from oxillama_jupyter.services.models import ModelService
from oxillama_jupyter.services.places import Places
from oxillama_jupyter.services.transitions import Outcome
from oxillama_jupyter.services.translate import (
    Work,
    generate_request,
    prompt_budget,
    spent_budget,
)
from oxillama_jupyter.services.turns import TurnWriter
from oxillama_jupyter.store import journals, runs
from oxillama_jupyter.store.database import Database

__all__ = ["Executor"]

Waiting = Literal["requires_action"]


class Executor:
    """Runs jobs on the engine, as places there become free.

    Attributes:
        unconcluded: Runs that have ended but could not be written down, by id.

    Args:
        db: The store.
        models: The engine and its readiness.
        places: Who generates next; the other runs are `queued`.
        metrics: Where turns and runs are taken down.
        tool_wait: How many seconds a run may wait for tool outputs.
        logger: Where failures that are ours are told.
    """

    def __init__(  # noqa: PLR0913  # what the composition root hands over
        self,
        db: Database,
        models: ModelService,
        *,
        places: Places,
        metrics: Metrics,
        tool_wait: int,
        logger: logging.Logger,
    ) -> None:
        self._db = db
        self._metrics = metrics
        self._models = models
        self._places = places
        self._tool_wait = tool_wait
        self._logger = logger
        self._jobs: dict[str, Job] = {}
        self.unconcluded: dict[str, Run] = {}

    # -- what services ask for ---------------------------------------------------------------

    def admission(self) -> AbstractContextManager[None]:
        """Hold a place for a run that is about to be stored and submitted.

        Raises:
            QueueFull: As many wait already as may.
        """
        return self._places.admission()

    def runs(self) -> list[Run]:
        """The live runs."""
        return [job.run for job in self._jobs.values()]

    def job(self, run_id: str) -> Job | None:
        """The live job of a run, if this process executes it."""
        return self._jobs.get(run_id)

    def submit(self, run: Run, work: Work, *first: tuple[str, Any], user: str = "") -> Job:
        """Execute a new run that is stored as `queued`; returns at once.

        Args:
            run: The run.
            work: What its turn goes on from.
            first: Events to announce ahead of the run's own, such as `thread.created`.
            user: Who asked; where many wait, users take turns.
        """
        job = Job(run, work, user=user)
        for name, data in first:
            job.announce(name, data)
        job.announce("thread.run.created", run)
        job.announce("thread.run.queued", run)
        return self._begin(job)

    def resume(self, resumed: actions.Resumed, *, user: str = "") -> Job:
        """Go on with a run that is stored as `queued` again; returns at once."""
        job = Job(resumed.run, resumed.work, first=resumed.first, user=user)
        for frame in resumed.frames:
            job.log.append_frame(frame)
        return self._begin(job)

    def _begin(self, job: Job) -> Job:
        run = job.run
        self._jobs[run.id] = job
        self._places.enter()
        if run.expires_at is not None:
            delay = max(0.0, run.expires_at - time.time())
            job.timer = asyncio.get_running_loop().call_later(delay, self.stop, run.id, "expired")
        job.task = asyncio.create_task(self._execute(job), name=f"oxillama {run.id}")
        return job

    def stop(self, run_id: str, reason: StopReason) -> None:
        """End a live run; the engine's sequence is free one decode step later."""
        job = self._jobs.get(run_id)
        if job is None or job.finishing or job.stop is not None or job.task is None:
            return
        job.stop = reason
        job.task.cancel()

    def announce_cancelling(self, run: Run) -> None:
        """Tell a live run's readers that it is being cancelled, once."""
        job = self._jobs.get(run.id)
        if job is not None and not job.cancelling_announced:
            job.cancelling_announced = True
            job.announce("thread.run.cancelling", run)

    async def join(self, run_id: str) -> None:
        """Wait until a live run has ended."""
        job = self._jobs.get(run_id)
        if job is not None and job.task is not None:
            await asyncio.wait((job.task,))

    async def aclose(self) -> None:
        """End every live run: what was generating fails with the reason, others stay queued."""
        tasks = [job.task for job in self._jobs.values() if job.task is not None]
        for run_id in list(self._jobs):
            self.stop(run_id, "shutdown")
        if tasks:
            await asyncio.wait(tasks)

    # -- one run -------------------------------------------------------------------------------

    async def _execute(self, job: Job) -> None:
        try:
            outcome = await self._outcome(job)
            job.finishing = True
            if outcome is None and job.stop is None:
                _leave(job)
            self._measure(job)
            if outcome == "requires_action":
                outcome = await self._hand_over(job)
            if outcome is not None:
                await self._conclude(job, outcome)
        except NotFound:
            # The thread was deleted under the run by another process: there is nothing to conclude.
            job.log.append_frame(DONE)
        except Exception as error:
            self._logger.exception("oxillama: run %s could not be concluded", job.run.id)
            self.unconcluded[job.run.id] = job.run
            job.announce("error", _stream_error(_unwritten(error)))
            job.log.append_frame(DONE)
        finally:
            if job.timer is not None:
                job.timer.cancel()
            self._places.leave()
            del self._jobs[job.run.id]
            job.log.close()
            job.thought.set()

    def _measure(self, job: Job) -> None:
        """Take down a turn that came to its end; others have no figures."""
        timings = job.timings()
        if timings is not None and job.last is not None and job.last.usage is not None:
            run = job.run
            self._metrics.turn(run.id, run.thread_id, run.model, job.last.usage, timings)

    async def _outcome(self, job: Job) -> Outcome | Waiting | None:
        """Generate, and say how it ended; None leaves the run to the next server."""
        try:
            return await self._generate(job)
        except asyncio.CancelledError:
            if job.stop is None:  # the loop itself is going down
                raise
            task = asyncio.current_task()
            if task is not None:
                task.uncancel()
            return _stopped(job)
        except ContextLengthExceeded as error:
            return self._too_long(job, error)
        except OxillamaError as error:
            return _failed(job, failure_code(error), error.message)
        except Exception:
            self._logger.exception("oxillama: run %s failed", job.run.id)
            return _failed(job, "server_error", "Internal error; the server's log says which.")

    async def _generate(self, job: Job) -> Outcome | Waiting | None:
        async with self._places.place(job.run.model, job.user):
            await self._models.ready(job.run.model)
            started = await self._db.write(progress.begin, job.run, now())
            if started is None:
                return await self._not_begun(job.run)
            job.run = started
            job.announce("thread.run.in_progress", job.run)
            spent = spent_budget(job.run, job.work)
            if spent is not None:
                return Outcome("incomplete", incomplete_details=spent)
            request = generate_request(job.run, job.work)
            writer = TurnWriter(self._db, job)
            async with aclosing(self._models.engine.generate(request)) as deltas:
                async for delta in deltas:
                    status = await writer.take(delta)
                    if status == "cancelling":  # by another server on the store
                        self.stop(job.run.id, "cancelled")
                        await asyncio.sleep(0)
                    elif status in TERMINAL:  # another one took this server for dead
                        return Outcome("failed")  # the stored end stays as it is
                    if job.over:
                        break
        return _finished(job)

    async def _not_begun(self, run: Run) -> Outcome | None:
        """How a run ended that was not queued any more; None if another server executes it."""
        status = (await self._db.read(runs.get, run.thread_id, run.id)).status
        return Outcome("cancelled") if status in TERMINAL | {"cancelling"} else None

    # -- the end -------------------------------------------------------------------------------

    async def _hand_over(self, job: Job) -> Outcome | None:
        """Let the run wait for its client's tools; where it was cancelled meanwhile, say so."""
        spent = job.usage()
        assert job.step is not None  # noqa: S101  # there is a call
        assert spent is not None  # noqa: S101  # the prompt was counted
        waiting = await self._db.write(actions.hand_over, job.run, job.step, spent, self._tool_wait)
        if waiting is None:
            return Outcome("cancelled", spent)
        job.run = waiting
        job.announce("thread.run.requires_action", waiting)
        job.log.append_frame(DONE)
        await self._keep_journal(job)
        return None

    async def _conclude(self, job: Job, outcome: Outcome) -> None:
        asked = job.prompt is not None or not job.work.turns
        if job.step is None and asked and outcome.status in {"completed", "incomplete"}:
            await TurnWriter(self._db, job).open_message()  # an empty answer is an answer
        dropped = _dropped(job)
        outcome = replace(outcome, timings=job.timings())
        draft = progress.Draft(job.step, job.message, "".join(job.text))
        end = await self._db.write(progress.conclude, job.run, draft, outcome, dropped)
        if end.run.status == "cancelled" and not job.cancelling_announced:
            self.announce_cancelling(replace(end.run, status="cancelling", cancelled_at=None))
        if end.message is not None:
            job.announce(f"thread.message.{end.message.status}", end.message)
        if end.step is not None:
            job.announce(f"thread.run.step.{end.step.status}", end.step)
        job.announce(f"thread.run.{end.run.status}", end.run)
        job.log.append_frame(DONE)
        self._metrics.run(end.run.status)
        job.run = end.run
        await self._keep_journal(job)

    async def _keep_journal(self, job: Job) -> None:
        """Keep the exact event stream; without it replays are made from the stored objects."""
        try:
            await self._db.write(journals.save, job.run.id, job.log.frames)
        except OxillamaError as error:
            self._logger.warning("oxillama: no journal of run %s: %s", job.run.id, error)

    def _too_long(self, job: Job, error: ContextLengthExceeded) -> Outcome:
        """The run's own budget makes it incomplete; the model's context makes it fail."""
        budget, context = prompt_budget(job.run, job.work), self._models.n_ctx(job.run.model)
        if budget is not None and (budget <= context or not context):  # an upstream may not tell
            details = IncompleteDetails("max_prompt_tokens")
            return Outcome("incomplete", job.usage(), incomplete_details=details)
        return _failed(job, "invalid_prompt", error.message)


def _finished(job: Job) -> Outcome | Waiting:
    reason = job.last.finish_reason if job.last is not None else None
    if job.over:
        reason = "stop"
    if reason is None:
        raise EngineError("The engine's stream ended without saying why.")
    if reason == "length":
        details = IncompleteDetails("max_completion_tokens")
        return Outcome("incomplete", job.usage(), incomplete_details=details)
    return "requires_action" if job.calls else Outcome("completed", job.usage())


def _stopped(job: Job) -> Outcome | None:
    if job.stop == "shutdown":
        if job.run.status == "queued":
            return None
        return _failed(job, "server_error", "The server was stopped while the run was in progress.")
    return Outcome("expired" if job.stop == "expired" else "cancelled", job.usage())


def _failed(job: Job, code: FailureCode, message: str) -> Outcome:
    return Outcome("failed", job.usage(), LastError(code, message))


def _dropped(job: Job) -> list[str]:
    """Ids of the messages that truncation left out; the system message is ours and has none."""
    if job.prompt is None:
        return []
    offset = 1 if job.run.instructions else 0
    history = job.work.history
    places = (index - offset for index in job.prompt.dropped)
    return [history[place].id for place in places if 0 <= place < len(history)]


def _leave(job: Job) -> None:
    """Tell who follows a run that another server, which shares the store, executes it."""
    job.announce("error", _stream_error("Another server on this store executes the run: poll it."))
    job.log.append_frame(DONE)


def _unwritten(error: Exception) -> str:
    message = error.message if isinstance(error, OxillamaError) else "internal error"
    return f"The run could not be brought to an end: {message}"


def _stream_error(text: str) -> StreamError:
    return StreamError(text, "server_error", ErrorBody(text, "server_error"))
