"""llama.cpp with a loop around it, and the requests that it and the engine are measured with."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from oxillama_jupyter.engine.backend import Row
from oxillama_jupyter.engine.frames import Configure
from oxillama_jupyter.engine.llama import Llama
from oxillama_jupyter.engine.protocol import GenerateRequest, Sampling
from oxillama_jupyter.engine.templates import PromptBuilder

NEVER_END = {31993: -100.0, 31995: -100.0}  # <|endoftext|>, <|im_end|>


def request(text: str, tokens: int, key: str | None = None) -> GenerateRequest:
    """Make a greedy request of an exact length."""
    sampling = Sampling(temperature=0, max_tokens=tokens, logit_bias=NEVER_END)
    return GenerateRequest([{"role": "user", "content": text}], sampling=sampling, cache_key=key)


def question(number: int, words: int = 12) -> str:
    """Make a text that shares no beginning with the others'."""
    return f"{number} " + "abcd " * words


class BareLoop:
    """llama.cpp with a loop around it: the most that can be had.

    All of it runs in the thread that made it, as a program of llama.cpp's own does: OpenMP has a
    team of threads for each thread that decodes, and with two teams it is up to half as fast.
    """

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


def long_text(bare: BareLoop, number: int, tokens: int) -> str:
    """Make a question whose prompt has so many tokens."""
    words = 16
    while len(bare.builder.build(request(question(number, words), 1))[0]) < tokens:
        words += 8
    return question(number, words)
