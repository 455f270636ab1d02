"""Which threads a list is narrowed to, found from the side that has less to read.

A list may be narrowed by metadata, by being put away or not, by a model, by how the newest run
went and by time. Where one of these leaves few threads, they are gathered from its index and
sorted; else all threads are met in their order, and each is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.schemas.threads import ThreadValues
from oxillama_jupyter.store.rows import encode

if TYPE_CHECKING:
    from sqlite3 import Connection

    from oxillama_jupyter.schemas.threads import ThreadQuery

__all__ = ["Narrowing", "narrowing", "values"]

_PAGE = 20  # threads
_MOST_VALUES = 500  # of each kind
_LAST = 2**63 - 1

# The expressions over a run are as the indexes have them: m007.
# What a thread `{}` has to be, by the name of what asks for it.
_CONDITIONS = {
    "metadata": """
NOT EXISTS (
  SELECT 1 FROM json_each(:metadata) AS pair WHERE NOT EXISTS (
    SELECT 1 FROM thread_metadata d
    WHERE d.key = pair.key AND d.value = pair.value AND d.thread_id = {}))
""",
    "archived": """
EXISTS (
  SELECT 1 FROM thread_metadata d
  WHERE d.key = 'archived' AND d.value = 'yes' AND d.thread_id = {})
""",
    "listed": """
NOT EXISTS (
  SELECT 1 FROM thread_metadata d
  WHERE d.key = 'archived' AND d.value = 'yes' AND d.thread_id = {})
""",
    "model": """
EXISTS (SELECT 1 FROM runs r WHERE r.payload ->> '$.model' = :model AND r.thread_id = {})
""",
    "status": """
(SELECT r.status FROM runs r WHERE r.thread_id = {} ORDER BY r.seq DESC LIMIT 1) = :status
""",
    "time": "(SELECT u.updated_at FROM threads u WHERE u.id = {}) BETWEEN :since AND :until",
}
# Those that may be it, each from an index, as `d.thread_id`.
_SETS = {
    "metadata": """
json_each(:pair) AS p CROSS JOIN thread_metadata d ON d.key = p.key AND d.value = p.value
""",
    "archived": """
(SELECT a.thread_id FROM thread_metadata a WHERE a.key = 'archived' AND a.value = 'yes') AS d
""",
    "model": """
(SELECT DISTINCT r.thread_id FROM runs r WHERE r.payload ->> '$.model' = :model) AS d
""",
    "status": "(SELECT DISTINCT r.thread_id FROM runs r WHERE r.status = :status) AS d",
    "time": """
(SELECT u.id AS thread_id FROM threads u WHERE u.updated_at BETWEEN :since AND :until) AS d
""",
}
_NEWEST = "SELECT max(seq) FROM threads"
_COUNT = "SELECT count(*) FROM (SELECT 1 FROM {} LIMIT :limit)"

# The different values of an index's first columns: one step down the index for each, not for each
# of its rows.
_DIFFERENT = """
WITH RECURSIVE found(value) AS (
  SELECT (SELECT {value} FROM {rows} AND {value} > '{low}' ORDER BY 1 LIMIT 1)
  UNION ALL SELECT (SELECT {value} FROM {rows} AND {value} > found.value ORDER BY 1 LIMIT 1)
  FROM found WHERE found.value IS NOT NULL
)
SELECT value FROM found WHERE value IS NOT NULL LIMIT :limit
"""
_TAGS = _DIFFERENT.format(value="d.key", rows="thread_metadata d WHERE d.key < 'tag;'", low="tag:")
_NOTEBOOKS = _DIFFERENT.format(
    value="d.value", rows="thread_metadata d WHERE d.key = 'notebook'", low=""
)
_MODELS = _DIFFERENT.format(value="r.payload ->> '$.model'", rows="runs r WHERE TRUE", low="")


@dataclass(frozen=True)
class Narrowing:
    """How a list of threads is narrowed.

    Attributes:
        where: SQL that holds for a thread whose id is `{}`; "" where any thread does.
        few: SQL that gives few threads, as `d.thread_id`, all that are wanted among them; "" where
            a walk through all threads in their order, until a page is full, is likely to look at
            fewer.
        values: What both need.
    """

    where: str
    few: str
    values: dict[str, Any]


def narrowing(conn: Connection, query: ThreadQuery) -> Narrowing:
    """What a query narrows the list of threads to, without its words."""
    wanted: dict[str, Any] = {
        "metadata": encode(query.metadata) if query.metadata else None,
        "archived": query.archived or None,
        "listed": True if query.archived is False else None,
        "model": query.model,
        "status": query.status,
        "time": None if query.since is None and query.until is None else True,
    }
    names = [name for name, value in wanted.items() if value is not None]
    given = {name: wanted[name] for name in names} | {
        "since": query.since or 0,
        "until": _LAST if query.until is None else query.until,
    }
    where = " AND ".join(_CONDITIONS[name] for name in names)
    few, pair = _fewest(conn, names, given, query.metadata or {})
    return Narrowing(where, few, given | {"pair": pair})


def _fewest(
    conn: Connection, names: list[str], given: dict[str, Any], metadata: dict[str, str]
) -> tuple[str, str | None]:
    """The set with the fewest threads, if they are few; of metadata, the pair that it is of."""
    pairs = [encode({key: value}) for key, value in metadata.items()]
    sets: list[tuple[str, str | None]] = [(_SETS["metadata"], pair) for pair in pairs]
    sets += [(_SETS[name], None) for name in names if name in _SETS and name != "metadata"]
    if not sets:
        return "", None
    ((newest,),) = conn.execute(_NEWEST)
    best: tuple[str, str | None] = ("", None)
    fewest = isqrt(_PAGE * (newest or 0)) + 1
    for set_, pair in sets:
        counted = conn.execute(_COUNT.format(set_), given | {"pair": pair, "limit": fewest})
        ((count,),) = counted
        if count < fewest:
            best, fewest = (set_, pair), count
    return best


def values(conn: Connection) -> ThreadValues:
    """What lists can be narrowed to: the tags, notebooks and models that there are."""

    def different(sql: str) -> list[str]:
        return [value for (value,) in conn.execute(sql, {"limit": _MOST_VALUES})]

    return ThreadValues(
        tags=[key.removeprefix("tag:") for key in different(_TAGS)],
        notebooks=different(_NOTEBOOKS),
        models=different(_MODELS),
    )
