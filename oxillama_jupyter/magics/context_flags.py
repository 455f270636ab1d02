"""The flags of `%%oxillama` that say what the model is told beside the prompt."""

from __future__ import annotations

import keyword

from oxillama_jupyter.magics.flag import Flag

__all__ = ["CONTEXT"]

_MOST_CELLS = 1000


def _variables(value: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in value.split(",")))
    if not all(name.isidentifier() and not keyword.iskeyword(name) for name in names):
        raise ValueError
    return names


def _count(value: str) -> int:
    number = int(value)
    if number < 1:
        raise ValueError
    return number


def _cells(value: str) -> tuple[int, ...]:
    """Numbers and ranges; a range has both its ends, as people mean it."""
    numbers: list[int] = []
    for part in value.split(","):
        first, colon, last = part.partition(":")
        low, high = _count(first), _count(last if colon else first)
        if not low <= high < low + _MOST_CELLS:
            raise ValueError
        numbers += range(low, high + 1)
    return tuple(dict.fromkeys(numbers))


CONTEXT = (
    Flag(
        ("--vars",),
        "A,B",
        "names of variables with commas between them",
        "describe these variables, ahead of the prompt",
        _variables,
    ),
    Flag(
        ("--above",),
        "N",
        "a whole number of at least 1",
        "tell the last N cells that ran, with their text outputs",
        _count,
    ),
    Flag(
        ("--cells",),
        "3:5,8",
        "numbers of cells as in In[3], such as 3:5 (3, 4 and 5) or 3,8",
        "tell these cells, by their In[] numbers, likewise",
        _cells,
    ),
    Flag(
        ("--expand",),
        "",
        "no value",
        "put values for {{ expression }}; all else is literal",
        None,
    ),
    Flag(
        ("--preview",),
        "",
        "no value",
        "show what would be sent, with its tokens; send nothing",
        None,
    ),
)
