"""Which threads have certain metadata, found from the side that has less to read."""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING

from oxillama_jupyter.store.rows import encode

if TYPE_CHECKING:
    from sqlite3 import Connection

__all__ = ["HAS_ALL", "HAVE_PAIR", "rarest"]

_PAGE = 20  # threads

# All pairs of `:metadata` are pairs of the thread `{}`.
HAS_ALL = """
NOT EXISTS (
  SELECT 1 FROM json_each(:metadata) AS pair WHERE NOT EXISTS (
    SELECT 1 FROM thread_metadata d
    WHERE d.key = pair.key AND d.value = pair.value AND d.thread_id = {}))
"""
# The threads that have the one pair of `:pair`, as `d.thread_id`.
HAVE_PAIR = """
json_each(:pair) AS p CROSS JOIN thread_metadata d ON d.key = p.key AND d.value = p.value
"""
_NEWEST = "SELECT max(seq) FROM threads"
_COUNT = f"SELECT count(*) FROM (SELECT 1 FROM {HAVE_PAIR} LIMIT :limit)"  # noqa: S608  # a constant


def rarest(conn: Connection, metadata: dict[str, str]) -> str | None:
    """The pair that the fewest threads have, as the JSON of `HAVE_PAIR`.

    None where a walk through all threads in their order, until a page is full, is likely to look at
    fewer threads than there are with that pair.
    """
    ((newest,),) = conn.execute(_NEWEST)
    best, fewest = None, isqrt(_PAGE * (newest or 0)) + 1
    for key, value in metadata.items():
        pair = encode({key: value})
        ((count,),) = conn.execute(_COUNT, {"pair": pair, "limit": fewest})
        if count < fewest:
            best, fewest = pair, count
    return best
