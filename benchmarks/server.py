"""What the server itself costs: run overhead, cost per event, and what others feel meanwhile.

    python benchmarks/server.py [--quick] [--json FILE]
    python benchmarks/server.py --model FILE.gguf --threads 2 --peer-url URL [--peer-model M]

The engine is scripted and costs next to nothing, so all times are the server's and the client's.
With `--peer-url` official SDK clients stream chat completions of a model from that server and from
ours, in turns in the same run: give the peer the same file and as many threads.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

from peer import against_peer
from wire import Target, call, cpu_seconds, scripted_server, stream

from oxillama_jupyter.engine.protocol import GenerateRequest
from oxillama_jupyter.engine.scripted import ScriptedEngine

TOKENS = 2000
RUN = {"assistant_id": "default", "stream": True}
HELLO = {"messages": [{"role": "user", "content": "Hello"}]}
APIS = {
    "chat": ("/v1/chat/completions", {"model": "scripted", "stream": True, **HELLO}),
    "response": ("/v1/responses", {"model": "scripted", "stream": True, "input": "Hello"}),
}


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which that share of them lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def run_overhead(target: Target, runs: int) -> dict[str, float]:
    """Milliseconds from a run's request to its `in_progress` and `completed` events."""
    started, finished = [], []
    for _ in range(runs):
        thread = await call(target, "POST", "/v1/threads", HELLO)
        begin = time.perf_counter()
        seen = b""
        async for chunk in stream(target, "POST", f"/v1/threads/{thread['id']}/runs", RUN):
            if b"thread.run.in_progress" not in seen and b"thread.run.in_progress" in seen + chunk:
                started.append((time.perf_counter() - begin) * 1000)
            seen += chunk
        finished.append((time.perf_counter() - begin) * 1000)
    return {
        "in_progress_p50_ms": statistics.median(started),
        "in_progress_p99_ms": quantile(started, 0.99),
        "completed_p50_ms": statistics.median(finished),
        "completed_p99_ms": quantile(finished, 0.99),
    }


async def _bare(engine: ScriptedEngine) -> None:
    request = GenerateRequest(messages=HELLO["messages"])
    async with aclosing(engine.generate(request)) as deltas:
        async for _ in deltas:
            pass


async def _rounds(one: Callable[[], Awaitable[None]], clients: int, rounds: int) -> list[float]:
    """Milliseconds of each of so many requests of so many clients at once."""
    times: list[float] = []

    async def client() -> None:
        for _ in range(rounds):
            begin = time.perf_counter()
            await one()
            times.append((time.perf_counter() - begin) * 1000)

    await asyncio.gather(*(client() for _ in range(clients)))
    return times


async def api_overhead(target: Target, api: str, clients: int, rounds: int) -> dict[str, float]:
    """Milliseconds of a streamed answer of 20 tokens beyond the same one without a server."""
    engine = ScriptedEngine(lambda _: iter([" word"] * 20), n_parallel=64)
    await engine.start()
    bare = await _rounds(lambda: _bare(engine), clients, rounds)
    await engine.aclose()

    async def ask() -> None:
        path, body = APIS[api]
        async for _ in stream(target, "POST", path, body):
            pass

    served = await _rounds(ask, clients, rounds)
    return {
        "clients": clients,
        "bare_p50_ms": statistics.median(bare),
        "bare_p99_ms": quantile(bare, 0.99),
        "overhead_p50_ms": statistics.median(served) - statistics.median(bare),
        "overhead_p99_ms": quantile(served, 0.99) - quantile(bare, 0.99),
    }


async def _one_stream(target: Target) -> int:
    events = 0
    body = {**RUN, "thread": HELLO}
    async for chunk in stream(target, "POST", "/v1/threads/runs", body):
        events += chunk.count(b"event: ")
    return events


async def event_cost(target: Target, streams: int) -> dict[str, float]:
    """Server CPU and wall time per event while so many clients stream at once."""
    cpu, wall = cpu_seconds(target.pid or 0), time.perf_counter()
    counts = await asyncio.gather(*(_one_stream(target) for _ in range(streams)))
    cpu, wall = cpu_seconds(target.pid or 0) - cpu, time.perf_counter() - wall
    events = sum(counts)
    return {
        "streams": streams,
        "events": events,
        "server_cpu_us_per_event": cpu / events * 1e6,
        "wall_us_per_event": wall / events * 1e6,
    }


async def _status_times(target: Target, seconds: float) -> list[float]:
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        begin = time.perf_counter()
        await call(target, "GET", "/api/status")
        times.append((time.perf_counter() - begin) * 1000)
        await asyncio.sleep(0.01)
    return times


async def neighbours(target: Target, streams: int, seconds: float) -> dict[str, float]:
    """Milliseconds of `GET /api/status`, idle and while flat-out streams run."""
    idle = await _status_times(target, seconds)

    async def keep_streaming() -> None:
        while True:
            await _one_stream(target)

    tasks = [asyncio.create_task(keep_streaming()) for _ in range(streams)]
    busy = await _status_times(target, seconds)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    p99_idle, p99_busy = quantile(idle, 0.99), quantile(busy, 0.99)
    return {
        "idle_p99_ms": p99_idle,
        "busy_p50_ms": statistics.median(busy),
        "busy_p99_ms": p99_busy,
        "p99_above_idle_ms": p99_busy - p99_idle,
    }


async def sdk_clients(target: Target, clients: int) -> dict[str, float]:
    """Events a second that so many official SDK clients get, all in one process."""
    import openai

    client = openai.AsyncOpenAI(base_url=f"{target.url}/v1", api_key=target.key)

    async def one() -> int:
        answer = await client.beta.threads.create_and_run(
            assistant_id="default", thread=HELLO, stream=True
        )
        return sum([1 async for _ in answer])

    begin = time.perf_counter()
    events = sum(await asyncio.gather(*(one() for _ in range(clients))))
    return {"clients": clients, "events_per_second": events / (time.perf_counter() - begin)}


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """All figures."""
    runs, seconds = (50, 2.0) if options.quick else (400, 6.0)
    results: dict[str, Any] = {}
    with scripted_server(20) as short:
        asyncio.run(run_overhead(short, 20))  # warm
        results["run overhead, 20 tokens"] = asyncio.run(run_overhead(short, runs))
        for clients in (1, 16):
            rounds = max(10, runs // clients)
            for api in APIS:
                figures = asyncio.run(api_overhead(short, api, clients, rounds))
                results[f"{api} overhead, 20 tokens, {clients} clients"] = figures
    with scripted_server(TOKENS, "--OxillamaApp.n_parallel=64") as long:
        asyncio.run(event_cost(long, 2))  # warm
        for streams in (1, 8, 32):
            results[f"event cost, {streams} streams"] = asyncio.run(event_cost(long, streams))
        results["GET /api/status beside 8 streams"] = asyncio.run(neighbours(long, 8, seconds))
        results["8 SDK clients"] = asyncio.run(sdk_clients(long, 8))
    return results


def main() -> None:
    """Measure, print a table, write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--peer-url", help="an OpenAI-compatible server's URL, /v1 included")
    parser.add_argument("--peer-key", default="none")
    parser.add_argument("--peer-model", default="default")
    parser.add_argument("--model", type=Path, help="the GGUF that the peer serves")
    parser.add_argument("--threads", type=int, default=2, help="compute threads of both")
    options = parser.parse_args()
    if options.peer_url and not options.model:
        parser.error("--peer-url needs --model, the file that the peer serves")
    results = against_peer(options) if options.peer_url else measure(options)
    for name, figures in results.items():
        print(name)
        for key, value in figures.items():
            print(f"  {key:28} {value:12,.2f}")
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
