"""Does a store slow down as it grows? The same operations in a small one and in a big one.

    python benchmarks/store.py [--quick] [--json FILE] [--folder FOLDER]

The small store has 100 threads and 1,000 messages, the big one 100,000 and 1,000,000 (a tenth of
that with `--quick`). Their operations take turns, so that whatever else the machine does falls on
both. A ratio is the big one's p95 over the small one's.

Everything is measured twice: over HTTP, with a server for each store, which is what a person waits
for and what the target is about; and by the store's own functions, each store with its connection
and thread, where the time of a server does not hide what a page of the file more costs.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from store_sides import Inside, Served, Side
from store_stock import Stock, fill
from wire import Target, scripted_server

from oxillama_jupyter.store.database import Database

TARGET = 2.0
SMALL, BIG = 100, 100_000
Case = Callable[[Side], Awaitable[None]]
Figures = dict[str, dict[str, float]]


async def _deep_messages(side: Side) -> None:
    thread_id = side.thread()
    await side.list_messages(thread_id, limit=5, after=side.message(thread_id))


async def _retrieve(side: Side) -> None:
    thread_id = side.thread()
    await side.retrieve(thread_id, side.message(thread_id))


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
    "list runs of a thread": lambda side: side.list_runs(side.thread()),
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
    "append a message": lambda side: side.append(side.thread()),
    "begin and conclude a run": lambda side: side.run(side.thread()),
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


async def run(small: Side, big: Side, rounds: int, names: list[str]) -> Figures:
    """Measure cases, print each when it is there."""
    results = {}
    print(f"{'milliseconds':36}{'small p50':>10}{'p95':>8}{'big p50':>9}{'p95':>8}{'ratio':>7}")
    for name in names:
        row = results[name] = await measure(CASES[name], small, big, rounds)
        print(
            f"{name:36}{row['small_p50']:10.2f}{row['small_p95']:8.2f}{row['big_p50']:9.2f}"
            f"{row['big_p95']:8.2f}{row['p95_ratio']:7.2f}",
            flush=True,
        )
    return results


async def inside(stocks: list[Stock], rounds: int, names: list[str]) -> Figures:
    """Measure the store's own functions."""
    bases = [await Database.open(stock.path) for stock in stocks]
    small, big = (Inside(stock, db) for stock, db in zip(stocks, bases, strict=True))
    try:
        return await run(small, big, rounds, names)
    finally:
        for db in bases:
            await db.aclose()


def served(stocks: list[Stock], rounds: int, names: list[str]) -> Figures:
    """Measure over HTTP."""
    with contextlib.ExitStack() as stack:
        small, big = (Served(stock, stack.enter_context(_server(stock.path))) for stock in stocks)
        return asyncio.run(run(small, big, rounds, names))


def _server(path: Path) -> contextlib.AbstractContextManager[Target]:
    return scripted_server(1, f"--OxillamaApp.db_path={path}")


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
        names = arguments.only or list(CASES)
        print("\nby the store's functions")
        alone = asyncio.run(inside(stocks, rounds, names))
        print("\nover HTTP")
        figures = served(stocks, rounds, names)
    missed = [name for name, row in figures.items() if row["p95_ratio"] > TARGET]
    print(f"p95 ratio over HTTP at most {TARGET}: {f'MISSED by {missed}' if missed else 'reached'}")
    if arguments.json:
        shape = {"threads": [SMALL, size], "megabytes": megabytes, "load": os.getloadavg()[0]}
        arguments.json.write_text(
            json.dumps({**shape, "cases": figures, "inside": alone}, indent=2) + "\n"
        )
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
