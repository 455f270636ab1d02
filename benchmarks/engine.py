"""The engine against a bare `llama_decode` loop: same model, threads, batch, sampler, same run.

    python benchmarks/engine.py --quick --json engine.json

The bare loop has nothing to do but decode: all prompts are there, nobody comes or goes, no text is
made. The engine does the same generations through `LocalEngine`: template, pipe, events and all.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from model import LARGE, make_model

from oxillama_jupyter.engine.backend import Row
from oxillama_jupyter.engine.frames import Configure
from oxillama_jupyter.engine.llama import Llama
from oxillama_jupyter.engine.local import LocalEngine
from oxillama_jupyter.engine.machine import physical_cores
from oxillama_jupyter.engine.process import CHILD_ENVIRONMENT
from oxillama_jupyter.engine.protocol import Delta, GenerateRequest, Sampling
from oxillama_jupyter.engine.templates import PromptBuilder

COUNTS = (1, 4, 8, 16)
PARALLEL = max(COUNTS)
LONG_TOKENS = 1500
THREAD_TOKENS = 4000
TARGET = 0.90
RESTART_TARGET = 50
NEVER_END = {31993: -100.0, 31995: -100.0}  # <|endoftext|>, <|im_end|>

Figures = dict[str, Any]  # a table's row, written as JSON


def request(text: str, tokens: int, key: str | None = None) -> GenerateRequest:
    """Make a greedy request of an exact length."""
    sampling = Sampling(temperature=0, max_tokens=tokens, logit_bias=NEVER_END)
    return GenerateRequest([{"role": "user", "content": text}], sampling=sampling, cache_key=key)


def question(number: int, words: int = 12) -> str:
    """Make a text that shares no beginning with the others'."""
    return f"{number} " + "abcd " * words


class BareLoop:
    """llama.cpp with a loop around it: the most that can be had."""

    def __init__(self, configure: Configure) -> None:
        self.llama = Llama(configure)
        self.llama.warm_up()
        self.builder = PromptBuilder(self.llama.vocabulary, self.llama.template, 4096)

    def generate(self, requests: Sequence[GenerateRequest]) -> tuple[float, float]:
        """Generate them all; return seconds until the first tokens and in all."""
        llama = self.llama
        prompts = [self.builder.build(item)[0] for item in requests]
        samplers = [llama.sampler(item.sampling) for item in requests]
        started = time.perf_counter()
        tokens = self._prefill(prompts, samplers)
        first = time.perf_counter() - started
        ends = [len(prompt) for prompt in prompts]
        for step in range((requests[0].sampling.max_tokens or 0) - 1):
            rows = [
                Row(number, end + step, [tokens[number]], samplers[number])
                for number, end in enumerate(ends)
            ]
            tokens = llama.step(rows)
        seconds = time.perf_counter() - started
        for number, sampler in enumerate(samplers):
            sampler.close()
            llama.keep(number, 0)
        return first, seconds

    def _prefill(self, prompts: list[list[int]], samplers: list[Any]) -> list[int]:  # opaque
        """Read the prompts in full batches."""
        size = self.llama.limits.n_batch
        tokens: list[int] = []
        rows: list[Row] = []
        room = size
        for number, prompt in enumerate(prompts):
            start = 0
            while start < len(prompt):
                end = min(start + room, len(prompt))
                sampler = samplers[number] if end == len(prompt) else None
                rows.append(Row(number, start, prompt[start:end], sampler))
                room -= end - start
                start = end
                if room == 0:
                    tokens += self.llama.step(rows)
                    rows, room = [], size
        return tokens + (self.llama.step(rows) if rows else [])


async def collect(engine: LocalEngine, item: GenerateRequest) -> tuple[float, list[Delta]]:
    """Generate; return seconds until the first text, and the deltas."""
    started = time.perf_counter()
    first = 0.0
    deltas = []
    async for delta in engine.generate(item):
        if delta.tokens and not first:
            first = time.perf_counter() - started
        deltas.append(delta)
    return first, deltas


async def generate(
    engine: LocalEngine, requests: Sequence[GenerateRequest]
) -> tuple[list[float], float]:
    """Generate them all at once; return the seconds until each one's first text, and in all."""
    started = time.perf_counter()
    results = await asyncio.gather(*(collect(engine, item) for item in requests))
    seconds = time.perf_counter() - started
    for item, (_, deltas) in zip(requests, results, strict=True):
        usage = deltas[-1].usage
        assert usage is not None
        assert usage.completion_tokens == item.sampling.max_tokens
        assert usage.cached_tokens < usage.prompt_tokens // 2
    return [first for first, _ in results], seconds


async def throughput(
    engine: LocalEngine, bare: BareLoop, count: int, tokens: int, rounds: int
) -> Figures:
    """Compare N generations, in turns, so that a busy neighbour meets both."""
    ratios, ours, theirs, waits, bare_waits = [], [], [], [], []
    for turn in range(rounds):
        items = [request(question(1000 * count + 100 * turn + n), tokens) for n in range(count)]
        bare_first, bare_seconds = await asyncio.to_thread(bare.generate, items)
        firsts, seconds = await generate(engine, items)
        ratios.append(bare_seconds / seconds)
        ours.append(count * tokens / seconds)
        theirs.append(count * tokens / bare_seconds)
        waits += firsts
        bare_waits.append(bare_first)
    return {
        "generations": count,
        "engine_tokens_per_s": round(statistics.median(ours), 1),
        "bare_tokens_per_s": round(statistics.median(theirs), 1),
        "ratio": round(statistics.median(ratios), 3),
        "ttft_ms": round(1000 * statistics.median(waits), 1),
        "bare_ttft_ms": round(1000 * statistics.median(bare_waits), 1),
    }


async def prefill(engine: LocalEngine, bare: BareLoop, rounds: int) -> Figures:
    """Compare reading one long prompt, and see what the thread's next turn reads of it."""
    ratios, speeds, bare_speeds, news = [], [], [], []
    for turn in range(rounds):
        text = _long_text(bare, 90_000 + turn)
        first = request(text, 8, key=f"long{turn}")
        bare_seconds, _ = await asyncio.to_thread(bare.generate, [first])
        _, deltas = await collect(engine, first)
        usage = deltas[-1].usage
        assert usage is not None
        info = (await collect(engine, next_turn(first, deltas)))[1][0].prompt
        assert info is not None
        ratios.append(bare_seconds / usage.prompt_seconds)
        speeds.append(usage.prompt_tokens / usage.prompt_seconds)
        bare_speeds.append(usage.prompt_tokens / bare_seconds)
        news.append(1 - info.cached_tokens / info.tokens)
    return {
        "prompt_tokens": usage.prompt_tokens,
        "engine_tokens_per_s": round(statistics.median(speeds), 1),
        "bare_tokens_per_s": round(statistics.median(bare_speeds), 1),
        "ratio": round(statistics.median(ratios), 3),
        "second_turn_prefilled": round(statistics.median(news), 4),
    }


def next_turn(first: GenerateRequest, deltas: Sequence[Delta]) -> GenerateRequest:
    """Go on with a thread."""
    said = "".join(delta.text for delta in deltas)
    messages = [*first.messages, {"role": "assistant", "content": said}]
    messages.append({"role": "user", "content": "and what do you think of it"})
    return GenerateRequest(messages, sampling=first.sampling, cache_key=first.cache_key)


def _long_text(bare: BareLoop, number: int, tokens: int = LONG_TOKENS) -> str:
    words = 16
    while len(bare.builder.build(request(question(number, words), 1))[0]) < tokens:
        words += 8
    return question(number, words)


async def restart(
    make: Callable[[], LocalEngine], bare: BareLoop, rounds: int, tokens: int = THREAD_TOKENS
) -> Figures:
    """Compare the next turn of a thread after a restart with reading a thread of its length."""
    turns, prefills, cached = [], [], []
    for turn in range(rounds):
        first = request(_long_text(bare, 60_000 + turn, tokens), 8, key=f"restart{turn}")
        engine = make()
        await engine.start()
        _, deltas = await collect(engine, first)
        await engine.aclose()
        engine = make()
        await engine.start()
        await collect(engine, request(question(61_000), 2))
        seconds, deltas = await collect(engine, next_turn(first, deltas))
        turns.append(seconds)
        info = deltas[0].prompt
        assert info is not None
        cached.append(info.cached_tokens / info.tokens)
        seconds, _ = await collect(engine, request(_long_text(bare, 62_000 + turn, tokens), 1))
        prefills.append(seconds)
        await engine.aclose()
    return {
        "thread_tokens": info.tokens,
        "cached_after_restart": round(min(cached), 4),
        "ttft_after_restart_ms": round(1000 * statistics.median(turns), 1),
        "ttft_full_prefill_ms": round(1000 * statistics.median(prefills), 1),
        "times_faster": round(statistics.median(prefills) / statistics.median(turns), 1),
    }


async def fairness(engine: LocalEngine, bare: BareLoop) -> Figures:
    """See how a short request and a running generation fare while a long prompt is read."""
    talker = engine.generate(request(question(70_000), 4000))
    await anext(talker)
    gaps: list[float] = []

    async def listen() -> None:
        last = time.perf_counter()
        async for _ in talker:
            now = time.perf_counter()
            gaps.append(now - last)
            last = now

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0.5)
    alone = statistics.median(gaps)
    gaps.clear()
    reading = asyncio.create_task(collect(engine, request(_long_text(bare, 70_001), 1)))
    await asyncio.sleep(0.05)
    first, _ = await collect(engine, request(question(70_002), 4))
    await reading
    beside = sorted(gaps)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    return {
        "token_gap_alone_ms": round(1000 * alone, 1),
        "token_gap_beside_prefill_ms": round(1000 * statistics.median(beside), 1),
        "token_gap_worst_ms": round(1000 * beside[-1], 1),
        "short_request_ttft_ms": round(1000 * first, 1),
    }


async def run(arguments: argparse.Namespace) -> Figures:
    """Measure everything."""
    rounds, tokens = (2, 32) if arguments.quick else (3, 128)
    with tempfile.TemporaryDirectory() as folder:
        model = arguments.model or make_model(Path(folder, "random.gguf"))
        threads = arguments.threads or physical_cores()

        def make(**options: Any) -> LocalEngine:
            settings = {"n_parallel": PARALLEL, "n_ctx": 4096, "n_threads": threads} | options
            return LocalEngine(model, model_id="random", data_dir=Path(folder), **settings)

        engine = make()
        await engine.start()
        settings = engine.status().settings
        extra = bool(settings["use_extra_bufts"])
        bare = BareLoop(
            Configure(
                str(model),
                "random",
                n_ctx=4096,
                n_parallel=PARALLEL,
                n_threads=threads,
                use_extra_bufts=extra,
            )
        )
        try:
            return {
                "load": os.getloadavg()[0],
                "settings": settings,
                "model": {"parameters": engine.models()[0].n_params, "shape": LARGE._asdict()},
                "throughput": [
                    await throughput(engine, bare, count, tokens, rounds) for count in COUNTS
                ],
                "prefill": await prefill(engine, bare, rounds),
                "fairness": await fairness(engine, bare),
                "restart": await restart(
                    lambda: make(n_ctx=8192, n_parallel=4, vault_bytes=1 << 30), bare, rounds
                ),
            }
        finally:
            await engine.aclose()
            bare.llama.close()


def show(rows: Sequence[Figures]) -> None:
    """Print rows as a table."""
    names = list(rows[0])
    widths = [max(len(name), *(len(str(row[name])) for row in rows)) for name in names]
    print("  ".join(name.rjust(width) for name, width in zip(names, widths, strict=True)))
    for row in rows:
        cells = zip(names, widths, strict=True)
        print("  ".join(str(row[name]).rjust(width) for name, width in cells))
    print()


def main() -> int:
    """Run, print, write; fail where the engine is too slow."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--model", type=Path, help="another GGUF; the random one otherwise")
    parser.add_argument("--threads", type=int, help="compute threads; physical cores otherwise")
    parser.add_argument("--json", type=Path, help="write all figures here")
    arguments = parser.parse_args()
    environment = {**CHILD_ENVIRONMENT, **os.environ}
    if environment != dict(os.environ):  # the bare loop gets what the engine gets
        os.execve(sys.executable, [sys.executable, *sys.argv], environment)
    figures = asyncio.run(run(arguments))
    show(figures["throughput"])
    show([figures["prefill"]])
    show([figures["fairness"]])
    show([figures["restart"]])
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")
    passed = all(row["ratio"] >= TARGET for row in figures["throughput"])
    passed = passed and figures["prefill"]["second_turn_prefilled"] < 1 - 0.95
    passed = passed and figures["restart"]["times_faster"] >= RESTART_TARGET
    wanted = f"ratio >= {TARGET}, a second turn under 5 %, {RESTART_TARGET} times after a restart"
    print("passed" if passed else f"missed: {wanted}")
    return not passed


if __name__ == "__main__":
    sys.exit(main())
