"""Run steps: what a run did, one message or one turn of tool calls at a time."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from oxillama_jupyter.schemas.runs import LastError, RunUsage

__all__ = ["MessageCreationDetails", "RunStep", "StepStatus", "ToolCallsDetails"]

StepStatus = Literal["in_progress", "cancelled", "failed", "completed", "expired"]


class MessageCreation(Struct):
    """Which message a step wrote."""

    message_id: str


class MessageCreationDetails(Struct, tag_field="type", tag="message_creation"):
    """The step writes a message."""

    message_creation: MessageCreation


class ToolCallsDetails(Struct, tag_field="type", tag="tool_calls"):
    """The step calls tools; each call has the shape of its tool."""

    tool_calls: list[dict[str, Any]]


class RunStep(Struct, kw_only=True):
    """The run step object.

    Attributes:
        reasoning_content: What the model thought ahead of it, where it did; OpenAI has no such
            field.
    """

    id: str
    object: Literal["thread.run.step"] = "thread.run.step"
    created_at: int
    run_id: str
    assistant_id: str
    thread_id: str
    type: Literal["message_creation", "tool_calls"]
    status: StepStatus
    step_details: MessageCreationDetails | ToolCallsDetails
    last_error: LastError | None = None
    expires_at: int | None = None
    expired_at: int | None = None
    cancelled_at: int | None = None
    failed_at: int | None = None
    completed_at: int | None = None
    metadata: dict[str, str] = {}
    usage: RunUsage | None = None
    reasoning_content: str | UnsetType = UNSET
