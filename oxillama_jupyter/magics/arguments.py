"""The flags of `%%oxillama`: each is defined once, here, with its help and its error."""

from __future__ import annotations

import argparse
import keyword
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic_arguments import argument, magic_arguments

from oxillama_jupyter.magics.failures import MagicError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FLAGS", "Flag", "Options", "parse", "with_flags"]

_HOTTEST = 2.0


@dataclass(frozen=True)
class Options:
    """What the line of a `%%oxillama` cell says; None where it says nothing."""

    thread: str | None = None
    model: str | None = None
    output: str | None = None
    system: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    seed: int | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """The fields of the run's body that were asked for."""
        fields = {
            "model": self.model,
            "instructions": self.system,
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "seed": self.seed,
        }
        return {name: value for name, value in fields.items() if value is not None}


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


@dataclass(frozen=True)
class Flag:
    """A flag.

    Attributes:
        names: Short and long name; the long one is the attribute of `Options`.
        metavar: What stands for its value in the help.
        takes: What its value has to be, as the end of the sentence "it takes …".
        does: What it is for, for the help.
        convert: Text to value; raises ValueError.
    """

    names: tuple[str, ...]
    metavar: str
    takes: str
    does: str
    convert: Callable[[str], object]

    @property
    def label(self) -> str:
        """All its names."""
        return "/".join(self.names)

    def argument(self) -> argument:
        """Its definition for IPython's parser."""
        return argument(  # type: ignore[no-untyped-call]
            *self.names, metavar=self.metavar, type=self._converted, help=self.does
        )

    def _converted(self, value: str) -> object:
        try:
            return self.convert(value)
        except ValueError:
            raise argparse.ArgumentTypeError(f"not {value!r}") from None


FLAGS = (
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
_BY_NAME = {name: flag for flag in FLAGS for name in flag.names}


def with_flags(magic: Any) -> Any:  # a magic method, which gets IPython's own attributes
    """Give a magic the flags: its parser, and its help from their definitions."""
    for flag in reversed(FLAGS):
        magic = flag.argument()(magic)
    magic = magic_arguments("oxillama")(magic)  # type: ignore[no-untyped-call]
    magic.parser.exit_on_error = False
    return magic


def parse(parser: argparse.ArgumentParser, line: str) -> Options:
    """Read the line of a `%%oxillama` cell.

    Raises:
        MagicError: It says which flag is wrong, and what it takes.
    """
    try:
        found, rest = parser.parse_known_args(shlex.split(line))
    except argparse.ArgumentError as error:
        raise MagicError(_complaint(error)) from None
    except ValueError:
        raise MagicError(f"A quote is not closed in: %%oxillama {line}") from None
    except UsageError as error:
        raise MagicError(str(error)) from None
    if rest:
        raise MagicError(_unknown(rest[0]))
    return Options(**vars(found))


def _complaint(error: argparse.ArgumentError) -> str:
    flag = _BY_NAME.get((error.argument_name or "").split("/")[-1])
    if flag is None:
        return str(error)
    given = error.message if error.message.startswith("not ") else "but nothing was given"
    return f"{flag.label} takes {flag.takes}, {given}."


def _unknown(word: str) -> str:
    known = ", ".join(flag.label for flag in FLAGS)
    if not word.startswith("-"):
        return (
            f"{word!r} on the first line of the cell is no flag: the prompt belongs below it,"
            " and commands have one percent sign (%oxillama help)."
        )
    return (
        f"There is no flag {word.partition('=')[0]}.{did_you_mean(word, _BY_NAME)} Flags: {known}."
    )
