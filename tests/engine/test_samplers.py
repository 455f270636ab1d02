"""Every sampler of llama.cpp: that it does something, what it does, and that the seed decides."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
import pytest
from engine.helpers import ask, collect, started, text_of

from oxillama_jupyter.engine.checks import check_request
from oxillama_jupyter.engine.frames import Configure
from oxillama_jupyter.engine.llama import Llama
from oxillama_jupyter.engine.local import LocalEngine
from oxillama_jupyter.engine.protocol import Sampling
from oxillama_jupyter.engine.samplers import make_chain
from oxillama_jupyter.errors import InvalidRequest

CHAINS: dict[str, dict[str, Any]] = {
    "plain": {},
    "truncated": {"top_k": 40, "top_p": 0.9, "min_p": 0.01, "typical_p": 0.95, "min_keep": 2},
    "sigma and xtc": {"top_n_sigma": 2.0, "xtc_probability": 0.5, "xtc_threshold": 0.01},
    "penalties": {"repeat_penalty": 1.3, "repeat_last_n": 5, "dry_multiplier": 0.8},
    "dynamic": {"dynatemp_range": 0.5, "dynatemp_exponent": 1.5},
    "mirostat": {"mirostat": 1},
    "mirostat 2": {"mirostat": 2, "mirostat_tau": 3.0, "mirostat_eta": 0.2},
    "adaptive": {"min_p": 0.001, "adaptive_target": 0.3, "adaptive_decay": 0.8},
}


@pytest.fixture(scope="module")
def llama(small_model: Path) -> Iterator[Llama]:
    model = Llama(Configure(str(small_model), "m", n_ctx=256, n_threads=1))
    yield model
    model.close()


class Chain:
    """A chain over logits of our own."""

    def __init__(self, llama: Llama, **options: Any) -> None:
        vocabulary = llama_cpp.llama_model_get_vocab(llama._model)
        self._size = llama.vocabulary.n_tokens
        self.chain = make_chain(Sampling(**{"seed": 1} | options), vocabulary, 256)

    @property
    def names(self) -> list[str]:
        count = llama_cpp.llama_sampler_chain_n(self.chain)
        links = (llama_cpp.llama_sampler_chain_get(self.chain, index) for index in range(count))
        return [llama_cpp.llama_sampler_name(link).decode() for link in links]

    def choose(self, logits: dict[int, float]) -> int:
        """Choose among these tokens; all others are impossible."""
        data = (llama_cpp.llama_token_data * len(logits))(
            *(llama_cpp.llama_token_data(token, value, 0.0) for token, value in logits.items())
        )
        array = llama_cpp.llama_token_data_array(data, len(logits), -1, False)  # noqa: FBT003
        llama_cpp.llama_sampler_apply(self.chain, array)
        token: int = array.data[array.selected].id
        llama_cpp.llama_sampler_accept(self.chain, token)
        return token

    def say(self, *tokens: int) -> None:
        for token in tokens:
            llama_cpp.llama_sampler_accept(self.chain, token)

    def counts(self, logits: dict[int, float], times: int = 300) -> Counter[int]:
        return Counter(self.choose(logits) for _ in range(times))


def test_the_chain_has_llama_cpps_order(llama: Llama) -> None:
    everything: dict[str, Any] = {
        "temperature": 0.7,
        "logit_bias": {1: 1.0},
        "repeat_penalty": 1.1,
        "dry_multiplier": 1.0,
        "top_n_sigma": 1.0,
        "top_k": 5,
        "typical_p": 0.9,
        "top_p": 0.9,
        "min_p": 0.1,
        "xtc_probability": 0.1,
        "dynatemp_range": 0.1,
    }
    before = ["logit-bias", "penalties", "dry"]
    middle = ["top-n-sigma", "top-k", "typical", "top-p", "min-p", "xtc", "temp-ext"]
    for options, expected in (
        ({}, [*before, *middle, "dist"]),
        ({"adaptive_target": 0.5}, [*before, *middle, "adaptive-p"]),
        ({"mirostat": 1}, [*before, "temp", "mirostat"]),
        ({"mirostat": 2}, [*before, "temp", "mirostat-v2"]),
        ({"temperature": 0}, [*before, "greedy"]),
    ):
        assert Chain(llama, **(everything | options)).names == expected
    nothing = {"temperature": 0.7, "repeat_penalty": 1.1, "repeat_last_n": 0}
    assert Chain(llama, **nothing).names == ["temp", "dist"]  # what does nothing is not there


LOGITS = {10: np.log(0.5), 11: np.log(0.3), 12: np.log(0.15), 13: np.log(0.05)}


def test_what_truncates_leaves_out_what_it_should(llama: Llama) -> None:
    for options, kept in (
        ({}, {10, 11, 12, 13}),
        ({"top_n_sigma": 1.0}, {10, 11}),
        ({"typical_p": 0.25}, {11}),  # as surprising as the whole: neither the best nor the worst
        ({"xtc_probability": 1.0, "xtc_threshold": 0.2}, {11, 12, 13}),
        ({"xtc_probability": 1.0, "xtc_threshold": 0.1}, {12, 13}),
        ({"min_p": 0.5}, {10, 11}),
        ({"min_p": 0.5, "min_keep": 3}, {10, 11, 12}),
        ({"mirostat": 2, "mirostat_tau": 0.1, "mirostat_eta": 0.0}, {10}),
    ):
        assert set(Chain(llama, **options).counts(LOGITS)) == kept, options


def test_a_dynamic_temperature_follows_certainty(llama: Llama) -> None:
    certain = {10: 4.0, 11: 0.0, 12: 0.0}
    plain = Chain(llama, temperature=1.0).counts(certain)
    dynamic = Chain(llama, temperature=1.0, dynatemp_range=0.9).counts(certain)

    assert dynamic[10] > plain[10]
    assert dynamic[10] == 300  # a certain model is taken at its word


def test_adaptive_p_aims_at_its_target(llama: Llama) -> None:
    low = Chain(llama, adaptive_target=0.05, adaptive_decay=0.5).counts(LOGITS)
    high = Chain(llama, adaptive_target=0.5, adaptive_decay=0.5).counts(LOGITS)

    assert low[10] < high[10]


def test_dry_breaks_a_loop_and_breakers_excuse_it(llama: Llama) -> None:
    words = [llama.vocabulary.tokenize(text, special=False)[0] for text in ("ab", "cd", "ef", "\n")]
    a, b, c, line = words
    logits = {b: 1.0, c: 0.5}

    def after(*said: int, **options: Any) -> int:
        chain = Chain(llama, temperature=0.0, **options)
        chain.say(*said)
        return chain.choose(logits)

    loop = (a, c, a, b, a, c, a)  # "a c a" was followed by b
    assert after(*loop) == b
    assert after(*loop, dry_multiplier=5.0) == c
    assert after(*loop, dry_multiplier=5.0, dry_allowed_length=4) == b
    assert after(*loop, dry_multiplier=5.0, dry_penalty_last_n=2) == b
    broken = (a, line, a, b, a, line, a)
    assert after(*broken, dry_multiplier=5.0) == b
    assert after(*broken, dry_multiplier=5.0, dry_sequence_breakers=("zz",)) == c


def test_penalties_forget_what_is_outside_their_window(llama: Llama) -> None:
    for window, expected in ((-1, 11), (3, 11), (2, 10)):
        chain = Chain(llama, temperature=0.0, frequency_penalty=2.0, repeat_last_n=window)
        chain.say(10, 50, 51)
        assert chain.choose({10: 1.0, 11: 0.0}) == expected


@pytest.mark.parametrize("name", CHAINS)
def test_chains_do_not_disturb_each_other(llama: Llama, name: str) -> None:
    one, two = Chain(llama, **CHAINS[name]), Chain(llama, **CHAINS[name])
    alone = [one.choose(LOGITS) for _ in range(40)]
    others = [Chain(llama, **options | {"seed": 9}) for options in CHAINS.values()]
    crowded = []
    for _ in range(40):
        for other in others:
            other.choose(LOGITS)
        crowded.append(two.choose(LOGITS))

    assert crowded == alone


async def test_the_seed_alone_decides(local: Callable[..., LocalEngine]) -> None:
    def request(name: str, seed: int) -> Any:
        return ask("hello", max_tokens=16, temperature=1.2, seed=seed, **CHAINS[name])

    async def said(engine: LocalEngine, name: str, seed: int) -> str:
        return text_of(await collect(engine, request(name, seed)))

    async with started(local(n_parallel=1)) as engine:
        alone = [await said(engine, name, 5) for name in CHAINS]
        others = [await said(engine, name, 6) for name in CHAINS]
        crowded = await asyncio.gather(*(said(engine, name, 5) for name in CHAINS))
    async with started(local(n_parallel=1)) as engine:
        again = [await said(engine, name, 5) for name in CHAINS]

    assert again == alone
    assert all(one != other for one, other in zip(alone, others, strict=True))
    assert crowded == alone
    assert len(set(alone)) == len(CHAINS)


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [
        ("typical_p", 1.1, "from 0 to 1"),
        ("top_n_sigma", -2.0, "a finite number from -1"),
        ("xtc_probability", -0.1, "from 0 to 1"),
        ("xtc_threshold", 2.0, "from 0 to 1"),
        ("dynatemp_range", -1.0, "a finite number from 0"),
        ("dynatemp_exponent", float("inf"), "a finite number from 0"),
        ("mirostat", 3, "from 0 to 2"),
        ("mirostat_tau", float("nan"), "a finite number from 0"),
        ("mirostat_eta", 1.5, "from 0 to 1"),
        ("repeat_last_n", -2, "from -1 to 2147483647"),
        ("dry_multiplier", -1.0, "a finite number from 0"),
        ("dry_base", 0.5, "a finite number from 1"),
        ("dry_allowed_length", 0, "from 1 to"),
        ("dry_penalty_last_n", 2**31, "from -1 to"),
        ("dry_sequence_breakers", ("",), "texts of 1 to 40"),
        ("dry_sequence_breakers", ("x",) * 65, "at most 64"),
        ("adaptive_target", 1.5, "from -1 to 1"),
        ("adaptive_decay", 1.0, "from 0 to 0.99"),
        ("min_keep", -1, "from 0 to"),
    ],
)
def test_what_makes_no_sense_is_refused(name: str, value: Any, right: str) -> None:
    with pytest.raises(InvalidRequest, match=right) as caught:
        check_request(ask("hi", **{name: value}))

    assert caught.value.param == name
