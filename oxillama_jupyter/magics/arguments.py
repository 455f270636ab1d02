"""The line of a `%%oxillama` cell: from words to options, with errors that help."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import dataclass
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic_arguments import magic_arguments

from oxillama_jupyter.magics.failures import MagicError, did_you_mean
from oxillama_jupyter.magics.flags import FLAGS

__all__ = ["Options", "parse", "with_flags"]


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
