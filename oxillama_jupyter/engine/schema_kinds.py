"""Which JSON types a schema allows, its references followed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

__all__ = ["kinds_of", "resolved", "several"]

Schema = Any  # JSON Schema, hopefully

_MOST_STEPS = 32  # from one reference to the next; circles end there


def kinds_of(
    schema: Schema, root: Schema = None, *, seen: frozenset[int] = frozenset()
) -> set[str]:
    """The JSON types that a schema allows; none where it does not say."""
    schema = resolved(schema, root)
    found = {kind for kind in several(schema.get("type")) if isinstance(kind, str)}
    seen |= {id(schema)}
    for key in ("anyOf", "oneOf", "allOf"):
        for branch in several(schema.get(key)):
            if len(seen) <= _MOST_STEPS and id(resolved(branch, root)) not in seen:
                found |= kinds_of(branch, root, seen=seen)
    values = several(schema.get("enum", schema.get("const")))
    if not found and values and all(isinstance(each, str) for each in values):
        return {"string"}
    return found


def resolved(schema: Schema, root: Schema) -> Mapping[str, Any]:
    """A schema, or what its reference points to; empty where it is none."""
    for _ in range(_MOST_STEPS):
        if not isinstance(schema, Mapping):
            return {}
        target = schema.get("$ref")
        if not isinstance(target, str) or not target.startswith("#"):
            return schema
        schema = _at(root, target[1:])
    return {}


def _at(root: Schema, pointer: str) -> Schema:
    """What a JSON pointer points to; None where that is nothing."""
    for step in unquote(pointer).split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(root, Mapping):
            root = root.get(name)
        elif isinstance(root, list) and name.isdecimal() and int(name) < len(root):
            root = root[int(name)]
        else:
            return None
    return root


def several(value: Schema) -> list[Any]:  # parts of one
    """A list as it is, anything else as a list of one, None as none."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]
