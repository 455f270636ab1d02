"""Assistants in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import UNSET
from msgspec.json import Decoder
from msgspec.structs import asdict, replace

from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.ids import new_id, now
from oxillama_jupyter.schemas.assistants import Assistant, CreateAssistant, ModifyAssistant
from oxillama_jupyter.schemas.base import Deleted, Page, PageQuery
from oxillama_jupyter.store.pages import Listing
from oxillama_jupyter.store.rows import encode, not_found

if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection

__all__ = ["create", "delete", "get", "modify", "page"]

_INSERT = "INSERT INTO assistants(id, payload) VALUES (?, ?)"
_GET = "SELECT payload FROM assistants WHERE id = ?"
_UPDATE = "UPDATE assistants SET payload = ? WHERE id = ?"
_DELETE = "DELETE FROM assistants WHERE id = ?"
_decode = Decoder(Assistant).decode
_LISTING = Listing(
    "assistant",
    "SELECT payload FROM assistants WHERE seq > :low AND seq < :high",
    "SELECT seq FROM assistants WHERE id = :cursor",
    _decode,
)
# What null stands for, where it does not stand for itself.
_DEFAULTS: dict[str, Callable[[], object]] = {
    "tools": list,
    "metadata": dict,
    "temperature": lambda: 1.0,
    "top_p": lambda: 1.0,
    "response_format": lambda: "auto",
}


def create(conn: Connection, body: CreateAssistant) -> Assistant:
    """Store a new assistant."""
    assistant = Assistant(id=new_id("asst"), created_at=now(), **_values(body))
    conn.execute(_INSERT, (assistant.id, encode(assistant)))
    return assistant


def get(conn: Connection, assistant_id: str) -> Assistant:
    """The assistant with this id.

    Raises:
        NotFound: There is none.
    """
    row = conn.execute(_GET, (assistant_id,)).fetchone()
    if row is None:
        raise not_found("assistant", assistant_id)
    return _decode(row[0])


def modify(conn: Connection, assistant_id: str, body: ModifyAssistant) -> Assistant:
    """Change what the body has; null clears to the default.

    Raises:
        NotFound: There is no such assistant.
        InvalidRequest: The model is null.
    """
    if body.model is None:
        raise InvalidRequest("An assistant needs a model; null is none.", param="model")
    assistant = replace(get(conn, assistant_id), **_values(body))
    conn.execute(_UPDATE, (encode(assistant), assistant_id))
    return assistant


def delete(conn: Connection, assistant_id: str) -> Deleted:
    """Delete the assistant; its runs and their threads stay.

    Raises:
        NotFound: There is no such assistant.
    """
    if conn.execute(_DELETE, (assistant_id,)).rowcount == 0:
        raise not_found("assistant", assistant_id)
    return Deleted(assistant_id, "assistant.deleted")


def page(conn: Connection, query: PageQuery) -> Page[Assistant]:
    """A page of all assistants.

    Raises:
        InvalidRequest: A cursor is unknown.
    """
    return _LISTING.page(conn, query)


def _values(body: CreateAssistant | ModifyAssistant) -> dict[str, Any]:  # keyword arguments
    """The body's fields that were sent, null replaced by what it means."""
    return {
        field: _DEFAULTS.get(field, lambda: None)() if value is None else value
        for field, value in asdict(body).items()
        if value is not UNSET
    }
