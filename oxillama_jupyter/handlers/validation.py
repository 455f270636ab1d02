"""From bytes and query strings to request structs, and from msgspec's complaints to the API's.

msgspec names the place (`$.tools[0].function.name`) and the rule; the API wants `param` and one of
its codes. The status is always 400, whatever the text says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from oxillama_jupyter.errors import InvalidRequest

__all__ = ["decode_body", "decode_query", "ignored_keys"]

T = TypeVar("T")

_PLACE = re.compile(r" - at (?:`key` in )?`\$\.?(?P<path>[^`]*)`$")
_FIELD = re.compile(r"(?:required|unknown) field `(?P<field>[^`]+)`")
_BRACKETS = re.compile(r"^(?P<name>\w+)\[(?P<key>[^\]]*)\]$")
# The first pattern that is found in msgspec's message gives the code; `invalid_type` otherwise.
_CODES = (
    ("missing required field", "missing_required_parameter"),
    ("contains unknown field", "unknown_parameter"),
    ("Invalid enum value", "invalid_value"),
    ("Invalid value", "invalid_value"),
    ("matching regex", "invalid_value"),
    ("`str` of length <=", "string_above_max_length"),
    ("`str` of length >=", "string_below_min_length"),
    ("`array` of length <=", "array_above_max_length"),
    ("`array` of length >=", "empty_array"),
    ("`object` of length <=", "object_above_max_properties"),
    ("`int` <", "integer_above_max_value"),
    ("`int` >", "integer_below_min_value"),
    ("`float` <", "decimal_above_max_value"),
    ("`float` >", "decimal_below_min_value"),
)


def decode_body(body: bytes, type_: type[T]) -> T:
    """A JSON body as a request struct; an empty body is `{}`.

    Raises:
        InvalidRequest: It is not JSON, or not what the route takes; `param` and `code` say where
            and which rule.
    """
    try:
        return msgspec.json.decode(body.strip() or b"{}", type=type_)
    except msgspec.ValidationError as error:
        raise _invalid(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(
            f"The body is not valid JSON: {error}. Send a JSON object in UTF-8."
        ) from None
    except RecursionError:
        raise InvalidRequest("The body's JSON is nested too deeply.") from None


def ignored_keys(body: bytes, type_: type[Any]) -> list[str]:
    """Keys of a JSON body, which was decoded before, that its struct does not have."""
    known = {field.encode_name for field in msgspec.structs.fields(type_)}
    return [key for key in msgspec.json.decode(body.strip() or b"{}") if key not in known]


def decode_query(arguments: Mapping[str, list[bytes]], type_: type[T]) -> T:
    """A query string as a struct; keys the struct does not have are ignored.

    `name[key]=value` makes a map, as the SDK sends metadata.

    Raises:
        InvalidRequest: A value is not what the route takes.
    """
    known = {field.encode_name for field in msgspec.structs.fields(type_)}  # type: ignore[arg-type]  # always a struct
    values: dict[str, Any] = {}
    for name, given in arguments.items():
        text = given[-1].decode("utf-8", "replace")
        if name in known:
            values[name] = text
        elif (match := _BRACKETS.match(name)) and match["name"] in known:
            values.setdefault(match["name"], {})[match["key"]] = text
    try:
        return msgspec.convert(values, type_, strict=False)
    except msgspec.ValidationError as error:
        raise _invalid(error) from None


def _invalid(error: msgspec.ValidationError) -> InvalidRequest:
    text = str(error)
    place = _PLACE.search(text)
    path = place["path"] if place else ""
    what = text[: place.start()] if place else text
    if field := _FIELD.search(what):
        path = f"{path}.{field['field']}" if path else field["field"]
    path = path.replace("[...]", "")
    code = next((code for pattern, code in _CODES if pattern in what), "invalid_type")
    where = f"Invalid '{path}': " if path else "Invalid body: "
    return InvalidRequest(f"{where}{what.replace('`', chr(39))}.", param=path or None, code=code)
