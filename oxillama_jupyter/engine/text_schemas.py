"""JSON Schemas of values that are not written as JSON: what of them a grammar can keep, and how."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from llguidance import regex_to_lark

from oxillama_jupyter.engine.constraints import JSON_OPTIONS
from oxillama_jupyter.engine.schema_kinds import resolved, several
from oxillama_jupyter.errors import InvalidRequest

__all__ = ["Choice", "Schemas", "json_part", "lark_json", "names_of"]

Json = Any  # a JSON Schema, or a value in one

_ASSERTIONS = frozenset(
    {
        *("allOf", "anyOf", "oneOf", "enum", "const", "type", "minLength", "maxLength", "pattern"),
        *("format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
        *("items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems"),
        *("properties", "patternProperties", "additionalProperties", "required"),
        *("minProperties", "maxProperties", "propertyNames", "contains", "not", "if"),
    }
)
_NUMBERS = frozenset(
    {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "format"}
)
_OF_KIND = {
    "string": {"minLength", "maxLength", "pattern", "format"},
    "integer": _NUMBERS,
    "number": _NUMBERS,
    "array": {"items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems"}
    | {"contains"},
    "object": {"properties", "patternProperties", "additionalProperties", "required"}
    | {"minProperties", "maxProperties", "propertyNames"},
}
_ENDS = re.compile(r"(?<!\\)(?:\\\\)*\$$")
_ESCAPES_AND_CLASSES = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]", re.DOTALL)
_ALL_KINDS = ("null", "boolean", "integer", "number", "string", "array", "object")


class Choice(NamedTuple):
    """One of the forms that a value may have.

    Attributes:
        kind: Its JSON type; empty for any value.
        schema: Its schema, without references at its top.
        values: The only values, where they are listed.
    """

    kind: str
    schema: Mapping[str, Json]
    values: tuple[Json, ...] | None = None


class Schemas:
    """The schema of one function's arguments, in a notation that is not JSON.

    Args:
        name: The function.
        root: The schema.
        strict: Whether what cannot be kept is refused; it is left out otherwise.
        notation: The notation's name.
    """

    def __init__(self, name: str, root: Mapping[str, Json], notation: str, *, strict: bool) -> None:
        self.root = root
        self.strict = strict
        self._name = name
        self._notation = notation

    def refuse(self, what: str) -> None:
        """Refuse a part of the schema.

        Raises:
            InvalidRequest: The function is `strict`.
        """
        if self.strict:
            raise InvalidRequest(
                f"The function '{self._name}' is strict, and {what} in its parameters cannot be"
                f" enforced where a model writes calls like this one ({self._notation}).",
                param="tools",
            )

    def allow(self, schema: Mapping[str, Json], *keywords: str) -> None:
        """Refuse all other keywords that say something; `kind`'s are those of one type."""
        for keyword in schema:
            if keyword in _ASSERTIONS and keyword not in keywords:
                self.refuse(f"'{keyword}'")

    def choices(self, schema: Json, seen: frozenset[int] = frozenset()) -> list[Choice]:
        """The forms that a value may have, each of one type."""
        schema = resolved(schema, self.root)
        if id(schema) in seen:
            return []  # in a circle there is nothing new
        seen |= {id(schema)}
        values = schema.get("enum", [schema["const"]] if "const" in schema else None)
        if isinstance(values, list):
            kinds = several(schema.get("type"))
            fitting = [value for value in values if not kinds or set(_kinds_of(value)) & {*kinds}]
            self.allow(schema, "enum", "const", "type")
            return [Choice(_kinds_of(value)[0], schema, (value,)) for value in fitting]
        for keyword in ("anyOf", "oneOf", "allOf"):
            branches = schema.get(keyword)
            if isinstance(branches, list) and branches:
                if keyword != "anyOf" and len(branches) > 1:
                    self.refuse(f"'{keyword}'")
                self.allow(schema, keyword, "type")
                return [choice for branch in branches for choice in self.choices(branch, seen)]
        kinds = several(schema.get("type"))
        if kinds:
            return [Choice(str(kind), schema) for kind in kinds]
        return self._untyped(schema)

    def _untyped(self, schema: Mapping[str, Json]) -> list[Choice]:
        """Any type, where a keyword only speaks of some."""
        if not _ASSERTIONS & schema.keys():
            return [Choice("", schema)]
        kinds = [kind for kind in _ALL_KINDS if kind != "integer"]
        return [Choice(kind, schema) for kind in kinds]

    def of_kind(self, choice: Choice, *kept: str) -> None:
        """Refuse the keywords that concern this choice's type, but for those that are `kept`."""
        for keyword in _OF_KIND.get(choice.kind, set()) & choice.schema.keys():
            if keyword not in kept:
                self.refuse(f"'{keyword}'")

    def text_terms(self, choice: Choice) -> list[str]:
        """Regular expressions for the whole of a string."""
        self.of_kind(choice, "minLength", "maxLength", "pattern")
        least, most = choice.schema.get("minLength", 0), choice.schema.get("maxLength", "")
        terms = []
        if least or most != "":
            terms.append(f"(?s:.){{{least},{most}}}")
        if "pattern" in choice.schema and (term := self._pattern(choice.schema["pattern"])):
            terms.append(term)
        return terms

    def _pattern(self, pattern: Json) -> str:
        """A pattern that is searched for, as one for the whole; nothing where that is too hard."""
        inner = str(pattern)
        begins, ends = inner.startswith("^"), bool(_ENDS.search(inner))
        inner = inner[begins : len(inner) - ends]
        outside = _ESCAPES_AND_CLASSES.sub("", inner)
        anchors = re.search(r"[\^$]|\(\?[^:]", outside) or re.search(r"\\[bBAzZ1-9k]", inner)
        if anchors or ((begins or ends) and "|" in outside):
            self.refuse(f"the pattern {json.dumps(pattern)}")
            return ""
        free = "(?s:.)*"
        whole = regex_to_lark(inner, "dw")  # as in JSON Schema: ASCII
        return f"{'' if begins else free}({whole}){'' if ends else free}"


def lark_json(schema: Json, *, strict: bool) -> str:
    """A schema of JSON, as it stands in a Lark grammar."""
    options = {**JSON_OPTIONS, "lenient": not strict}
    return f"%json {json.dumps({**schema, 'x-guidance': options})}"


def json_part(choice: Choice, root: Mapping[str, Json]) -> Json:
    """The schema of a choice on its own, with what its references need."""
    schema = {**choice.schema, "type": choice.kind} if choice.kind else dict(choice.schema)
    schema = {key: value for key, value in schema.items() if key not in ("$defs", "definitions")}
    if '"$ref"' not in json.dumps(schema):
        return schema
    return {**_rebased(schema), "$defs": {"root": _rebased(root)}}


def _rebased(value: Json) -> Json:
    """References into the whole, one floor down."""
    if isinstance(value, list):
        return [_rebased(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    moved = {name: _rebased(item) for name, item in value.items()}
    target = value.get("$ref")
    if isinstance(target, str) and target.startswith("#"):
        moved["$ref"] = "#/$defs/root" + target[1:]
    return moved


def _kinds_of(value: Json) -> tuple[str, ...]:
    match value:
        case None:
            return ("null",)
        case bool():
            return ("boolean",)
        case int():
            return ("integer", "number")
        case float():
            return ("number",)
        case str():
            return ("string",)
    return ("array",) if isinstance(value, list) else ("object",)


def names_of(schema: Mapping[str, Json]) -> Iterable[tuple[str, Json, bool]]:
    """The properties: name, schema, and whether it is required."""
    properties = schema.get("properties")
    required = set(map(str, several(schema.get("required"))))
    if isinstance(properties, Mapping):
        for name, value in properties.items():
            yield str(name), value, name in required
