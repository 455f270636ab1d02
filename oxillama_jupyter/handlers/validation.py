"""From bytes and query strings to request structs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.services.validation import invalid

__all__ = ["decode_body", "decode_query"]

T = TypeVar("T")

_BRACKETS = re.compile(r"^(?P<name>\w+)\[(?P<key>[^\]]*)\]$")


def decode_body(body: bytes, type_: type[T]) -> T:
    """A JSON body as a request struct; an empty body is `{}`.

    Raises:
        InvalidRequest: It is not JSON, or not what the route takes; `param` and `code` say where
            and which rule.
    """
    try:
        return msgspec.json.decode(body.strip() or b"{}", type=type_)
    except msgspec.ValidationError as error:
        raise invalid(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(
            f"The body is not valid JSON: {error}. Send a JSON object in UTF-8."
        ) from None
    except RecursionError:
        raise InvalidRequest("The body's JSON is nested too deeply.") from None


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
        raise invalid(error) from None
