"""Variables told to a model: short, honest about what is left out, safe with any object.

Whoever has a class of their own teaches it here:

    @oxillama_jupyter.describer(Survey)
    def _(survey):
        return f"{survey.title}: {len(survey.answers)} answers"

A name such as `"polars.dataframe.frame.DataFrame"` does as well, and needs no import. A class takes
the describer of its nearest base class.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeVar

from oxillama_jupyter.client.brief import brief, cut, type_name
from oxillama_jupyter.client.deadline import deadline
from oxillama_jupyter.client.describers import BUILT_IN

if TYPE_CHECKING:
    from collections.abc import Callable

    Describe = Callable[[Any], str]

__all__ = ["MOST", "describe", "describer"]

F = TypeVar("F", bound="Describe")

MOST = 4000
"""The most characters of one description; a longer one is cut, and says so."""
_SECONDS = 5.0
_ERROR_ROOM = 200
_KNOWN: dict[type | str, Describe] = {}


def describer(of: type | str) -> Callable[[F], F]:
    """Register a function that describes values of a class, in place of any that did before.

    Args:
        of: The class, or its qualified name, for classes that need not be imported.

    Returns:
        A decorator for the function; it takes the value and gives text. Text over `MOST` characters
        is cut, and one that raises costs its variable a line and nothing else.
    """
    if not isinstance(of, type | str):
        raise TypeError(f"describer takes a class or its qualified name, not {of!r}")

    def register(function: F) -> F:
        _KNOWN[of] = function
        return function

    return register


def describe(value: object) -> str:
    """Describe a value.

    Raises:
        ValueError: It cannot be described; the message says why, on one line.
    """
    try:
        with deadline(_SECONDS):
            text: object = _describer(value)(value)
            if isinstance(text, str):
                return cut(text, MOST)
    except TimeoutError:
        raise ValueError(f"it took more than {_SECONDS:.0f} seconds") from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the code is the user's, or worse
        raise ValueError(_said(error)) from None
    raise ValueError(f"its describer gave {type_name(text)}, not text")


def _describer(value: object) -> Describe:
    for cls in type(value).__mro__[:-1]:
        name = f"{cls.__module__}.{cls.__qualname__}"
        for table in (_KNOWN, BUILT_IN):
            known = table.get(cls) or table.get(name)
            if known is not None:
                return known
    return _fields if dataclasses.is_dataclass(value) else _KNOWN.get(object, _plain)


def _fields(value: Any) -> str:  # any dataclass
    lines = [
        f"{field.name} = {brief(getattr(value, field.name, '(not set)'))}"
        for field in dataclasses.fields(value)
    ]
    return "\n".join(lines)


def _plain(value: object) -> str:
    return repr(value)


def _said(error: BaseException) -> str:
    """An error on one line, whatever its own text does."""
    try:
        text = " ".join(str(error)[: 4 * _ERROR_ROOM].split())
    except Exception:  # noqa: BLE001 - the class alone will do
        text = ""
    name = type(error).__name__
    return cut(f"{name}: {text}" if text else name, _ERROR_ROOM).replace("\n", " ")
