"""One response from its first event to its last, whoever waits for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from oxillama_jupyter.engine.protocol import Delta, PromptInfo, Usage
from oxillama_jupyter.errors import EngineError, OxillamaError
from oxillama_jupyter.events import DATA_DONE, EventLog, encode_event
from oxillama_jupyter.ids import now
from oxillama_jupyter.schemas.base import ErrorBody
from oxillama_jupyter.schemas.response_events import ErrorEvent, ResponseEvent
from oxillama_jupyter.schemas.responses import (
    IncompleteReason,
    InputTokensDetails,
    OutputTokensDetails,
    Response,
    ResponseError,
    ResponseUsage,
)
from oxillama_jupyter.services.failures import failure_code
from oxillama_jupyter.services.response_plans import Plan
from oxillama_jupyter.services.response_writer import ItemWriter

__all__ = ["ResponseTurn", "error_of", "last_frames", "usage_of"]

Stage = Literal["created", "queued", "in_progress"]


class ResponseTurn:
    """A response that is being written.

    Attributes:
        response: It, as it is now.
        log: Its events; a frame's number is its event's `sequence_number`.

    Args:
        plan: What is to be done.
        log: Where the events go.
        seal: Seals reasoning, where the client is to keep it.
    """

    def __init__(self, plan: Plan, log: EventLog, seal: Callable[[str], str]) -> None:
        self.response = plan.response
        self.log = log
        self._writer = ItemWriter(
            self.response.output,
            log,
            custom=plan.custom,
            trace=plan.trace,
            logprobs=plan.logprobs,
            seal=seal if plan.sealed else None,
        )
        self._prompt: PromptInfo | None = None
        self._last: Delta | None = None
        self._tokens = 0

    @property
    def over(self) -> bool:
        """Whether the turn has ended, whatever the model would add."""
        return self._writer.over

    def announce(self, stage: Stage) -> None:
        """Tell of a stage ahead of the end."""
        name = f"response.{stage}"
        self.log.append(name, ResponseEvent(name, len(self.log.frames), self.response))

    def take(self, delta: Delta) -> None:
        """Take what the engine gave."""
        self._last = delta
        if delta.prompt is not None:
            self._prompt = delta.prompt
        self._tokens += delta.tokens
        self._writer.take(delta)

    def current(self) -> Response:
        """The response with everything written so far."""
        self._writer.current()
        return self.response

    def end(self) -> list[bytes]:
        """The engine has ended; return the frames that tell it, for when that is stored.

        Raises:
            EngineError: Its stream ended without saying why.
        """
        reason = self._last.finish_reason if self._last else None
        if reason is None and not self.over:
            raise EngineError("The engine's stream ended without saying why.")
        cut = reason == "length"
        self._writer.finish(cut=cut)
        response = self.response
        response.usage = self._usage()
        if cut:
            response.status = "incomplete"
            response.incomplete_details = IncompleteReason("max_output_tokens")
        else:
            response.status = "completed"
            response.completed_at = now()
        return last_frames(response, len(self.log.frames))

    def fail(self, error: OxillamaError) -> list[bytes]:
        """It cannot be ended; return the frames that tell it. What was open stays as it was."""
        response = self.current()
        for item in response.output:
            if item.status == "in_progress":
                item.status = "incomplete"
        response.usage = self._usage()
        response.status = "failed"
        response.completed_at = response.incomplete_details = None  # an end may not have been kept
        response.error = error_of(error)
        return last_frames(response, len(self.log.frames), error)

    def cancel(self) -> list[bytes]:
        """It was cancelled; return the frames that tell it: there is no event of that name."""
        if self.response.output:
            self._writer.finish(cut=True)
        self.response.usage = self._usage()
        self.response.status = "cancelled"
        return [DATA_DONE]

    def _usage(self) -> ResponseUsage | None:
        """Tokens so far; None before the prompt was counted."""
        if self._last is not None and self._last.usage is not None:
            return usage_of(self._last.usage)
        if self._prompt is None:
            return None
        return usage_of(Usage(self._prompt.tokens, self._tokens, self._prompt.cached_tokens))


def last_frames(response: Response, number: int, error: OxillamaError | None = None) -> list[bytes]:
    """The end of a stream: what went wrong, if anything did, the response, and `[DONE]`.

    Args:
        response: As it ended.
        number: The next `sequence_number`.
        error: What went wrong.
    """
    events: list[tuple[str, Struct]] = []
    if error is not None:
        body = ErrorBody(error.message, error.type, error.param, error.code or failure_code(error))
        events.append(
            (
                "error",
                ErrorEvent(
                    sequence_number=number,
                    code=body.code,
                    message=body.message,
                    param=body.param,
                    error=body,
                ),
            )
        )
    name = f"response.{response.status}"
    events.append((name, ResponseEvent(name, number + len(events), response)))
    return [*(encode_event(kind, event) for kind, event in events), DATA_DONE]


def usage_of(usage: Usage) -> ResponseUsage:
    """The engine's counts as the API has them."""
    return ResponseUsage(
        input_tokens=usage.prompt_tokens,
        input_tokens_details=InputTokensDetails(usage.cached_tokens),
        output_tokens=usage.completion_tokens,
        output_tokens_details=OutputTokensDetails(usage.reasoning_tokens),
        total_tokens=usage.prompt_tokens + usage.completion_tokens,
    )


def error_of(error: OxillamaError) -> ResponseError:
    """An error as a response tells it."""
    return ResponseError(failure_code(error), error.message)
