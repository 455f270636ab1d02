"""How model families write tool calls without JSON: parameters in tags, and Gemma's own notation.

Both become JSON as they stream; the rules are those of `calls`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from oxillama_jupyter.engine.calls import Flow, tagged_json
from oxillama_jupyter.engine.reading import (
    Source,
    Wait,
    ahead,
    either,
    literal,
    peek,
    skip,
    space,
    until,
    word,
)
from oxillama_jupyter.engine.schema_kinds import kinds_of, resolved

__all__ = ["Notation", "TaggedParameters", "converted"]

Schema = Mapping[str, Any]  # JSON Schema

_NAME = re.compile(r"[\w.:/-]+")
_HEAD = re.compile(r"[^>\n]+")
_HUGE = re.compile(r"-?[1-9]\d*(\.\d+)?[eE]\+?\d+")  # a number that no float can hold
_JSON_TYPES: dict[type, tuple[str, ...]] = {
    bool: ("boolean",),
    int: ("integer", "number"),
    float: ("number",),
    str: ("string",),
    list: ("array",),
    dict: ("object",),
    type(None): ("null",),
}


class TaggedParameters(Struct, frozen=True):
    """Qwen3-Coder and its kin: `<function=f><parameter=x>1</parameter></function>`.

    Attributes:
        block: What stands around calls.
        block_end: Its end.
        function: What precedes a function's name; `>` follows the name.
        function_end: The end of a call.
        parameter: What precedes a parameter's name; `>` follows the name.
        parameter_end: The end of a parameter's value.
        lines: Whether values stand on lines of their own, whose breaks are not part of them.
        typed: Whether the tag of a parameter says if its value is a string.
    """

    block: str
    block_end: str
    function: str
    function_end: str
    parameter: str
    parameter_end: str
    lines: bool = False
    typed: bool = False
    initial: ClassVar[tuple[str, ...]] = ()
    channels: ClassVar[bool] = False

    @property
    def openers(self) -> tuple[str, ...]:
        """The block's tag, which models forget, and the function's."""
        return (self.block, self.function)

    @property
    def tags(self) -> tuple[str, ...]:
        """Texts that may be control tokens."""
        return (self.block, self.block_end)

    def read(self, opener: str, flow: Flow) -> Wait[bool]:
        """Read on behind the tag of a block or of a function."""
        source = flow.source
        if opener == self.block:
            yield from space(source)
            if (yield from peek(source)) == "{":
                yield from tagged_json(flow, self.block_end)
                return False
            if not (yield from literal(source, self.function)):
                return False
        while (yield from self._function(flow)):
            if (yield from skip(source, (self.block_end,))):
                break
            if not (yield from literal(source, self.function)):
                break
        return False

    def _function(self, flow: Flow) -> Wait[bool]:
        """Read one call; False where what is held is text."""
        source = flow.source
        head = yield from word(source, _HEAD)
        name = _label(head)
        if not (yield from literal(source, ">")) or name not in flow.offered:
            return False
        flow.begin(name)
        flow.write("{")
        whole = yield from self._parameters(flow, flow.offered[name])
        if whole:
            flow.write("}")
        elif source.ended:
            source.take(source.available)
            source.hold()
        flow.end(whole=whole)
        return whole

    def _parameters(self, flow: Flow, root: Schema) -> Wait[bool]:
        """Read parameters and the end of the function; nothing but white space is held then."""
        source = flow.source
        separator = ""
        while True:
            source.hold()
            yield from space(source)
            tag = yield from either(source, (self.parameter, self.function_end))
            if tag != self.parameter:
                # The function's own end is forgotten now and then, the block's is not.
                return bool(tag or (yield from ahead(source, (self.block_end,))))
            head = yield from word(source, _HEAD)
            if not (yield from literal(source, ">")):
                return False
            source.release()
            flow.write(f"{separator}{_dumps(_label(head))}: ")
            separator = ", "
            if not (yield from self._value(flow, head, root)):
                return False

    def _value(self, flow: Flow, head: str, root: Schema) -> Wait[bool]:
        """Read a value and its end; False where the end of everything came first."""
        schemas = resolved(root, root).get("properties")
        schema = schemas.get(_label(head)) if isinstance(schemas, Mapping) else None
        kinds = kinds_of(schema, root)
        if 'string="true"' in head or (kinds == {"string"} and 'string="' not in head):
            text = _Escaped(flow.write, lines=self.lines)
            whole = yield from until(flow.source, self.parameter_end, text.push)
            text.finish(whole=whole)
            return whole
        pieces: list[str] = []
        whole = yield from until(flow.source, self.parameter_end, pieces.append)
        raw = "".join(pieces)
        flow.write(converted(raw, kinds, lines=self.lines) if whole else raw.strip())
        return whole


def _label(head: str) -> str:
    """The name at the beginning of a tag's head, whose opening quote is read already."""
    return head.partition('"')[0].strip()


def _dumps(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


class _Escaped:
    """Writes a text as a JSON string, piece by piece."""

    def __init__(self, write: Callable[[str], None], *, lines: bool) -> None:
        self._write = write
        self._lines = lines
        self._first = lines
        self._break = ""
        write('"')

    def push(self, text: str) -> None:
        """Take more text; a line break that may be the last one waits."""
        if self._first and text:
            self._first = False
            text = text.removeprefix("\n")
        text = self._break + text
        self._break = ""
        if self._lines and text.endswith("\n"):
            self._break = "\n"
            text = text[:-1]
        if text:
            self._write(_dumps(text)[1:-1])

    def finish(self, *, whole: bool) -> None:
        """Close the string, if its text has an end."""
        if whole:
            self._write('"')


def converted(raw: str, kinds: set[str], *, lines: bool) -> str:
    """A value as JSON: as it is where it is JSON of an allowed type, a string where not."""
    text = raw.strip()
    for candidate in (text, text.lower() if "boolean" in kinds else "", _null(text, kinds)):
        found = set(_types(candidate))
        if (found & kinds - {"string"}) if kinds else found:
            return candidate
    if lines:
        raw = raw.removeprefix("\n").removesuffix("\n")
    return _dumps(raw)


def _null(text: str, kinds: set[str]) -> str:
    return "null" if "null" in kinds and text.lower() in ("none", "null") else ""


def _types(text: str) -> tuple[str, ...]:
    """The JSON types of a JSON text; none for other text."""
    try:
        return _JSON_TYPES[type(msgspec.json.decode(text))]
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return ("number",) if _HUGE.fullmatch(text) else ()


# -- Gemma -----------------------------------------------------------------------------------------


class Notation(Struct, frozen=True):
    """Gemma: `call:f{city:<q>Paris<q>,days:3}` between two tags, `<q>` being a quote of its own.

    Attributes:
        opener: What precedes a call.
        closer: What follows it.
        quote: What stands around strings.
    """

    opener: str
    closer: str
    quote: str
    initial: ClassVar[tuple[str, ...]] = ()
    channels: ClassVar[bool] = False

    @property
    def openers(self) -> tuple[str, ...]:
        """The one tag."""
        return (self.opener,)

    @property
    def tags(self) -> tuple[str, ...]:
        """Texts that may be control tokens."""
        return (self.opener, self.closer, self.quote)

    def read(self, opener: str, flow: Flow) -> Wait[bool]:  # noqa: ARG002
        """Read on behind the tag."""
        source = flow.source
        yield from space(source)
        yield from literal(source, "call:")
        name = yield from word(source, _NAME)
        yield from space(source)
        if name not in flow.offered or (yield from peek(source)) != "{":
            return False
        flow.begin(name)
        whole = yield from _Object(source, flow.write, self.quote).read()
        if source.ended and not whole:
            source.take(source.available)
            source.hold()
        flow.end(whole=whole)
        if whole:
            yield from skip(source, (self.closer,))
        return False


class _Object:
    """Reads an object in Gemma's notation and writes it as JSON."""

    _KEY = re.compile(r"[^:,{}\[\]<>\s]+")
    _SCALAR = re.compile(r"[^,{}\[\]<\n]+")
    _ENDS: ClassVar = {"{": "}", "[": "]"}

    def __init__(self, source: Source, write: Callable[[str], None], quote: str) -> None:
        self._source = source
        self._write = write
        self._quote = quote
        self._closing: list[str] = []
        self._comma = ""
        self._follows = False

    def read(self) -> Wait[bool]:
        """Read it; False where it breaks off, with what did not fit held."""
        source = self._source
        self._open(source.take(1))
        while self._closing:
            source.hold()
            yield from space(source)
            if (yield from literal(source, self._closing[-1])):
                self._write(self._closing.pop())
                self._follows = True
            elif self._follows:
                if not (yield from literal(source, ",")):
                    return False
                self._follows = False
                self._comma = ", "
            elif not (yield from self._element()):
                return False
        source.hold()
        return True

    def _open(self, bracket: str) -> None:
        self._write(self._comma + bracket)
        self._comma = ""
        self._closing.append(self._ENDS[bracket])
        self._follows = False

    def _element(self) -> Wait[bool]:
        if self._closing[-1] == "}":
            key = yield from self._key()
            yield from space(self._source)
            if not key or not (yield from literal(self._source, ":")):
                return False
            self._comma += f"{_dumps(key)}: "
            yield from space(self._source)
        if (yield from peek(self._source)) in ("{", "["):
            self._open(self._source.take(1))
            return True
        if (yield from literal(self._source, self._quote)):
            return (yield from self._string())
        return (yield from self._scalar())

    def _key(self) -> Wait[str]:
        if not (yield from literal(self._source, self._quote)):
            return (yield from word(self._source, self._KEY))
        pieces: list[str] = []
        whole = yield from until(self._source, self._quote, pieces.append)
        return "".join(pieces) if whole else ""

    def _string(self) -> Wait[bool]:
        self._source.release()
        self._begin()
        text = _Escaped(self._write, lines=False)
        whole = yield from until(self._source, self._quote, text.push)
        text.finish(whole=whole)
        return whole

    def _scalar(self) -> Wait[bool]:
        text = (yield from word(self._source, self._SCALAR)).strip()
        if not text:
            return False
        self._begin()
        self._write(text if _types(text) or self._source.ended else _dumps(text))
        return True

    def _begin(self) -> None:
        self._write(self._comma)
        self._comma = ""
        self._follows = True
