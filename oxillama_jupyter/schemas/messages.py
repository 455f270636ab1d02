"""Messages of a thread. In a request a text part is a string, in the object it has annotations."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from oxillama_jupyter.schemas.base import Metadata, Request

__all__ = [
    "Content",
    "CreateMessage",
    "ImageFile",
    "ImageFilePart",
    "ImageUrl",
    "ImageUrlPart",
    "Message",
    "MessageIncompleteDetails",
    "MessageIncompleteReason",
    "MessageStatus",
    "ModifyMessage",
    "RefusalContent",
    "TextContent",
]

MessageStatus = Literal["in_progress", "incomplete", "completed"]
MessageIncompleteReason = Literal[
    "content_filter", "max_tokens", "run_cancelled", "run_expired", "run_failed"
]
ImageDetail = Literal["auto", "low", "high"]
# The service's own limit, in characters.
Text = Annotated[str, Meta(min_length=1, max_length=256_000)]


class TextPart(Struct, tag_field="type", tag="text", forbid_unknown_fields=True):
    """Text, as a client sends it."""

    text: Text


class ImageUrl(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """An image by address; `data:` addresses are fine, others are never fetched unasked."""

    url: Annotated[str, Meta(min_length=1)]
    detail: ImageDetail | None = None


class ImageUrlPart(Struct, tag_field="type", tag="image_url", forbid_unknown_fields=True):
    """An image by address."""

    image_url: ImageUrl


class ImageFile(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """An image by file id."""

    file_id: str
    detail: ImageDetail | None = None


class ImageFilePart(Struct, tag_field="type", tag="image_file", forbid_unknown_fields=True):
    """An image by file id."""

    image_file: ImageFile


class TextValue(Struct):
    """Text of a stored message; annotations point into `value` by character offsets."""

    value: str
    annotations: list[dict[str, Any]]  # several shapes; passed through


class TextContent(Struct, tag_field="type", tag="text"):
    """Text, as the message object has it."""

    text: TextValue


class RefusalContent(Struct, tag_field="type", tag="refusal"):
    """The model's refusal."""

    refusal: str


PartInput = TextPart | ImageUrlPart | ImageFilePart
Content = TextContent | ImageUrlPart | ImageFilePart | RefusalContent


class AttachmentTool(Struct, forbid_unknown_fields=True):
    """Which tool may use an attachment."""

    type: Literal["code_interpreter", "file_search"]


class Attachment(Struct, forbid_unknown_fields=True):
    """A file attached to a message."""

    file_id: str
    tools: list[AttachmentTool] | None = None

    def __post_init__(self) -> None:
        self.tools = self.tools or []


class CreateMessage(Request):
    """Body of `POST /threads/{id}/messages`; also an entry of `additional_messages`."""

    role: Literal["user", "assistant"]
    content: Text | Annotated[list[PartInput], Meta(min_length=1)]
    attachments: list[Attachment] | None = None
    metadata: Metadata | None = None


class ModifyMessage(Request):
    """Body of `POST /threads/{id}/messages/{id}`."""

    metadata: Metadata | UnsetType | None = UNSET


class MessageIncompleteDetails(Struct):
    """Why a message is incomplete."""

    reason: MessageIncompleteReason


class Message(Struct, kw_only=True):
    """The message object."""

    id: str
    object: Literal["thread.message"] = "thread.message"
    created_at: int
    thread_id: str
    status: MessageStatus
    incomplete_details: MessageIncompleteDetails | None = None
    completed_at: int | None = None
    incomplete_at: int | None = None
    role: Literal["user", "assistant"]
    content: list[Content]
    assistant_id: str | None = None
    run_id: str | None = None
    attachments: list[Attachment] = []
    metadata: dict[str, str] = {}
