"""llama.cpp's samplers, chained in llama.cpp's own order for one generation.

The chain's random numbers come from the request's seed alone: what else is generated meanwhile may
change the last bits of the logits, and nothing else.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, TypeAlias

import llama_cpp

if TYPE_CHECKING:
    from oxillama_jupyter.engine.begun import BegunCalls
    from oxillama_jupyter.engine.constraints import AfterReasoning, TokenConstraint
    from oxillama_jupyter.engine.protocol import Sampling

__all__ = ["AnyConstraint", "LlamaSampler", "make_chain"]

AnyConstraint: TypeAlias = "TokenConstraint | AfterReasoning | BegunCalls"
Pointer: TypeAlias = Any  # an opaque C pointer

_RANDOM_SEED = 0xFFFFFFFF
_NO_PENALTIES = (1.0, 0.0, 0.0)
_MIROSTAT_M = 100  # tokens its first version looks at, as in its paper


class LlamaSampler:
    """A llama.cpp sampler chain for one generation, and the constraint that goes before it."""

    def __init__(self, chain: Pointer, constraint: AnyConstraint | None) -> None:
        self.chain = chain
        self.constraint = constraint

    def close(self) -> None:
        """Free it; the second time does nothing."""
        if self.chain is not None:
            llama_cpp.llama_sampler_free(self.chain)
            self.chain = None


def make_chain(sampling: Sampling, vocabulary: Pointer, window: int) -> Pointer:
    """Make a chain; the caller frees it.

    Args:
        sampling: What is wanted.
        vocabulary: llama.cpp's.
        window: How many tokens a window of -1 has.
    """
    chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
    for link in (*_changes(sampling, vocabulary, window), *_choice(sampling, vocabulary)):
        llama_cpp.llama_sampler_chain_add(chain, link)
    return chain


def _changes(sampling: Sampling, vocabulary: Pointer, window: int) -> list[Pointer]:
    """What changes logits by what was said; links that would do nothing are left out."""
    links = []
    n_vocab = llama_cpp.llama_vocab_n_tokens(vocabulary)
    if sampling.logit_bias:
        bias = (llama_cpp.llama_logit_bias * len(sampling.logit_bias))(
            *(llama_cpp.llama_logit_bias(*pair) for pair in sampling.logit_bias.items())
        )
        links.append(llama_cpp.llama_sampler_init_logit_bias(n_vocab, len(bias), bias))
    penalties = (sampling.repeat_penalty, sampling.frequency_penalty, sampling.presence_penalty)
    last = _window(sampling.repeat_last_n, window)
    if penalties != _NO_PENALTIES and last:
        links.append(llama_cpp.llama_sampler_init_penalties(n_vocab, last, *penalties))
    if sampling.dry_multiplier > 0:
        links.append(_dry(sampling, vocabulary, window))
    return links


def _dry(sampling: Sampling, vocabulary: Pointer, window: int) -> Pointer:
    texts = [text.encode() for text in sampling.dry_sequence_breakers]
    breakers = (ctypes.c_char_p * len(texts))(*texts)
    return llama_cpp.llama_sampler_init_dry(
        vocabulary,
        sampling.dry_multiplier,
        sampling.dry_base,
        sampling.dry_allowed_length,
        _window(sampling.dry_penalty_last_n, window),
        breakers,
        len(texts),
    )


def _choice(sampling: Sampling, vocabulary: Pointer) -> list[Pointer]:
    """What leaves some tokens over, and chooses one of them."""
    seed = _seed(sampling.seed)
    if sampling.temperature <= 0:
        return [llama_cpp.llama_sampler_init_greedy()]
    tau, eta = sampling.mirostat_tau, sampling.mirostat_eta
    if sampling.mirostat == 1:
        n_vocab = llama_cpp.llama_vocab_n_tokens(vocabulary)
        last = llama_cpp.llama_sampler_init_mirostat(n_vocab, seed, tau, eta, _MIROSTAT_M)
        return [llama_cpp.llama_sampler_init_temp(sampling.temperature), last]
    if sampling.mirostat == 2:  # noqa: PLR2004 - its second version
        last = llama_cpp.llama_sampler_init_mirostat_v2(seed, tau, eta)
        return [llama_cpp.llama_sampler_init_temp(sampling.temperature), last]
    links = [*_truncations(sampling, seed), _temperature(sampling)]
    if sampling.adaptive_target >= 0:
        target, decay = sampling.adaptive_target, sampling.adaptive_decay
        return [*links, llama_cpp.llama_sampler_init_adaptive_p(target, decay, seed)]
    return [*links, llama_cpp.llama_sampler_init_dist(seed)]


def _truncations(sampling: Sampling, seed: int) -> list[Pointer]:
    """What leaves improbable tokens out, or in XTC's case the most probable ones."""
    keep = max(sampling.min_keep, 1)
    links = []
    if sampling.top_n_sigma > 0:
        links.append(llama_cpp.llama_sampler_init_top_n_sigma(sampling.top_n_sigma))
    if sampling.top_k > 0:
        links.append(llama_cpp.llama_sampler_init_top_k(sampling.top_k))
    if sampling.typical_p < 1:
        links.append(llama_cpp.llama_sampler_init_typical(sampling.typical_p, keep))
    if sampling.top_p < 1:
        links.append(llama_cpp.llama_sampler_init_top_p(sampling.top_p, keep))
    if sampling.min_p > 0:
        links.append(llama_cpp.llama_sampler_init_min_p(sampling.min_p, keep))
    if sampling.xtc_probability > 0:
        chance, threshold = sampling.xtc_probability, sampling.xtc_threshold
        links.append(llama_cpp.llama_sampler_init_xtc(chance, threshold, keep, seed))
    return links


def _temperature(sampling: Sampling) -> Pointer:
    if sampling.dynatemp_range <= 0:
        return llama_cpp.llama_sampler_init_temp(sampling.temperature)
    return llama_cpp.llama_sampler_init_temp_ext(
        sampling.temperature, sampling.dynatemp_range, sampling.dynatemp_exponent
    )


def _window(count: int, window: int) -> int:
    """A number of last tokens, where -1 means as many as the context holds."""
    return window if count < 0 else min(count, window)


def _seed(seed: int | None) -> int:
    """Fit any integer into llama.cpp's seed, whose last value means a random one."""
    return _RANDOM_SEED if seed is None else seed % _RANDOM_SEED
