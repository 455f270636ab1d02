"""Variables as parts of a question: what `--vars` tells a model, a chat tells it too."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.client.brief import cut, type_name
from oxillama_jupyter.client.describe import describe
from oxillama_jupyter.client.fences import fenced
from oxillama_jupyter.client.runs import Context

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["listed", "part", "storable", "variable"]

_MOST = 1000
_LONGEST_TYPE = 80
_CODE = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type)


def variable(name: str, value: object) -> Context:
    """A variable's description under a heading, or why it has none."""
    kind = type_name(value)
    try:
        text = f"Variable `{name}` ({kind}):\n{fenced(describe(value))}"
    except ValueError as error:
        text = f"Variable `{name}` ({kind}) could not be described: {error}"
    return part(name, text)


def part(label: str, text: str) -> Context:
    """A part of a message, with an empty line between it and the next."""
    return Context(label, storable(text) + "\n")


def storable(text: str) -> str:
    """The text in UTF-8: halves of surrogate pairs, which no JSON can carry, are written out."""
    return text.encode(errors="backslashreplace").decode()


def listed(namespace: Mapping[str, Any], hidden: Collection[str] = ()) -> list[dict[str, str]]:
    """The names and types of a person's variables: data first, and what is newest first.

    Args:
        namespace: The variables; none of their values is looked at.
        hidden: Names that are not the person's own.
    """
    own = [
        (name, value)
        for name, value in reversed(list(namespace.items()))
        if isinstance(name, str) and not name.startswith("_") and name not in hidden
    ]
    own.sort(key=lambda item: issubclass(type(item[1]), _CODE))
    return [{"name": storable(name), "type": _type(value)} for name, value in own[:_MOST]]


def _type(value: object) -> str:
    try:
        return storable(cut(type_name(value), _LONGEST_TYPE).partition("\n")[0])
    except Exception:  # noqa: BLE001 - a class can hide even its name
        return "object"
