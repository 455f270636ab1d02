"""Stores of any size to measure in, filled by bulk SQL as the store's own functions fill them.

Words come with a steady share of messages, so that a store of ten times the messages has ten times
the matches: `every` is in all messages, `tenth`, `hundredth` and so on in such a share, and each
message has a number that is its own. About twenty threads are talked in at a time, so that the
messages of one lie apart, as they do where several people talk.
"""

from __future__ import annotations

import random
import sqlite3
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from oxillama_jupyter.ids import new_id, now
from oxillama_jupyter.schemas.messages import Message, TextContent, TextValue
from oxillama_jupyter.schemas.threads import Thread
from oxillama_jupyter.store.database import _connect
from oxillama_jupyter.store.messages import _INSERT as _INSERT_MESSAGE
from oxillama_jupyter.store.messages import _row
from oxillama_jupyter.store.rows import encode

__all__ = ["Stock", "fill"]

PER_THREAD = 10
PER_NOTEBOOK = 5
_AT_ONCE = 20  # threads
_BATCH = 10_000  # messages
_WORDS = 30  # in a message
_INSERT_THREAD = "INSERT INTO threads(id, touched, updated_at, payload) VALUES (?, ?, ?, ?)"
_SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "ai", "el", "on")]


@dataclass
class Stock:
    """What there is in a store.

    Attributes:
        path: Its file.
        threads: Their ids, oldest first.
        messages: Ids of a thread's messages, oldest first, by thread.
    """

    path: Path
    threads: list[str] = field(default_factory=list)
    messages: dict[str, list[str]] = field(default_factory=dict)


def fill(path: Path, threads: int, label: str) -> Stock:
    """Make a store with so many threads of ten messages; tell how far it is on stderr."""
    stock, chance, begin = Stock(path), random.Random(threads), time.monotonic()
    conn, _ = _connect(str(path))
    total = threads * PER_THREAD
    batch: list[tuple[Any, ...]] = []
    _threads(conn, stock, threads)
    for number, thread_id in enumerate(_order(stock.threads, chance)):
        message = _message(thread_id, number, chance)
        stock.messages.setdefault(thread_id, []).append(message.id)
        batch.append(_row(message))
        if len(batch) == _BATCH or number + 1 == total:
            _insert(conn, _INSERT_MESSAGE, batch)
            batch.clear()
            seconds = time.monotonic() - begin
            print(f"\r{label}: {number + 1:,} messages, {seconds:.0f} s", end="", file=sys.stderr)
    print(file=sys.stderr)
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    conn.close()
    return stock


def _threads(conn: sqlite3.Connection, stock: Stock, count: int) -> None:
    """Threads of ten classes and of notebooks with five threads each."""
    rows = []
    for number in range(count):
        metadata = {
            "class": str(number % 10),
            "notebook": f"work/{number // PER_NOTEBOOK}.ipynb",
            "client": "jupyter",
        }
        thread = Thread(id=new_id("thread"), created_at=now(), metadata=metadata)
        stock.threads.append(thread.id)
        rows.append((thread.id, number + 1, thread.created_at, encode(thread)))
    _insert(conn, _INSERT_THREAD, rows)


def _insert(conn: sqlite3.Connection, sql: str, rows: list[tuple[Any, ...]]) -> None:
    conn.execute("BEGIN IMMEDIATE")
    conn.executemany(sql, rows)
    conn.execute("COMMIT")


def _order(threads: list[str], chance: random.Random) -> Iterator[str]:
    """Whose turn it is, message by message."""
    for start in range(0, len(threads), _AT_ONCE):
        turns = threads[start : start + _AT_ONCE] * PER_THREAD
        chance.shuffle(turns)
        yield from turns


def _message(thread_id: str, number: int, chance: random.Random) -> Message:
    words = [
        "".join(chance.choices(_SYLLABLES, k=chance.choice((1, 2, 2, 3)))) for _ in "." * _WORDS
    ]
    shares = {"tenth": 10, "hundredth": 100, "thousandth": 1000}
    words += [word for word, share in shares.items() if number % share == 0]
    text = f"every {' '.join(words)} number{number}"
    return Message(
        id=new_id("msg"),
        created_at=now(),
        thread_id=thread_id,
        status="completed",
        completed_at=now(),
        role="assistant" if number % 2 else "user",
        content=[TextContent(TextValue(text, []))],
    )
