"""What of JSON Schema a token mask can hold an answer to, and the refusal of all the rest.

A schema that is only half enforced would be a promise broken in silence, so every keyword is either
enforced, an annotation, or refused by name and place. Keywords are read as draft 2020-12 has them,
whatever `$schema` says; older spellings (`definitions`, `items` as a list, boolean
`exclusiveMinimum`) are understood. Two things are read as the specification's annotations:
unknown keywords, and `format` where the value is no string.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from oxillama_jupyter.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["FORMATS", "explain", "read_schema"]

Json = Any  # a JSON Schema, or a value in one
Path = tuple[str, ...]

MAX_LENGTH = 131072
"""Characters of a schema: the largest ones compile in about three seconds."""

MAX_DEPTH = 64
"""Levels of JSON in a schema."""

FORMATS = frozenset(
    {"date-time", "date", "time", "duration", "email", "hostname", "ipv4", "ipv6", "uri", "uuid"}
)
"""The string formats that are enforced."""

_ONE = frozenset({"items", "additionalItems", "additionalProperties"})
_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems", "items"})
_MAPS = frozenset({"$defs", "definitions", "properties", "patternProperties"})
_BOUNDS = frozenset(
    {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
)  # and `const` and `enum`: where numbers must be exact
_DROPPED = frozenset({"$schema", "$id", "x-guidance"})  # of the whole schema

_CASES = "Write the cases out as anyOf."
_REFUSED = {
    "not": "Say what is allowed, with enum, pattern or anyOf.",
    "if": _CASES,
    "then": _CASES,
    "else": _CASES,
    "dependencies": _CASES,
    "dependentRequired": _CASES,
    "dependentSchemas": _CASES,
    "uniqueItems": "Leave it out and remove duplicates afterwards.",
    "contains": "Put the items that must be there first, with prefixItems.",
    "minContains": "Use minItems.",
    "maxContains": "Use maxItems.",
    "propertyNames": "Use patternProperties, and additionalProperties: false.",
    "unevaluatedItems": "Use items: false beside prefixItems.",
    "unevaluatedProperties": "Use additionalProperties: false.",
    "$dynamicRef": "Use $ref.",
    "$dynamicAnchor": "Use $ref.",
    "$recursiveRef": "Use $ref.",
    "$recursiveAnchor": "Use $ref.",
}
_ADVICE = {
    "oneOf": "Use anyOf, or tell the cases apart by a required property with a const.",
    "minProperties": "Make properties required instead.",
    "maxProperties": "Make all properties required, or leave the bound out.",
    "pattern": "Look-around and backreferences cannot be used.",
    "patternProperties": "No name may match two patterns; look-around cannot be used.",
}
_UNQUOTABLE = re.compile(r"[\x00-\x07\x0b\x0e-\x1f\x7f]")
_EXACT = 2**53  # the largest integer up to which all are exact in arithmetic with doubles
_MOST_TRIALS = 300
_LIKELY_LAST = frozenset({"type", "properties"})  # without them, little else can fail


def read_schema(text: str, *, strict: bool = True) -> dict[str, Json]:
    """Read a JSON Schema and make it ready to be compiled.

    Args:
        text: The schema as JSON.
        strict: Whether to refuse what cannot be enforced; otherwise it is not looked for.

    Raises:
        InvalidRequest: It is no schema, too large, or something in it cannot be enforced; the
            message names the keyword and where it stands.
    """
    if len(text) > MAX_LENGTH:
        raise InvalidRequest(
            f"The JSON Schema has {len(text)} characters; at most {MAX_LENGTH} are accepted."
        )
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"The JSON Schema is not valid JSON: {error}") from error
    if not isinstance(schema, dict):
        raise InvalidRequest("The JSON Schema must be a JSON object.")
    if _deeper(schema, MAX_DEPTH):
        raise InvalidRequest(
            f"The JSON Schema is nested too deeply; at most {MAX_DEPTH} levels are accepted."
        )
    schema = {key: value for key, value in schema.items() if key not in _DROPPED}
    return _Reader(schema).read() if strict else schema


class _Reader:
    """Goes through a schema once, and through what its references point to."""

    def __init__(self, root: dict[str, Json]) -> None:
        self._root = root
        self._read: set[Path] = set()
        self._references: list[Path] = []

    def read(self) -> dict[str, Json]:
        """Check everything; return the schema without the keywords that do nothing."""
        result: dict[str, Json] = self._schema(self._root, ())
        while self._references:
            path = self._references.pop()
            if path not in self._read:
                self._schema(_at(self._root, path), path)
        return result

    def _schema(self, schema: Json, path: Path) -> Json:
        self._read.add(path)
        if not isinstance(schema, dict):
            return schema
        self._object(schema, path)
        result = {}
        for keyword, value in schema.items():
            if _does_nothing(keyword, value, schema):
                continue
            here = (*path, keyword)
            self._keyword(keyword, value, here)
            result[keyword] = self._inside(keyword, value, here)
        return result

    def _inside(self, keyword: str, value: Json, path: Path) -> Json:
        if keyword in _LISTS and isinstance(value, list):
            return [self._schema(item, (*path, str(i))) for i, item in enumerate(value)]
        if keyword in _MAPS and isinstance(value, dict):
            return {name: self._schema(item, (*path, name)) for name, item in value.items()}
        if keyword in _ONE:
            return self._schema(value, path)
        return value

    def _keyword(self, keyword: str, value: Json, path: Path) -> None:
        if keyword in _REFUSED:
            raise _refusal(path, _REFUSED[keyword])
        if keyword == "$ref":
            self._reference(value, path)
        elif keyword == "$id":
            raise _refusal(path, "Only the whole schema may have one.")
        elif keyword in _BOUNDS or keyword in {"const", "enum"}:
            _check_values(value, path)

    def _object(self, schema: dict[str, Json], path: Path) -> None:
        """Check what depends on a keyword's neighbours."""
        name = schema.get("format")
        if isinstance(name, str) and name not in FORMATS and _may_be_string(schema):
            known = ", ".join(sorted(FORMATS))
            raise _refusal((*path, "format"), f"Enforced formats are {known}.", f'"{name}"')
        least = schema.get("minProperties", 0)
        required = schema.get("required")
        count = len(set(map(str, required))) if isinstance(required, list) else 0
        if isinstance(least, int) and least > count + 1:  # the grammar lets other names recur
            raise _refusal((*path, "minProperties"), _ADVICE["minProperties"])

    def _reference(self, value: Json, path: Path) -> None:
        if not isinstance(value, str) or not value.startswith("#"):
            advice = 'Copy what it points to into $defs, and refer to "#/$defs/...".'
            raise _refusal(path, advice, json.dumps(value))
        if value.startswith("#/"):
            steps = unquote(value[2:]).split("/")
            target = tuple(step.replace("~1", "/").replace("~0", "~") for step in steps)
            if _at(self._root, target) is None:
                raise _refusal(path, "It points to nothing in this schema.", json.dumps(value))
            self._references.append(target)


def _refusal(path: Path, advice: str, value: str = "") -> InvalidRequest:
    what = f"{_name(path)} {value}".rstrip()
    return InvalidRequest(
        f"The JSON Schema's {what} at {_pointer(path)} cannot be enforced. {advice}"
    )


def _name(path: Path) -> str:
    """The keyword a path ends in; only `part` where that is a number or somebody's name."""
    step, parent = path[-1], path[-2] if len(path) > 1 else ""
    numbered = step.isdecimal() and (parent in _LISTS or parent == "enum")
    return "part" if numbered or parent in _MAPS else step


def _pointer(path: Path) -> str:
    """Write a path as JSON pointers are, for people to read."""
    return "/".join(("#", *(step.replace("~", "~0").replace("/", "~1") for step in path)))


def _at(schema: Json, path: Path) -> Json:
    """What stands there; None where nothing does."""
    for step in path:
        if isinstance(schema, dict):
            schema = schema.get(step)
        elif isinstance(schema, list) and step.isdecimal() and int(step) < len(schema):
            schema = schema[int(step)]
        else:
            return None
    return schema


def _deeper(value: Json, levels: int) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return False
    return levels == 0 or any(_deeper(item, levels - 1) for item in value)


def _may_be_string(schema: dict[str, Json]) -> bool:
    kinds = schema.get("type", "string")
    return "string" in kinds if isinstance(kinds, list) else kinds == "string"


def _does_nothing(keyword: str, value: Json, schema: dict[str, Json]) -> bool:
    """Whether a keyword that is refused elsewhere allows everything here."""
    match keyword:
        case "uniqueItems":
            nothing = value is False
        case "propertyNames":
            nothing = value in (True, {}, {"type": "string"})
        case "unevaluatedItems" | "unevaluatedProperties":
            nothing = value in (True, {})
        case "dependencies" | "dependentRequired" | "dependentSchemas":
            nothing = value == {}
        case "minContains" | "maxContains":
            nothing = "contains" not in schema
        case "then" | "else":
            nothing = "if" not in schema
        case "if":
            nothing = "then" not in schema and "else" not in schema
        case _:
            nothing = False
    return bool(nothing)


def _check_values(value: Json, path: Path) -> None:
    """Refuse numbers that would be rounded, and strings that JSON would have to spell in hex."""
    if isinstance(value, dict):
        for name, item in value.items():
            _check_values(item, (*path, name))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            _check_values(item, (*path, str(i)))
    elif isinstance(value, int) and abs(value) > _EXACT:
        raise _refusal(path, "Integers are exact up to 2^53; use a string.", str(value)[:40])
    elif isinstance(value, str) and _UNQUOTABLE.search(value):
        raise _refusal(path, "Control characters cannot be generated.")


# -- finding the culprit ---------------------------------------------------------------------------


def explain(schema: dict[str, Json], why_not: Callable[[dict[str, Json]], str]) -> InvalidRequest:
    """Find the part of a schema that does not compile.

    Args:
        schema: What `read_schema` returned.
        why_not: Compiles a schema; the empty string where that works, else the reason.
    """
    trial = _Trial(schema, why_not)
    path = trial.narrow(())
    reason = _reason(trial.reason)
    advice = _ADVICE.get(path[-1], "") if path else ""
    place = f"{_name(path)} at {_pointer(path)}" if path else "whole"
    text = f"The JSON Schema's {place} cannot be enforced: {reason} {advice}"
    return InvalidRequest(text.rstrip())


class _Trial:
    """Compiles parts of a schema in its place, so that their references still point somewhere."""

    def __init__(self, root: dict[str, Json], why_not: Callable[[dict[str, Json]], str]) -> None:
        self._root = root
        self._why_not = why_not
        self._left = _MOST_TRIALS
        self.reason = why_not(root)

    def narrow(self, path: Path) -> Path:
        """Go down from a schema that fails to the deepest part of it that does."""
        schema = _at(self._root, path)
        if not isinstance(schema, dict):
            return path
        for child in _children(schema):
            if self._fails(self._root, (*path, *child)):
                return self.narrow((*path, *child))
        for keyword in sorted(schema, key=_LIKELY_LAST.__contains__):
            if keyword in {"$defs", "definitions"}:
                continue
            if not self._fails(self._without(path, keyword), path):
                return (*path, keyword)
        return path

    def _fails(self, root: Json, path: Path) -> bool:
        if self._left == 0:
            return False
        self._left -= 1
        root = _rebase(root)
        place = quote(_pointer(("$defs", "root", *path))[1:])
        reason = self._why_not({"$ref": f"#{place}", "$defs": {"root": root}})
        self.reason = reason or self.reason
        return bool(reason)

    def _without(self, path: Path, keyword: str) -> Json:
        """A copy of the whole, without one keyword."""
        root = json.loads(json.dumps(self._root))
        del _at(root, path)[keyword]
        return root


def _children(schema: dict[str, Json]) -> Iterator[Path]:
    """Paths to the schemas in a schema, definitions first."""
    for keyword in sorted(schema, key=lambda name: name not in {"$defs", "definitions"}):
        value = schema[keyword]
        if keyword in _LISTS and isinstance(value, list):
            yield from ((keyword, str(i)) for i in range(len(value)))
        elif keyword in _MAPS and isinstance(value, dict):
            yield from ((keyword, name) for name in value)
        elif keyword in _ONE and isinstance(value, dict):
            yield (keyword,)


def _rebase(value: Json) -> Json:
    """Let references into the whole find it one floor down."""
    if isinstance(value, list):
        return [_rebase(item) for item in value]
    if not isinstance(value, dict):
        return value
    moved = {name: _rebase(item) for name, item in value.items()}
    target = value.get("$ref")
    if isinstance(target, str) and (target == "#" or target.startswith("#/")):
        moved["$ref"] = "#/$defs/root" + target[1:]
    return moved


def _reason(message: str) -> str:
    """The compiler's message in one line."""
    found = re.search(r"^error: (.*)$", message, re.MULTILINE)
    if found:
        return f"{found[1]}."
    reason = message.partition("\n")[0].partition(". Enable ")[0]  # an option that nobody has
    return f"{reason.rstrip('.')}."
