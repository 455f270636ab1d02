"""Responses in the store: each with the items that were new in it, and what it goes on from."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.json import Decoder

from oxillama_jupyter.errors import NotFound
from oxillama_jupyter.schemas.base import Deleted, JsonObject
from oxillama_jupyter.schemas.responses import ENDED, Response
from oxillama_jupyter.store.pages import Listing
from oxillama_jupyter.store.rows import encode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from sqlite3 import Connection

    from oxillama_jupyter.schemas.base import Page, PageQuery

__all__ = [
    "Link",
    "NewResponse",
    "Stored",
    "add",
    "delete",
    "find",
    "find_item",
    "get",
    "give_up",
    "has",
    "items",
    "link",
    "own_items",
    "page",
    "save",
]

_LIVE = "FROM responses WHERE id = ? AND NOT deleted"
_GET = f"SELECT payload {_LIVE}"  # a constant
_FIND = f"SELECT payload, streamed, owner, cache_key, request {_LIVE}"  # likewise
_LINK = f"SELECT seq, status, cache_key {_LIVE}"  # likewise
_INSERT = """
INSERT INTO responses(
  id, parent, status, streamed, owner, lease, cache_key, context, input, request, payload
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_UPDATE = "UPDATE responses SET status = ?, payload = ? WHERE id = ? AND active AND NOT deleted"
_ADD_ITEM = "INSERT OR IGNORE INTO response_items(item_id, response_id) VALUES (?, ?)"
_CHAIN = """
WITH RECURSIVE chain(seq, parent) AS (
  SELECT seq, parent FROM responses WHERE id = :id
  UNION ALL
  SELECT r.seq, r.parent FROM responses AS r JOIN chain ON r.seq = chain.parent
)
SELECT r.id, r.context, r.input, r.payload
FROM responses AS r JOIN chain ON r.seq = chain.seq ORDER BY r.seq
"""
_HOLDER = """
SELECT r.input, r.payload FROM response_items AS i JOIN responses AS r ON r.id = i.response_id
WHERE i.item_id = ? AND NOT r.deleted ORDER BY r.seq LIMIT 1
"""
_OWN = f"SELECT input {_LIVE}"
_CHILD = "SELECT 1 FROM responses WHERE parent = ? LIMIT 1"
_SEQ = f"SELECT seq, parent {_LIVE}"  # a constant
_TOMBSTONE = "UPDATE responses SET deleted = 1, request = NULL WHERE seq = ?"
_DELETE = "DELETE FROM responses WHERE seq = ?"
_HAS = "SELECT 1 FROM responses WHERE seq = ?"
_PARENT = "SELECT parent, deleted FROM responses WHERE seq = ?"
_FORGET_ITEMS = "DELETE FROM response_items WHERE response_id = ?"
_GIVE_UP = "UPDATE responses SET status = 'failed', request = NULL WHERE id = ?"
_FORGET_EVENTS = "DELETE FROM response_events WHERE response_id = ?"
_decode = Decoder(Response).decode
_decode_items = Decoder(list[JsonObject]).decode
_LISTING = Listing(
    "response",
    "SELECT payload FROM responses WHERE NOT deleted AND seq > :low AND seq < :high",
    "SELECT seq FROM responses WHERE id = :cursor AND NOT deleted",
    _decode,
)


@dataclass(frozen=True, slots=True)
class Link:
    """A response that another one goes on from.

    Attributes:
        seq: Its row.
        status: How it is.
        cache_key: What the engine knows its chain by.
    """

    seq: int
    status: str
    cache_key: str


@dataclass(frozen=True, slots=True)
class Stored:
    """A response and what only the server knows of it."""

    response: Response
    streamed: bool
    owner: str
    cache_key: str
    request: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewResponse:
    """What is stored beside a response.

    Attributes:
        input: The items that were new in its request, as JSON objects.
        cache_key: What the engine knows its chain by.
        parent: The row of the response it goes on from.
        context: What came before, where that was no response.
        streamed: Whether its events are kept.
        owner: The server that executes it; empty where it has ended.
        lease: Until when, in Unix seconds.
        request: The body, where it may have to be begun again.
    """

    input: str
    cache_key: str
    parent: int | None = None
    context: str | None = None
    streamed: bool = False
    owner: str = ""
    lease: int = 0
    request: str | None = None


def add(conn: Connection, response: Response, new: NewResponse) -> None:
    """Store a new response, ended or not."""
    context = None if new.context is None else zlib.compress(new.context.encode())
    conn.execute(
        _INSERT,
        (
            response.id,
            new.parent,
            response.status,
            int(new.streamed),
            new.owner,
            new.lease,
            new.cache_key,
            context,
            new.input,
            new.request,
            encode(response),
        ),
    )
    _index(conn, response.id, _decode_items(new.input))
    _index_output(conn, response)


def save(conn: Connection, response: Response) -> bool:
    """Write how a response is now.

    Returns:
        False if it has ended already or is gone: then nothing was written.
    """
    found = conn.execute(_UPDATE, (response.status, encode(response), response.id)).rowcount == 1
    if found and response.status in ENDED:
        _index_output(conn, response)
    return found


def get(conn: Connection, response_id: str) -> Response:
    """The response with this id.

    Raises:
        NotFound: There is none.
    """
    return _decode(_row(conn, _GET, response_id)[0])


def find(conn: Connection, response_id: str) -> Stored:
    """The response with this id, and what the server knows of it.

    Raises:
        NotFound: There is none.
    """
    payload, streamed, owner, cache_key, request = _row(conn, _FIND, response_id)
    return Stored(_decode(payload), bool(streamed), owner, cache_key, request)


def give_up(conn: Connection, response_id: str) -> None:
    """End a response that cannot be read any more: nobody is to execute it."""
    conn.execute(_GIVE_UP, (response_id,))


def link(conn: Connection, response_id: str) -> Link | None:
    """The response that another one wants to go on from; None if there is none."""
    row = conn.execute(_LINK, (response_id,)).fetchone()
    return None if row is None else Link(*row)


def has(conn: Connection, seq: int) -> bool:
    """Whether there is such a row: of a response, or of a deleted one that others go on from."""
    return conn.execute(_HAS, (seq,)).fetchone() is not None


def items(conn: Connection, response_id: str, *, output: bool) -> list[JsonObject]:
    """The whole effective input of a response, oldest first; with its output, if that is asked for.

    It is there for as long as the response or one that goes on from it is.
    """
    found: list[JsonObject] = []
    for own_id, context, own, payload in conn.execute(_CHAIN, {"id": response_id}):
        if context is not None:
            found += _decode_items(zlib.decompress(context))
        found += _decode_items(own)
        if output or own_id != response_id:
            found += _decode(payload).output
    return found


def own_items(conn: Connection, response_id: str) -> list[JsonObject]:
    """The items that were new in the request of a response.

    Raises:
        NotFound: There is none.
    """
    return _decode_items(_row(conn, _OWN, response_id)[0])


def find_item(conn: Connection, item_id: str) -> JsonObject | None:
    """The item with this id, of whichever response."""
    row = conn.execute(_HOLDER, (item_id,)).fetchone()
    if row is None:
        return None
    held = [*_decode_items(row[0]), *_decode(row[1]).output]
    return next((item for item in held if item["id"] == item_id), None)


def page(conn: Connection, query: PageQuery) -> Page[Response]:
    """A page of all responses.

    Raises:
        InvalidRequest: A cursor is unknown.
    """
    return _LISTING.page(conn, query)


def delete(conn: Connection, response_id: str) -> Deleted:
    """Delete a response; those that go on from it keep what they need of it.

    Raises:
        NotFound: There is none.
    """
    seq, _ = _row(conn, _SEQ, response_id)
    conn.execute(_FORGET_ITEMS, (response_id,))
    conn.execute(_FORGET_EVENTS, (response_id,))
    conn.execute(_TOMBSTONE, (seq,))
    while seq is not None and conn.execute(_CHILD, (seq,)).fetchone() is None:
        parent, deleted = conn.execute(_PARENT, (seq,)).fetchone()
        if not deleted:
            break
        conn.execute(_DELETE, (seq,))
        seq = parent
    return Deleted(response_id, "response")


def _row(conn: Connection, sql: str, response_id: str) -> tuple[Any, ...]:  # SQL values
    row: tuple[Any, ...] | None = conn.execute(sql, (response_id,)).fetchone()
    if row is None:
        raise NotFound(f"Response with id '{response_id}' not found.")
    return row


def _index_output(conn: Connection, response: Response) -> None:
    _index(conn, response.id, [msgspec.to_builtins(item) for item in response.output])


def _index(conn: Connection, response_id: str, held: Sequence[JsonObject]) -> None:
    """Note which items a response holds, for references to them."""
    conn.executemany(_ADD_ITEM, [(item["id"], response_id) for item in held])
