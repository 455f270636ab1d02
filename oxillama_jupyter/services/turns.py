"""One turn of a model: what it writes becomes a message, a step of tool calls, or both in turn.

Each object is stored before it is announced; their growth is announced at once and stored about
once a second.
"""

from __future__ import annotations

import time

from msgspec import UNSET

from oxillama_jupyter.engine.protocol import CallArguments, CallBegin, Delta, Part, Reasoning, Text
from oxillama_jupyter.ids import new_id, now
from oxillama_jupyter.schemas.messages import Message
from oxillama_jupyter.schemas.runs import RunStatus
from oxillama_jupyter.schemas.steps import (
    MessageCreation,
    MessageCreationDetails,
    RunStep,
    ToolCallsDetails,
)
from oxillama_jupyter.schemas.streams import call_delta, message_delta
from oxillama_jupyter.services import progress
from oxillama_jupyter.services.jobs import Job
from oxillama_jupyter.services.tasks import whole
from oxillama_jupyter.store import steps
from oxillama_jupyter.store.database import Database

__all__ = ["TurnWriter"]

_CHECKPOINT_SECONDS = 1.0


class TurnWriter:
    """Writes one turn of a job.

    Text behind a call is not taken: it was written without the call's result.

    Args:
        db: The store.
        job: The job; its message, step and calls are this writer's.
    """

    def __init__(self, db: Database, job: Job) -> None:
        self._db = db
        self._job = job

    async def take(self, delta: Delta) -> RunStatus | None:
        """Take a delta; return the run's stored status, if that was looked at."""
        job = self._job
        job.last = delta
        if delta.prompt is not None:
            job.prompt = delta.prompt
            job.admitted_at = time.monotonic()
        job.completion_tokens += delta.tokens
        for part in delta.all_parts:
            await self._part(part)
        if job.step is None or time.monotonic() - job.saved_at < _CHECKPOINT_SECONDS:
            return None
        return await self._checkpoint(job.step)

    async def open_message(self) -> None:
        """Store the message about to be written and its step, then announce both."""
        job = self._job
        run = job.run
        message = Message(
            id=new_id("msg"),
            created_at=now(),
            thread_id=run.thread_id,
            status="in_progress",
            role="assistant",
            content=[],
            assistant_id=run.assistant_id,
            run_id=run.id,
        )
        step = self._step(MessageCreationDetails(MessageCreation(message.id)))
        await self._db.write(progress.open_message, message, step)
        job.message = message
        self._opened(step)
        job.announce("thread.message.created", message)
        job.announce("thread.message.in_progress", message)

    # -- parts -----------------------------------------------------------------------------------

    async def _part(self, part: Part) -> None:
        job = self._job
        if isinstance(part, Text):
            if job.calls:
                job.over = True
            elif part.text:
                await self._say(part.text)
        elif job.over:
            return
        elif isinstance(part, Reasoning):
            job.thoughts.append(part.text)
            job.thought.set()
        elif isinstance(part, CallBegin):
            await self._begin_call(part)
        elif isinstance(part, CallArguments):
            self._add_arguments(part.text)

    async def _say(self, text: str) -> None:
        job = self._job
        first = job.message is None
        if first:
            await whole(self.open_message())
        job.text.append(text)
        assert job.message is not None  # noqa: S101  # opened above
        job.announce("thread.message.delta", message_delta(job.message.id, text, first=first))

    async def _begin_call(self, part: CallBegin) -> None:
        job = self._job
        if job.message is not None:
            await whole(self._close_message())
        if job.step is None:
            await whole(self._open_calls())
        assert job.step is not None  # noqa: S101  # opened above
        call = {
            "id": part.id,
            "type": "function",
            "function": {"name": part.name, "arguments": "", "output": None},
        }
        job.calls.append(call)
        job.announce(
            "thread.run.step.delta",
            call_delta(job.step.id, {"index": len(job.calls) - 1, **call}),
        )

    def _add_arguments(self, text: str) -> None:
        job = self._job
        assert job.step is not None  # noqa: S101  # a call has begun
        job.calls[-1]["function"]["arguments"] += text
        fragment = {
            "index": len(job.calls) - 1,
            "type": "function",
            "function": {"arguments": text},
        }
        job.announce("thread.run.step.delta", call_delta(job.step.id, fragment))

    # -- objects ---------------------------------------------------------------------------------

    async def _close_message(self) -> None:
        """A call follows: the message ahead of it is complete."""
        job = self._job
        assert job.step is not None  # noqa: S101  # a message has one
        draft = progress.Draft(job.step, job.message, "".join(job.text))
        spent = job.usage()
        message, step = await self._db.write(progress.close_message, draft, spent)
        job.message, job.step, job.shown = None, None, spent
        job.text.clear()
        job.announce("thread.message.completed", message)
        job.announce("thread.run.step.completed", step)

    async def _open_calls(self) -> None:
        step = self._step(ToolCallsDetails(self._job.calls))
        await self._db.write(steps.start, step)
        self._opened(step)

    def _step(self, details: MessageCreationDetails | ToolCallsDetails) -> RunStep:
        run = self._job.run
        calls = isinstance(details, ToolCallsDetails)
        thoughts = "".join(self._job.thoughts).strip()
        self._job.thoughts.clear()
        return RunStep(
            id=new_id("step"),
            created_at=now(),
            run_id=run.id,
            assistant_id=run.assistant_id,
            thread_id=run.thread_id,
            type="tool_calls" if calls else "message_creation",
            status="in_progress",
            step_details=details,
            expires_at=run.expires_at,
            reasoning_content=thoughts or UNSET,
        )

    def _opened(self, step: RunStep) -> None:
        job = self._job
        job.step, job.saved_at = step, time.monotonic()
        job.thought.set()
        job.announce("thread.run.step.created", step)
        job.announce("thread.run.step.in_progress", step)

    async def _checkpoint(self, step: RunStep) -> RunStatus:
        """Save what there is, so that a crash loses a second of it at most."""
        draft = progress.Draft(step, self._job.message, "".join(self._job.text))
        status = await self._db.write(progress.checkpoint, draft)
        self._job.saved_at = time.monotonic()
        return status
