"""Stored chat completions, and the messages that each of them answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET
from msgspec.json import Decoder

from oxillama_jupyter.schemas.base import Deleted, Page, PageQuery
from oxillama_jupyter.schemas.chat import (
    ChatCompletion,
    ChatMessagesQuery,
    ChatQuery,
    ModifyChat,
)
from oxillama_jupyter.schemas.chat_messages import StoredMessage
from oxillama_jupyter.store.pages import Listing
from oxillama_jupyter.store.rows import encode, not_found

if TYPE_CHECKING:
    from sqlite3 import Connection

__all__ = ["create", "delete", "get", "messages", "modify", "page"]

_INSERT = "INSERT INTO chats(id, model, messages, payload) VALUES (?, ?, ?, ?)"
_GET = "SELECT payload FROM chats WHERE id = ?"
_UPDATE = "UPDATE chats SET payload = ? WHERE id = ?"
_DELETE = "DELETE FROM chats WHERE id = ?"
_LOCATE = "SELECT seq FROM chats WHERE id = :cursor"
_PAGE = "SELECT payload FROM chats WHERE seq > :low AND seq < :high"
_OF_MODEL = " AND model = :model"
_WITH_METADATA = """
AND id IN (
  SELECT d.chat_id FROM json_each(:metadata) AS pair
  CROSS JOIN chat_metadata d ON d.key = pair.key AND d.value = pair.value
  GROUP BY d.chat_id HAVING count(*) = :pairs
)
"""
_MESSAGES = """
SELECT one.value FROM chats CROSS JOIN json_each(chats.messages) AS one
WHERE chats.id = :chat_id AND one.key + 1 > :low AND one.key + 1 < :high
"""
_LOCATE_MESSAGE = """
SELECT one.key + 1 FROM chats CROSS JOIN json_each(chats.messages) AS one
WHERE chats.id = :chat_id AND json_extract(one.value, '$.id') = :cursor
"""
_decode = Decoder(ChatCompletion).decode
_LISTINGS = {  # by whether a model and metadata are asked for
    (model, metadata): Listing(
        "chat completion",
        _PAGE + _OF_MODEL * model + _WITH_METADATA * metadata,
        _LOCATE,
        _decode,
    )
    for model in (False, True)
    for metadata in (False, True)
}
_MESSAGE_LISTING = Listing(
    "message", _MESSAGES, _LOCATE_MESSAGE, Decoder(StoredMessage).decode, key="one.key"
)


def create(conn: Connection, completion: ChatCompletion, asked: list[StoredMessage]) -> None:
    """Store a completion and the messages that it answers."""
    kept = msgspec.json.encode(asked).decode()
    conn.execute(_INSERT, (completion.id, completion.model, kept, encode(completion)))


def get(conn: Connection, chat_id: str) -> ChatCompletion:
    """The completion with this id.

    Raises:
        NotFound: There is none.
    """
    row = conn.execute(_GET, (chat_id,)).fetchone()
    if row is None:
        raise not_found("chat completion", chat_id)
    return _decode(row[0])


def modify(conn: Connection, chat_id: str, body: ModifyChat) -> ChatCompletion:
    """Replace the metadata, if the body has any; null clears it.

    Raises:
        NotFound: There is no such completion.
    """
    completion = get(conn, chat_id)
    if body.metadata is not UNSET:
        completion.metadata = body.metadata or {}
        conn.execute(_UPDATE, (encode(completion), chat_id))
    return completion


def delete(conn: Connection, chat_id: str) -> Deleted:
    """Delete the completion.

    Raises:
        NotFound: There is none.
    """
    if conn.execute(_DELETE, (chat_id,)).rowcount == 0:
        raise not_found("chat completion", chat_id)
    return Deleted(chat_id, "chat.completion.deleted")


def page(conn: Connection, query: ChatQuery) -> Page[ChatCompletion]:
    """A page of all completions, or of those of a model, or with all pairs of some metadata.

    Raises:
        InvalidRequest: The cursor is unknown.
    """
    metadata = query.metadata or {}
    listing = _LISTINGS[query.model is not None, bool(metadata)]
    return listing.page(
        conn,
        PageQuery(limit=query.limit, order=query.order, after=query.after),
        {"model": query.model, "metadata": encode(metadata), "pairs": len(metadata)},
    )


def messages(conn: Connection, chat_id: str, query: ChatMessagesQuery) -> Page[StoredMessage]:
    """A page of the messages that a completion answered.

    Raises:
        NotFound: There is no such completion.
        InvalidRequest: The cursor is unknown.
    """
    get(conn, chat_id)
    return _MESSAGE_LISTING.page(
        conn,
        PageQuery(limit=query.limit, order=query.order, after=query.after),
        {"chat_id": chat_id},
    )
