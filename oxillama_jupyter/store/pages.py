"""Pages of a list: cursors are ids, order is by a row's number, `has_more` is exact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.schemas.base import Page, PageQuery

if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection

__all__ = ["Listing"]


class HasId(Protocol):
    """Any object of the wire that can be listed."""

    id: str


T = TypeVar("T", bound=HasId)

_FIRST, _LAST = 0, 2**63 - 1  # outside of all row numbers


class Listing(Generic[T]):
    """How one kind of object is listed.

    Args:
        kind: What an object is called in an error: `message`.
        select: SQL up to its WHERE, which bounds the row number by `:low` and `:high`, exclusively.
        locate: SQL that gives the row number of `:cursor` within the same parent.
        decode: Makes the object from the columns of a row.
        key: The column that numbers the rows.
    """

    def __init__(
        self, kind: str, select: str, locate: str, decode: Callable[..., T], key: str = "seq"
    ) -> None:
        self._kind = kind
        self._locate = locate
        self._decode = decode
        self.ascending = f"{select} ORDER BY {key} ASC LIMIT :limit"
        self.descending = f"{select} ORDER BY {key} DESC LIMIT :limit"

    def page(
        self,
        conn: Connection,
        query: PageQuery,
        parents: dict[str, Any] | None = None,  # SQL values
    ) -> Page[T]:
        """The page that the query asks for, of those that the SQL's other parameters select.

        `after` reads onwards from its cursor. `before` alone reads backwards from its own, and the
        page it gives is turned round again; `has_more` then speaks of that direction. Both together
        read onwards from `after` and stop at `before`.

        Raises:
            InvalidRequest: A cursor is not the id of anything in this list.
        """
        values = dict(parents or {})
        after = self._number(conn, "after", query.after, values)
        before = self._number(conn, "before", query.before, values)
        upwards = query.order == "asc"
        low, high = (after, before) if upwards else (before, after)
        backwards = before is not None and after is None
        sql = self.ascending if upwards is not backwards else self.descending
        values["low"] = _FIRST if low is None else low
        values["high"] = _LAST if high is None else high
        values["limit"] = query.limit + 1
        data = [self._decode(*row) for row in conn.execute(sql, values)]
        has_more = len(data) > query.limit
        data = data[: query.limit]
        if backwards:
            data.reverse()
        return Page(
            data=data,
            first_id=data[0].id if data else None,
            last_id=data[-1].id if data else None,
            has_more=has_more,
        )

    def _number(
        self, conn: Connection, param: str, cursor: str | None, values: dict[str, Any]
    ) -> int | None:
        if cursor is None:
            return None
        row = conn.execute(self._locate, {**values, "cursor": cursor}).fetchone()
        if row is None:
            raise InvalidRequest(f"No {self._kind} found with id '{cursor}'.", param=param)
        return int(row[0])
