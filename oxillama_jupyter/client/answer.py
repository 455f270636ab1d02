"""What a cell's question gave, for use in the cells after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Answer"]


@dataclass(frozen=True, repr=False)
class Answer:
    """An answer, as `-o NAME` binds it; `str` gives its text.

    Attributes:
        text: The whole text.
        status: How the run ended: `completed`, `incomplete` (cut at `--max-tokens`), `cancelled`.
        run_id: The run.
        thread_id: The thread it belongs to.
        model: The model that wrote it.
        usage: Tokens of the prompt, of the answer and in all, as the API names them (JSON); empty
            where the run was broken off.
    """

    text: str
    status: str
    run_id: str | None
    thread_id: str | None
    model: str | None
    usage: dict[str, Any]

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        """Without ids and counts, so that saved outputs compare equal."""
        return f"Answer({self.text!r})"

    def _repr_markdown_(self) -> str:
        return self.text
