"""Text completions: raw prompts, without a chat around them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from msgspec import UNSET

from oxillama_jupyter.engine.protocol import GenerateRequest, Sampling
from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.events import DATA_DONE, EventLog, encode_data
from oxillama_jupyter.ids import new_id, now
from oxillama_jupyter.schemas.completions import Completion, CompletionChoice, CreateCompletion
from oxillama_jupyter.schemas.models import Model
from oxillama_jupyter.schemas.usage import TokenUsage
from oxillama_jupyter.services.completion_choices import TextWriter
from oxillama_jupyter.services.foreground import Foreground
from oxillama_jupyter.services.generation import Generator
from oxillama_jupyter.services.inputs import inputs_of
from oxillama_jupyter.services.models import ModelService
from oxillama_jupyter.services.replies import (
    Asker,
    fingerprint,
    generate_all,
    telling,
    token_usage,
)
from oxillama_jupyter.services.translate_chat import (
    check_stream_options,
    fold_seed,
    parallel,
    stops,
)
from oxillama_jupyter.services.translate_common import given_sampling

__all__ = ["CompletionService"]

Work = Foreground[Completion]
_MAX_TOKENS = 16  # as the service has it
_MOST_PROMPTS = 2048


class CompletionService:
    """The use case of text completions.

    Args:
        models: Resolves model names.
        generator: Generates.
        logger: Where failures are told that a client may not see any more.
    """

    def __init__(self, models: ModelService, generator: Generator, logger: logging.Logger) -> None:
        self._models = models
        self._generator = generator
        self._logger = logger

    async def create(self, body: CreateCompletion, *, user: str = "") -> Work:
        """Begin to answer; return when the request is known to be fine.

        Raises:
            InvalidRequest: It is not, and why.
            ModelNotFound: There is no such model.
            QueueFull: Too many wait.
            EngineUnavailable: The model cannot be loaded.
        """
        _check(body)
        prompts = _prompts(body)
        model = await self._models.resolved(body.model)
        exchange = _Exchange(body, model, len(prompts))
        requests = [
            one
            for prompt in prompts
            for one in parallel(_request(body, prompt, model.id), exchange.each)
        ]
        jobs = list(zip(requests, exchange.writers, strict=True))
        asker = Asker(user, exchange.id)

        async def work(foreground: Work) -> Completion:
            def admit() -> None:
                exchange.begin(foreground)

            async with telling(foreground.log, self._logger):
                async with self._generator.stoppable(exchange.id, model.id):
                    await generate_all(
                        self._generator, jobs, asker, admit=admit, ended=exchange.ended
                    )
                return exchange.finish()

        return await Foreground.start(work, name=asker.name)


class _Exchange:
    """One request under way: its texts, and the frames of its stream.

    Attributes:
        id: The completion's.
        each: How many are generated for each prompt.
        writers: One for each text, prompt by prompt.
    """

    def __init__(self, body: CreateCompletion, model: Model, prompts: int) -> None:
        self.id = new_id("cmpl").replace("_", "-", 1)
        self.each = body.best_of or body.n or 1
        self._common: dict[str, Any] = {  # keyword arguments
            "id": self.id,
            "created": now(),
            "model": model.id,
            "system_fingerprint": fingerprint(model.id, model.created),
        }
        self._body = body
        options = body.stream_options
        self._tells_usage = options is not None and bool(options.include_usage)
        self._log: EventLog | None = None  # there once the first generation was admitted
        self.writers = [
            TextWriter(
                index,
                self._send,
                logprobs=body.logprobs is not None,
                prompt_only=body.max_tokens == 0,
            )
            for index in range(prompts * self.each)
        ]

    def begin(self, foreground: Work) -> None:
        """A generation was admitted."""
        self._log = foreground.log
        foreground.admit()

    def ended(self, writer: TextWriter) -> None:
        """A text is complete."""
        writer.end()
        writer.close()

    def finish(self) -> Completion:
        """Send what is left of the stream; return the object."""
        groups = [
            self.writers[start : start + self.each]
            for start in range(0, len(self.writers), self.each)
        ]
        best = [writer for group in groups for writer in self._best(group)]
        read = [
            min((w.usage for w in group), key=lambda usage: usage.cached_tokens) for group in groups
        ]
        usage = token_usage(read, [writer.usage for writer in self.writers])
        if self._body.stream and self._log is not None:
            if self._tells_usage:
                self._log.append_frame(encode_data(self._chunk([], usage)))
            self._log.append_frame(DATA_DONE)
        choices = [writer.choice(index) for index, writer in enumerate(best)]
        return Completion(**self._common, choices=choices, usage=usage)

    def _best(self, group: list[TextWriter]) -> Sequence[TextWriter]:
        """The `n` most probable texts of a prompt."""
        count = self._body.n or 1
        if count == len(group):
            return group
        return sorted(group, key=lambda writer: -writer.chance)[:count]

    def _send(self, choice: CompletionChoice) -> None:
        if self._body.stream and self._log is not None:
            self._log.append_frame(encode_data(self._chunk([choice], None)))

    def _chunk(self, choices: list[CompletionChoice], usage: TokenUsage | None) -> Completion:
        told = usage if self._tells_usage else UNSET
        return Completion(**self._common, choices=choices, usage=told)


def _check(body: CreateCompletion) -> None:
    check_stream_options(body.stream_options, stream=body.stream)
    best_of = body.best_of
    if best_of is not None and best_of < (body.n or 1):
        raise InvalidRequest(
            f"'best_of' must be at least 'n', which is {body.n or 1}.", param="best_of"
        )
    if best_of is not None and body.stream and best_of > (body.n or 1):
        raise InvalidRequest(
            "'best_of' cannot be streamed: which is best is known at the end.", param="best_of"
        )


def _prompts(body: CreateCompletion) -> list[str | tuple[int, ...]]:
    """All prompts; null and nothing at all are the beginning of a new document."""
    prompts = inputs_of("" if body.prompt is None else body.prompt, "prompt")
    if not prompts or () in prompts:
        raise InvalidRequest("'prompt' has no tokens.", param="prompt", code="empty_array")
    if len(prompts) > _MOST_PROMPTS:
        raise InvalidRequest(
            f"'prompt' has {len(prompts)} entries; at most {_MOST_PROMPTS} are taken.",
            param="prompt",
            code="array_above_max_length",
        )
    return prompts


def _request(body: CreateCompletion, prompt: str | tuple[int, ...], model: str) -> GenerateRequest:
    given = given_sampling(body) | {"stop": stops(body.stop), "seed": fold_seed(body.seed)}
    if body.temperature is not None:
        given["temperature"] = body.temperature
    if body.top_p is not None:
        given["top_p"] = body.top_p
    most = _MAX_TOKENS if body.max_tokens is None else max(1, body.max_tokens)
    ranked = body.best_of is not None and body.best_of > (body.n or 1)
    return GenerateRequest(
        model=model,
        prompt=prompt,
        sampling=Sampling(max_tokens=most, **given),
        suffix=body.suffix,
        echo=bool(body.echo),
        logprobs=0 if body.logprobs is None and ranked else body.logprobs,
        adapter=body.adapter,
    )
