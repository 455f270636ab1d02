"""How model families write tool calls in JSON: one syntax each, read while it streams.

All syntaxes, here and in `notations`, keep these rules:

- Until a call has begun, what is read is held; if it turns out to be no call of an offered
  function, it is text, every character of it, and reading goes on where it stopped to fit.
- A call begins with its name known and its arguments in sight. From then on it stays a call: where
  its arguments break off, or are no JSON, it ends incomplete, and what follows is text again.
- White space, brackets and commas between calls are syntax, not text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

from oxillama_jupyter.engine.parts import is_object
from oxillama_jupyter.engine.reading import (
    Source,
    Wait,
    balanced,
    either,
    literal,
    peek,
    skip,
    space,
    string,
    value,
    word,
)

__all__ = [
    "BareJson",
    "Bracketed",
    "Channels",
    "Flow",
    "Offered",
    "Separated",
    "Syntax",
    "TaggedJson",
    "tagged_json",
]

Offered = Mapping[str, Mapping[str, Any]]
"""The offered functions: name to the JSON Schema of its arguments."""

_NAME = re.compile(r"[\w.:/-]+")


class Flow(Protocol):
    """Where a syntax reads from and what it tells; the parser is it."""

    source: Source
    offered: Offered

    def begin(self, name: str) -> None:
        """A call begins; what was held is its syntax, and nothing is held any more."""

    def write(self, arguments: str) -> None:
        """More of the call's arguments."""

    def end(self, *, whole: bool) -> None:
        """The call is over; `whole` tells whether its syntax was."""

    def boundary(self) -> None:
        """What was held is syntax between two messages."""


class Syntax(Protocol):
    """One way to write calls.

    Attributes:
        openers: Texts that may begin a call, wherever they stand; none begins another one.
        initial: The same, at the beginning of a message only.
        tags: Texts of the syntax that may be control tokens of a vocabulary.
        channels: Whether this syntax has the reasoning too, and so matters without tools.
    """

    @property
    def openers(self) -> tuple[str, ...]: ...  # noqa: D102 - above
    @property
    def initial(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def tags(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def channels(self) -> bool: ...  # noqa: D102

    def read(self, opener: str, flow: Flow) -> Wait[bool]:
        """Read on behind an opener; True where reasoning follows.

        What is still held on return is text.
        """


class _JsonCall:
    """One object such as `{"name": "f", "arguments": {}}`, its members in any order."""

    _NAMES = ("name", "function")
    _ARGUMENTS = ("arguments", "parameters")
    _OTHERS = ("type", "id")

    def __init__(self, flow: Flow, closers: Sequence[str]) -> None:
        self._flow = flow
        self._closers = closers
        self._name = ""
        self._early: str | None = None
        self._begun = False
        self._torn = False

    def read(self) -> Wait[bool]:
        """Read behind the first bracket; False where what is held afterwards is text."""
        source = self._flow.source
        while True:
            if not (yield from self._member()):
                return self._stop()
            yield from space(source)
            if not (yield from literal(source, ",")):
                break
        closed = yield from literal(source, "}")
        if self._begun:
            source.hold()
        elif closed and self._name:
            self._all_at_once()
        else:
            return self._stop()
        return True

    def _stop(self) -> bool:
        """Give up; a call that the end cut right behind its name is still one."""
        flow = self._flow
        if flow.source.ended and self._name and not self._begun:
            flow.begin(self._name)
            flow.end(whole=False)
            self._torn = True
        if self._begun and flow.source.ended:
            flow.source.hold()
        return self._torn

    def _all_at_once(self) -> None:
        self._flow.begin(self._name)
        self._flow.write(self._early or "{}")
        self._flow.end(whole=True)
        self._flow.source.hold()
        self._begun = True

    def _member(self) -> Wait[bool]:
        source = self._flow.source
        yield from space(source)
        key = yield from string(source)
        yield from space(source)
        if key is None or not (yield from literal(source, ":")):
            return False
        yield from space(source)
        if key in self._NAMES:
            return (yield from self._read_name())
        if key in self._ARGUMENTS:
            return (yield from self._read_arguments())
        return key in self._OTHERS and bool((yield from value(source)))

    def _read_name(self) -> Wait[bool]:
        name = yield from string(self._flow.source)
        if name not in self._flow.offered or self._name:
            return False
        self._name = str(name)
        if self._early is not None:
            self._all_at_once()
        return True

    def _read_arguments(self) -> Wait[bool]:
        if self._begun or self._early is not None:
            return False
        source = self._flow.source
        if (yield from peek(source)) == "{" and self._name:
            self._begun = True
            self._torn = not (yield from object_of(self._flow, self._name, self._closers))
            return not self._torn
        self._early = yield from self._held_arguments()
        if self._early is None:
            return False
        if self._name:
            self._all_at_once()
        return True

    def _held_arguments(self) -> Wait[str | None]:
        """Arguments in front of the name, or null, or JSON text inside a string."""
        source = self._flow.source
        first = yield from peek(source)
        if first == "{":
            pieces: list[str] = []
            whole = yield from balanced(source, pieces.append, self._closers)
            return "".join(pieces) if whole else None
        if first == '"':
            text = yield from string(source)
            return text if text is not None and is_object(text) else None
        return "{}" if (yield from literal(source, "null")) else None


def object_of(flow: Flow, name: str, closers: Sequence[str] = ()) -> Wait[bool]:
    """Begin a call and read its arguments, an object that is next; False where it breaks off."""
    flow.begin(name)
    whole = yield from balanced(flow.source, flow.write, closers)
    flow.end(whole=whole)
    flow.source.hold()
    return whole


def _json_calls(flow: Flow, closers: Sequence[str] = (), *, opened: bool = False) -> Wait[bool]:
    """Read one call, or several with or without an array; False where what is held is text."""
    source = flow.source
    yield from space(source)
    if not opened and (yield from literal(source, "[")):
        yield from space(source)
    if not (opened or (yield from literal(source, "{"))):
        return False
    while (yield from _JsonCall(flow, closers).read()):
        yield from space(source)
        comma = yield from either(source, (",", ";"))
        yield from space(source)
        if not (yield from literal(source, "{")):
            if comma and not source.ended:
                return False
            yield from skip(source, ("]", "}"))
            return True
    return False


class _Json:
    """What the syntaxes here share."""

    openers: ClassVar[tuple[str, ...]] = ()
    initial: ClassVar[tuple[str, ...]] = ()
    tags: ClassVar[tuple[str, ...]] = ()
    channels: ClassVar[bool] = False


class BareJson(_Json):
    """Llama 3: the whole message is `{"name": "f", "parameters": {}}`, or a tag precedes it."""

    openers = tags = ("<|python_tag|>",)
    initial = ("{",)

    def read(self, opener: str, flow: Flow) -> Wait[bool]:
        """Read on behind the tag or the first bracket."""
        yield from _json_calls(flow, opened=opener == "{")
        return False


class TaggedJson(_Json):
    """Hermes, Qwen 2.5 and 3, and our own fallback: `<tool_call>{"name": …}</tool_call>`."""

    openers = ("<tool_call>",)
    tags = ("<tool_call>", "</tool_call>")

    def read(self, opener: str, flow: Flow) -> Wait[bool]:  # noqa: ARG002
        """Read on behind the tag."""
        yield from tagged_json(flow, "</tool_call>")
        return False


def tagged_json(flow: Flow, closer: str) -> Wait[None]:
    """Read JSON calls and the tag behind them."""
    if (yield from _json_calls(flow, (closer,))):
        yield from skip(flow.source, (closer,))


class Bracketed(_Json):
    """Mistral: `[TOOL_CALLS]` and an array of JSON calls, or `name[ARGS]{}` (from v11 on)."""

    openers = ("[TOOL_CALLS]",)
    tags = ("[TOOL_CALLS]", "[CALL_ID]", "[ARGS]")
    _ID: ClassVar = re.compile("[A-Za-z0-9_-]+")

    def read(self, opener: str, flow: Flow) -> Wait[bool]:  # noqa: ARG002
        """Read on behind the tag."""
        source = flow.source
        yield from space(source)
        if (yield from peek(source)) in ("{", "["):
            yield from _json_calls(flow)
            return False
        name = yield from word(source, _NAME)
        if (yield from either(source, ("[CALL_ID]", "[ARGS]"))) == "[CALL_ID]":
            yield from word(source, self._ID)
            yield from literal(source, "[ARGS]")
        yield from space(source)
        if name in flow.offered and (yield from peek(source)) == "{":
            yield from object_of(flow, name)
        return False


class Separated(_Json):
    """DeepSeek: `name<sep>{}` (V3.1), or `function<sep>name` and a fenced object (V3, R1)."""

    _ALL: ClassVar = "<｜tool▁calls▁begin｜>"  # noqa: RUF001 - their bars are wide
    _BEGIN: ClassVar = "<｜tool▁call▁begin｜>"  # noqa: RUF001
    _SEPARATOR: ClassVar = "<｜tool▁sep｜>"  # noqa: RUF001
    _END: ClassVar = "<｜tool▁call▁end｜>"  # noqa: RUF001
    _ALL_END: ClassVar = "<｜tool▁calls▁end｜>"  # noqa: RUF001
    _LINE: ClassVar = re.compile(r"[^<{\n`]+")
    _LANGUAGE: ClassVar = re.compile(r"[a-z]+")
    openers = (_ALL, _BEGIN)
    tags = (_ALL, _BEGIN, _SEPARATOR, _END, _ALL_END)

    def read(self, opener: str, flow: Flow) -> Wait[bool]:
        """Read on behind the tag of one call, or of all of them."""
        source = flow.source
        if opener == self._ALL:
            yield from space(source)
            if not (yield from literal(source, self._BEGIN)):
                return False
        while (yield from self._call(flow)):
            if (yield from skip(source, (self._ALL_END,))):
                break
            if not (yield from literal(source, self._BEGIN)):
                break
        return False

    def _call(self, flow: Flow) -> Wait[bool]:
        """Read one call and what closes it; False where what is held is text."""
        source = flow.source
        name = (yield from word(source, self._LINE)).strip()
        if not (yield from literal(source, self._SEPARATOR)):
            return False
        yield from space(source)
        if name == "function" and (yield from peek(source)) != "{":
            name = (yield from word(source, self._LINE)).strip()
            yield from space(source)
            if (yield from literal(source, "```")):
                yield from word(source, self._LANGUAGE)
                yield from space(source)
        if name not in flow.offered or (yield from peek(source)) != "{":
            return False
        yield from object_of(flow, name, (self._END, self._ALL_END))
        yield from skip(source, ("```",))
        yield from skip(source, (self._END,))
        return True


class Channels(_Json):
    """gpt-oss (harmony): every message has a header that says its channel and its recipient."""

    _ENDS: ClassVar = ("<|end|>", "<|call|>", "<|return|>")
    _HEADER: ClassVar = re.compile(r"[\w .=/:-]+")
    _RECIPIENT: ClassVar = re.compile(r"\bto=(?:functions\.)?([\w.:/-]+)")
    openers = ("<|channel|>", "<|start|>", *_ENDS)
    initial = ("to=",)
    tags = (*openers, "<|message|>", "<|constrain|>")
    channels = True

    def read(self, opener: str, flow: Flow) -> Wait[bool]:
        """Read the rest of a header, and the call, if the message is one."""
        if opener in self._ENDS:
            flow.boundary()
            return False
        source = flow.source
        header = yield from self._header(opener, source)
        recipient = self._RECIPIENT.search(header)
        if recipient is None:
            begins = header.endswith("<|message|>")
            if begins or source.ended:
                flow.boundary()
            return begins and "<|channel|>analysis" in header
        yield from space(source)
        name = recipient[1]
        if name in flow.offered and (yield from peek(source)) == "{":
            yield from object_of(flow, name, self.openers)
            yield from skip(source, self._ENDS)
        return False

    def _header(self, opener: str, source: Source) -> Wait[str]:
        """The header up to its end, or to where it is none."""
        pieces = [opener]
        tag = opener
        while tag and tag != "<|message|>":
            pieces.append((yield from word(source, self._HEADER)))
            tag = yield from either(source, ("<|message|>", "<|channel|>", "<|constrain|>"))
            pieces.append(tag)
        return "".join(pieces)
