"""What the line magics show: Markdown in a notebook, aligned text in a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from IPython.display import display

from oxillama_jupyter.client.inert import inert
from oxillama_jupyter.client.listing import title_of
from oxillama_jupyter.client.tables import escaped, markdown_table, plain_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Page", "escaped", "note", "table", "title_of"]


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
    lines = [tuple(row) for row in rows]
    return Page(markdown_table(heads, lines), plain_table(heads, lines))
