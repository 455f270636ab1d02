"""Payloads of stream events that are not whole objects: deltas and the error event."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from oxillama_jupyter.schemas.base import ErrorBody

__all__ = ["MessageDelta", "StepDelta", "StreamError", "call_delta", "message_delta"]


class TextDeltaValue(Struct, omit_defaults=True):
    """A fragment of text; `annotations: []` goes with the first fragment only."""

    value: str
    annotations: list[dict[str, Any]] | None = None


class TextDelta(Struct):
    """A fragment of one content part."""

    index: int
    text: TextDeltaValue
    type: Literal["text"] = "text"


class MessageDeltaBody(Struct):
    """The changed parts of a message."""

    content: list[TextDelta]


class MessageDelta(Struct):
    """Payload of `thread.message.delta`."""

    id: str
    delta: MessageDeltaBody
    object: Literal["thread.message.delta"] = "thread.message.delta"


class StepDetailsDelta(Struct):
    """New fragments of a step's tool calls, each with its `index`."""

    tool_calls: list[dict[str, Any]]
    type: Literal["tool_calls"] = "tool_calls"


class StepDeltaBody(Struct):
    """The changed parts of a step."""

    step_details: StepDetailsDelta


class StepDelta(Struct):
    """Payload of `thread.run.step.delta`."""

    id: str
    delta: StepDeltaBody
    object: Literal["thread.run.step.delta"] = "thread.run.step.delta"


class StreamError(Struct):
    """Payload of `error`: flat for Open Responses clients, nested so that the SDK raises."""

    message: str
    type: str
    error: ErrorBody
    param: str | None = None
    code: str | None = None


def message_delta(message_id: str, text: str, *, first: bool) -> MessageDelta:
    """The delta event of a text fragment."""
    value = TextDeltaValue(text, [] if first else None)
    return MessageDelta(message_id, MessageDeltaBody([TextDelta(0, value)]))


def call_delta(step_id: str, call: dict[str, Any]) -> StepDelta:
    """The delta event of a tool call's beginning, or of a fragment of it."""
    return StepDelta(step_id, StepDeltaBody(StepDetailsDelta([call])))
