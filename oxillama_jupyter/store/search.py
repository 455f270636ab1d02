"""Full-text search: the threads in whose messages some words are, the newest match first.

FTS5 gives its matches by number, the newest first, one at a time and without sorting them; so a
page costs the matches that it reads, not all there are, and a word of a million messages is found
as fast as one of ten. Three things would undo that, and are avoided:

- FTS5 gathers all matches of a prefix before it gives the first. Prefixes of two and three letters
  have an index of their own, in which they are words; a longer one is replaced by the words that
  begin so, as long as they are few. (A million different words of one beginning, such as numbers
  with a common prefix, do take a quarter of a second.)
- A few threads chosen by filters would be looked for in all matches of a common word. So only
  matches as old as their messages are read; and where their messages are by far fewer than these
  matches, they are asked one by one, the newest first.
- To ask for one match by its number takes FTS5 the longer the more there are. So the text around
  the matches of a page is read by going through them once more, not match by match.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import msgspec

from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.schemas.base import Page
from oxillama_jupyter.store.narrowing import Narrowing, narrowing
from oxillama_jupyter.store.summaries import EXCERPT, SUMMARY, summary

if TYPE_CHECKING:
    from collections.abc import Generator
    from sqlite3 import Connection

    from oxillama_jupyter.schemas.threads import ThreadQuery, ThreadSummary

__all__ = ["expression", "page", "words_of"]

Hit = tuple[int, str, str | None]  # a message's number, its thread's id, and the text around

_LAST = 2**63 - 1  # above all row numbers
_WORDS = 128  # in one search; FTS5 limits the depth of a query
_LETTERS = 3  # prefixes up to here are indexed: m006
_TERMS = 64  # so many words stand for a longer prefix
_WALK = 10_000  # messages
_PRICE = 10  # to ask one message costs as much as to walk past so many matches

_HITS = """
SELECT m.seq, m.thread_id, NULL
FROM messages_fts CROSS JOIN messages m ON m.seq = messages_fts.rowid
WHERE messages_fts MATCH :words AND messages_fts.rowid BETWEEN :oldest AND :newest
"""
_NEWEST_FIRST = "ORDER BY messages_fts.rowid DESC"
_HITS_OF_ALL = _HITS + _NEWEST_FIRST
_HITS_OF_SOME = f"{_HITS} AND {{}} {_NEWEST_FIRST}"
_SEQS = """
SELECT rowid FROM messages_fts
WHERE messages_fts MATCH :words AND rowid BETWEEN :oldest AND :newest ORDER BY rowid DESC
"""
_COUNT = f"SELECT count(*) FROM ({_SEQS} LIMIT :limit)"  # noqa: S608  # constants
_OF_SOME = f"""
SELECT m.seq, d.thread_id FROM {{}} CROSS JOIN messages m ON m.thread_id = d.thread_id
WHERE m.seq <= :newest AND {{}} LIMIT {_WALK + 1}
"""  # noqa: S608  # constants
_IS_HIT = f"""
SELECT {EXCERPT} FROM messages_fts WHERE messages_fts MATCH ? AND rowid = ?
"""  # noqa: S608  # constants
# `+` keeps the numbers from being asked for one by one.
_EXCERPTS = f"""
SELECT rowid, {EXCERPT} FROM messages_fts
WHERE messages_fts MATCH :words AND rowid BETWEEN :oldest AND :newest
AND +rowid IN (SELECT value FROM json_each(:seqs)) ORDER BY rowid DESC
"""  # noqa: S608  # constants
# One thread's newest match from some number upwards; its messages are asked, the newest first.
_NEWEST = """
SELECT m.seq FROM messages m CROSS JOIN messages_fts ON messages_fts.rowid = m.seq
WHERE m.thread_id = ? AND m.seq >= ? AND messages_fts MATCH ? ORDER BY m.seq DESC LIMIT 1
"""
_SHOW = f"""
{SUMMARY}
  hit.value ->> 2, (SELECT m.id FROM messages m WHERE m.seq = hit.value ->> 0)
FROM json_each(?) AS hit CROSS JOIN threads t ON t.id = hit.value ->> 1 ORDER BY hit.key
"""  # noqa: S608  # constants
_TERM = "SELECT term FROM messages_terms WHERE term >= ? LIMIT 1"


def page(conn: Connection, query: ThreadQuery) -> Page[ThreadSummary]:
    """A page of the threads that have a message in which every word of `q` occurs.

    Their order is that of their newest such message. Case and diacritics do not count. Words and
    filters are as `ThreadQuery` says.

    Raises:
        InvalidRequest: The cursor is not a thread that is found, or there are too many words.
    """
    words = expression(conn, query.q or "")
    below = _LAST
    if query.after is not None:
        row = conn.execute(_NEWEST, (query.after, 0, words)).fetchone()
        if row is None:
            raise InvalidRequest(
                f"No thread found with id '{query.after}' in this search.", param="after"
            )
        below = int(row[0])
    found = _threads(conn, words, below, query)
    hits = _with_excerpts(conn, words, found[: query.limit])
    data = [summary(*row) for row in conn.execute(_SHOW, (msgspec.json.encode(hits).decode(),))]
    return Page(
        data=data,
        first_id=data[0].id if data else None,
        last_id=data[-1].id if data else None,
        has_more=len(found) > query.limit,
    )


def words_of(q: str) -> list[str]:
    """The words that the user typed.

    Raises:
        InvalidRequest: There are too many.
    """
    words = q.replace("\0", "").split()
    if len(words) > _WORDS:
        raise InvalidRequest(
            f"A search has at most {_WORDS} words; this one has {len(words)}.", param="q"
        )
    return words


def expression(conn: Connection, q: str) -> str:
    """The user's words as an FTS5 query in which nothing that they typed is syntax.

    A word with a star behind it is a prefix, and so is the last one while it is being typed: as
    long as nothing stands behind it, from its second letter on.
    """
    words = words_of(q)
    typing = not q[-1:].isspace()
    parts = []
    for place, word in enumerate(words, 1):
        bare = word.rstrip("*")
        starred = bare != word or (typing and place == len(words) and len(bare) > 1)
        parts.append(_prefix(conn, bare) if starred else _quoted(bare))
    return " AND ".join(parts)


def _quoted(word: str) -> str:
    return '"{}"'.format(word.replace('"', '""'))


def _prefix(conn: Connection, word: str) -> str:
    # Only of plain words is it certain what the tokenizer makes of them.
    terms = None
    if len(word) > _LETTERS and word.isascii() and word.isalnum():
        terms = _terms(conn, word.lower())
    if terms is None:
        return _quoted(word) + "*"
    return f"({' OR '.join(map(_quoted, terms or [word]))})"


def _terms(conn: Connection, prefix: str) -> list[str] | None:
    """The words in the index that begin so; None if they are too many."""
    terms: list[str] = []
    start = prefix
    while len(terms) < _TERMS:
        row = conn.execute(_TERM, (start,)).fetchone()
        if row is None or not row[0].startswith(prefix):
            return terms
        terms.append(row[0])
        start = row[0] + "\0"  # the next one; asked for as `>`, all places of this one were read
    return None


def _threads(conn: Connection, words: str, below: int, query: ThreadQuery) -> list[Hit]:
    """The newest match in each thread of the page, and in one more."""
    found: dict[str, Hit] = {}
    earlier: set[str] = set()  # those on the pages before
    # Closed, because a query that is left in its middle keeps the log from being written back.
    with closing(_hits(conn, words, below, narrowing(conn, query))) as hits:
        for hit in hits:
            thread_id = hit[1]
            if thread_id in found or thread_id in earlier:
                continue
            if (
                query.after is not None
                and conn.execute(_NEWEST, (thread_id, below, words)).fetchone()
            ):
                earlier.add(thread_id)
                continue
            found[thread_id] = hit
            if len(found) > query.limit:
                break
    return list(found.values())


def _with_excerpts(conn: Connection, words: str, hits: list[Hit]) -> list[Hit]:
    """The matches, the newest first, with the text around those that are without."""
    seqs = [seq for seq, _, excerpt in hits if excerpt is None]
    if not seqs:
        return hits
    values = {"words": words, "newest": seqs[0], "oldest": seqs[-1], "seqs": str(seqs)}
    # Without those that another process has deleted since.
    read = dict(conn.execute(_EXCERPTS, values).fetchall())
    return [(seq, thread_id, excerpt or read.get(seq)) for seq, thread_id, excerpt in hits]


def _hits(
    conn: Connection, words: str, below: int, narrowed: Narrowing
) -> Generator[Hit, None, None]:
    """All matches below a number, the newest first, of the threads that are wanted."""
    values: dict[str, Any] = {"words": words, "oldest": 0, "newest": below - 1}
    if not narrowed.where:
        yield from _rows(conn, _HITS_OF_ALL, values)
        return
    values |= narrowed.values
    messages = []
    if narrowed.few:
        of_some = _OF_SOME.format(narrowed.few, _whose(narrowed, "m.thread_id"))
        messages = conn.execute(of_some, values).fetchall()
    if messages and len(messages) <= _WALK:
        messages.sort(reverse=True)
        values |= {"newest": messages[0][0], "oldest": messages[-1][0]}
        choose = _matching if _are_more(conn, values, len(messages) * _PRICE) else _among
        yield from choose(conn, values, messages)
    elif messages or not narrowed.few:
        hits_of_some = _HITS_OF_SOME.format(_whose(narrowed, "m.thread_id"))
        yield from _rows(conn, hits_of_some, values)


def _whose(narrowed: Narrowing, thread_id: str) -> str:
    return narrowed.where.format(*[thread_id] * narrowed.where.count("{}"))


def _rows(conn: Connection, sql: str, values: dict[str, Any]) -> Generator[Any, None, None]:
    with closing(conn.execute(sql, values)) as cursor:
        yield from cursor


def _are_more(conn: Connection, values: dict[str, Any], count: int) -> bool:
    """Whether there are more matches than this between two messages."""
    if values["newest"] - values["oldest"] < count:
        return False
    ((hits,),) = conn.execute(_COUNT, values | {"limit": count + 1})
    return bool(hits > count)


def _among(
    conn: Connection, values: dict[str, Any], messages: list[tuple[int, str]]
) -> Generator[Hit, None, None]:
    """The matches that are among these messages; all matches of their time are read."""
    threads = dict(messages)
    for (seq,) in _rows(conn, _SEQS, values):
        if seq in threads:
            yield seq, threads[seq], None


def _matching(
    conn: Connection, values: dict[str, Any], messages: list[tuple[int, str]]
) -> Generator[Hit, None, None]:
    """The same, but each message is asked."""
    for seq, thread_id in messages:
        row = conn.execute(_IS_HIT, (values["words"], seq)).fetchone()
        if row:
            yield seq, thread_id, row[0]
