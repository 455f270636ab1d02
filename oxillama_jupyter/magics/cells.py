"""Cells of this kernel, from IPython's history: what was run, and what it wrote.

There are the sources of all cells, what they printed, the text of their last expression's value,
and their errors (printed text and errors from IPython 9 on). What `display` showed is there only
where IPython keeps it, which kernels of Jupyter do not unless told to
(`get_ipython().display_pub.store_display_history = True`); answers of `%%oxillama` cells are kept
by ourselves. Images and HTML never are told. Cells that never ran in this kernel, or before its
restart, are unknown here: a kernel does not see the notebook.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.client.fences import fenced
from oxillama_jupyter.magics.failures import MagicError
from oxillama_jupyter.magics.literal import running_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from oxillama_jupyter.magics.session import Session

__all__ = ["Cell", "cell", "cells_above", "cells_numbered", "fenced", "middle_cut", "without_ansi"]

_MAGIC = "%%oxillama"
_SOURCE, _OUTPUT = 8000, 4000  # characters
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_OVERWRITTEN = re.compile(r"[^\n]*\r(?!\n)")


@dataclass(frozen=True)
class Cell:
    """A cell that ran.

    Attributes:
        number: As in `In[3]`.
        source: As it was typed.
        output: Its text outputs.
    """

    number: int
    source: str
    output: str

    @property
    def label(self) -> str:
        """Its name."""
        return f"In[{self.number}]"

    @property
    def text(self) -> str:
        """The cell as a model reads it; a question to a model without its line of flags."""
        magic, _, prompt = self.source.lstrip().partition("\n")
        if magic.split()[:1] == [_MAGIC]:
            what, source, language, output = ", a question to a model", prompt, "text", "Answer to"
        else:
            what, source, language, output = "", self.source, "python", "Output of"
        blocks = [f"Cell {self.label}{what}:\n{fenced(middle_cut(source, _SOURCE), language)}"]
        if self.output.strip():
            blocks.append(f"{output} {self.label}:\n{fenced(middle_cut(self.output, _OUTPUT))}")
        return "\n\n".join(blocks)


def cells_above(session: Session, count: int) -> list[Cell]:
    """The last cells that ran before this one, in the order they ran; empty ones do not count."""
    sources = _sources(session)
    numbers = [number for number, source in enumerate(sources) if source.strip()]
    return [cell(session, number) for number in numbers[-count:]]


def cells_numbered(session: Session, numbers: Iterable[int]) -> list[Cell]:
    """The cells with these numbers.

    Raises:
        MagicError: One never ran here.
    """
    last = len(_sources(session)) - 1
    found = []
    for number in numbers:
        if number > last:
            ran = f"the last one was In[{last}]" if last > 0 else "none has run yet"
            raise MagicError(f"--cells: no cell In[{number}] has run in this kernel; {ran}.")
        found.append(cell(session, number))
    return found


def cell(session: Session, number: int) -> Cell:
    """The cell that ran with this number."""
    history: Any = session.shell.history_manager  # its outputs are younger than our oldest IPython
    answer = session.answers.get(number)
    # A terminal has written the answer, a notebook may have kept each of its states.
    outputs = _outputs(history, number) if answer is None else [answer]
    output = "\n".join(filter(None, (*outputs, _error(history, number))))
    return Cell(number, _sources(session)[number], output)


def middle_cut(text: str, most: int) -> str:
    """The text, or its beginning and its end, and how much is left out between them."""
    if len(text) <= most:
        return text
    tail = most // 4
    head = most - tail
    said = f"… (cut: {len(text) - most:,} of {len(text):,} characters are left out)"
    return f"{text[:head]}\n{said}\n{text[-tail:]}"


def without_ansi(text: str) -> str:
    """The text without colours, and without what a carriage return has overwritten."""
    return _OVERWRITTEN.sub("", _ANSI.sub("", text))


def _sources(session: Session) -> list[str]:
    """The sources of the cells before this one, by number; the first is empty."""
    history = session.shell.history_manager
    known = list(history.input_hist_raw) if history is not None else [""]
    return known[: running_number(session.shell)]


def _outputs(history: Any, number: int) -> Iterator[str]:  # IPython's history manager
    entries = getattr(history, "outputs", {}).get(number, ())
    for entry in entries:
        bundle = entry.bundle
        text = bundle.get("stream", bundle.get("text/plain", ""))
        yield without_ansi(text if isinstance(text, str) else "".join(text)).rstrip("\n")
    if not entries:
        yield history.output_hist_reprs.get(number, "")


def _error(history: Any, number: int) -> str:  # likewise
    error = getattr(history, "exceptions", {}).get(number)
    return without_ansi(f"{error['ename']}: {error['evalue']}") if error is not None else ""
