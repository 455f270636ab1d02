"""What a cell asks: its text, and ahead of it what its flags add.

All of it is one message. Context comes first, a text part for each variable and cell, under a
heading and in a fence; the prompt is the last part, exactly as it was written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oxillama_jupyter.client.runs import Question
from oxillama_jupyter.client.variables import part, storable, variable
from oxillama_jupyter.magics.cells import cells_above, cells_numbered
from oxillama_jupyter.magics.expand import expanded
from oxillama_jupyter.magics.failures import MagicError, did_you_mean

if TYPE_CHECKING:
    from oxillama_jupyter.client.runs import Context
    from oxillama_jupyter.magics.arguments import Options
    from oxillama_jupyter.magics.cells import Cell
    from oxillama_jupyter.magics.session import Session

__all__ = ["compose"]

_LONGEST_VALUE = 512  # characters that metadata may have


def compose(session: Session, options: Options, text: str) -> Question:
    """Make the question of a cell.

    Args:
        session: The kernel's session; its namespace and history are what is told.
        options: The flags: `vars`, `above`, `cells`, `expand`, and the run's settings.
        text: The prompt, as it was typed.

    Raises:
        MagicError: A variable or a cell is not there, or an expression fails.
    """
    if options.expand:
        text = storable(expanded(session.shell, text))
        if not text.strip():
            raise MagicError("--expand: nothing is left of the prompt.")
    variables = [_variable(session, name) for name in options.vars or ()]
    cells = _cells(session, options)
    context = [*variables, *(part(cell.label, cell.text) for cell in cells)]
    taken = []
    if variables:
        taken.append(f"vars {', '.join(options.vars or ())}")
    if cells:
        taken.append(f"cells {', '.join(str(cell.number) for cell in cells)}")
    about = "; ".join(taken)
    if len(about) > _LONGEST_VALUE:
        about = f"{about[: _LONGEST_VALUE - 1]}…"
    metadata = {"context": about} if about else {}
    return Question(text, options.settings, context=tuple(context), metadata=metadata)


def _cells(session: Session, options: Options) -> list[Cell]:
    """The cells that were asked for, each once, in the order in which they ran."""
    found = {cell.number: cell for cell in cells_numbered(session, options.cells or ())}
    if options.above is not None:
        found |= {cell.number: cell for cell in cells_above(session, options.above)}
    return [found[number] for number in sorted(found)]


def _variable(session: Session, name: str) -> Context:
    variables = session.shell.user_ns
    if name not in variables:
        known = [other for other in variables if not other.startswith("_")]
        raise MagicError(f"--vars: there is no variable {name!r} here.{did_you_mean(name, known)}")
    return variable(name, variables[name])
