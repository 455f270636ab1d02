"""What a cell's question gave, for use in the cells after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from oxillama_jupyter.client.inert import inert

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
        parsed: What `--schema` asked for: an instance of the class, or plain data for a JSON
            Schema. None without one, and where the answer is not whole.
        timings: What the run's last turn took, in seconds, as the API names them (JSON); empty
            where it did not come to its end.
        note: What was told beside the text, such as why there is nothing parsed.
    """

    text: str
    status: str
    run_id: str | None
    thread_id: str | None
    model: str | None
    usage: dict[str, Any]
    parsed: Any = None  # whatever the user's type makes of it
    timings: dict[str, Any] = field(default_factory=dict)
    note: str = ""

    @classmethod
    def of(
        cls,
        run: dict[str, Any],  # JSON, as the server sent it
        *,
        text: str,
        status: str,
        parsed: object = None,
        note: str = "",
    ) -> Self:
        """Make the answer of a run."""
        return cls(
            text=text,
            status=status,
            run_id=run.get("id"),
            thread_id=run.get("thread_id"),
            model=run.get("model"),
            usage=run.get("usage") or {},
            parsed=parsed,
            timings=run.get("timings") or {},
            note=note,
        )

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        """Without ids and counts, so that saved outputs compare equal."""
        return f"Answer({self.text!r})"

    def _repr_markdown_(self) -> str:
        """The text; where it was parsed it is JSON, which Markdown would garble."""
        if self.parsed is None:
            return inert(self.text)
        return "\n".join(f"    {line}" for line in self.text.splitlines())
