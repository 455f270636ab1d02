"""Results as a pandas frame; imported only where pandas is."""

from __future__ import annotations

from typing import Any

import pandas as pd  # type: ignore[import-untyped]

__all__ = ["AnswerFrame"]


class AnswerFrame(pd.DataFrame):  # type: ignore[misc]  # pandas has no types
    """A DataFrame that knows which of its rows have failed; what is made of it is a plain one.

    Attributes:
        batch: What the answers are stored under in the server.
        error_column: The column that says why a row has no answer.
    """

    _metadata = ("batch", "error_column")
    batch: str
    error_column: str

    @classmethod
    def of(
        cls, given: pd.DataFrame | None, columns: dict[str, list[Any]], batch: str, error: str
    ) -> AnswerFrame:
        """A frame with more columns, or with nothing but these.

        Args:
            given: The frame whose columns come first; its index is kept.
            columns: The values of the others.
            batch: What the answers are stored under.
            error: The name of the column with errors.
        """
        index = given.index if given is not None else None
        fresh = pd.DataFrame({name: _column(values) for name, values in columns.items()})
        if index is not None:
            fresh = pd.concat([given, fresh.set_axis(index)], axis="columns")
        frame = cls(fresh)
        frame.batch, frame.error_column = batch, error
        return frame

    @property
    def _constructor(self) -> Any:
        return pd.DataFrame

    @property
    def failures(self) -> pd.DataFrame:
        """The rows without an answer; the same call once more asks only these."""
        return self[self[self.error_column].notna()]


def _column(values: list[Any]) -> Any:
    """Whole numbers stay whole also where some are missing."""
    some = [value for value in values if value is not None]
    whole = bool(some) and all(type(value) is int for value in some)
    return pd.array(values, dtype="Int64") if whole and len(some) < len(values) else values
