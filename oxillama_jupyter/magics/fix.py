"""`%oxillama fix`: what went wrong in the last cell that failed, and the cell as it should be.

It is a question like any other, in the notebook's thread, so one can ask on. The corrected cell
becomes the next cell of the notebook; it is never run.
"""

from __future__ import annotations

import re
import sys
import traceback
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.magics.arguments import Options
from oxillama_jupyter.magics.cells import cell, fenced, middle_cut, without_ansi
from oxillama_jupyter.magics.failures import MagicError
from oxillama_jupyter.magics.pages import Page, note

if TYPE_CHECKING:
    from oxillama_jupyter.magics.session import Session

__all__ = ["fix_page"]

_SOURCE, _ERROR = 6000, 2000  # characters: the question has to fit into small contexts
_FRAMES = 6
_OWN_ERRORS = {"MagicError", "UsageError", "KeyboardInterrupt"}
_VARIABLE = "_oxillama_fix"
_BLOCK = re.compile(
    r"^(?P<fence>`{3,}|~{3,})[ ]*(?:python|py|python3|ipython)?[ ]*\n(?P<code>.*?)^(?P=fence)[ ]*$",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
_TASK = (
    "This cell of a Jupyter notebook failed. Say in a few sentences why. Then write the whole "
    "corrected cell in one ```python block."
)


def fix_page(session: Session, hint: str) -> Page:
    """Ask about the last error and put the corrected cell into the next one.

    Raises:
        MagicError: Nothing has failed in this kernel, or there is no whole answer.
    """
    question = _question(session, hint)
    shell = session.shell
    try:
        session.asker.ask(Options(output=_VARIABLE), question)
        answer = str(shell.user_ns.get(_VARIABLE, ""))
    finally:
        shell.user_ns.pop(_VARIABLE, None)
    code = _code(answer)
    if code is None:
        return note("There is no Python block in the answer, so there is no corrected cell.")
    shell.set_next_input(code, replace=False)
    return note("The corrected cell is the next one; it has not been run.")


def _question(session: Session, hint: str) -> str:
    number, error = _last_error(session)
    source = middle_cut(cell(session, number).source, _SOURCE)
    parts = [
        _TASK,
        f"The cell, In[{number}]:\n{fenced(source, 'python')}",
        f"The error:\n{fenced(middle_cut(_traceback(session, error), _ERROR))}",
    ]
    if hint:
        parts.append(f"What the user says about it: {hint}")
    return "\n\n".join(parts)


def _last_error(session: Session) -> tuple[int, dict[str, Any]]:
    """The last cell that failed, by number, and IPython's record of its error."""
    history: Any = session.shell.history_manager
    errors: dict[int, dict[str, Any]] | None = getattr(history, "exceptions", None)
    if errors is None:
        raise MagicError("%oxillama fix needs a newer IPython: this one keeps no errors.")
    for number in sorted(errors, reverse=True):
        if errors[number]["ename"] not in _OWN_ERRORS:
            return number, errors[number]
    raise MagicError("No cell has failed in this kernel, so there is nothing to fix.")


def _traceback(session: Session, error: dict[str, Any]) -> str:
    """The error with the notebook's own frames, as far as Python still has them."""
    value = getattr(sys, "last_value", None)
    same = type(value).__name__ == error["ename"] and str(value) == error["evalue"]
    if not same or value is None:
        return without_ansi("\n".join(error["traceback"]))
    stack = traceback.extract_tb(value.__traceback__)
    own = [(name, frame) for frame in stack if (name := _cell_name(session, frame.filename))]
    lines = [
        f"{name}, line {frame.lineno}, in {frame.name}\n    {frame.line or ''}"
        for name, frame in own[-_FRAMES:]
    ]
    left_out = len([frame for frame in stack if "/IPython/" not in frame.filename]) - len(lines)
    if left_out > 0:
        lines.append(f"({left_out} frames of libraries and outer calls are left out)")
    said = "".join(traceback.format_exception_only(value))
    return "\n".join(["Traceback, the notebook's own frames:", *lines, said]) if lines else said


def _cell_name(session: Session, filename: str) -> str | None:
    """`In[3]` for code of a cell, None for any other."""
    compiler: Any = session.shell.compile
    named = compiler.format_code_name(filename)
    return str(named[1]) if named else None


def _code(answer: str) -> str | None:
    """The first Python block."""
    found = _BLOCK.search(answer)
    return found["code"].removesuffix("\n") if found and found["code"].strip() else None
