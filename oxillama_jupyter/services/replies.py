"""Several generations side by side for one client who waits, and what goes wrong with them."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import NamedTuple, Protocol, TypeVar

from oxillama_jupyter._version import __version__
from oxillama_jupyter.engine.protocol import Delta, GenerateRequest, Usage
from oxillama_jupyter.errors import OxillamaError
from oxillama_jupyter.events import EventLog, encode_data
from oxillama_jupyter.schemas.base import ErrorBody, ErrorEnvelope
from oxillama_jupyter.schemas.usage import CompletionTokenDetails, PromptTokenDetails, TokenUsage
from oxillama_jupyter.services.generation import Generator

__all__ = ["Asker", "Writer", "fingerprint", "generate_all", "telling", "token_usage"]

_AT_ONCE = 16  # more of one request wait here, and not at the engine


class Writer(Protocol):
    """What becomes of one generation; one that is `over` wants no more of it."""

    over: bool

    def take(self, delta: Delta) -> None:
        """Take the next delta."""


W = TypeVar("W", bound=Writer)


class Asker(NamedTuple):
    """Who waits: the user, and the id of what they get."""

    user: str
    name: str


async def generate_all(
    generator: Generator,
    jobs: Sequence[tuple[GenerateRequest, W]],
    asker: Asker,
    *,
    admit: Callable[[], None],
    ended: Callable[[W], None],
) -> None:
    """Generate all of them; the first error ends all, and is raised.

    Args:
        generator: Generates.
        jobs: What to generate, and who takes it down.
        asker: Who waits.
        admit: Called at each generation's first delta: its request is fine.
        ended: Called at the end of each.

    Raises:
        QueueFull: Too many wait already; otherwise as `Generator.generate`.
    """
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(request: GenerateRequest, writer: W) -> None:
        deltas = generator.generate_admitted(request, user=asker.user, name=asker.name)
        async with gate, aclosing(deltas):
            async for delta in deltas:
                if delta.prompt is not None:
                    admit()
                writer.take(delta)
                if writer.over:
                    break
        ended(writer)

    with generator.admission():
        if len(jobs) == 1:
            await one(*jobs[0])
            return
        try:
            async with asyncio.TaskGroup() as group:
                for request, writer in jobs:
                    group.create_task(one(request, writer), name=f"oxillama {asker.name}")
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None


@asynccontextmanager
async def telling(log: EventLog, logger: logging.Logger) -> AsyncGenerator[None]:
    """Whatever goes wrong inside becomes the last event of the stream, and is raised."""
    try:
        yield
    except OxillamaError as error:
        if log.frames and error.status >= 500:  # noqa: PLR2004  # others are told by their handler
            logger.warning("oxillama: a generation failed: %s", error)
        _tell(log, ErrorBody(error.message, error.type, error.param, error.code))
        raise
    except Exception:
        if log.frames:
            logger.exception("oxillama: a generation failed")
        _tell(log, ErrorBody("The server had an internal error.", "server_error"))
        raise


def _tell(log: EventLog, body: ErrorBody) -> None:
    log.append_frame(encode_data(ErrorEnvelope(body)))


def token_usage(prompts: Sequence[Usage], all_: Sequence[Usage]) -> TokenUsage:
    """What one request took.

    Args:
        prompts: One generation of each prompt.
        all_: All generations.
    """
    prompt = sum(usage.prompt_tokens for usage in prompts)
    completion = sum(usage.completion_tokens for usage in all_)
    return TokenUsage(
        prompt,
        completion,
        prompt + completion,
        PromptTokenDetails(sum(usage.cached_tokens for usage in prompts)),
        CompletionTokenDetails(sum(usage.reasoning_tokens for usage in all_)),
    )


def fingerprint(model: str, created: int) -> str:
    """Stands for the model's file and this package's version: what a seed's answer depends on."""
    digest = hashlib.sha256(f"{model} {created} {__version__}".encode()).hexdigest()
    return f"fp_{digest[:10]}"
