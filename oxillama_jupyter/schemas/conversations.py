"""Conversations: a durable list of items that responses read and add to."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from oxillama_jupyter.schemas.base import Metadata, PageQuery

__all__ = [
    "Conversation",
    "CreateConversation",
    "CreateItems",
    "Includable",
    "Include",
    "ItemQuery",
    "ModifyConversation",
]

Includable = Literal[
    "code_interpreter_call.outputs",
    "computer_call_output.output.image_url",
    "file_search_call.results",
    "message.input_image.image_url",
    "message.output_text.logprobs",
    "reasoning.encrypted_content",
    "web_search_call.action.sources",
    "web_search_call.results",
]
Included = list[Includable]
Items = Annotated[list[Any], Meta(max_length=20)]  # read by `services.items`


class CreateConversation(Struct, kw_only=True):
    """Body of `POST /conversations`."""

    items: Items | None = None
    metadata: Metadata | None = None


class ModifyConversation(Struct, kw_only=True):
    """Body of `POST /conversations/{id}`; null clears the metadata."""

    metadata: Metadata | None


class CreateItems(Struct, kw_only=True):
    """Body of `POST /conversations/{id}/items`."""

    items: Annotated[Items, Meta(min_length=1)]


class Include(Struct, kw_only=True, frozen=True):
    """The query of the item routes.

    Attributes:
        include: What clients ask to be told besides. Everything that is stored is always told, so
            the values are only checked.
    """

    include: Included = []


class ItemQuery(PageQuery, kw_only=True, frozen=True):
    """The query of `GET /conversations/{id}/items`; `include` as above."""

    include: Included = []  # noqa: RUF012  # a msgspec struct copies it


class Conversation(Struct, kw_only=True):
    """The conversation object."""

    id: str
    object: Literal["conversation"] = "conversation"
    created_at: int
    metadata: dict[str, str] = {}
