"""`/v1/threads/{thread_id}/runs`, their steps, and our own replay of their events."""

from __future__ import annotations

from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.handlers.base import BaseHandler, secured
from oxillama_jupyter.schemas.base import PageQuery
from oxillama_jupyter.schemas.decisions import DecideCall, DecisionsQuery
from oxillama_jupyter.schemas.runs import (
    CreateRun,
    CreateThreadAndRun,
    EventsQuery,
    ModifyRun,
    SubmitToolOutputs,
)
from oxillama_jupyter.schemas.thoughts import ThoughtsQuery
from oxillama_jupyter.services.jobs import Job

__all__ = [
    "RunCancelHandler",
    "RunDecisionsHandler",
    "RunEventsHandler",
    "RunHandler",
    "RunStepHandler",
    "RunStepsHandler",
    "RunThoughtsHandler",
    "RunToolOutputsHandler",
    "RunsHandler",
    "ThreadRunHandler",
]

_POLL_AFTER_MS = "200"
_INCLUDABLE = "step_details.tool_calls[*].file_search.results[*].content"


class _RunHandler(BaseHandler):
    """What run routes share."""

    def check_include(self) -> None:
        """Refuse an `include[]` the API does not have."""
        for value in self.get_query_arguments("include[]") + self.get_query_arguments("include"):
            if value != _INCLUDABLE:
                raise InvalidRequest(
                    f"Invalid 'include': '{value}'. Supported: '{_INCLUDABLE}'.",
                    param="include",
                    code="invalid_value",
                )

    async def answer(self, job: Job, *, stream: bool | None) -> None:
        """Send a run that goes on, as an object or as its stream from here on."""
        if stream:
            await self.stream(job.log, job.first)
        else:
            self.set_header("openai-poll-after-ms", _POLL_AFTER_MS)
            self.send(job.run)


class RunsHandler(_RunHandler):
    """List and create."""

    @secured("read")
    async def get(self, thread_id: str) -> None:
        """List."""
        self.send(await self.services.runs.page(thread_id, self.query(PageQuery)))

    @secured("execute")
    async def post(self, thread_id: str) -> None:
        """Create."""
        self.check_include()
        body = self.read(CreateRun)
        job = await self.services.runs.start(thread_id, body, user=self.caller)
        await self.answer(job, stream=body.stream)


class ThreadRunHandler(_RunHandler):
    """Create a thread and a run on it."""

    @secured("execute")
    async def post(self) -> None:
        """Create both."""
        self.check_include()
        body = self.read(CreateThreadAndRun)
        job = await self.services.runs.start_with_thread(body, user=self.caller)
        await self.answer(job, stream=body.stream)


class RunHandler(_RunHandler):
    """Retrieve and modify."""

    @secured("read")
    async def get(self, thread_id: str, run_id: str) -> None:
        """Retrieve."""
        self.set_header("openai-poll-after-ms", _POLL_AFTER_MS)
        self.send(await self.services.runs.get(thread_id, run_id))

    @secured("write")
    async def post(self, thread_id: str, run_id: str) -> None:
        """Modify."""
        self.send(await self.services.runs.modify(thread_id, run_id, self.read(ModifyRun)))


class RunCancelHandler(_RunHandler):
    """Cancel."""

    @secured("execute")
    async def post(self, thread_id: str, run_id: str) -> None:
        """Cancel."""
        self.set_header("openai-poll-after-ms", _POLL_AFTER_MS)
        self.send(await self.services.runs.cancel(thread_id, run_id))


class RunToolOutputsHandler(_RunHandler):
    """Submit tool outputs."""

    @secured("execute")
    async def post(self, thread_id: str, run_id: str) -> None:
        """Submit."""
        body = self.read(SubmitToolOutputs)
        service = self.services.runs
        job = await service.submit_tool_outputs(thread_id, run_id, body, user=self.caller)
        await self.answer(job, stream=body.stream)


class RunDecisionsHandler(_RunHandler):
    """What people decide about a waiting run's calls. Ours, not OpenAI's."""

    @secured("read")
    async def get(self, thread_id: str, run_id: str) -> None:
        """Look, or wait for more."""
        query = self.query(DecisionsQuery)
        with self.attached():
            self.send(await self.services.runs.decisions(thread_id, run_id, query))

    @secured("execute")
    async def post(self, thread_id: str, run_id: str) -> None:
        """Decide."""
        body = self.read(DecideCall)
        self.send(await self.services.runs.decide(thread_id, run_id, body, user=self.caller))


class RunThoughtsHandler(_RunHandler):
    """What the model thinks ahead of what it writes. Ours, not OpenAI's."""

    @secured("read")
    async def get(self, thread_id: str, run_id: str) -> None:
        """Look, or wait for more."""
        query = self.query(ThoughtsQuery)
        with self.attached():
            self.send(await self.services.runs.thoughts(thread_id, run_id, query))


class RunStepsHandler(_RunHandler):
    """List steps."""

    @secured("read")
    async def get(self, thread_id: str, run_id: str) -> None:
        """List."""
        self.check_include()
        self.send(await self.services.runs.steps(thread_id, run_id, self.query(PageQuery)))


class RunStepHandler(_RunHandler):
    """Retrieve a step."""

    @secured("read")
    async def get(self, thread_id: str, run_id: str, step_id: str) -> None:
        """Retrieve."""
        self.check_include()
        self.send(await self.services.runs.step(thread_id, run_id, step_id))


class RunEventsHandler(_RunHandler):
    """A run's events from any number on: replayed, then live. Ours, not OpenAI's."""

    @secured("read")
    async def get(self, thread_id: str, run_id: str) -> None:
        """Replay and follow; `starting_after` is the number of the last event already seen."""
        query = self.query(EventsQuery)
        log = await self.services.runs.events(thread_id, run_id)
        await self.stream(log, query.starting_after + 1, numbered=True)
