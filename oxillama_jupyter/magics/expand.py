"""`--expand`: `{{ expression }}` in a prompt becomes its value; everything else is literal.

The expression is Python, evaluated in the notebook as the next cell would be. A template language
in a sandbox would be the other way. But who writes the prompt owns the kernel, so there is nobody
to be kept out; a sandbox would forbid things that notebooks live on, such as methods of frames, and
be a second language that is almost Python. What does guard is that nothing is evaluated unless the
flag is there, and that neither values nor what is told as context are expanded again. Do not use
the flag with a text that somebody else wrote.

An expression ends at the first `}}` that leaves it complete, so that dicts can be inside;
`{{ "{{" }}` gives two braces.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from oxillama_jupyter.client.failures import one_line
from oxillama_jupyter.magics.failures import MagicError

if TYPE_CHECKING:
    from types import CodeType

    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["expanded"]

_OPEN, _CLOSE = "{{", "}}"
_LONGEST = 4000  # characters of an expression
_SHOWN = 80


def expanded(shell: InteractiveShell, text: str) -> str:
    """The text with the values of its expressions, as `str` gives them.

    Raises:
        MagicError: It names the expression that is not closed, is no Python, or fails.
    """
    parts: list[str] = []
    rest = 0
    while (start := text.find(_OPEN, rest)) >= 0:
        parts.append(text[rest:start])
        expression, code, rest = _expression(text, start + len(_OPEN))
        parts.append(_value(shell, expression, code))
    return "".join([*parts, text[rest:]])


def _expression(text: str, start: int) -> tuple[str, CodeType, int]:
    """The expression that begins here, compiled, and where the text goes on."""
    end = text.find(_CLOSE, start, start + _LONGEST)
    if end < 0:
        raise MagicError(
            f"--expand: {_named(text[start:])} is not closed by }}}}."
            ' Two braces of their own are written {{ "{{" }}.'
        )
    first = text[start:end]
    while end >= 0:
        expression = text[start:end].strip()
        code = _compiled(expression)
        if code is not None:
            return expression, code, end + len(_CLOSE)
        end = text.find(_CLOSE, end + 1, start + _LONGEST)
    raise MagicError(
        f"--expand: {_named(first)} }}}} is no Python expression."
        ' Two braces of their own are written {{ "{{" }}.'
    )


def _compiled(expression: str) -> CodeType | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return compile(expression, "<--expand>", "eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _value(shell: InteractiveShell, expression: str, code: CodeType) -> str:
    try:
        return str(eval(code, shell.user_global_ns, shell.user_ns))  # noqa: S307  # see above
    except Exception as error:  # noqa: BLE001 - it is the user's own code
        why = one_line(f"{type(error).__name__}: {error}")
        raise MagicError(f"--expand: {_named(expression)} }}}} failed with {why}") from None


def _named(expression: str) -> str:
    line = " ".join(expression[: 4 * _SHOWN].split())
    return "{{ " + (line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…")
