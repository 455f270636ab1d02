"""The cell's text as it was typed.

Before a cell magic gets its text, IPython has removed what looks like prompts of an interpreter
(`>>> `, `In [1]: `) and common indentation, and has added a line feed. A prompt to a model is no
Python, so the text is taken from the cell itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["running_number", "typed_text"]

_MAGIC = "%%oxillama"


def typed_text(shell: InteractiveShell, line: str, cell: str) -> str:
    """The text below the magic's line, exactly.

    Args:
        shell: The shell that runs the cell.
        line: The magic's line, as IPython gave it.
        cell: The text, as IPython gave it; used where the running cell is not a `%%oxillama` cell,
            such as in a call of `run_cell_magic`.
    """
    head, _, body = _source(shell).lstrip().partition("\n")
    name, _, rest = head.strip().partition(" ")
    if name == _MAGIC and rest.strip() == line.strip() and _same_but_for_prompts(body, cell):
        return body
    return cell.removesuffix("\n")


def running_number(shell: InteractiveShell) -> int | None:
    """The running cell's number, as in `In[3]`; None where IPython does not keep the cell.

    `execution_count` is already the next cell's, or not, depending on IPython.
    """
    history = shell.history_manager
    if history is None or not history.input_hist_raw:
        return None
    last = str(history.input_hist_raw[-1])
    kept = last.rstrip("\n") == _source(shell).rstrip("\n")
    return len(history.input_hist_raw) - 1 if kept else None


def _source(shell: InteractiveShell) -> str:
    """The running cell."""
    kernel = getattr(shell, "kernel", None)
    if kernel is not None:
        return str(kernel.get_parent().get("content", {}).get("code", ""))
    history = shell.history_manager
    return str(history.input_hist_raw[-1]) if history is not None else ""


def _same_but_for_prompts(body: str, cell: str) -> bool:
    """Whether IPython's text can come from this one: all its lines are ends of the typed lines."""
    typed, given = body.rstrip("\n").split("\n"), cell.rstrip("\n").split("\n")
    return len(typed) == len(given) and all(map(str.endswith, typed, given))
