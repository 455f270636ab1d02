"""Bodies and queries that are nearly right: made from the request structs, then spoilt.

Everything comes from msgspec's own account of a struct (its fields, types and limits), so a struct
that changes is fuzzed as it is now. A value is JSON with two additions: `Raw` is text that goes
into the body as it stands, `Ref` the id of an object that is really there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from hypothesis import strategies as st
from msgspec import inspect

__all__ = ["Raw", "Ref", "bodies", "encode", "queries"]

Json = Any  # JSON of any shape, with Raw and Ref in it
Strategy = st.SearchStrategy[Any]


@dataclass(frozen=True)
class Raw:
    """Bytes that stand in the body as they are."""

    text: bytes


@dataclass(frozen=True)
class Ref:
    """The id of an object of this kind, whichever there is when the request is sent."""

    kind: str


_TWICE = " (again)"  # behind a key that stands in its object a second time
# What a field of this name should hold, where its type says `str`.
_NAMED: dict[str, Strategy] = {
    "model": st.sampled_from(["scripted", "scripted", "org/other:tag"]),
    "assistant_id": st.sampled_from([Ref("assistant"), "default"]),
    "run_id": st.just(Ref("run")),
    "previous_response_id": st.sampled_from([None, Ref("response")]),
    "conversation": st.sampled_from([None, Ref("conversation")]),
    "input": st.deferred(lambda: st.sampled_from(_TEXTS)),
    "tool_call_id": st.just(Ref("call")),
}
# What a body needs though its struct does not say so, since it may come from elsewhere.
_NEEDED = {"CreateResponse": ["model", "input"], "CountTokens": ["input"]}
# What the scripted engine says is written in the question: texts, calls, turns of both.
_TEXTS = [
    "Hello!",
    "Let me see. => get_weather {} | It is $outputs.",
    '=> get_weather {"city": "Paris"} & get_time {} | Done.',
    "(thinks) About it.",
    "=> other {",
    "<|im_end|> <tool_call>{}</tool_call> </think>",
    "🦙 \u2028\u0000\x7f שלום",
    "%s {0} {{x}} ${y} ' OR 1=1 --",
]
_NAMES = ["get_weather", "get_time", "a-b_C9"]
_ODD: list[Json] = [
    None,
    True,
    False,
    0,
    -1,
    1,
    255,
    256,
    2**31,
    2**63,
    2**64,
    2**70,
    -(2**63) - 1,
    0.5,
    -0.0,
    -1e300,
    *(Raw(text) for text in (b"1e400", b"-1e400", b"1e-400", b"NaN", b"-Infinity", b"1.", b"01")),
    Raw(b"9" * 5000),
    Raw(b"0." + b"3" * 5000),
    "",
    " ",
    "x" * 65,
    "x" * 513,
    "y" * 300_000,
    "\0",
    "null",
    "NaN",
    *_TEXTS,
    Raw(b'"\\ud800"'),
    Raw(b'"\\udc00\\ud800"'),
    Raw(b'"\xff\xfe"'),
    Raw(b'"\xed\xa0\x80"'),
    Raw(b'"\\x"'),
    Raw(b'"\x01"'),
    Raw(b""),
    [],
    {},
    [[]],
    [None],
    [{}],
    ["x"] * 300,
    {"": ""},
    {"type": "function"},
    {"type": None},
    {"$ref": "#"},
    {f"key{number}": "value" for number in range(17)},
    *(Raw(b"[" * depth + b"]" * depth) for depth in (90, 120, 500, 990, 100_000)),
    *(Raw(b'{"a":' * depth + b"1" + b"}" * depth) for depth in (60, 120, 900)),
    Ref("thread"),
]
_KEYS = ["", "x", "type", "id", "object", "metadata", "stream", "__proto__", "a.b[0]", "\0", "🦙"]
_GARBAGE: list[bytes] = [
    b"",
    b" \r\n\t ",
    b"null",
    b"[]",
    b'["text"]',
    b"1",
    b'"text"',
    b"{",
    b"{}{}",
    b"{} x",
    b"{'role': 'user'}",
    b"// {}",
    b"\x00",
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}",
    b"\x1f\x8b\x08\x00",
    b"role=user&content=x",
    b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--x--\r\n",
    b" " * 600_000,
    b"[" * 100_000,
    b"[" * 100_000 + b"]" * 100_000,
    b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
]


def encode(value: Json, refs: Callable[[str], str]) -> bytes:
    """A value as the bytes of a body."""
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, Ref):
        return json.dumps(refs(value.kind)).encode()
    if isinstance(value, dict):
        keys = (json.dumps(key.removesuffix(_TWICE)).encode() for key in value)
        pairs = (key + b": " + encode(v, refs) for key, v in zip(keys, value.values(), strict=True))
        return b"{" + b", ".join(pairs) + b"}"
    if isinstance(value, list):
        return b"[" + b", ".join(encode(item, refs) for item in value) + b"]"
    return json.dumps(value).encode()


# -- what is right -------------------------------------------------------------------------------


def _valid(kind: inspect.Type, name: str = "") -> Strategy:  # noqa: C901, PLR0911  # one case for each kind of type
    """Values that the type takes."""
    match kind:
        case inspect.StructType():
            return _struct(kind.cls)
        case inspect.UnionType():
            return st.one_of([_valid(option, name) for option in kind.types])
        case inspect.LiteralType() | inspect.EnumType():
            values = kind.values if isinstance(kind, inspect.LiteralType) else list(kind.cls)
            return st.sampled_from([*values])
        case inspect.ListType() | inspect.VarTupleType():
            least, most = kind.min_length or 0, min(kind.max_length or 4, 4)
            return st.lists(_valid(kind.item_type, name), min_size=least, max_size=most)
        case inspect.DictType():
            keys = _valid(kind.key_type, name).map(str)
            return st.dictionaries(keys, _valid(kind.value_type, name), max_size=3)
        case inspect.StrType():
            return _NAMED[name] if name in _NAMED else _text(kind)
        case inspect.IntType():
            return _number(kind, 1)
        case inspect.FloatType():
            return _number(kind, 0.1)
        case inspect.BoolType():
            return st.booleans()
        case inspect.NoneType():
            return st.none()
        case inspect.AnyType() | inspect.RawType():
            return _JSON
    return st.sampled_from(_ODD)


def _text(kind: inspect.StrType) -> Strategy:
    if kind.pattern:
        return st.sampled_from(_NAMES)
    lengths = {kind.min_length, kind.max_length} - {None}
    edges = ["x" * (length + more) for length in lengths for more in (0, 1)]
    long = edges if max((kind.max_length or 0), 0) <= 1000 else []
    return st.sampled_from([*_TEXTS, *_TEXTS, *_NAMES, *long])


def _number(kind: inspect.IntType | inspect.FloatType, step: float) -> Strategy:
    """Numbers in range, mostly at its ends."""
    low = kind.ge if kind.ge is not None else kind.gt
    high = kind.le if kind.le is not None else kind.lt
    least = 0 if low is None else low
    most = least + 1000 if high is None else high
    edges = {least, least + step, min(least + 256 * step, most), most}
    return st.sampled_from(sorted(edges))


_JSON = st.recursive(
    st.none() | st.booleans() | st.sampled_from([0, 1.5, "", "type", "object", "string", "#"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "properties", "items", "$ref", "enum", "a"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@cache
def _struct(type_: type) -> Strategy:
    """Objects with all that is required and a few of the other fields."""
    described = inspect.type_info(type_)
    assert isinstance(described, inspect.StructType)
    fixed = {described.tag_field: described.tag} if described.tag_field else {}
    needed = _NEEDED.get(type_.__name__, [])
    required = [f for f in described.fields if f.required or f.encode_name in needed]
    optional = [field.encode_name for field in described.fields if not field.required]
    names = [field.encode_name for field in required]
    types = {field.encode_name: field.type for field in described.fields}
    some = st.lists(st.sampled_from(optional), max_size=5) if optional else st.just([])
    strategy = cache(lambda name: _valid(types[name], name))

    @st.composite
    def build(draw: st.DrawFn) -> Json:
        chosen = dict.fromkeys([*names, *draw(some)])
        return {**fixed, **{name: draw(strategy(name)) for name in chosen}}

    return build()


# -- what is wrong -------------------------------------------------------------------------------


def _places(value: Json, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something stands in a value, itself among it."""
    found = [path]
    if isinstance(value, dict | list):
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in entries:
            found += _places(item, (*path, key))
    return found


def _put(value: Json, path: tuple[Any, ...], change: Callable[[Json], Json]) -> Json:
    """A copy with something else in that place."""
    if not path:
        return change(value)
    copy = value.copy()
    copy[path[0]] = _put(value[path[0]], path[1:], change)
    return copy


@st.composite
def _spoilt(draw: st.DrawFn, value: Json) -> Json:
    """One thing about a value changed."""
    path = draw(st.sampled_from(_places(value)))
    how = draw(st.sampled_from(["odd", "odd", "drop", "add", "twice", "wrap"]))
    odd = draw(st.sampled_from(_ODD))
    key = draw(st.sampled_from(_KEYS))

    def change(old: Json) -> Json:
        if how == "wrap":
            return [old]
        if isinstance(old, dict) and how == "add":
            return {**old, key: odd}
        if isinstance(old, dict) and old and how == "drop":
            gone = sorted(old)[len(key) % len(old)]
            return {name: item for name, item in old.items() if name != gone}
        if isinstance(old, dict) and old and how == "twice":
            return {**old, max(old) + _TWICE: odd}
        return odd

    return _put(value, path, change)


def bodies(type_: type | None) -> st.SearchStrategy[Json]:
    """Bodies of a route, from right to hopeless; `Raw` where they are not even JSON."""
    garbage = st.sampled_from([*map(Raw, _GARBAGE), *_ODD])
    if type_ is None:
        return st.just(Raw(b"")) | garbage
    right = _struct(type_)
    wrong = right.flatmap(_spoilt)
    return st.one_of(right, right, wrong, wrong, wrong, wrong.flatmap(_spoilt), garbage)


# -- queries -------------------------------------------------------------------------------------

_QUERY_TEXTS = [
    *("", "0", "1", "100", "101", "-1", "1.5", "1e3", "99999999999999999999", "9" * 5000, "NaN"),
    *("true", "null", "asc", "desc", "x", "a b*", '"a', "NEAR(", "a AND", "*", "\0", "🦙", "'"),
    *("[]", "{}", "%", "x" * 2000),
]


@st.composite
def _query(draw: st.DrawFn, names: list[str], kinds: dict[str, inspect.Type]) -> Json:
    pairs: list[tuple[str, Json]] = []
    for name in draw(st.lists(st.sampled_from(names), max_size=3)):
        forms = ["{}", "{}", "{}", "{}", "{}[]", "{}[key]", "{}[", "{}[][]"]
        right = _valid(kinds[name], name) if name in kinds else st.just("x")
        refs = st.sampled_from([Ref("thread"), Ref("message"), Ref("run"), Ref("assistant")])
        value = draw(right | st.sampled_from(_QUERY_TEXTS) | refs)
        pairs.append((draw(st.sampled_from(forms)).format(name), value))
    return pairs


def queries(type_: type | None) -> st.SearchStrategy[list[tuple[str, Json]]]:
    """Pairs of a query string: names the route has and names it has not."""
    kinds: dict[str, inspect.Type] = {}
    if type_ is not None:
        described = inspect.type_info(type_)
        assert isinstance(described, inspect.StructType)
        kinds = {field.encode_name: field.type for field in described.fields}
    names = [*kinds, *kinds, "include", "stream", "x", "_xsrf"]
    few = st.just([]) if type_ is None else _query(names, kinds)
    return few | few | _query(names, kinds)
