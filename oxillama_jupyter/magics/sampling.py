"""The flags of `%%oxillama` that say how the model answers: one for each field of a run's body."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.magics.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SAMPLING"]

_MOST = 2**31 - 1  # llama.cpp's largest number, and so the server's
_LARGEST_SEED = 2**32 - 2
_LEAST_PROMPT = 256
_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_STRONGEST_BIAS = 100.0
_LONGEST_BREAKER = 40


def _number(
    name: str, does: str, low: float, high: float = math.inf, *, above: bool = False
) -> Flag:
    """A flag that takes a number; `above` leaves out `low` itself."""

    def convert(value: str) -> float:
        number = float(value)
        if not (math.isfinite(number) and low <= number <= high) or (above and number == low):
            raise ValueError
        return number

    if above:
        takes = f"a number above {low:g}, up to {high:g}"
    elif math.isfinite(high):
        takes = f"a number from {low:g} to {high:g}"
    else:
        takes = f"a number of at least {low:g}"
    return _field(name, "F", takes, does, convert)


def _count(name: str, does: str, low: int, high: int = _MOST) -> Flag:
    """A flag that takes a whole number."""

    def convert(value: str) -> int:
        number = int(value)
        if not low <= number <= high:
            raise ValueError
        return number

    takes = f"a whole number of at least {low}" if high == _MOST else f"a whole number from {low}"
    return _field(name, "N", takes if high == _MOST else f"{takes} to {high}", does, convert)


def _texts(name: str, does: str, longest: int | None = None) -> Flag:
    """A flag that takes a text, several times if need be, or a JSON list of texts."""

    def convert(value: str) -> list[str]:
        texts = _json_list(value)
        for text in texts:
            if not isinstance(text, str) or not 0 < len(text) <= (longest or len(text)):
                raise ValueError
        return texts

    size = f" of at most {longest} characters" if longest else ""
    takes = f'a text{size}, or a JSON list such as \'["\\n", "END"]\''
    return replace(_field(name, "TEXT", takes, does, convert), many=True)


def _json_list(value: str) -> list[Any]:  # JSON of any shape
    """The list that a text is; anything else, `[INST]` too, is a text."""
    try:
        found = json.loads(value)
    except ValueError:
        return [value]
    return found if isinstance(found, list) else [value]


def _field(
    name: str, metavar: str, takes: str, does: str, convert: Callable[[str], object]
) -> Flag:
    """A flag that is called like the field it sets."""
    field = name.removeprefix("--").replace("-", "_")
    return Flag((name,), metavar, takes, does, convert, field)


def _biases(value: str) -> dict[str, float]:
    """`42=-100,7=5`, or the same as a JSON object."""
    if value.startswith("{"):
        pairs = list(json.loads(value).items())
    else:
        pairs = [tuple(part.split("=")) for part in value.split(",")]
    found = {str(int(token)): float(bias) for token, bias in pairs}
    for token, bias in found.items():
        if not (0 <= int(token) <= _MOST and -_STRONGEST_BIAS <= bias <= _STRONGEST_BIAS):
            raise ValueError
    return found


def _effort(value: str) -> str:
    if value not in _EFFORTS:
        raise ValueError
    return value


def _truncation(value: str) -> str | int:
    if value == "auto":
        return value
    number = int(value)
    if not 1 <= number <= _MOST:
        raise ValueError
    return number


def _strategy(value: Any) -> dict[str, object]:  # what `_truncation` gave
    if value == "auto":
        return {"type": "auto"}
    return {"type": "last_messages", "last_messages": value}


_USUAL = (
    _number("--temperature", "0 always takes the likeliest word, 2 is wild", 0, 2),
    _count("--max-tokens", "cut the answer after so many tokens", 1),
    _count("--seed", "the same seed and settings give the same answer", 0, _LARGEST_SEED),
    _texts("--stop", "end the answer just ahead of this text; may be repeated"),
    _number("--top-p", "choose among the likeliest tokens of this share", 0, 1),
    _count("--top-k", "choose among so many of the likeliest tokens; 0: all", 0),
    _number("--min-p", "leave out tokens below this share of the likeliest one", 0, 1),
)
_PENALTIES = (
    _number("--repeat-penalty", "above 1: what was said is less likely", 0, 2, above=True),
    _number("--frequency-penalty", "above 0: less likely each time it was said", -2, 2),
    _number("--presence-penalty", "above 0: less likely once it was said", -2, 2),
    _count("--repeat-last-n", "tokens that penalties look back; -1: the whole answer", -1),
    Flag(
        ("--logit-bias",),
        "ID=BIAS",
        "token ids with numbers from -100 to 100, such as 42=-100,7=5",
        "make single tokens more or less likely",
        _biases,
        "logit_bias",
    ),
)
_CONTEXT = (
    Flag(
        ("--reasoning-effort",),
        "LEVEL",
        f"one of {', '.join(_EFFORTS)}",
        "how much to think before answering",
        _effort,
        "reasoning_effort",
    ),
    Flag(
        ("--truncation",),
        "N",
        "auto, or a number of messages",
        "read only so many of the thread's newest messages",
        _truncation,
        "truncation_strategy",
        as_field=_strategy,
    ),
    _count("--max-prompt-tokens", "the most tokens of the thread to read", _LEAST_PROMPT),
)
_RARE = (
    _number("--typical-p", "keep tokens about as surprising as usual; 1: all", 0, 1),
    _number("--top-n-sigma", "keep logits so many deviations below the best; -1: all", -1),
    _number("--xtc-probability", "how often to leave out the likeliest tokens", 0, 1),
    _number("--xtc-threshold", "which ones: at least this likely, but the last", 0, 1),
    _number("--dynatemp-range", "how far the temperature follows the certainty", 0),
    _number("--dynatemp-exponent", "above 1: warm only where it is very uncertain", 0),
    _count("--mirostat", "1 or 2 keeps the surprise at --mirostat-tau; 0: off", 0, 2),
    _number("--mirostat-tau", "the surprise to keep, in bits", 0),
    _number("--mirostat-eta", "how fast to get there", 0, 1),
    _number("--dry-multiplier", "above 0: going on with a repetition is less likely", 0),
    _number("--dry-base", "how fast that grows with the repetition", 1),
    _count("--dry-allowed-length", "the longest repetition that is free, in tokens", 1),
    _count("--dry-penalty-last-n", "tokens to look back; -1: the whole answer", -1),
    _texts("--dry-sequence-breakers", "nothing repeats across these texts", _LONGEST_BREAKER),
    _number("--adaptive-target", "prefer tokens about this likely; -1: off", -1, 1),
    _number("--adaptive-decay", "how long that is remembered", 0, 0.99),
    _count("--min-keep", "the fewest tokens that are left to choose from", 0),
)
SAMPLING = (*_USUAL, *_PENALTIES, *_CONTEXT, *_RARE)
