"""Every flag of `%%oxillama`, by what it is about; each is defined once, with help and error."""

from __future__ import annotations

import argparse
import keyword
from dataclasses import dataclass
from typing import TYPE_CHECKING

from IPython.core.magic_arguments import argument

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FLAGS", "Flag"]

_HOTTEST = 2.0


@dataclass(frozen=True)
class Flag:
    """A flag.

    Attributes:
        names: Short and long name; the long one is the attribute of `Options`.
        metavar: What stands for its value in the help.
        takes: What its value has to be, as the end of the sentence "it takes …".
        does: What it is for, for the help.
        convert: Text to value; raises ValueError. None for a switch, which takes no value.
    """

    names: tuple[str, ...]
    metavar: str
    takes: str
    does: str
    convert: Callable[[str], object] | None

    @property
    def label(self) -> str:
        """All its names."""
        return "/".join(self.names)

    def argument(self) -> argument:
        """Its definition for IPython's parser."""
        if self.convert is None:
            return argument(  # type: ignore[no-untyped-call]
                *self.names, action="store_true", help=self.does
            )
        return argument(  # type: ignore[no-untyped-call]
            *self.names, metavar=self.metavar, type=self._converted, help=self.does
        )

    def _converted(self, value: str) -> object:
        assert self.convert is not None  # noqa: S101 - a switch has no value to convert
        try:
            return self.convert(value)
        except ValueError:
            raise argparse.ArgumentTypeError(f"not {value!r}") from None


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError
    return value


def _variable(value: str) -> str:
    if not value.isidentifier() or keyword.iskeyword(value):
        raise ValueError
    return value


def _temperature(value: str) -> float:
    number = float(value)
    if not 0 <= number <= _HOTTEST:
        raise ValueError
    return number


def _count(value: str) -> int:
    number = int(value)
    if number < 1:
        raise ValueError
    return number


_ASKING = (
    Flag(
        ("-t", "--thread"),
        "THREAD",
        "the name of a thread",
        "ask in this thread; without it, in the notebook's own one",
        _text,
    ),
    Flag(
        ("-m", "--model"),
        "MODEL",
        "the id of a model, see %oxillama models",
        "let this model answer",
        _text,
    ),
    Flag(
        ("-o", "--output"),
        "VAR",
        "the name of a Python variable",
        "bind the answer: VAR.text, VAR.usage, VAR.run_id",
        _variable,
    ),
    Flag(
        ("--system",),
        "TEXT",
        "a text, in quotes if it has spaces",
        "instructions to the model, for this answer",
        _text,
    ),
)
_SAMPLING = (
    Flag(
        ("--temperature",),
        "F",
        "a number from 0 to 2",
        "0 always takes the likeliest word, 2 is wild",
        _temperature,
    ),
    Flag(
        ("--max-tokens",),
        "N",
        "a whole number of at least 1",
        "cut the answer after so many tokens",
        _count,
    ),
    Flag(
        ("--seed",),
        "N",
        "a whole number",
        "the same seed and settings give the same answer",
        int,
    ),
)
FLAGS = (*_ASKING, *_SAMPLING)
