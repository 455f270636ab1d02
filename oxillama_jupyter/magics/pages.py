"""What the line magics show: Markdown in a notebook, aligned text in a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from IPython.display import display

from oxillama_jupyter.client.inert import inert
from oxillama_jupyter.client.listing import escaped, title_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Page", "escaped", "note", "table", "title_of"]

_PREVIEW = 60


@dataclass(frozen=True)
class Page:
    """Something to read, in both forms.

    Attributes:
        markdown: For notebooks.
        plain: For terminals.
    """

    markdown: str
    plain: str

    def __repr__(self) -> str:
        return self.plain

    def _repr_markdown_(self) -> str:
        return inert(self.markdown)

    def show(self) -> None:
        """Display it."""
        # Not as an object: IPython's own way to its text would lose the last line feed of a text.
        bundle = {"text/markdown": inert(self.markdown), "text/plain": self.plain}
        display(bundle, raw=True)  # type: ignore[no-untyped-call]

    def __add__(self, other: Page) -> Page:
        return Page(f"{self.markdown}\n\n{other.markdown}", f"{self.plain}\n\n{other.plain}")


def note(text: str) -> Page:
    """A sentence; code in backticks."""
    return Page(text, text.replace("`", ""))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Page:
    """A table of plain cells."""
    lines = [[_cut(cell) for cell in row] for row in rows]
    markdown = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    markdown += [f"| {' | '.join(map(escaped, line))} |" for line in lines]
    widths = [max(map(len, column)) for column in zip(heads, *lines, strict=True)]
    plain = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in [list(heads), *lines]]
    return Page("\n".join(markdown), "\n".join(plain))


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _PREVIEW else f"{line[: _PREVIEW - 1]}…"
