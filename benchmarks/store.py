"""Does a store slow down as it grows? The same operations in a small one and in a big one.

    python benchmarks/store.py [--quick] [--json FILE] [--folder FOLDER]

The small store has 100 threads and 1,000 messages, the big one 100,000 and 1,000,000 (a tenth of
that with `--quick`); each has its file, its connection and its thread, as in a server. Their
operations take turns, so that whatever else the machine does falls on both. A ratio is the big
one's p95 over the small one's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from store_stock import PER_NOTEBOOK, Stock, fill

from oxillama_jupyter.schemas.base import PageQuery
from oxillama_jupyter.schemas.messages import CreateMessage
from oxillama_jupyter.schemas.runs import CreateRun, MessageQuery, Run
from oxillama_jupyter.schemas.threads import ThreadQuery
from oxillama_jupyter.store import messages, runs, threads
from oxillama_jupyter.store.database import Connection, Database

TARGET = 2.0
SMALL, BIG = 100, 100_000
Case = Callable[["Side"], Awaitable[object]]


class Side:
    """One of the two stores.

    Args:
        stock: What is in it.
        db: Its connection.
    """

    def __init__(self, stock: Stock, db: Database) -> None:
        self.stock, self.db = stock, db
        self._chance = random.Random(1)

    def thread(self, low: float = 0.0, high: float = 1.0) -> str:
        """Any thread between these shares of them, oldest first."""
        count = len(self.stock.threads)
        return self.stock.threads[self._chance.randrange(int(low * count), int(high * count))]

    def message(self, thread_id: str) -> str:
        """Any message of a thread."""
        return self._chance.choice(self.stock.messages[thread_id])

    def notebook(self) -> dict[str, str]:
        """What any notebook's threads have in common."""
        number = self._chance.randrange(len(self.stock.threads) // PER_NOTEBOOK)
        return {"notebook": f"work/{number}.ipynb"}

    def number(self) -> int:
        """Any message's own number."""
        return self._chance.randrange(len(self.stock.threads) * 10)

    async def list_threads(self, **query: Any) -> object:
        """A page of threads."""
        return await self.db.read(threads.page, ThreadQuery(**query))

    async def list_messages(self, thread_id: str, **query: Any) -> object:
        """A page of a thread's messages."""
        return await self.db.read(messages.page, thread_id, MessageQuery(**query))


async def _deep_messages(side: Side) -> object:
    thread_id = side.thread()
    return await side.list_messages(thread_id, limit=5, after=side.message(thread_id))


async def _append(side: Side) -> object:
    body = CreateMessage(role="user", content="every new message has tenth words of its own")
    return await side.db.write(messages.create, side.thread(), body)


async def _run(side: Side) -> object:
    body = CreateRun(assistant_id="default")
    thread_id = side.thread()
    begun = await side.db.write(
        runs.begin, thread_id, body, owner="benchmark", lease=2**40, expires_in=600
    )
    begun.run.status = "completed"
    return await side.db.write(_conclude, begun.run)


def _conclude(conn: Connection, run: Run) -> bool:
    return runs.save(conn, run, expected=frozenset({"queued"}))


async def _retrieve(side: Side) -> object:
    thread_id = side.thread()
    await side.db.read(threads.get, thread_id)
    return await side.db.read(messages.get, thread_id, side.message(thread_id))


def _searching(q: str, **query: Any) -> Case:
    return lambda side: side.list_threads(q=q, **query)


CASES: dict[str, Case] = {
    "list threads, first page": lambda side: side.list_threads(),
    "list threads, deep": lambda side: side.list_threads(after=side.thread(0.3)),
    "list threads of a notebook": lambda side: side.list_threads(metadata=side.notebook()),
    "list threads of a tenth": lambda side: side.list_threads(metadata={"class": "7"}, limit=5),
    "list threads, a pair that all have": lambda side: side.list_threads(
        metadata={"client": "jupyter"}, after=side.thread(0.3)
    ),
    "list messages, first page": lambda side: side.list_messages(side.thread()),
    "list messages, deep": _deep_messages,
    "list runs of a thread": lambda side: side.db.read(runs.page, side.thread(), PageQuery()),
    "retrieve a thread and a message": _retrieve,
    "search a word in one message": lambda side: side.list_threads(q=f"number{side.number()} "),
    "search a word in a hundredth": _searching("hundredth ", limit=5),
    "search a word in a tenth": _searching("tenth "),
    "search a word in every message": _searching("every "),
    "search two common words": _searching("every tenth "),
    "search while typing, 2 letters": _searching("ev"),
    "search while typing, 4 letters": _searching("ever"),
    "search, a page further on": lambda side: side.list_threads(q="every ", after=side.thread(0.5)),
    "search in a notebook": lambda side: side.list_threads(q="every ", metadata=side.notebook()),
    "append a message": _append,
    "begin and conclude a run": _run,
}


def quantile(values: list[float], share: float) -> float:
    """The value below which that share of them lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def measure(case: Case, small: Side, big: Side, rounds: int) -> dict[str, float]:
    """Milliseconds of a case in both stores, which take turns."""
    times: dict[Side, list[float]] = {small: [], big: []}
    for number in range(rounds + rounds // 10):
        for side in (small, big) if number % 2 else (big, small):
            begin = time.perf_counter()
            await case(side)
            if number >= rounds // 10:  # the first ones warm up
                times[side].append((time.perf_counter() - begin) * 1000)
    figures = {
        f"{name}_p{share}": quantile(values, share / 100)
        for name, values in zip(("small", "big"), times.values(), strict=True)
        for share in (50, 95)
    }
    ratio = figures["big_p95"] / figures["small_p95"]
    return {**figures, "p50_ratio": figures["big_p50"] / figures["small_p50"], "p95_ratio": ratio}


async def run(stocks: list[Stock], rounds: int, names: list[str]) -> dict[str, dict[str, float]]:
    """Measure cases, print each when it is there."""
    bases = [await Database.open(stock.path) for stock in stocks]
    small, big = (Side(stock, db) for stock, db in zip(stocks, bases, strict=True))
    results = {}
    print(f"{'milliseconds':36}{'small p50':>10}{'p95':>8}{'big p50':>9}{'p95':>8}{'ratio':>7}")
    for name in names:
        row = results[name] = await measure(CASES[name], small, big, rounds)
        verdict = "" if row["p95_ratio"] <= TARGET else "  MISSED"
        print(
            f"{name:36}{row['small_p50']:10.2f}{row['small_p95']:8.2f}{row['big_p50']:9.2f}"
            f"{row['big_p95']:8.2f}{row['p95_ratio']:7.2f}{verdict}",
            flush=True,
        )
    for db in bases:
        await db.aclose()
    return results


def main() -> int:
    """Fill, measure, print, write; fail where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="a tenth of the big store")
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument("--folder", type=Path, help="where the stores are made, 2 GB, and deleted")
    parser.add_argument("--only", nargs="+", choices=CASES, help="these cases")
    arguments = parser.parse_args()
    size, rounds = (BIG // 10, 100) if arguments.quick else (BIG, 400)
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        stocks = [fill(folder / "small.db", SMALL, "small"), fill(folder / "big.db", size, "big")]
        megabytes = [round(stock.path.stat().st_size / 1e6, 1) for stock in stocks]
        print(f"{SMALL:,} threads in {megabytes[0]} MB, {size:,} in {megabytes[1]} MB")
        figures = asyncio.run(run(stocks, rounds, arguments.only or list(CASES)))
    missed = [name for name, row in figures.items() if row["p95_ratio"] > TARGET]
    print(f"p95 ratio at most {TARGET}: {f'MISSED by {missed}' if missed else 'reached'}")
    if arguments.json:
        shape = {"threads": [SMALL, size], "megabytes": megabytes, "load": os.getloadavg()[0]}
        arguments.json.write_text(json.dumps({**shape, "cases": figures}, indent=2) + "\n")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
