"""`/oxillama/threads/…/prompt`: what a run would send to the model, or has sent."""

from __future__ import annotations

from oxillama_jupyter.handlers.base import BaseHandler, secured
from oxillama_jupyter.schemas.prompts import PromptQuery
from oxillama_jupyter.schemas.runs import CreateRun, CreateThreadAndRun

__all__ = ["PromptHandler", "RunPromptHandler", "ThreadPromptHandler"]


class PromptHandler(BaseHandler):
    """Of a run on a thread that is there."""

    @secured("execute")
    async def post(self, thread_id: str) -> None:
        """Make the prompt, and store nothing."""
        query, body = self.query(PromptQuery), self.read(CreateRun)
        self.send(await self.services.prompts.of_run(thread_id, body, query))


class ThreadPromptHandler(BaseHandler):
    """Of a run on a thread that would be made."""

    @secured("execute")
    async def post(self) -> None:
        """Make the prompt, and store nothing."""
        query, body = self.query(PromptQuery), self.read(CreateThreadAndRun)
        self.send(await self.services.prompts.of_run_with_thread(body, query))


class RunPromptHandler(BaseHandler):
    """Of a run that is there."""

    @secured("execute")  # for the engine makes it, and may have to load the model
    async def get(self, thread_id: str, run_id: str) -> None:
        """Make the prompt again."""
        query = self.query(PromptQuery)
        self.send(await self.services.prompts.of_stored_run(thread_id, run_id, query))
