"""More of what the engine is measured at: many threads, grammars, memory, defaults."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llama_cpp
import psutil
from bare import NEVER_END, BareLoop, long_text, question, request
from engine_cases import Figures, collect, generate, next_turn
from model import LARGE

from oxillama_jupyter.engine.frames import Configure
from oxillama_jupyter.engine.local import LocalEngine
from oxillama_jupyter.engine.pacing import Pacer
from oxillama_jupyter.engine.protocol import Constraint, GenerateRequest, Sampling
from oxillama_jupyter.engine.tuning import Tuning

Make = Callable[..., LocalEngine]
CONTEXT = 3000
SAY_ABCD = {**NEVER_END, 1663: 100.0}
"""Answers of one token again and again: as text they are the same tokens, and stay cached."""
TUNED = {"n_parallel": 4, "n_ctx": 8192, "n_threads": None, "tuning": Tuning(autotune=True)}
"""Settings of an engine that uses what was measured."""


async def sharing(make: Make) -> Figures:
    """24 threads of three turns take turns on 8 sequences; all have the same system prompt."""
    system = {"role": "system", "content": "rule " * 600}
    prompt = cached = 0
    engine = make(n_parallel=8)
    await engine.start()

    async def thread(number: int) -> tuple[GenerateRequest, list[Any]]:
        asked = [system, {"role": "user", "content": question(number)}]
        sampling = Sampling(temperature=0, max_tokens=16, logit_bias=NEVER_END)
        item = GenerateRequest(asked, sampling=sampling, cache_key=f"thread{number}")
        return item, (await collect(engine, item))[1]

    async def again(item: GenerateRequest, deltas: list[Any]) -> tuple[GenerateRequest, list[Any]]:
        following = next_turn(item, deltas)
        return following, (await collect(engine, following))[1]

    done = await asyncio.gather(*(thread(number) for number in range(24)))
    for turn in range(3):
        for _, deltas in done:
            prompt += deltas[0].prompt.tokens
            cached += deltas[0].prompt.cached_tokens
        if turn < 2:
            done = await asyncio.gather(*(again(*one) for one in done))
    await engine.aclose()
    return {"prompt_tokens": prompt, "not_prefilled_again": round(cached / prompt, 4)}


async def constrained(make: Make, rounds: int, tokens: int) -> Figures:
    """The same generations free and under a grammar that allows a third of the bytes."""
    engine = make(n_parallel=4)
    await engine.start()
    ratios = []
    for turn in range(rounds):
        free, other = (
            [request(question(start + 10 * turn + n), tokens) for n in range(4)]
            for start in (50_000, 55_000)
        )
        bound = [
            GenerateRequest(
                item.messages, sampling=item.sampling, constraint=Constraint("regex", "[a-z ]+")
            )
            for item in other
        ]
        _, seconds = await generate(engine, free)
        _, slower = await generate(engine, bound)
        ratios.append(seconds / slower)
    await engine.aclose()
    return {"constrained_to_free": round(statistics.median(ratios), 3)}


async def memory(make: Make) -> Figures:
    """What an idle engine takes beyond the weights and the KV cache."""
    engine = make(n_parallel=4, n_ctx=4096)
    await engine.start()
    await collect(engine, request(question(1), 4))
    status, model = engine.status(), engine.models()[0]
    resident = psutil.Process(status.pid).memory_info().rss
    cells = status.stats.cells
    await engine.aclose()
    cell = 4 * LARGE.layers * LARGE.kv_heads * (LARGE.width // LARGE.heads)  # K and V in f16
    cache = cells * cell
    return {
        "resident_MB": round(resident / 1e6),
        "weights_MB": round(model.size / 1e6),
        "cache_MB": round(cache / 1e6),
        "beyond_MB": round((resident - model.size - cache) / 1e6),
    }


class DefaultLoop(BareLoop):
    """The loop over a context that llama.cpp makes by default.

    Args:
        model: The GGUF.
        sequences: How many there are.
        threads: Compute threads; None for llama.cpp's default, whatever the machine has.
    """

    def __init__(self, model: Path, sequences: int, threads: int | None) -> None:
        super().__init__(Configure(str(model), "random", n_ctx=4096, n_parallel=sequences))
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = 4096 * sequences
        params.n_seq_max = sequences
        if threads is not None:
            params.n_threads = params.n_threads_batch = threads
        self.threads = params.n_threads
        llama = self.llama
        llama_cpp.llama_free(llama._context)
        llama._context = llama_cpp.llama_init_from_model(llama._model, params)
        llama._memory = llama_cpp.llama_get_memory(llama._context)
        llama.limits = llama.limits._replace(n_batch=512)
        llama.pacer = Pacer(self.threads, fixed=True)
        llama._using = self.threads
        llama.warm_up()


async def defaults(make: Make, model: Path, threads: int) -> list[Figures]:
    """Our measured settings against llama.cpp's defaults, at contexts of 3,000 tokens.

    Once against its default context parameters as they are, which have four threads on any machine,
    and once with as many threads as there are cores, which its programs choose.
    """
    await tune(make)
    rows = []
    for count in (1, 4):
        for given in (None, threads):
            loop = DefaultLoop(model, 4, given)
            texts = [long_text(loop, 40_000 + 100 * count + n, CONTEXT) for n in range(count)]
            engine = make(**TUNED)
            await engine.start()
            ours = await _engine_speeds(engine, texts)
            await engine.aclose()
            new = int(ours["new_tokens"])
            theirs = _loop_speeds(loop, texts, new)
            loop.llama.close()
            rows.append(
                {
                    "sequences": count,
                    "their_threads": loop.threads,
                    "decode_ratio": round(ours["decode"] / theirs["decode"], 2),
                    "follow_up_ratio": round(theirs["follow_up"] / ours["follow_up"], 2),
                    "prefill_ratio": round(ours["prefill"] / theirs["prefill"], 2),
                    "decode_tokens_per_s": round(ours["decode"], 1),
                    "follow_up_tokens": new,
                    "follow_up_ms": round(1000 * ours["follow_up"], 1),
                    "prefill_tokens_per_s": round(ours["prefill"], 1),
                }
            )
    return rows


async def tune(make: Make) -> None:
    """Let an engine find the fastest settings, as it does in quiet minutes; once."""
    for _ in range(3):
        engine = make(**TUNED)
        await engine.start()
        while engine.status().measuring is not None:  # noqa: ASYNC110 - an engine tells nobody
            await asyncio.sleep(0.5)
        measured = engine.status().measured
        await engine.aclose()
        if measured:
            print("chosen:", next(way for way in measured if way["chosen"]))
            return
    raise SystemExit("The machine is too restless to find the fastest settings.")


async def _engine_speeds(engine: LocalEngine, texts: list[str]) -> dict[str, float]:
    sampling = Sampling(temperature=0, max_tokens=64, logit_bias=SAY_ABCD)
    items = [
        GenerateRequest(
            [{"role": "user", "content": text}], sampling=sampling, cache_key=f"long{n}"
        )
        for n, text in enumerate(texts)
    ]
    results = await asyncio.gather(*(collect(engine, item) for item in items))
    usages = [deltas[-1].usage for _, deltas in results]
    prefill = sum(usage.prompt_tokens for usage in usages) / max(u.prompt_seconds for u in usages)
    follow, deltas = await collect(engine, next_turn(items[0], results[0][1]))
    new = deltas[0].prompt.tokens - deltas[0].prompt.cached_tokens
    # All of them are read by now: together they generate undisturbed.
    items = [next_turn(item, deltas) for item, (_, deltas) in zip(items, results, strict=True)]
    results = await asyncio.gather(*(collect(engine, item) for item in items))
    seconds = statistics.median(deltas[-1].usage.completion_seconds for _, deltas in results)
    decode = 63 * len(texts) / seconds
    return {"prefill": prefill, "follow_up": follow, "decode": decode, "new_tokens": new}


def _loop_speeds(loop: DefaultLoop, texts: list[str], new: int) -> dict[str, float]:
    from oxillama_jupyter.engine.backend import Row

    llama = loop.llama
    prompts = [loop.builder.build(request(text, 1))[0] for text in texts]
    samplers = [llama.sampler(Sampling(temperature=0, logit_bias=NEVER_END)) for _ in texts]
    started = time.perf_counter()
    tokens = loop._prefill(prompts, samplers)
    prefill = sum(map(len, prompts)) / (time.perf_counter() - started)
    ends = [len(prompt) for prompt in prompts]
    started = time.perf_counter()
    for step in range(63):
        rows = [Row(n, end + step, [tokens[n]], samplers[n]) for n, end in enumerate(ends)]
        tokens = llama.step(rows)
    decode = 63 * len(texts) / (time.perf_counter() - started)
    started = time.perf_counter()
    llama.step([Row(0, ends[0] + 63, [tokens[0]] * new, samplers[0])])
    follow = time.perf_counter() - started
    for sampler in samplers:
        sampler.close()
    return {"prefill": prefill, "follow_up": follow, "decode": decode}
