"""Markdown of a model's, without what a page would run or fetch.

JupyterLab trusts what a cell shows when it is run: HTML in its Markdown is neither refused nor
cleaned, scripts run, and an image alone can tell a stranger what was asked. So HTML becomes text
here, as do images and links to anything but the web. Code is left alone where it certainly is code
for every reader of Markdown; where readers may differ, one `&lt;` too many is better than one too
few.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["inert"]

_TAG = re.compile(r"<(?=/?[A-Za-z][A-Za-z0-9-]*(?:[\s/>]|$)|[!?]|[A-Za-z][A-Za-z0-9+.-]*:)")
# Ahead of a line's text, a tag need not be whole to begin a block of HTML.
_FIRST_TAG = re.compile(r"^([\s>*+\-]|\d{1,9}[.)])*<(?=[A-Za-z/!?])")
_IMAGE = re.compile(r"!(?=\[)")
_LINK = re.compile(
    r"\](?=\([ \t]*<?(?P<inline>[^\s)>]{0,300})|:[ \t]*<?(?P<defined>[^\s>]{0,300}))"
)
_SAFE = re.compile(r"(?:https?|mailto):", re.IGNORECASE)
_LOCAL = re.compile(r"[^:]*(?:[/?#]|$)")
_LONGEST_ADDRESS = 300
# In what most likely is code: images whole, tags with attributes or which go on in the next line,
# and those that do something without either.
_STRONG_IMAGE = re.compile(r"!(?=\[[^\n]*\][(\[])")
_STRONG_TAG = re.compile(
    r"<(?=[A-Za-z][^<>\n]*(?:=|$)|(?!https?:|mailto:)[A-Za-z][A-Za-z0-9+.-]*:(?!:)|/?(?:img|image|input|button|form|iframe|object|embed|link|style"
    r"|script|svg|math|video|audio|source|picture|table|t[dhr]|body|html|meta|base|a)\b)",
    re.IGNORECASE,
)
_FENCE = re.compile(r"(`{3,}|~{3,})[\w+#.,:/{} -]*$")
_INNER_FENCE = re.compile(r"(?:[ \t>]|[-*+] |\d{1,9}[.)] )*(`{3,}|~{3,})[^`\n]*$")
# What some readers look for first, right across what others take for code.
_ELSEWHERE = re.compile(r"\$|\\[(\[]|\\begin\{|\]:|`{3}|~{3}")
_OPENING = re.compile(r"^((?:[\s>*+\-]|\d{1,9}[.)])*(?:`{3,}|~{3,}))(.*)$")
_QUOTED = {'"': "&quot;", "<": "&lt;", ">": "&gt;"}
_RUN = re.compile(r"`+")
# What may hide a backtick, or end at one, for some readers: links, escapes, tables, struck text.
_BEFORE_SPAN = re.compile(r"[\[\]\\~|<`]|://|www\.")


@dataclass
class _Line:
    """A line, and what it is part of: "text", "code", "open" code, or "inner" code of lists."""

    text: str
    kind: str


def inert(markdown: str) -> str:
    """The same text for who reads it, and nothing but text for the page that shows it."""
    quoted = '"' in markdown and ("```" in markdown or "~~~" in markdown)
    if not quoted and not re.search(r"<|!\[|\]\(|\]:", markdown):
        return markdown
    lines = list(_lines(re.sub(r"\r\n?", "\n", markdown).split("\n")))
    certain = not any(
        _ELSEWHERE.search(line.text)
        for line in lines
        # The line that opens code to the end is no code itself, but no riddle either.
        if line.kind != "code" and not (line.kind == "open" and _FENCE.match(line.text))
    )
    written: list[str] = []
    for first, last in _blocks(lines):
        written += _block(lines[first:last], certain=certain)
    return "\n".join(written)


def _lines(lines: list[str]) -> Iterator[_Line]:
    open_for_ever: dict[str, int] = {}
    at = 0
    while at < len(lines):
        kind, end = "text", at + 1
        for sort, pattern in (("code", _FENCE), ("inner", _INNER_FENCE)):
            fence = pattern.match(lines[at])
            if fence is None or len(fence[1]) >= open_for_ever.get(fence[1][0], len(lines[at]) + 1):
                continue
            found = _end(lines, at, fence[1])
            if found is None and sort == "code":
                kind, end = "open", len(lines)
                break
            if found is None:
                open_for_ever[fence[1][0]] = len(fence[1])
            elif sort == "inner" or lines[found - 1] == fence[1]:
                kind, end = sort, found
                break
        for line in lines[at:end]:
            yield _Line(line, kind)
        at = end


def _end(lines: list[str], start: int, fence: str) -> int | None:
    """The line behind the first that any reader may take for the end of the code."""
    pattern = re.compile(rf"[ \t>]*{re.escape(fence[0])}{{{len(fence)},}}[`~]*[ \t]*$")
    for at in range(start + 1, len(lines)):
        if pattern.match(lines[at]):
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
    kind = lines[0].kind
    if kind in {"code", "open"} and certain:
        yield _OPENING.sub(_safe_language, lines[0].text)
        yield from (line.text for line in lines[1:])
        return
    if kind != "text":
        yield from (_likely_code(line.text) for line in lines)
        return
    last_end = max((at for at, line in enumerate(lines) if ">" in line.text), default=-1)
    for at, line in enumerate(lines):
        # A code span may go on in the next line: one line that is not certain makes all others so.
        pieces = list(_spans(line.text))
        certain = certain and not any(_BEFORE_SPAN.search(t) for t, code in pieces if not code)
        text = _OPENING.sub(_safe_language, _join(pieces, certain=certain, closed=at < last_end))
        yield _FIRST_TAG.sub(lambda found: found[0][:-1] + "&lt;", text)


def _spans(line: str) -> Iterator[tuple[str, bool]]:
    """A line's pieces, and whether each is code between single backticks, as far as one can see."""
    runs = list(_RUN.finditer(line))
    at = 0
    if len(runs) % 2 == 0 and all(run[0] == "`" for run in runs):
        for begin, end in zip(runs[::2], runs[1::2], strict=True):
            yield line[at : begin.start()], False
            yield line[begin.start() : end.end()], True
            at = end.end()
    yield line[at:], False


def _join(pieces: list[tuple[str, bool]], *, certain: bool, closed: bool) -> str:
    """The pieces, escaped where they are no code and a tag's end comes anywhere behind."""
    written = []
    for text, code in reversed(pieces):
        closed = closed or ">" in text
        if code:
            written.append(text if certain else _likely_code(text))
            continue
        escaped = _TAG.sub("&lt;", text) if closed else text
        written.append(_LINK.sub(_safe_link, _IMAGE.sub(r"!\\", escaped)))
    return "".join(reversed(written))


def _likely_code(line: str) -> str:
    text = _STRONG_IMAGE.sub(r"!\\", _STRONG_TAG.sub("&lt;", line))
    return _OPENING.sub(_safe_language, _LINK.sub(_safe_link, text))


def _safe_language(found: re.Match[str]) -> str:
    """The line that opens code: JupyterLab puts what it says of its language into an attribute."""
    language = _LINK.sub(_safe_link, _IMAGE.sub(r"!\\", found[2]))
    return found[1] + "".join(_QUOTED.get(letter, letter) for letter in language)


def _safe_link(found: re.Match[str]) -> str:
    """The link if it leads to the web, to mail, or to somewhere here; else the text of it."""
    inline = found["inline"] is not None
    address = found["inline"] if inline else found["defined"]
    plain = re.sub(r"[\\\x00-\x20]", "", html.unescape(address))
    nowhere = inline and not plain and found.string[found.end("inline") :].startswith(")")
    local = plain and len(address) < _LONGEST_ADDRESS and _LOCAL.match(plain)
    return "]" if nowhere or local or _SAFE.match(plain) else "]\\"
