"""Items in the store: from and to JSON text, and from and to the messages of a thread."""

from __future__ import annotations

from typing import Any

import msgspec

from oxillama_jupyter.ids import now
from oxillama_jupyter.schemas.items import (
    ITEM_PREFIXES,
    AnyItem,
    InputFile,
    InputImage,
    InputText,
    Item,
    ItemContent,
    MessageItem,
    OutputText,
    Refusal,
)
from oxillama_jupyter.schemas.messages import (
    Content,
    ImageFile,
    ImageFilePart,
    ImageUrl,
    ImageUrlPart,
    Message,
    MessageIncompleteDetails,
    RefusalContent,
    TextContent,
    TextValue,
)

__all__ = ["decode", "kind_of", "of_message", "to_message", "with_id"]


def decode(payload: str) -> AnyItem:
    """An item from its JSON text."""
    value = msgspec.json.decode(payload)
    if value.get("type") not in ITEM_PREFIXES:
        return dict(value)
    item: Item = msgspec.convert(value, Item)
    return item


def kind_of(item: AnyItem) -> str:
    """An item's `type`."""
    return str(item["type"] if isinstance(item, dict) else item.__struct_config__.tag)


def with_id(item: AnyItem, item_id: str) -> AnyItem:
    """The same item under another id."""
    if isinstance(item, dict):
        return {**item, "id": item_id}
    return msgspec.structs.replace(item, id=item_id)


def of_message(message: Message) -> MessageItem:
    """A thread's message as an item, with its id; attachments have no place there."""
    return MessageItem(
        id=message.id,
        status=message.status,
        role=message.role,
        content=[_part_of(part, message.role) for part in message.content],
    )


def to_message(item: AnyItem, thread_id: str) -> Message | None:
    """An item as a message of a thread, if it is one that a thread can have: a user's or a model's.

    Files become a note; what only responses have (annotations, log-probabilities, `phase`) is left
    out.
    """
    if not isinstance(item, MessageItem) or item.role not in {"user", "assistant"}:
        return None
    at = now()
    completed = item.status == "completed"
    return Message(
        id=item.id,
        created_at=at,
        thread_id=thread_id,
        status="completed" if completed else "incomplete",
        completed_at=at if completed else None,
        incomplete_at=None if completed else at,
        incomplete_details=None if completed else MessageIncompleteDetails("max_tokens"),
        role="user" if item.role == "user" else "assistant",
        content=[_content_of(part) for part in item.content],
    )


def _part_of(part: Content, role: str) -> ItemContent:
    if isinstance(part, ImageUrlPart):
        image = part.image_url
        return InputImage(image_url=image.url, detail=image.detail or "auto")
    if isinstance(part, ImageFilePart):
        file = part.image_file
        return InputImage(file_id=file.file_id, detail=file.detail or "auto")
    if isinstance(part, RefusalContent):
        return Refusal(part.refusal)
    if role == "user":
        return InputText(part.text.value)
    found = (_annotation_of(annotation) for annotation in part.text.annotations)
    return OutputText(part.text.value, [annotation for annotation in found if annotation])


def _annotation_of(annotation: dict[str, Any]) -> dict[str, Any] | None:  # in each API's own shape
    """A thread's annotation as a response has it."""
    kind = annotation.get("type")
    index = annotation.get("start_index", 0)
    if kind == "file_path":
        return {"type": kind, "file_id": annotation[kind]["file_id"], "index": index}
    if kind == "file_citation":
        file_id = annotation[kind]["file_id"]
        return {"type": kind, "file_id": file_id, "filename": file_id, "index": index}
    return None


def _content_of(part: ItemContent) -> Content:
    if isinstance(part, Refusal):
        return RefusalContent(part.refusal)
    if isinstance(part, InputFile):
        name = part.filename or part.file_id or part.file_url or "without a name"
        return TextContent(TextValue(f"[A file is here: {name}.]", []))
    if not isinstance(part, InputImage):
        return TextContent(TextValue(part.text, []))
    detail = "high" if part.detail == "original" else part.detail
    if part.image_url is not None:
        return ImageUrlPart(ImageUrl(part.image_url, detail))
    return ImageFilePart(ImageFile(part.file_id or "", detail))
