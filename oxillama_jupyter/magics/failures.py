"""The magics' one way to fail: a line, and a cell that counts as failed."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from IPython.core.error import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MagicError", "did_you_mean"]


class MagicError(UsageError):
    """Shown as its message alone.

    IPython writes a bare `UsageError` to stderr only, which nbval and papermill do not notice; this
    one is an error output of the cell like any other exception, without our traceback.
    """

    def _render_traceback_(self) -> list[str]:
        return [f"oxillama: {self}"]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A suggestion for a mistyped word, as a sentence with a space before it, or nothing."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f" Did you mean {close[0]}?" if close else ""
