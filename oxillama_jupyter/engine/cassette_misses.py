"""What to say where nothing is recorded for a request: which one it is, and what comes nearest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from oxillama_jupyter.engine.cassette_keys import Key, Kind
from oxillama_jupyter.engine.cassettes import Cassettes
from oxillama_jupyter.errors import CassetteMissing

__all__ = ["missing"]

_SHOWN = 3  # differences
_EXCERPT = 40  # characters
_DOES: dict[Kind, str] = {
    "generate": "be answered",
    "embed": "be embedded",
    "count": "be counted",
    "render": "be rendered",
}
_UNSET = object()


def missing(cassettes: Cassettes, key: Key) -> CassetteMissing:
    """Make the error for a request that nothing is recorded for; it reads the whole folder."""
    return CassetteMissing(
        f"Nothing is recorded for this request to {_DOES[key.kind]}: model "
        f"'{key.request.get('model')}', asked {_short(key.asked)}, hash {key.prefix}…, in "
        f"{cassettes.path}. {_nearest(cassettes, key)} "
        "OXILLAMA_MODE=record records what is missing."
    )


def _nearest(cassettes: Cassettes, key: Key) -> str:
    here = _leaves(key.request)
    others = [
        (_distance(here, _leaves(other.request)), path, other)
        for path, other in cassettes.recorded()
        if other.kind == key.kind
    ]
    if not others:
        return "No request of this kind is recorded there."
    _, path, other = min(others, key=lambda one: one[:2])
    there = _leaves(other.request)
    names = [name for name in here | there if _differ(here, there, name)]
    told = [_difference(name, here.get(name, _UNSET), there.get(name, _UNSET)) for name in names]
    more = f"; and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    return f"The nearest that is, {_name(path)}, differs: {'; '.join(told[:_SHOWN])}{more}."


def _distance(here: dict[str, Any], there: dict[str, Any]) -> float:
    """How many leaves differ; texts that begin or end alike count for less."""
    total = 0.0
    for name in here | there:
        if _differ(here, there, name):
            mine, theirs = here.get(name), there.get(name)
            both = isinstance(mine, str) and isinstance(theirs, str)
            total += 1 - (_alike(mine, theirs) if both else 0.0)  # type: ignore[arg-type]  # both
    return total


def _alike(one: str, other: str) -> float:
    longest = max(len(one), len(other))
    begins = _common(one, other)
    ends = _common(one[begins:][::-1], other[begins:][::-1])
    return 0.9 * (begins + ends) / longest


def _common(one: str, other: str) -> int:
    """How many characters they begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    shorter = min(len(one), len(other))
    return next((index for index, (mine, theirs) in pairs if mine != theirs), shorter)


def _differ(here: dict[str, Any], there: dict[str, Any], name: str) -> bool:
    return bool(here.get(name, _UNSET) != there.get(name, _UNSET))


def _difference(name: str, mine: object, theirs: object) -> str:
    if isinstance(mine, str) and isinstance(theirs, str):
        begins = _common(mine, theirs)
        if begins > 0 or len(mine) + len(theirs) > 2 * _EXCERPT:
            return (
                f"{name} from character {begins + 1} on is {_short(mine[begins:])} here "
                f"and {_short(theirs[begins:])} there"
            )
    return f"{name} is {_word(mine)} here and {_word(theirs)} there"


def _word(value: object) -> str:
    if value is _UNSET:
        return "not set"
    return _short(value) if isinstance(value, str) else str(value)


def _short(text: str) -> str:
    cut = text if len(text) <= _EXCERPT else f"{text[: _EXCERPT - 1]}…"
    return repr(cut)


def _name(path: Path) -> str:
    return path.name if len(path.name) <= 2 * _EXCERPT else f"{path.name[: 2 * _EXCERPT]}…"


def _leaves(value: Any, path: str = "") -> dict[str, Any]:  # JSON of any shape
    """Every text, number and empty thing in a request, by a path as people write it."""
    if isinstance(value, dict) and value:
        inner = ((f"{path}.{name}" if path else name, item) for name, item in value.items())
    elif isinstance(value, list) and value:
        inner = ((f"{path}[{index}]", item) for index, item in enumerate(value))
    else:
        return {path: value}
    return {name: leaf for at, item in inner for name, leaf in _leaves(item, at).items()}
