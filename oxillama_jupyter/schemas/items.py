"""Items: what responses and conversations are made of, in the form the API stores and shows them.

The shapes are those of OpenAI's Responses API. What a client sends is looser: `services.items`
reads that. Items of tools we do not host are kept as they came, as plain JSON.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from oxillama_jupyter.schemas.base import JsonObject

__all__ = [
    "ITEM_PREFIXES",
    "AnyItem",
    "CompactionItem",
    "CustomToolCallItem",
    "CustomToolCallOutputItem",
    "FunctionCallItem",
    "FunctionCallOutputItem",
    "InputFile",
    "InputImage",
    "InputText",
    "Item",
    "ItemContent",
    "ItemReference",
    "ItemRole",
    "ItemStatus",
    "LogProb",
    "MessageItem",
    "OutputText",
    "PlainText",
    "ReasoningItem",
    "ReasoningText",
    "Refusal",
    "SummaryText",
    "TopLogProb",
]

ItemStatus = Literal["in_progress", "completed", "incomplete"]
ItemRole = Literal["user", "assistant", "system", "developer"]


class TopLogProb(Struct):
    """A token that could have been; `bytes` are its UTF-8."""

    token: str
    logprob: float
    bytes: list[int]


class LogProb(TopLogProb):
    """A token of an answer, its log-probability, and the most probable ones in its place."""

    top_logprobs: list[TopLogProb]


class InputText(Struct, tag_field="type", tag="input_text"):
    """Text for the model."""

    text: str


class InputImage(Struct, tag_field="type", tag="input_image"):
    """An image for the model, by address or file id."""

    image_url: str | None = None
    file_id: str | None = None
    detail: Literal["auto", "low", "high", "original"] = "auto"


class InputFile(Struct, tag_field="type", tag="input_file", omit_defaults=True):
    """A file for the model."""

    file_id: str | None = None
    file_data: str | None = None
    file_url: str | None = None
    filename: str | None = None
    detail: Literal["low", "high", "auto"] | None = None


class OutputText(Struct, tag_field="type", tag="output_text"):
    """Text of an answer."""

    text: str
    annotations: list[JsonObject] = []  # several shapes; passed through
    logprobs: list[LogProb] = []


class Refusal(Struct, tag_field="type", tag="refusal"):
    """The model's refusal."""

    refusal: str


class PlainText(Struct, tag_field="type", tag="text"):
    """Text of no special kind, as old conversations have it."""

    text: str


class SummaryText(Struct, tag_field="type", tag="summary_text"):
    """A part of a reasoning's summary."""

    text: str


class ReasoningText(Struct, tag_field="type", tag="reasoning_text"):
    """Reasoning as the model wrote it."""

    text: str


ItemContent = (
    InputText
    | InputImage
    | InputFile
    | OutputText
    | Refusal
    | PlainText
    | SummaryText
    | ReasoningText
)


class MessageItem(Struct, tag_field="type", tag="message", kw_only=True):
    """A message of anybody's."""

    id: str
    status: ItemStatus = "completed"
    role: ItemRole
    content: list[ItemContent]
    phase: Literal["commentary", "final_answer"] | UnsetType = UNSET


class FunctionCallItem(Struct, tag_field="type", tag="function_call", kw_only=True):
    """A function the model calls; `arguments` is JSON text."""

    id: str
    call_id: str
    name: str
    arguments: str
    status: ItemStatus = "completed"


class FunctionCallOutputItem(Struct, tag_field="type", tag="function_call_output", kw_only=True):
    """What the client's function gave."""

    id: str
    call_id: str
    output: str | list[InputText | InputImage | InputFile]
    status: ItemStatus = "completed"


class CustomToolCallItem(Struct, tag_field="type", tag="custom_tool_call", kw_only=True):
    """A tool with free text for input that the model calls."""

    id: str
    call_id: str
    name: str
    input: str
    status: ItemStatus = "completed"


class CustomToolCallOutputItem(
    Struct, tag_field="type", tag="custom_tool_call_output", kw_only=True
):
    """What the client's custom tool gave."""

    id: str
    call_id: str
    output: str | list[InputText | InputImage | InputFile]
    status: ItemStatus = "completed"


class ReasoningItem(Struct, tag_field="type", tag="reasoning", kw_only=True):
    """What the model thought; `encrypted_content` is the same, sealed, for clients that keep it."""

    id: str
    summary: list[SummaryText] = []
    content: list[ReasoningText] | UnsetType = UNSET
    encrypted_content: str | UnsetType = UNSET
    status: ItemStatus | UnsetType = UNSET


class CompactionItem(Struct, tag_field="type", tag="compaction", kw_only=True):
    """A conversation's beginning, summed up and sealed."""

    id: str
    encrypted_content: str


class ItemReference(Struct, tag_field="type", tag="item_reference", kw_only=True):
    """In a request: the stored item with this id. It is never stored itself."""

    id: str


Item = (
    MessageItem
    | FunctionCallItem
    | FunctionCallOutputItem
    | CustomToolCallItem
    | CustomToolCallOutputItem
    | ReasoningItem
    | CompactionItem
)
AnyItem = Item | dict[str, Any]  # an item of a tool that is not ours stays as it came
ITEM_PREFIXES = {  # of ids, by type
    "message": "msg",
    "function_call": "fc",
    "function_call_output": "fco",
    "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctco",
    "reasoning": "rs",
    "compaction": "cmp",
}
