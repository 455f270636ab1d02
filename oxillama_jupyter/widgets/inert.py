"""Markdown of a model's, without what a page would run or fetch.

Front ends let some HTML through in Markdown, and they load its images: an answer could tell a
stranger what was asked by an image's address alone. Here HTML becomes text, and an image the text
that asks for it. What is code is left alone where it certainly is code for every reader of
Markdown; where readers may differ, one `&lt;` too many is better than one too few.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["inert"]

_TAG = re.compile(r"<(?=/?[A-Za-z][A-Za-z0-9-]*(?:[\s/>]|$)|[!?])")
# Ahead of a line's text, a tag need not be whole to begin a block of HTML.
_FIRST_TAG = re.compile(r"^([\s>*+\-]|\d{1,9}[.)])*<(?=[A-Za-z/!?])")
_IMAGE = re.compile(r"!(?=\[)")
# In what most likely is code: images whole, tags with an attribute, and those that do something
# without any.
_STRONG_IMAGE = re.compile(r"!(?=\[[^\n]*\][(\[])")
_STRONG_TAG = re.compile(
    r"<(?=[A-Za-z][^<>\n]*=|(?:img|image|input|button|form|iframe|object|embed|link|style|script"
    r"|svg|video|audio|source|picture|table|t[dhr]|body|meta|base|a)\b)",
    re.IGNORECASE,
)
_FENCE = re.compile(r"(`{3,}|~{3,})[^`\n]*$")
_INNER_FENCE = re.compile(r"(?:[ \t>]|[-*+] |\d{1,9}[.)] )+(`{3,}|~{3,})[^`\n]*$")
_MATH = re.compile(r"\$|\\[(\[]|\\begin\{")
_RUN = re.compile(r"`+")


@dataclass
class _Line:
    """A line, and what it is part of: "text", "code", or "inner" for code within lists."""

    text: str
    kind: str


def inert(markdown: str) -> str:
    """The same text for who reads it, and nothing but text for the page that shows it."""
    if "<" not in markdown and "![" not in markdown:
        return markdown
    lines = list(_lines(markdown.split("\n")))
    # What a reader takes for a formula may reach into and out of what others take for code.
    certain = not any(_MATH.search(line.text) for line in lines if line.kind != "code")
    written = []
    for first, last in _blocks(lines):
        written += _block(lines[first:last], certain=certain)
    return "\n".join(written)


def _lines(lines: list[str]) -> Iterator[_Line]:
    """The lines; code that is never closed counts as text, as readers of formulas see it."""
    open_for_ever: dict[tuple[str, str], int] = {}
    at = 0
    while at < len(lines):
        fence, kind = _FENCE.match(lines[at]), "code"
        if fence is None:
            fence, kind = _INNER_FENCE.match(lines[at]), "inner"
        end = None
        if fence is not None:
            sort, length = (fence[1][0], kind), len(fence[1])
            if length < open_for_ever.get(sort, length + 1):
                end = _end(lines, at, fence[1], kind)
                open_for_ever |= {} if end else {sort: length}
        kind = kind if end else "text"
        for line in lines[at : end or at + 1]:
            yield _Line(line, kind)
        at = end or at + 1


def _end(lines: list[str], start: int, fence: str, kind: str) -> int | None:
    """The line behind the one that closes the code."""
    before = r"[ \t>]*" if kind == "inner" else ""
    closing = re.compile(rf"{before}{re.escape(fence[0])}{{{len(fence)},}}[ \t]*$")
    for at in range(start + 1, len(lines)):
        if closing.match(lines[at]):
            return at + 1
    return None


def _blocks(lines: list[_Line]) -> Iterator[tuple[int, int]]:
    """Stretches of lines of one kind, without an empty line in text."""
    first = 0
    for at, line in enumerate(lines):
        new = line.kind != lines[first].kind or (line.kind == "text" and not line.text.strip())
        if at and new:
            yield first, at
            first = at
    yield first, len(lines)


def _block(lines: list[_Line], *, certain: bool) -> Iterator[str]:
    if lines[0].kind == "code" and certain:
        yield from (line.text for line in lines)
        return
    if lines[0].kind != "text":
        for line in lines:
            yield _STRONG_IMAGE.sub(r"!\\", _STRONG_TAG.sub("&lt;", line.text))
        return
    last_end = max((at for at, line in enumerate(lines) if ">" in line.text), default=-1)
    for at, line in enumerate(lines):
        pieces = list(_spans(line.text)) if certain else []
        # A code span may go on in the next line, and the cells of a table end it.
        certain = bool(pieces) and "|" not in line.text
        closed = at < last_end
        if not certain:
            pieces = [(line.text, False)]
        text = _FIRST_TAG.sub(lambda found: found[0][:-1] + "&lt;", _join(pieces, closed=closed))
        yield text


def _spans(line: str) -> Iterator[tuple[str, bool]]:
    """A line's pieces, and whether each is code; none at all where a backtick has no partner."""
    runs = list(_RUN.finditer(line))
    pieces, at, first = [], 0, 0
    while first < len(runs):
        begin = runs[first]
        last = next((n for n in range(first + 1, len(runs)) if runs[n][0] == begin[0]), None)
        if last is None or line[: begin.start()].endswith("\\"):
            return
        end = runs[last].end()
        pieces += [(line[at : begin.start()], False), (line[begin.start() : end], True)]
        at, first = end, last + 1
    yield from pieces
    yield line[at:], False


def _join(pieces: list[tuple[str, bool]], *, closed: bool) -> str:
    """The pieces, escaped where they are no code and a tag's end comes anywhere behind."""
    written = []
    for text, code in reversed(pieces):
        closed = closed or ">" in text
        escaped = _TAG.sub("&lt;", text) if closed else text
        written.append(text if code else _IMAGE.sub(r"!\\", escaped))
    return "".join(reversed(written))
