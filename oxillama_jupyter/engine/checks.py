"""What is refused before it reaches an engine: numbers that llama.cpp would stumble over."""

from __future__ import annotations

import math
from collections.abc import Mapping

from oxillama_jupyter.engine.logprobs import MOST_ALTERNATIVES
from oxillama_jupyter.engine.protocol import GenerateRequest, Sampling
from oxillama_jupyter.errors import InvalidRequest

__all__ = ["check_adapter", "check_request"]

_MOST_TOKEN = 2**31 - 1
_RANGES = {
    "temperature": (0.0, math.inf),
    "top_p": (0.0, 1.0),
    "min_p": (0.0, 1.0),
    "frequency_penalty": (-math.inf, math.inf),
    "presence_penalty": (-math.inf, math.inf),
    "typical_p": (0.0, 1.0),
    "top_n_sigma": (-1.0, math.inf),
    "xtc_probability": (0.0, 1.0),
    "xtc_threshold": (0.0, 1.0),
    "dynatemp_range": (0.0, math.inf),
    "dynatemp_exponent": (0.0, math.inf),
    "mirostat": (0, 2),
    "mirostat_tau": (0.0, math.inf),
    "mirostat_eta": (0.0, 1.0),
    "repeat_last_n": (-1, _MOST_TOKEN),
    "dry_multiplier": (0.0, math.inf),
    "dry_base": (1.0, math.inf),
    "dry_allowed_length": (1, _MOST_TOKEN),
    "dry_penalty_last_n": (-1, _MOST_TOKEN),
    "adaptive_target": (-1.0, 1.0),
    "adaptive_decay": (0.0, 0.99),
    "min_keep": (0, _MOST_TOKEN),
}
_MOST_BREAKERS = 64
_LONGEST_BREAKER = 40  # characters, as llama.cpp cuts them


def check_request(request: GenerateRequest) -> None:
    """Check a request's numbers.

    Raises:
        InvalidRequest: One of them makes no sense; `param` names it.
    """
    sampling = request.sampling
    for name, (low, high) in _RANGES.items():
        value = getattr(sampling, name)
        if not (math.isfinite(value) and low <= value <= high):
            limits = _range_words(low, high)
            raise InvalidRequest(f"'{name}' must be {limits}, not {value}.", param=name)
    if not 0 < sampling.repeat_penalty < math.inf:
        raise InvalidRequest(
            f"'repeat_penalty' must be above 0, not {sampling.repeat_penalty}.",
            param="repeat_penalty",
        )
    for name in ("max_tokens", "max_prompt_tokens"):
        value = getattr(sampling if name == "max_tokens" else request, name)
        if value is not None and value < 1:
            raise InvalidRequest(f"'{name}' must be at least 1, not {value}.", param=name)
    _check_bias(sampling)
    _check_breakers(sampling)
    _check_prompt(request)
    if request.logprobs is not None and not 0 <= request.logprobs <= MOST_ALTERNATIVES:
        raise InvalidRequest(
            f"'logprobs' must be from 0 to {MOST_ALTERNATIVES}, not {request.logprobs}.",
            param="logprobs",
        )


def check_adapter(name: str | None, states: Mapping[str, str]) -> None:
    """Check a request's adapter.

    Args:
        name: Its name; None for none.
        states: Why an adapter cannot be used, by name; empty for those that can.

    Raises:
        InvalidRequest: There is none of that name, or it could not be loaded.
    """
    if name is None:
        return
    if name not in states:
        known = ", ".join(f"'{other}'" for other, why in states.items() if not why)
        raise InvalidRequest(
            f"There is no adapter '{name}'; there are {known or 'none'}.",
            param="adapter",
        )
    if states[name]:
        raise InvalidRequest(
            f"The adapter '{name}' could not be loaded. {states[name]}", param="adapter"
        )


def _check_prompt(request: GenerateRequest) -> None:
    if request.prompt is None:
        for name in ("suffix", "echo"):
            if getattr(request, name):
                raise InvalidRequest(f"'{name}' needs a 'prompt', not messages.", param=name)
    elif request.messages or request.tools or request.must_call:
        raise InvalidRequest("A raw 'prompt' has no messages or tools beside it.", param="prompt")
    elif request.echo and request.suffix is not None:
        raise InvalidRequest("'echo' and 'suffix' exclude each other.", param="echo")


def _range_words(low: float, high: float) -> str:
    """Say what would be right."""
    if math.isfinite(high):
        return f"from {low:g} to {high:.10g}"
    return f"a finite number from {low:g}" if math.isfinite(low) else "a finite number"


def _check_breakers(sampling: Sampling) -> None:
    breakers = sampling.dry_sequence_breakers
    lengths = [len(text) for text in breakers]
    if len(breakers) > _MOST_BREAKERS or not all(0 < size <= _LONGEST_BREAKER for size in lengths):
        raise InvalidRequest(
            f"'dry_sequence_breakers' must be at most {_MOST_BREAKERS} texts of 1 to"
            f" {_LONGEST_BREAKER} characters.",
            param="dry_sequence_breakers",
        )


def _check_bias(sampling: Sampling) -> None:
    for token, value in sampling.logit_bias.items():
        if math.isnan(value) or not 0 <= token <= _MOST_TOKEN:
            raise InvalidRequest(
                f"'logit_bias' maps token ids to numbers, not {token} to {value}.",
                param="logit_bias",
            )
