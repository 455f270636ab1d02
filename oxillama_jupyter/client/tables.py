"""Tables of plain cells, as Markdown and as aligned text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["escaped", "markdown_table", "plain_table"]

_SPECIAL = re.compile(r"([\\`*_\[\]<>|$~&])")
_PREVIEW = 60


def escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def markdown_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The table in Markdown; cells are cut to a line, and escaped."""
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    lines += [f"| {' | '.join(escaped(_cut(cell)) for cell in row)} |" for row in rows]
    return "\n".join(lines)


def plain_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The table as aligned text; cells are cut to a line."""
    lines = [list(heads), *([_cut(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _PREVIEW else f"{line[: _PREVIEW - 1]}…"
