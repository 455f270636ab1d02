"""Messages of chat completions: as requests have them, and as stored completions list them.

Unlike those of threads they are open: clients replay what other servers gave them, with keys of
all kinds. What is not known is ignored.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from oxillama_jupyter.schemas.base import JsonObject

__all__ = [
    "AssistantMessage",
    "AudioPart",
    "CalledFunction",
    "ChatCall",
    "ChatMessage",
    "ChatPart",
    "ChatTextPart",
    "DeveloperMessage",
    "FilePart",
    "FunctionMessage",
    "ImagePart",
    "RefusalPart",
    "StoredMessage",
    "SystemMessage",
    "ToolMessage",
    "UserMessage",
]


class ChatTextPart(Struct, tag_field="type", tag="text"):
    """Text."""

    text: str


class ImageAddress(Struct, omit_defaults=True):
    """Where an image is; nothing is ever fetched."""

    url: str
    detail: str | None = None


class ImagePart(Struct, tag_field="type", tag="image_url"):
    """An image by address."""

    image_url: ImageAddress


class AudioPart(Struct, tag_field="type", tag="input_audio"):
    """Sound, which no model here can hear."""

    input_audio: JsonObject


class FilePart(Struct, tag_field="type", tag="file"):
    """A file, which no model here can read."""

    file: JsonObject


class RefusalPart(Struct, tag_field="type", tag="refusal"):
    """A refusal that the assistant gave earlier."""

    refusal: str


ChatPart = ChatTextPart | ImagePart | AudioPart | FilePart | RefusalPart
_Texts = str | Annotated[list[ChatTextPart], Meta(min_length=1)]
_UserParts = list[ChatTextPart | ImagePart | AudioPart | FilePart]
_AssistantParts = list[ChatTextPart | RefusalPart]


class CalledFunction(Struct):
    """A function and the arguments it was called with, as JSON text."""

    name: str
    arguments: str


class ChatCall(Struct, tag_field="type", tag="function"):
    """A tool call that the assistant made."""

    id: str
    function: CalledFunction


class DeveloperMessage(Struct, tag_field="role", tag="developer"):
    """Instructions; the newer name of `system`."""

    content: _Texts
    name: str | None = None


class SystemMessage(Struct, tag_field="role", tag="system"):
    """Instructions."""

    content: _Texts
    name: str | None = None


class UserMessage(Struct, tag_field="role", tag="user"):
    """What the user said."""

    content: str | Annotated[_UserParts, Meta(min_length=1)]
    name: str | None = None


class AssistantMessage(Struct, tag_field="role", tag="assistant"):
    """What the model said: text, calls or both."""

    content: str | Annotated[_AssistantParts, Meta(min_length=1)] | None = None
    name: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    tool_calls: list[ChatCall] | None = None
    function_call: CalledFunction | None = None


class ToolMessage(Struct, tag_field="role", tag="tool"):
    """What a tool call gave."""

    content: _Texts
    tool_call_id: str


class FunctionMessage(Struct, tag_field="role", tag="function"):
    """What a `function_call` gave; the older form of `tool`."""

    name: str
    content: str | None = None


ChatMessage = (
    DeveloperMessage
    | SystemMessage
    | UserMessage
    | AssistantMessage
    | ToolMessage
    | FunctionMessage
)


class StoredMessage(Struct, kw_only=True):
    """A message of a stored completion's request: text in `content`, or parts beside it."""

    id: str
    role: str
    content: str | None = None
    content_parts: list[Any] | None = None  # parts as the client sent them
    refusal: str | None = None
    name: str | UnsetType = UNSET
    tool_call_id: str | UnsetType = UNSET
    tool_calls: list[ChatCall] | UnsetType = UNSET
    function_call: CalledFunction | UnsetType = UNSET
