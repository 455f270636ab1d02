"""All use cases in one value, and the gate that requests wait at until it exists."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from oxillama_jupyter.errors import EngineUnavailable, OxillamaError
from oxillama_jupyter.services.assistants import AssistantService
from oxillama_jupyter.services.chat import ChatService
from oxillama_jupyter.services.completions import CompletionService
from oxillama_jupyter.services.conversations import ConversationService
from oxillama_jupyter.services.embeddings import EmbeddingService
from oxillama_jupyter.services.engine import EngineService
from oxillama_jupyter.services.generation import Generator
from oxillama_jupyter.services.health import HealthService
from oxillama_jupyter.services.keys import KeyService
from oxillama_jupyter.services.models import ModelService
from oxillama_jupyter.services.prompts import PromptService
from oxillama_jupyter.services.pulls import PullService
from oxillama_jupyter.services.responses import ResponseService
from oxillama_jupyter.services.runs import RunService
from oxillama_jupyter.services.threads import ThreadService

__all__ = ["Gate", "Services"]


@dataclass(frozen=True, slots=True)
class Services:
    """What handlers may call."""

    assistants: AssistantService
    threads: ThreadService
    runs: RunService
    prompts: PromptService
    conversations: ConversationService
    models: ModelService
    pulls: PullService
    keys: KeyService
    health: HealthService
    engine: EngineService
    chat: ChatService
    completions: CompletionService
    embeddings: EmbeddingService
    responses: ResponseService
    generator: Generator


class Gate:
    """Jupyter serves requests while the extension still starts; they wait here.

    Args:
        timeout: Seconds after which a waiting request is told to come back.
    """

    def __init__(self, timeout: float = 30.0) -> None:
        self._timeout = timeout
        self._open = asyncio.Event()
        self._services: Services | None = None
        self._error: OxillamaError | None = None

    def open(self, services: Services) -> None:
        """Let everyone through."""
        self._services = services
        self._open.set()

    def fail(self, error: OxillamaError) -> None:
        """Tell everyone why there is no service."""
        self._error = error
        self._open.set()

    async def services(self) -> Services:
        """The services, once they are there.

        Raises:
            OxillamaError: The extension failed to start, and why.
            EngineUnavailable: It is still starting after the timeout.
        """
        try:
            async with asyncio.timeout(self._timeout):
                await self._open.wait()
        except TimeoutError:
            raise EngineUnavailable("The server is still starting; try again.") from None
        if self._services is None:
            raise self._error or EngineUnavailable("The server did not start.")
        return self._services
