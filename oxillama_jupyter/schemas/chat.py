"""Chat completions: the request, the object, the chunks of its stream.

An `UNSET` field is absent from the wire, where null would mean something else.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from oxillama_jupyter.schemas.assistants import ModelId, ReasoningEffort
from oxillama_jupyter.schemas.base import JsonObject, Metadata, Request, Temperature, TopP
from oxillama_jupyter.schemas.chat_messages import CalledFunction, ChatCall, ChatMessage
from oxillama_jupyter.schemas.runs import INT_MAX, SamplingOptions
from oxillama_jupyter.schemas.tools import (
    FunctionDefinition,
    FunctionReference,
    JsonObjectFormat,
    JsonSchemaFormat,
    TextFormat,
)
from oxillama_jupyter.schemas.usage import TokenUsage

__all__ = [
    "AllowedTools",
    "CallDelta",
    "ChatChoice",
    "ChatChunk",
    "ChatCompletion",
    "ChatFunction",
    "ChatLogprobs",
    "ChatMessagesQuery",
    "ChatQuery",
    "ChatReply",
    "ChatTool",
    "ChatToolChoice",
    "ChunkChoice",
    "ChunkDelta",
    "CreateChat",
    "FinishReason",
    "FunctionDelta",
    "ModifyChat",
    "NamedTool",
    "Seed",
    "Stop",
    "StreamOptions",
    "TokenChance",
    "TopChance",
]

FinishReason = Literal["stop", "length", "tool_calls", "content_filter", "function_call"]
# Whatever a client takes for a seed; folded into the range that llama.cpp has.
Seed = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
_StopText = Annotated[str, Meta(min_length=1)]
# OpenAI takes four; a second server of ours, as the upstream of runs, is sent more.
Stop = _StopText | Annotated[list[_StopText], Meta(max_length=16)]
Tokens = Annotated[int, Meta(ge=1, le=INT_MAX)]


class StreamOptions(Struct):
    """Whether a last chunk tells the usage."""

    include_usage: bool | None = None


class ChatFunction(FunctionDefinition, forbid_unknown_fields=False, omit_defaults=True):
    """A function the model may call; `parameters` is a JSON Schema."""


class ChatTool(Struct, tag_field="type", tag="function"):
    """A function as a tool."""

    function: ChatFunction


class NamedTool(Struct, tag_field="type", tag="function"):
    """This function, and no other."""

    function: FunctionReference


class ToolSubset(Struct):
    """Some of the tools, and whether one of them must be called."""

    mode: Literal["auto", "required"]
    tools: Annotated[list[NamedTool], Meta(min_length=1)]


class AllowedTools(Struct, tag_field="type", tag="allowed_tools"):
    """Only some of the tools may be called."""

    allowed_tools: ToolSubset


ChatToolChoice = Literal["none", "auto", "required"] | NamedTool | AllowedTools


class CreateChat(SamplingOptions, kw_only=True):
    """Body of `POST /chat/completions`; null means not given, unknown keys mean nothing.

    Attributes:
        adapter: Ours: the LoRA adapter to generate with.
        user: Accepted, as are `service_tier`, `verbosity` and `prediction`; they change nothing.
    """

    model: ModelId
    messages: Annotated[list[ChatMessage], Meta(min_length=1)]
    temperature: Temperature | None = None
    top_p: TopP | None = None
    seed: Seed | None = None
    stop: Stop | None = None  # type: ignore[assignment]  # may be one text, too
    max_completion_tokens: Tokens | None = None
    n: Annotated[int, Meta(ge=1, le=128)] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    response_format: TextFormat | JsonObjectFormat | JsonSchemaFormat | None = None
    tools: Annotated[list[ChatTool], Meta(max_length=128)] | None = None
    tool_choice: ChatToolChoice | None = None
    parallel_tool_calls: bool | None = None
    functions: Annotated[list[ChatFunction], Meta(min_length=1, max_length=128)] | None = None
    function_call: Literal["none", "auto"] | FunctionReference | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    store: bool | None = None
    metadata: Metadata | None = None
    reasoning_effort: ReasoningEffort | None = None
    verbosity: Literal["low", "medium", "high"] | None = None
    modalities: list[str] | None = None
    audio: JsonObject | None = None
    web_search_options: JsonObject | None = None
    prediction: JsonObject | None = None
    service_tier: str | None = None
    user: str | None = None
    adapter: str | None = None


class ModifyChat(Request):
    """Body of `POST /chat/completions/{id}`."""

    metadata: Metadata | UnsetType | None = UNSET


class ChatMessagesQuery(Struct, kw_only=True, frozen=True):
    """Query of a stored completion's messages."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    order: Literal["asc", "desc"] = "asc"
    after: str | None = None


class ChatQuery(ChatMessagesQuery, kw_only=True, frozen=True):
    """Query of stored completions.

    Attributes:
        model: Those of this model.
        metadata: Those that have all these pairs.
    """

    model: str | None = None
    metadata: dict[str, str] | None = None


# -- what comes back -------------------------------------------------------------------------------


class TopChance(Struct):
    """A token that might have stood there, and the natural logarithm of its probability."""

    token: str
    logprob: float
    bytes: list[int]


class TokenChance(TopChance):
    """A token of the answer, and the most probable ones at its place."""

    top_logprobs: list[TopChance]


class ChatLogprobs(Struct):
    """How probable the tokens of the answer's text were."""

    content: list[TokenChance] | None
    refusal: None = None


class ChatReply(Struct, kw_only=True):
    """The message of a choice.

    Attributes:
        content: The answer; None where there are only calls.
        reasoning_content: What the model thought ahead of it; others have this key too.
    """

    role: Literal["assistant"] = "assistant"
    content: str | None
    refusal: None = None
    reasoning_content: str | UnsetType = UNSET
    tool_calls: list[ChatCall] | UnsetType = UNSET
    function_call: CalledFunction | UnsetType = UNSET


class ChatChoice(Struct):
    """One of the answers."""

    index: int
    message: ChatReply
    logprobs: ChatLogprobs | None
    finish_reason: FinishReason


class ChatCompletion(Struct, kw_only=True):
    """The chat completion object; `metadata` is there where it is stored."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[ChatChoice]
    usage: TokenUsage
    service_tier: Literal["default"] = "default"
    system_fingerprint: str
    metadata: dict[str, str] | UnsetType = UNSET


class FunctionDelta(Struct):
    """The name of a function, or more of its arguments."""

    arguments: str
    name: str | UnsetType = UNSET


class CallDelta(Struct, kw_only=True):
    """The beginning of a call, with `id`, `type` and name, or more of its arguments."""

    index: int
    id: str | UnsetType = UNSET
    type: Literal["function"] | UnsetType = UNSET
    function: FunctionDelta


class ChunkDelta(Struct, kw_only=True):
    """What is new in a choice's message."""

    role: Literal["assistant"] | UnsetType = UNSET
    content: str | UnsetType = UNSET
    refusal: UnsetType | None = UNSET
    reasoning_content: str | UnsetType = UNSET
    tool_calls: list[CallDelta] | UnsetType = UNSET
    function_call: FunctionDelta | UnsetType = UNSET


class ChunkChoice(Struct):
    """What is new in a choice."""

    index: int
    delta: ChunkDelta
    logprobs: ChatLogprobs | None = None
    finish_reason: FinishReason | None = None


class ChatChunk(Struct, kw_only=True):
    """One event of the stream.

    Attributes:
        usage: Absent unless it was asked for; then null in all chunks but the last one.
    """

    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str
    choices: list[Any]  # one `ChunkChoice`, or none beside the usage
    service_tier: Literal["default"] = "default"
    system_fingerprint: str
    usage: TokenUsage | UnsetType | None = UNSET
