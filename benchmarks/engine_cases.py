"""What the engine is measured at: batches, prefill, neighbours in the cache, restarts."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

from bare import BareLoop, long_text, question, request

from oxillama_jupyter.engine.local import LocalEngine
from oxillama_jupyter.engine.protocol import Delta, GenerateRequest

LONG_TOKENS = 1500
THREAD_TOKENS = 4000

Figures = dict[str, Any]  # a table's row, written as JSON


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
        bare_first, bare_seconds = bare.generate(items)
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
        text = long_text(bare, 90_000 + turn, LONG_TOKENS)
        first = request(text, 8, key=f"long{turn}")
        bare_seconds, _ = bare.generate([first])
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
    """Go on with a thread, by about 20 tokens: the template's and two words."""
    said = "".join(delta.text for delta in deltas)
    messages = [*first.messages, {"role": "assistant", "content": said}]
    messages.append({"role": "user", "content": "abcd abcd"})
    return GenerateRequest(messages, sampling=first.sampling, cache_key=first.cache_key)


async def restart(
    make: Callable[[], LocalEngine], bare: BareLoop, rounds: int, tokens: int = THREAD_TOKENS
) -> Figures:
    """Compare the next turn of a thread after a restart with reading a thread of its length."""
    turns, prefills, cached = [], [], []
    for turn in range(rounds):
        first = request(long_text(bare, 60_000 + turn, tokens), 8, key=f"restart{turn}")
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
        seconds, _ = await collect(engine, request(long_text(bare, 62_000 + turn, tokens), 1))
        prefills.append(seconds)
        await engine.aclose()
    return {
        "thread_tokens": info.tokens,
        "new_tokens": info.tokens - info.cached_tokens,
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
    long = long_text(bare, 70_001, THREAD_TOKENS - 200)
    reading = asyncio.create_task(collect(engine, request(long, 1)))
    await asyncio.sleep(0.05)
    first, _ = await collect(engine, request(question(70_002), 4))
    await reading
    beside = sorted(gaps)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    return {
        "token_gap_alone_ms": round(1000 * alone, 1),
        "token_gap_beside_prefill_ms": round(1000 * statistics.median(beside), 1),
        "token_gap_p99_ms": round(1000 * beside[int(0.99 * len(beside))], 1),
        "p99_to_median": round(beside[int(0.99 * len(beside))] / statistics.median(beside), 2),
        "short_request_ttft_ms": round(1000 * first, 1),
    }
