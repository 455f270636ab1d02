"""The line of a `%%oxillama` cell: from words to options, with errors that help."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NoReturn

from IPython.core.magic_arguments import magic_arguments

from oxillama_jupyter.client.schema import schema_of
from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.magics.failures import MagicError, did_you_mean
from oxillama_jupyter.magics.flags import FLAGS
from oxillama_jupyter.magics.presets import load_preset

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from oxillama_jupyter.client.schema import Schema

__all__ = ["Options", "filled", "parse", "with_flags"]

_CELL = "%%oxillama"


@dataclass(frozen=True)
class Options:
    """What the line of a `%%oxillama` cell says; None where it says nothing.

    Attributes:
        schema: The name of what the answer has to be.
        tools: Functions that the model may call, or their names.
        yes: Those of them that run without asking; `*` for all.
        bg: Whether the cell ends at once.
        values: What the flags that set a field of the run's body say, by their long names.
        shape: What `schema` names; `filled` finds it.
    """

    thread: str | None = None
    output: str | None = None
    preset: str | None = None
    schema: str | None = None
    tools: tuple[str | Callable[..., Any], ...] | None = None
    yes: tuple[str, ...] | None = None
    bg: bool = False
    vars: tuple[str, ...] | None = None
    above: int | None = None
    cells: tuple[int, ...] | None = None
    expand: bool = False
    preview: bool = False
    values: dict[str, Any] = field(default_factory=dict)  # JSON of any shape
    shape: Schema | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """The fields of the run's body that were asked for."""
        found: dict[str, Any] = {}
        for flag in FLAGS:
            if flag.field is not None and flag.key in self.values:
                value = self.values[flag.key]
                found[flag.field] = flag.as_field(value) if flag.as_field else value
        if self.shape is not None:
            found["response_format"] = self.shape.response_format
        return found


_BY_NAME = {name: flag for flag in FLAGS for name in flag.names}


def with_flags(magic: Any) -> Any:  # a magic method, which gets IPython's own attributes
    """Give a magic the flags for its help, from their definitions."""
    for flag in reversed(FLAGS):
        magic = flag.argument()(magic)
    return magic_arguments("oxillama")(magic)  # type: ignore[no-untyped-call]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Raise what would end the process."""
        raise argparse.ArgumentError(None, message)


@cache
def _parser() -> _Parser:
    # Abbreviations would change their meaning with every new flag.
    parser = _Parser(prog=_CELL, add_help=False, allow_abbrev=False, exit_on_error=False)
    for flag in FLAGS:
        flag.argument().add_to_parser(parser, None)  # type: ignore[no-untyped-call]
    return parser


def parse(line: str, magic: str = _CELL) -> Options:
    """Read the line of a `%%oxillama` cell, or the flags behind a command.

    Args:
        line: The line.
        magic: What stands before it, for messages.

    Raises:
        MagicError: It says which flag is wrong, and what it takes.
    """
    words: list[str] = []
    try:
        words = shlex.split(line)
        _check_dashes(words)
        found, rest = _parser().parse_known_args(words)
    except argparse.ArgumentError as error:
        raise MagicError(_complaint(error, words)) from None
    except ValueError:
        raise MagicError(f"A quote is not closed in: {magic} {line}") from None
    if rest:
        raise MagicError(_unknown(rest[0], magic))
    named = vars(found)
    fields = {flag.key for flag in FLAGS if flag.field is not None}
    values = {key: named[key] for key in fields if named[key] is not None}
    return Options(**{key: named[key] for key in named if key not in fields}, values=values)


def filled(options: Options, namespace: Mapping[str, Any]) -> Options:
    """Fill in what a line only names: its preset's values below its own, its schema.

    Args:
        options: What the line says.
        namespace: The notebook's variables.

    Raises:
        MagicError: There is no such preset, or no such schema.
    """
    values = options.values
    if options.preset is not None:
        values = load_preset(options.preset, FLAGS) | values
    shape = None if options.schema is None else _shape(options.schema, namespace)
    return replace(options, values=values, shape=shape)


def _shape(name: str, namespace: Mapping[str, Any]) -> Schema:
    first, *rest = name.split(".")
    if first not in namespace:
        raise MagicError(
            f"--schema takes {_BY_NAME['--schema'].takes}, but there is no {first!r}."
            + did_you_mean(first, [other for other in namespace if not other.startswith("_")])
        )
    thing = namespace[first]
    try:
        for part in rest:
            thing = getattr(thing, part)
        return schema_of(thing, name)
    except (AttributeError, InvalidRequest) as error:
        raise MagicError(f"--schema {name}: {error}") from None


def _check_dashes(words: list[str]) -> None:
    """Refuse `-temperature`, which would be read as `-t emperature`."""
    for word in words:
        name = word.partition("=")[0]
        if not name.startswith("--") and f"-{name}" in _BY_NAME and name not in _BY_NAME:
            raise MagicError(f"There is no flag {name}. Did you mean -{name}?")


def _complaint(error: argparse.ArgumentError, words: list[str]) -> str:
    flag = _BY_NAME.get((error.argument_name or "").split("/")[-1])
    if flag is None:
        return str(error)
    if flag.convert is None:
        return f"{flag.label} takes no value."
    if error.message.startswith("not "):
        return f"{flag.label} takes {flag.takes}, {error.message}."
    line = f"{flag.label} takes {flag.takes}, but nothing was given."
    behind = [after for word, after in pairwise(words) if word in flag.names]
    if any(word.startswith("-") and word not in _BY_NAME for word in behind):
        line += f" A value that begins with a dash is written {flag.names[-1]}=VALUE."
    return line


def _unknown(word: str, magic: str) -> str:
    if word.startswith("-"):
        name = word.partition("=")[0]
        begun = [known for known in _BY_NAME if known.startswith(name) and name != "-"]
        meant = f" Did you mean {begun[0]}?" if begun else did_you_mean(name, _BY_NAME)
        return f"There is no flag {name}.{meant} %oxillama help lists them all."
    if magic != _CELL:
        return f"{word!r} is no flag: {magic} takes flags of %%oxillama, such as --temperature 0."
    return (
        f"{word!r} on the first line of the cell is no flag: the prompt belongs below it,"
        " and commands have one percent sign (%oxillama help)."
    )
