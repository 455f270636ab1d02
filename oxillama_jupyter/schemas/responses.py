"""Responses: what creates one, and the object that is answered, stored and streamed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from oxillama_jupyter.schemas.base import Metadata, Temperature, TopP
from oxillama_jupyter.schemas.items import AnyItem
from oxillama_jupyter.schemas.response_tools import ResponseTool, ResponseToolChoice, TextConfig
from oxillama_jupyter.schemas.runs import INT_MAX, SamplingOptions

__all__ = [
    "ENDED",
    "CompactResponse",
    "ConversationRef",
    "CountTokens",
    "CreateResponse",
    "Include",
    "IncompleteReason",
    "InputTokens",
    "InputTokensDetails",
    "ItemsQuery",
    "OutputTokensDetails",
    "Reasoning",
    "ReasoningOptions",
    "Response",
    "ResponseCompaction",
    "ResponseError",
    "ResponseQuery",
    "ResponseStatus",
    "ResponseUsage",
]

ResponseStatus = Literal["queued", "in_progress", "completed", "failed", "incomplete", "cancelled"]
ENDED: frozenset[ResponseStatus] = frozenset({"completed", "failed", "incomplete", "cancelled"})
INPUT_MAX = 10_485_760
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
Include = Literal[
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
]
ShortKey = Annotated[str, Meta(max_length=64)]
ItemList = list[Any]  # each of them is read by `services.items`
Input = Annotated[str, Meta(max_length=INPUT_MAX)] | ItemList


class ConversationRef(Struct):
    """A conversation by its id."""

    id: str


class ReasoningOptions(Struct, kw_only=True):
    """How to reason, and whether to show it as a summary; `generate_summary` is the old name."""

    effort: Effort | None = None
    summary: Literal["auto", "concise", "detailed"] | None = None
    generate_summary: Literal["auto", "concise", "detailed"] | None = None


class StreamOptions(Struct):
    """Nothing of it changes anything here: no obfuscation is ever sent."""

    include_obfuscation: bool | None = None


class _Context(SamplingOptions, kw_only=True):
    """What all requests have that make a prompt; null means not given, other keys are ignored."""

    model: str | None = None
    input: Input | None = None
    instructions: str | None = None
    previous_response_id: str | None = None
    conversation: str | ConversationRef | None = None
    tools: list[ResponseTool] | None = None
    tool_choice: ResponseToolChoice | None = None
    parallel_tool_calls: bool | None = None
    text: TextConfig | None = None
    reasoning: ReasoningOptions | None = None
    truncation: Literal["auto", "disabled"] | None = None
    prompt: Any = None  # a template's reference; refused
    adapter: str | None = None


class CreateResponse(_Context, kw_only=True):
    """Body of `POST /responses`.

    Beside OpenAI's keys there are ours: all samplers, and `adapter`, the LoRA adapter to generate
    with. `max_tokens` is `max_output_tokens` without OpenAI's minimum of 16.
    """

    store: bool | None = None
    background: bool | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tool_calls: Annotated[int, Meta(ge=1, le=INT_MAX)] | None = None
    temperature: Temperature | None = None
    top_p: TopP | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    max_output_tokens: Annotated[int, Meta(ge=16, le=INT_MAX)] | None = None
    include: list[Include] | None = None
    metadata: Metadata | None = None
    service_tier: str | None = None
    user: str | None = None
    safety_identifier: ShortKey | None = None
    prompt_cache_key: ShortKey | None = None


class CountTokens(_Context, kw_only=True):
    """Body of `POST /responses/input_tokens`."""


class CompactResponse(Struct, kw_only=True):
    """Body of `POST /responses/compact`."""

    model: str
    input: Input | None = None
    instructions: str | None = None
    previous_response_id: str | None = None
    prompt_cache_key: ShortKey | None = None


class ResponseQuery(Struct, kw_only=True, frozen=True):
    """Query of one response.

    Attributes:
        stream: Replay its events and follow them.
        starting_after: Number of the last event already seen.
    """

    stream: bool = False
    starting_after: Annotated[int, Meta(ge=0, le=INT_MAX)] | None = None


class ItemsQuery(Struct, kw_only=True, frozen=True):
    """Query of a list of items; see `PageQuery`."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    order: Literal["asc", "desc"] = "desc"
    after: str | None = None


# -- the object ------------------------------------------------------------------------------------


class InputTokensDetails(Struct):
    """Prompt tokens that were in the KV cache already."""

    cached_tokens: int = 0
    cache_write_tokens: int = 0


class OutputTokensDetails(Struct):
    """Of the generated tokens."""

    reasoning_tokens: int = 0


class ResponseUsage(Struct):
    """Tokens of a response; `output_tokens` includes reasoning."""

    input_tokens: int
    input_tokens_details: InputTokensDetails
    output_tokens: int
    output_tokens_details: OutputTokensDetails
    total_tokens: int


class ResponseError(Struct):
    """Why a response failed."""

    code: Literal["server_error", "rate_limit_exceeded", "invalid_prompt"]
    message: str


class IncompleteReason(Struct):
    """What ended a response before its end."""

    reason: Literal["max_output_tokens", "content_filter"]


class Reasoning(Struct):
    """How reasoning was asked for."""

    effort: Effort | None = None
    summary: Literal["auto", "concise", "detailed"] | None = None


class Response(Struct, kw_only=True):
    """The response object; every key is always there, with the effective value."""

    id: str
    object: Literal["response"] = "response"
    created_at: int
    completed_at: int | None = None
    status: ResponseStatus
    background: bool = False
    error: ResponseError | None = None
    incomplete_details: IncompleteReason | None = None
    instructions: str | None = None
    max_output_tokens: int | None = None
    max_tool_calls: int | None = None
    metadata: dict[str, str] = {}
    model: str
    output: list[Any] = []  # items; those of tools that are not ours may have any shape
    parallel_tool_calls: bool = True
    previous_response_id: str | None = None
    conversation: ConversationRef | None = None
    prompt_cache_key: str | None = None
    safety_identifier: str | None = None
    user: str | None = None
    reasoning: Reasoning
    service_tier: Literal["default"] = "default"
    store: bool = True
    temperature: float = 1.0
    top_p: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    text: TextConfig
    tool_choice: ResponseToolChoice = "auto"
    tools: list[ResponseTool] = []
    top_logprobs: int = 0
    truncation: Literal["auto", "disabled"] = "disabled"
    usage: ResponseUsage | None = None


class InputTokens(Struct):
    """How many tokens the prompt of a request has."""

    input_tokens: int
    object: Literal["response.input_tokens"] = "response.input_tokens"


class ResponseCompaction(Struct, kw_only=True):
    """What a long conversation was compacted to: to be sent as the input of the next response."""

    id: str
    object: Literal["response.compaction"] = "response.compaction"
    created_at: int
    output: list[AnyItem]
    usage: ResponseUsage
