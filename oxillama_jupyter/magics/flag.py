"""What a flag of `%%oxillama` is: one definition for parsing, help, errors and the README."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from IPython.core.magic_arguments import argument

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Flag"]


@dataclass(frozen=True)
class Flag:
    """A flag.

    Attributes:
        names: Short and long name; the long one is the attribute of `Options`.
        metavar: What stands for its value in the help.
        takes: What its value has to be, as the end of the sentence "it takes …".
        does: What it is for, for the help.
        convert: Text to value; raises ValueError or TypeError. None for a switch, which takes no
            value.
        field: The field of the run's body that it sets. Such flags can be kept in presets; their
            values are in `Options.values`.
        many: Whether it may be given several times; `convert` gives a list then.
        as_field: Value to what the field takes, where that is something else.
        bare: What the flag means without a value, if it may have none.
    """

    names: tuple[str, ...]
    metavar: str
    takes: str
    does: str
    convert: Callable[[str], object] | None
    field: str | None = None
    many: bool = False
    as_field: Callable[[Any], object] | None = None
    bare: object = None

    @property
    def label(self) -> str:
        """All its names."""
        return "/".join(self.names)

    @property
    def key(self) -> str:
        """Its long name as an attribute has it, such as `max_tokens`."""
        return self.names[-1].removeprefix("--").replace("-", "_")

    def argument(self) -> argument:
        """Its definition for IPython's parser."""
        text = self.does.replace("%", "%%")  # argparse formats it
        if self.convert is None:
            return argument(  # type: ignore[no-untyped-call]
                *self.names, action="store_true", help=text
            )
        optional = {} if self.bare is None else {"nargs": "?", "const": self.bare}
        return argument(  # type: ignore[no-untyped-call]
            *self.names,
            **optional,
            action="extend" if self.many else "store",
            metavar=self.metavar,
            type=self._converted,
            help=text,
        )

    def _converted(self, value: str) -> object:
        assert self.convert is not None  # noqa: S101 - a switch has no value to convert
        try:
            return self.convert(value)
        except (ValueError, TypeError, RecursionError):
            raise argparse.ArgumentTypeError(f"not {value!r}") from None
