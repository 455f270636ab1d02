"""From bytes and query strings to request structs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import accumulate
from typing import Any, TypeVar, get_origin

import msgspec

from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.services.validation import invalid

__all__ = ["MAX_DEPTH", "decode_body", "decode_query", "ignored_keys"]

T = TypeVar("T")

MAX_DEPTH = 100
"""Levels of JSON in a body: what is read here is written, rendered and compiled elsewhere."""

_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+"')
_OTHERS = re.compile(rb"[^\[\]{}]++")
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_BRACKETS = re.compile(r"^(?P<name>\w+)\[(?P<key>[^\]]*)\]$")


def decode_body(body: bytes, type_: type[T]) -> T:
    """A JSON body as a request struct; an empty body is `{}`.

    Raises:
        InvalidRequest: It is not JSON, is nested deeper than `MAX_DEPTH`, or is not what the route
            takes; `param` and `code` say where and which rule.
    """
    try:
        value = msgspec.json.decode(body.strip() or b"{}", type=type_)
    except msgspec.ValidationError as error:
        raise invalid(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(
            f"The body is not valid JSON: {error}. Send a JSON object in UTF-8."
        ) from None
    except RecursionError:
        raise _too_deep() from None
    if _depth(body) > MAX_DEPTH:
        raise _too_deep()
    return value


def _depth(body: bytes) -> int:
    """How deep JSON that is known to be right is nested."""
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return 0  # as most bodies are: no need to look closer
    brackets = _OTHERS.sub(b"", _STRINGS.sub(b"", body))
    return max(accumulate(map(_STEPS.__getitem__, brackets)))


def _too_deep() -> InvalidRequest:
    return InvalidRequest(
        f"The body's JSON is nested too deeply; at most {MAX_DEPTH} levels are read."
    )


def ignored_keys(body: bytes, type_: type[Any]) -> list[str]:
    """Keys of a JSON body, which was decoded before, that its struct does not have."""
    known = {field.encode_name for field in msgspec.structs.fields(type_)}
    # Raw: what is behind keys that nobody reads may be anything, such as 1e400.
    given = msgspec.json.decode(body.strip() or b"{}", type=dict[str, msgspec.Raw])
    return [key for key in given if key not in known]


def decode_query(arguments: Mapping[str, list[bytes]], type_: type[T]) -> T:
    """A query string as a struct; keys the struct does not have are ignored.

    `name[key]=value` makes a map, as the SDK sends metadata; `name[]=value` and `name=value`, as
    often as there are values, make a list where the struct has one.

    Raises:
        InvalidRequest: A value is not what the route takes.
    """
    fields = msgspec.structs.fields(type_)  # type: ignore[arg-type]  # always a struct
    known = {field.encode_name: get_origin(field.type) is list for field in fields}
    values: dict[str, Any] = {}
    maps: dict[str, Any] = {}  # where a name comes both ways, the plain one counts
    for name, given in arguments.items():
        texts = [value.decode("utf-8", "replace") for value in given]
        text = texts[-1]
        if known.get(whole := name.removesuffix("[]")):
            values.setdefault(whole, []).extend(texts)
        elif name in known:
            values[name] = text
        elif (match := _BRACKETS.match(name)) and match["name"] in known:
            maps.setdefault(match["name"], {})[match["key"]] = text
    try:
        return msgspec.convert(maps | values, type_, strict=False)
    except msgspec.ValidationError as error:
        raise invalid(error) from None
