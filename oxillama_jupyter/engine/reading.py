"""Reading text that arrives in pieces, as if it were there: a source, and what can be read of it.

The readers are generators that yield where the next character decides and has not come yet. So the
code of a format is straight, and the places where the text was cut make no difference to it. Every
reader decides as early as it can, and looks at each character a bounded number of times.

What a reader did not accept stays in the source.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Sequence
from typing import TypeVar

__all__ = [
    "Source",
    "Wait",
    "ahead",
    "balanced",
    "close",
    "either",
    "literal",
    "peek",
    "skip",
    "space",
    "string",
    "until",
    "value",
    "word",
]

T = TypeVar("T")
Wait = Generator[None, None, T]
"""A reader: yields while it needs more text, returns what it read."""

_SPACE = re.compile(r"[ \t\r\n]+")
_OUTSIDE = re.compile(r'[^"{}\[\]<]+')
_INSIDE = re.compile(r'[^"\\]+')
_SCALAR = re.compile(r'[^\s",:{}\[\]<]+')


class Source:
    """Text that was fed and not read yet; may hold a copy of what is read, until it is decided."""

    def __init__(self) -> None:
        self.text = ""
        self.at = 0
        self.ended = False
        self._held: list[str] | None = None

    def push(self, text: str) -> None:
        """Append text."""
        self.text = self.text[self.at :] + text
        self.at = 0

    @property
    def available(self) -> int:
        """Characters not read yet."""
        return len(self.text) - self.at

    def take(self, count: int) -> str:
        """Read characters that are there."""
        start = self.at
        self.at = start + count
        piece = self.text[start : self.at]
        if self._held is not None:
            self._held.append(piece)
        return piece

    def match(self, pattern: re.Pattern[str]) -> str:
        """Read what matches a pattern here; nothing where it does not."""
        found = pattern.match(self.text, self.at)
        return self.take(found.end() - self.at) if found else ""

    def hold(self) -> None:
        """Keep a copy of what is read from here on, and forget an older one."""
        self._held = []

    def release(self) -> str:
        """Stop keeping copies; return what was kept."""
        held, self._held = self._held, None
        return "".join(held) if held else ""


def peek(source: Source) -> Wait[str]:
    """The next character, which stays; nothing at the end."""
    while source.at >= len(source.text) and not source.ended:
        yield
    return source.text[source.at : source.at + 1]


def ahead(source: Source, texts: Sequence[str]) -> Wait[str]:
    """Which of these texts comes next, if one does; it stays. No text may begin another one."""
    while True:
        for text in texts:
            if source.text.startswith(text, source.at):
                return text
        if source.ended or not _may_become(source, texts):
            return ""
        yield


def _may_become(source: Source, texts: Sequence[str]) -> bool:
    count = source.available
    return any(
        count < len(text) and source.text.endswith(text[:count], source.at) for text in texts
    )


def either(source: Source, texts: Sequence[str]) -> Wait[str]:
    """Read one of these texts, if one comes next."""
    found = yield from ahead(source, texts)
    source.take(len(found))
    return found


def literal(source: Source, text: str) -> Wait[bool]:
    """Read this text, if it comes next."""
    return bool((yield from either(source, (text,))))


def close(source: Source, texts: Sequence[str]) -> Wait[str]:
    """Read one of these texts, or the half of one that the end of everything left."""
    found = yield from either(source, texts)
    if not found and source.ended and _may_become(source, texts):
        source.take(source.available)
    return found


def skip(source: Source, texts: Sequence[str]) -> Wait[str]:
    """Read white space and one of these texts, and forget both if it was there."""
    yield from space(source)
    found = yield from close(source, texts)
    if found or source.ended:
        source.hold()
    return found


def word(source: Source, pattern: re.Pattern[str]) -> Wait[str]:
    """Read the longest run of characters that a pattern for such runs allows."""
    pieces = [source.match(pattern)]
    while not source.available and not source.ended:
        yield
        pieces.append(source.match(pattern))
    return "".join(pieces)


def space(source: Source) -> Wait[str]:
    """Read white space."""
    return (yield from word(source, _SPACE))


def until(source: Source, closer: str, write: Callable[[str], None]) -> Wait[bool]:
    """Write everything before a text, and read that too; False where the end came first."""
    while True:
        found = source.text.find(closer, source.at)
        if found >= 0:
            write(source.take(found - source.at))
            source.take(len(closer))
            return True
        keep = 0 if source.ended else _overlap(source, closer)
        if source.available > keep:
            write(source.take(source.available - keep))
        if source.ended:
            return False
        yield


def _overlap(source: Source, closer: str) -> int:
    """Length of the longest unread end that is a proper beginning of `closer`."""
    for length in range(min(len(closer) - 1, source.available), 0, -1):
        if source.text.endswith(closer[:length]):
            return length
    return 0


# -- JSON ------------------------------------------------------------------------------------------


def string(source: Source) -> Wait[str | None]:
    """Read a JSON string; None where there is none, or no end of it."""
    if (yield from peek(source)) != '"':
        return None
    pieces: list[str] = []
    if not (yield from _quoted(source, pieces.append)):
        return None
    try:
        return str(json.loads("".join(pieces), strict=False))
    except ValueError:
        return None


def _quoted(source: Source, write: Callable[[str], None]) -> Wait[bool]:
    """Write a JSON string, quotes included; False where the end came first."""
    write(source.take(1))
    while character := (yield from peek(source)):
        if character == '"':
            write(source.take(1))
            return True
        if character == "\\":
            write(source.take(1))
            yield from peek(source)
            write(source.take(min(1, source.available)))
        else:
            write(source.match(_INSIDE))
    return False


def balanced(
    source: Source, write: Callable[[str], None], closers: Sequence[str] = ()
) -> Wait[bool]:
    """Write a JSON object or array up to its last bracket, however wrong it is between them.

    Returns:
        False where the end, or one of `closers` outside a string, came first.
    """
    depth = 0
    while character := (yield from peek(source)):
        if character == '"':
            yield from _quoted(source, write)
        elif character == "<" and closers and (yield from ahead(source, closers)):
            return False
        elif character in "<{}[]":
            write(source.take(1))
            depth += (character in "{[") - (character in "}]")
            if depth == 0 and character != "<":
                return True
        else:
            write(source.match(_OUTSIDE))
    return False


def value(source: Source) -> Wait[str]:
    """Read any JSON value; nothing where there is none, or no end of it."""
    character = yield from peek(source)
    if character not in ('"', "{", "["):
        return (yield from word(source, _SCALAR))
    pieces: list[str] = []
    read = _quoted if character == '"' else balanced
    return "".join(pieces) if (yield from read(source, pieces.append)) else ""
