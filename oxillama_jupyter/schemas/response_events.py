"""The events of a response's stream.

`sequence_number` counts a stream's events from 0. What an event could say beside that is left unset
where its type has no such key; the orders are in `services.response_writer`.
"""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from oxillama_jupyter.schemas.base import ErrorBody
from oxillama_jupyter.schemas.items import AnyItem, LogProb, OutputText, ReasoningText, SummaryText
from oxillama_jupyter.schemas.responses import Response

__all__ = ["ErrorEvent", "ItemEvent", "ResponseEvent"]


class ResponseEvent(Struct):
    """The whole response, at a turn of its life: `response.created` and so on."""

    type: str
    sequence_number: int
    response: Response


class ItemEvent(Struct, kw_only=True):
    """Something about one item of the output.

    Attributes:
        item: The whole item: `response.output_item.*`.
        item_id: Of which item this is a part or fragment.
        part: A part of its content or summary: `*_part.added` and `*_part.done`.
        delta: A fragment.
        text: All fragments of a text; `arguments` those of a call, `input` of a custom one.
    """

    type: str
    sequence_number: int
    output_index: int
    item: AnyItem | UnsetType = UNSET
    item_id: str | UnsetType = UNSET
    content_index: int | UnsetType = UNSET
    summary_index: int | UnsetType = UNSET
    part: OutputText | ReasoningText | SummaryText | UnsetType = UNSET
    delta: str | UnsetType = UNSET
    text: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    arguments: str | UnsetType = UNSET
    input: str | UnsetType = UNSET
    logprobs: list[LogProb] | UnsetType = UNSET


class ErrorEvent(Struct, kw_only=True):
    """What went wrong: flat for OpenAI's clients, nested for those of Open Responses."""

    type: Literal["error"] = "error"
    sequence_number: int
    code: str | None
    message: str
    param: str | None = None
    error: ErrorBody
