from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, Struct

from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.handlers.validation import (
    MAX_DEPTH,
    decode_body,
    decode_query,
    ignored_keys,
)
from oxillama_jupyter.schemas.base import PageQuery


class Inner(Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=3, pattern="^[a-z]*$")]


class Body(Struct, forbid_unknown_fields=True):
    count: Annotated[int, Meta(ge=1, le=9)] = 1
    share: Annotated[float, Meta(ge=0, le=1)] = 0.0
    kind: Literal["a", "b"] = "a"
    items: Annotated[list[Inner], Meta(min_length=1, max_length=2)] | None = None
    pairs: Annotated[dict[str, Inner], Meta(max_length=1)] | None = None


class Anything(Struct):
    value: Any = None


class Query(Struct, forbid_unknown_fields=True):
    limit: int = 20
    metadata: dict[str, str] | None = None
    include: list[Literal["a", "b"]] = []


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ('{"count": 0}', "count", "integer_below_min_value"),
        ('{"count": 10}', "count", "integer_above_max_value"),
        ('{"count": "1"}', "count", "invalid_type"),
        ('{"count": 1.5}', "count", "invalid_type"),
        ('{"count": null}', "count", "invalid_type"),
        ('{"count": true}', "count", "invalid_type"),
        ('{"share": -1}', "share", "decimal_below_min_value"),
        ('{"share": 2}', "share", "decimal_above_max_value"),
        ('{"share": 1e999}', "share", None),
        ('{"kind": "c"}', "kind", "invalid_value"),
        ('{"items": []}', "items", "empty_array"),
        (
            '{"items": [{"name": "a"}, {"name": "b"}, {}]}',
            "items[2].name",
            "missing_required_parameter",
        ),
        ('{"items": [{"name": "a"}, {"name": ""}]}', "items[1].name", "string_below_min_length"),
        ('{"items": [{"name": "abcd"}]}', "items[0].name", "string_above_max_length"),
        ('{"items": [{"name": "A"}]}', "items[0].name", "invalid_value"),
        ('{"items": [{"name": "a", "age": 3}]}', "items[0].age", "unknown_parameter"),
        ('{"pairs": {"x": {"name": 1}}}', "pairs.name", "invalid_type"),
        ('{"color": 1}', "color", "unknown_parameter"),
        ("[]", None, "invalid_type"),
        ("null", None, "invalid_type"),
        ("{", None, None),
        ('{"kind": "\\ud800"}', None, None),
    ],
)
def test_what_is_wrong_is_named(body: str, param: str | None, code: str | None) -> None:
    with pytest.raises(InvalidRequest) as caught:
        decode_body(body.encode(), Body)
    assert code is None or caught.value.code == code
    assert param is None or caught.value.param == param
    assert "`" not in caught.value.message


@pytest.mark.parametrize("body", [b"", b" \r\n", b"{}"])
def test_an_empty_body_is_an_empty_object(body: bytes) -> None:
    assert decode_body(body, Body) == Body()


@pytest.mark.parametrize("body", [b"\xff", b'"\xff"', b'{"kind": "\xff"}', b"[" * 10**6])
def test_bytes_that_are_no_json_are_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        decode_body(body, Body)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a": ', "}"), ('[{"a":', "}]")])
@pytest.mark.parametrize("more", [1, 100, 700, 100_000])
def test_json_is_read_to_a_fixed_depth(opening: str, closing: str, more: int) -> None:
    def nested(times: int) -> bytes:
        return f'{{"value": {opening * times}1{closing * times}}}'.encode()

    levels = sum(opening.count(bracket) for bracket in "[{")
    fits = (MAX_DEPTH - 1) // levels
    assert decode_body(nested(fits), Anything).value is not None
    with pytest.raises(InvalidRequest, match=f"at most {MAX_DEPTH} levels"):
        decode_body(nested(fits + more), Anything)


@pytest.mark.parametrize(
    "value",
    [
        '"' + "[" * 500 + '"',
        '"' + "\\\\[" * 500 + '"',
        '"' + '\\"{' * 500 + '"',
        '{"[[{": 1' + ', "x": "[{"' * 300 + "}",
        "[" + "[], {}, " * 300 + "1]",
    ],
)
def test_only_brackets_that_nest_are_counted(value: str) -> None:
    assert decode_body(f'{{"value": {value}}}'.encode(), Anything).value


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, Query()),
        ({"limit": [b"5"]}, Query(limit=5)),
        ({"limit": [b"5", b"6"]}, Query(limit=6)),
        ({"unknown": [b"x"], "token": [b"y"]}, Query()),
        (
            {"metadata[a]": [b"b"], "metadata[c]": [b"\xc3\xa9"]},
            Query(metadata={"a": "b", "c": "é"}),
        ),
        ({"metadata[a": [b"b"]}, Query()),
        ({"other[a]": [b"b"]}, Query()),
        ({"include[]": [b"a", b"b"]}, Query(include=["a", "b"])),
        ({"include": [b"b"]}, Query(include=["b"])),
    ],
)
def test_a_query_is_read(arguments: dict[str, list[bytes]], expected: Query) -> None:
    assert decode_query(arguments, Query) == expected


@pytest.mark.parametrize(
    "arguments",
    [{"limit": [b"x"]}, {"limit": [b"\xff"]}, {"metadata": [b"x"]}, {"include[]": [b"a", b"c"]}],
)
def test_a_bad_query_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        decode_query(arguments, Query)
    assert caught.value.param is not None
    (name,) = arguments
    assert caught.value.param.partition("[")[0] == name.partition("[")[0]


def test_a_plain_name_counts_beside_one_with_brackets() -> None:
    query = decode_query({"order": [b"asc"], "order[key]": [b"1"]}, PageQuery)
    assert query.order == "asc"


def test_keys_that_nobody_reads_may_hold_anything() -> None:
    assert ignored_keys(b'{"limit": 3, "x": 1e400, "y": {"z": []}}', PageQuery) == ["x", "y"]
