"""Ours against another OpenAI-compatible server with the same model, in turns in the same run.

`server.py --peer-url` runs it. The model is the random one of `model.py`, or one that knows its
token 1663: long conversations make it say nothing else, so that what was said is the same tokens
when it is read again.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from typing import Any, NamedTuple

from wire import Target, call, model_server

__all__ = ["against_peer"]

PEER_TOKENS = 64
TUNING_SECONDS = 1200
LONG_WORDS = 1480  # about 3,000 tokens
ONE_WORD = {"1663": 100}


async def chat_clients(target: Target, model: str, clients: int, turn: int) -> tuple[float, float]:
    """Tokens a second that so many SDK clients get together, and the median time to the first."""
    import openai

    client = openai.AsyncOpenAI(base_url=f"{target.url}/v1", api_key=target.key, timeout=600)
    firsts: list[float] = []

    async def one(number: int) -> int:
        begin = time.perf_counter()
        text = f"{clients} {turn} {number} " + "abcd " * 60
        answer = await client.chat.completions.create(
            model=model,
            messages=[{"role": "user", "content": text}],
            max_tokens=PEER_TOKENS,
            temperature=0,
            stream=True,
        )
        count = 0
        async for chunk in answer:
            if chunk.choices and chunk.choices[0].delta.content:
                if not count:
                    firsts.append(time.perf_counter() - begin)
                count += 1
        return count

    begin = time.perf_counter()
    counts = await asyncio.gather(*(one(number) for number in range(clients)))
    seconds = time.perf_counter() - begin
    await client.close()
    return sum(counts) / seconds, statistics.median(firsts)


class Conversation(NamedTuple):
    """One conversation's messages, and what the last answer's stream gave, in seconds."""

    messages: list[dict[str, str]]
    prompt_tokens: int = 0
    first: float = 0.0
    last: float = 0.0
    tokens: int = 0

    async def ask(self, client: Any, model: str, text: str, tokens: int) -> Conversation:
        """Take another turn."""
        messages = [*self.messages, {"role": "user", "content": text}]
        begin = time.perf_counter()
        answer = await client.chat.completions.create(
            model=model,
            messages=messages,
            max_tokens=tokens,
            temperature=0,
            logit_bias=ONE_WORD,
            stream=True,
            stream_options={"include_usage": True},
        )
        times, said, read = [], "", 0
        async for chunk in answer:
            if chunk.choices and chunk.choices[0].delta.content:
                said += chunk.choices[0].delta.content
                times.append(time.perf_counter() - begin)
            read = chunk.usage.prompt_tokens if chunk.usage else read
        messages.append({"role": "assistant", "content": said})
        return Conversation(messages, read, times[0], times[-1], len(times))


async def conversations(target: Target, model: str, count: int, turn: int) -> dict[str, float]:
    """Long conversations at once: reading them, one's next turn, and all of them answering."""
    import openai

    client = openai.AsyncOpenAI(base_url=f"{target.url}/v1", api_key=target.key, timeout=600)
    texts = [f"{turn} {count} {number} " + "abcd " * LONG_WORDS for number in range(count)]
    talks = await asyncio.gather(*(Conversation([]).ask(client, model, text, 8) for text in texts))
    read = sum(talk.prompt_tokens for talk in talks) / max(talk.first for talk in talks)
    follow_up = await talks[0].ask(client, model, "abcd abcd", 1)
    talks = await asyncio.gather(
        *(talk.ask(client, model, "abcd", PEER_TOKENS) for talk in [follow_up, *talks[1:]])
    )
    speeds = [(talk.tokens - 1) / (talk.last - talk.first) for talk in talks]
    await client.close()
    return {
        "prefill_per_second": read,
        "follow_up_ms": 1000 * follow_up.first,
        "decode_per_second": sum(speeds),
    }


async def long_conversations(
    ours: Target, peer: Target, names: tuple[str, str], count: int
) -> dict[str, float]:
    """Conversations of 3,000 tokens, ours and the peer's in turns; more is better for ratios."""
    rows = [
        (
            await conversations(ours, names[0], count, turn),
            await conversations(peer, names[1], count, turn),
        )
        for turn in range(3)  # the first one warms up
    ]
    mine, theirs = (
        {name: statistics.median(row[side][name] for row in rows[1:]) for name in rows[0][side]}
        for side in (0, 1)
    )
    return {
        **{f"ours_{name}": value for name, value in mine.items()},
        **{f"peer_{name}": value for name, value in theirs.items()},
        "prefill_ratio": mine["prefill_per_second"] / theirs["prefill_per_second"],
        "follow_up_ratio": theirs["follow_up_ms"] / mine["follow_up_ms"],
        "decode_ratio": mine["decode_per_second"] / theirs["decode_per_second"],
    }


def against_peer(options: argparse.Namespace) -> dict[str, Any]:
    """Ours and another server's chat completions of the same model, in turns.

    Ours first finds its settings, as it does once on every machine: it would do so while the peer
    is measured, as soon as it has nothing to do itself.
    """
    peer = Target(options.peer_url.removesuffix("/v1"), options.peer_key)
    threads = f"--OxillamaApp.n_threads={options.threads}"
    results: dict[str, Any] = {}
    with model_server(options.model, "--OxillamaApp.n_parallel=16", threads) as ours:
        name = asyncio.run(_tuned_model(ours))
        for clients in (8, 16):
            rows = []
            for turn in range(4):  # the first one warms up
                mine = asyncio.run(chat_clients(ours, name, clients, turn))
                theirs = asyncio.run(chat_clients(peer, options.peer_model, clients, turn))
                rows.append((mine[0], theirs[0], mine[1], theirs[1], mine[0] / theirs[0]))
            middle = [statistics.median(column) for column in zip(*rows[1:], strict=True)]
            results[f"peer, {clients} streams of {PEER_TOKENS} tokens"] = dict(
                zip(
                    ("ours_per_second", "peer_per_second", "ours_first_s", "peer_first_s", "ratio"),
                    middle,
                    strict=True,
                )
            )
    with model_server(options.model, "--OxillamaApp.n_parallel=4", threads) as ours:
        names = asyncio.run(_tuned_model(ours)), options.peer_model
        for count in (1, 4):
            case = f"peer, {count} conversations of 3,000 tokens"
            results[case] = asyncio.run(long_conversations(ours, peer, names, count))
    return results


async def _tuned_model(target: Target) -> str:
    """The model that answers by default, once its settings are found and it answers with them."""
    import openai

    client = openai.AsyncOpenAI(base_url=f"{target.url}/v1", api_key=target.key)
    name = (await client.models.list()).data[0].id
    hello = [{"role": "user", "content": "Hello"}]
    await client.chat.completions.create(model=name, messages=hello, max_tokens=1)
    print("Ours finds its settings; that takes some minutes.", file=sys.stderr)
    deadline = time.monotonic() + TUNING_SECONDS
    while not (await call(target, "GET", "/oxillama/engine"))["status"]["measured"]:
        if time.monotonic() > deadline:
            raise SystemExit("The machine is too restless for our server to find its settings.")
        await asyncio.sleep(1)
    await client.chat.completions.create(model=name, messages=hello, max_tokens=1)
    await client.close()
    return name
