"""A model's calls, so that a person sees exactly what would run and what came of it."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["call_line", "call_text", "calls_block", "visible"]

_WIDE = 88
_PREVIEW = 200


def visible(text: str) -> str:
    """The text with everything escaped that a screen would not show as it is.

    A terminal's control sequences and direction marks could hide what a call would do.
    """
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def call_text(name: str, arguments: str) -> str:
    """A call with all of its arguments, as Python would write it; long texts line by line."""
    given = _arguments(arguments)
    if given is None:
        return f"{visible(name)}({visible(arguments)})"
    parts = [f"{visible(key)}={_value(value)}" for key, value in given.items()]
    line = f"{visible(name)}({', '.join(parts)})"
    if len(line) <= _WIDE and not any("\n" in v for v in given.values() if isinstance(v, str)):
        return line
    inner = "".join(f"    {visible(key)}={_block(value)},\n" for key, value in given.items())
    return f"{visible(name)}(\n{inner})"


def call_line(call: dict[str, Any]) -> str:
    """A call of a run step in one line: what ran, or was denied, and what came of it."""
    function, decision = call["function"], call.get("decision") or {}
    arguments = decision.get("arguments") or function["arguments"]
    shown = _short(call_text(function["name"], arguments))
    if decision.get("verdict") == "denied":
        return f"{shown} was denied"
    edited = " (edited)" if decision.get("verdict") == "edited" else ""
    return f"{shown}{edited} → {_short(function.get('output') or '')}"


def calls_block(calls: list[dict[str, Any]]) -> str:
    """The calls of a run step as Markdown, a line each; a result cannot end its own code span."""
    lines = []
    for line in map(call_line, calls):
        fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
        pad = " " if "`" in line else ""
        lines.append(f"{fence}{pad}{line}{pad}{fence}")
    return "  \n".join(lines)


def _arguments(text: str) -> dict[str, Any] | None:
    try:
        given = json.loads(text or "{}")
    except ValueError:
        return None
    return given if isinstance(given, dict) else None


def _value(value: object) -> str:
    return visible(json.dumps(value, ensure_ascii=False))


def _block(value: object) -> str:
    if not isinstance(value, str) or "\n" not in value:
        return _value(value)
    return '"""\n' + "\n".join(f"    {visible(line)}" for line in value.split("\n")) + '\n    """'


def _short(text: str) -> str:
    line = visible(" ".join(text.split()))
    return line if len(line) <= _PREVIEW else f"{line[: _PREVIEW - 1]}…"
