"""What a docstring says to a model: the first paragraph, and a line for each parameter."""

from __future__ import annotations

import re
from inspect import cleandoc

__all__ = ["read_docstring"]

_GOOGLE = re.compile(r"(?:Args|Arguments|Parameters|Params):\s*$")
_GOOGLE_ENTRY = re.compile(r"(?P<name>\w+)\s*(?:\([^)]*\))?\s*:\s*(?P<text>.*)")
_NUMPY = re.compile(r"(?:Other )?Parameters\s*$")
_NUMPY_ENTRY = re.compile(r"(?P<name>\w+)\s*(?::.*)?$")
_FIELD = re.compile(r":param\s+(?:[^:]*\s)?(?P<name>\w+)\s*:\s*(?P<text>.*)")


def read_docstring(doc: str | None) -> tuple[str, dict[str, str]]:
    """Read a docstring in Google's, NumPy's or Sphinx's style, or a plain one.

    Returns:
        The first paragraph on one line, and the text of each parameter that is described.
    """
    lines = cleandoc(doc or "").split("\n")
    return _first_paragraph(lines), _google(lines) | _numpy(lines) | _fields(lines)


def _first_paragraph(lines: list[str]) -> str:
    taken: list[str] = []
    for line in lines:
        if not line.strip() or _GOOGLE.match(line) or _FIELD.match(line):
            break
        taken.append(line.strip())
    return " ".join(taken)


def _google(lines: list[str]) -> dict[str, str]:
    """The entries below `Args:`, each as deep as the first of them."""
    found: dict[str, str] = {}
    for line in _below(lines, _GOOGLE):
        if not line[0].isspace():
            break
        found = _entry(found, line, _GOOGLE_ENTRY, lines_deep=_depth(lines))
    return found


def _numpy(lines: list[str]) -> dict[str, str]:
    """The entries below `Parameters` and its rule: names at the margin, texts indented."""
    found: dict[str, str] = {}
    below = _below(lines, _NUMPY)
    if not below or not set(below[0].strip()) <= {"-"}:
        return {}
    for line, following in zip(below[1:], [*below[2:], ""], strict=True):
        if following.strip() and set(following.strip()) <= {"-"}:
            break  # the head of the next section
        found = _entry(found, line, _NUMPY_ENTRY, lines_deep=0)
    return found


def _fields(lines: list[str]) -> dict[str, str]:
    matches = (_FIELD.match(line.strip()) for line in lines)
    return {match["name"]: match["text"].strip() for match in matches if match}


def _below(lines: list[str], head: re.Pattern[str]) -> list[str]:
    """The lines below a section's head that are not blank."""
    for number, line in enumerate(lines):
        if head.match(line):
            return [line for line in lines[number + 1 :] if line.strip()]
    return []


def _depth(lines: list[str]) -> int:
    below = _below(lines, _GOOGLE)
    return len(below[0]) - len(below[0].lstrip())


def _entry(
    found: dict[str, str], line: str, entry: re.Pattern[str], *, lines_deep: int
) -> dict[str, str]:
    """Take a line: a new entry at its depth, or more text of the last one."""
    match = entry.match(line.strip()) if len(line) - len(line.lstrip()) == lines_deep else None
    if match is not None:
        return {**found, match["name"]: (match.groupdict().get("text") or "").strip()}
    if not found:
        return found
    last = next(reversed(found))
    return {**found, last: f"{found[last]} {line.strip()}".strip()}
