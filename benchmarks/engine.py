"""The engine against a bare `llama_decode` loop: same model, threads, batch, sampler, same run.

    python benchmarks/engine.py --quick --json engine.json
    python benchmarks/engine.py --only throughput defaults

The bare loop has nothing to do but decode: all prompts are there, nobody comes or goes, no text is
made. The engine does the same generations through `LocalEngine`: template, pipe, events and all.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import engine_more as more
from bare import BareLoop
from engine_cases import Figures, fairness, prefill, restart, throughput
from engine_neighbours import best_fixed, neighbours
from model import LARGE, make_model

from oxillama_jupyter.engine.frames import Configure
from oxillama_jupyter.engine.local import LocalEngine
from oxillama_jupyter.engine.machine import physical_cores
from oxillama_jupyter.engine.process import CHILD_ENVIRONMENT

COUNTS = (1, 4, 8, 16, 32)
PARALLEL = max(COUNTS)
TARGETS: dict[str, Callable[[Figures], bool]] = {
    "throughput": lambda row: row["ratio"] >= 0.92,
    "prefill": lambda row: row["second_turn_prefilled"] < 0.05,
    "fairness": lambda row: row["p99_to_median"] <= 3,
    "restart": lambda row: row["times_faster"] >= 50,
    "sharing": lambda row: row["not_prefilled_again"] >= 0.9,
    "constrained": lambda row: row["constrained_to_free"] >= 0.9,
    "memory": lambda row: row["beyond_MB"] <= 120,
    "defaults": lambda row: (
        row["decode_ratio"] >= 1.8 and row["follow_up_ratio"] >= 4 and row["prefill_ratio"] >= 0.8
    ),
    "neighbours": lambda row: (
        row["share_kept_beside"] >= 0.5 and row["neighbour_kept"] >= 0.9 * row["its_fair_share"]
    ),
    "best_fixed": lambda row: row["tuned_to_best"] >= 0.97,
}


class Bench:
    """One model, and everything that is measured with it.

    Args:
        model: The GGUF.
        folder: Where engines keep what they find out.
        threads: Compute threads of the engine and of the bare loop.
        quick: Fewer and shorter rounds.
    """

    def __init__(self, model: Path, folder: Path, threads: int, *, quick: bool) -> None:
        self.model, self.folder, self.threads = model, folder, threads
        self.rounds, self.tokens = (2, 32) if quick else (3, 128)

    def make(self, **options: Any) -> LocalEngine:
        """Make an engine."""
        settings = {"n_parallel": PARALLEL, "n_ctx": 4096, "n_threads": self.threads} | options
        return LocalEngine(self.model, model_id="random", data_dir=self.folder, **settings)

    def cases(self) -> dict[str, Callable[[], Awaitable[list[Figures]]]]:
        """All cases by name."""
        return {
            "throughput": lambda: self._beside(self._throughput),
            "prefill": lambda: self._beside(lambda *both: _row(prefill(*both, self.rounds))),
            "fairness": lambda: self._beside(lambda *both: _row(fairness(*both))),
            "restart": lambda: self._beside(self._restart),
            "sharing": lambda: _row(more.sharing(self.make)),
            "constrained": lambda: _row(more.constrained(self.make, self.rounds, self.tokens)),
            "memory": lambda: _row(more.memory(self.make)),
            "defaults": lambda: more.defaults(self.make, self.model, self.threads),
            "neighbours": lambda: neighbours(self.make, self.threads),
            "best_fixed": lambda: _row(best_fixed(self.make, self.threads, self.rounds)),
        }

    async def _beside(
        self, case: Callable[[LocalEngine, BareLoop], Awaitable[list[Figures]]]
    ) -> list[Figures]:
        """Run a case with an engine and a bare loop of the same settings."""
        engine = self.make()
        await engine.start()
        extra = bool(engine.status().settings["use_extra_bufts"])
        configure = Configure(
            str(self.model),
            "random",
            n_ctx=4096,
            n_parallel=PARALLEL,
            n_threads=self.threads,
            use_extra_bufts=extra,
        )
        bare = BareLoop(configure)
        try:
            return await case(engine, bare)
        finally:
            await engine.aclose()
            bare.llama.close()

    async def _throughput(self, engine: LocalEngine, bare: BareLoop) -> list[Figures]:
        return [await throughput(engine, bare, count, self.tokens, self.rounds) for count in COUNTS]

    async def _restart(self, engine: LocalEngine, bare: BareLoop) -> list[Figures]:
        await engine.aclose()
        await more.tune(self.make)
        settings = more.TUNED | {"vault_bytes": 1 << 30}
        return [await restart(lambda: self.make(**settings), bare, self.rounds)]


async def _row(case: Awaitable[Figures]) -> list[Figures]:
    return [await case]


def show(rows: Sequence[Figures]) -> None:
    """Print rows as a table."""
    names = list(rows[0])
    widths = [max(len(name), *(len(str(row[name])) for row in rows)) for name in names]
    print("  ".join(name.rjust(width) for name, width in zip(names, widths, strict=True)))
    for row in rows:
        cells = zip(names, widths, strict=True)
        print("  ".join(str(row[name]).rjust(width) for name, width in cells))


async def run(bench: Bench, names: Sequence[str]) -> dict[str, list[Figures]]:
    """Run cases and print each one's table when it is there."""
    figures = {}
    for name in names:
        figures[name] = await bench.cases()[name]()
        verdict = "reached" if all(map(TARGETS[name], figures[name])) else "MISSED"
        print(f"{name}: {verdict} (load {os.getloadavg()[0]:.1f})")
        show(figures[name])
        print(flush=True)
    return figures


def main() -> int:
    """Run, print, write; fail where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--only", nargs="+", choices=TARGETS, help="these cases")
    parser.add_argument("--model", type=Path, help="another GGUF; the random one otherwise")
    parser.add_argument("--threads", type=int, help="compute threads; physical cores otherwise")
    parser.add_argument("--json", type=Path, help="write all figures here")
    arguments = parser.parse_args()
    environment = {**CHILD_ENVIRONMENT, **os.environ}
    if environment != dict(os.environ):  # the bare loop gets what the engine gets
        os.execve(sys.executable, [sys.executable, *sys.argv], environment)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = arguments.model or make_model(folder / "random.gguf")
        threads = arguments.threads or physical_cores()
        bench = Bench(model, folder, threads, quick=arguments.quick)
        figures = asyncio.run(run(bench, arguments.only or list(TARGETS)))
    if arguments.json:
        shape = {"model": LARGE._asdict(), "threads": threads, **figures}
        arguments.json.write_text(json.dumps(shape, indent=2) + "\n")
    return not all(all(map(TARGETS[name], rows)) for name, rows in figures.items())


if __name__ == "__main__":
    sys.exit(main())
