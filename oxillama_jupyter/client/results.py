"""Results as a table: a pandas frame where there is pandas, and the same in plain Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oxillama_jupyter.client.frames import AnswerFrame

__all__ = ["AnswerTable", "Results", "free_names"]

Row = dict[str, Any]  # values of any kind

_SHOWN_ROWS = 60
_SHOWN_CHARACTERS = 80


@dataclass(frozen=True)
class Results:
    """What is to become a table.

    Attributes:
        batch: What the answers are stored under in the server.
        columns: The columns, in order.
        rows: A dict for each row; what it lacks is None.
        error_column: The column that says why a row has no answer.
        frame: The pandas frame whose columns come first, as they are; None where there was none.
    """

    batch: str
    columns: list[str]
    rows: list[Row]
    error_column: str
    frame: Any = None

    def table(self) -> AnswerFrame | AnswerTable:
        """The table; a DataFrame, if pandas is installed."""
        try:
            from oxillama_jupyter.client.frames import AnswerFrame
        except ModuleNotFoundError as error:
            if error.name != "pandas":
                raise
            return AnswerTable(self)
        given = () if self.frame is None else self.frame.columns
        columns = {
            name: [row.get(name) for row in self.rows] for name in self.columns[len(given) :]
        }
        return AnswerFrame.of(self.frame, columns, self.batch, self.error_column)


class AnswerTable:
    """Rows of dicts, for environments without pandas.

    `table[3]` is a row, `table["text"]` a column as a list; it can be iterated over, shown, and
    given to `map` again.

    Args:
        results: What is in it.
    """

    def __init__(self, results: Results) -> None:
        self._results = results
        self._rows = [{name: row.get(name) for name in results.columns} for row in results.rows]

    @property
    def batch(self) -> str:
        """What the answers are stored under in the server."""
        return self._results.batch

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return self._results.columns

    @property
    def failures(self) -> list[Row]:
        """The rows without an answer; the same call once more asks only these."""
        return [row for row in self._rows if row[self._results.error_column] is not None]

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def __getitem__(self, key: int | slice | str) -> Any:
        if isinstance(key, str):
            if key not in self.columns:
                raise KeyError(key)
            return [row[key] for row in self._rows]
        return self._rows[key]

    def __repr__(self) -> str:
        """The table as Markdown, which is readable as text."""
        return self._repr_markdown_()

    def _repr_markdown_(self) -> str:
        lines = [self.columns, ["---"] * len(self.columns)]
        lines += [[_cell(value) for value in row.values()] for row in self._rows[:_SHOWN_ROWS]]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        rest = len(self._rows) - _SHOWN_ROWS
        return table if rest <= 0 else f"{table}\n\n… and {rest} more rows"


def free_names(wanted: list[str], taken: list[str]) -> dict[str, str]:
    """Names for result columns: as wanted, or with `answer_` where the input has such a column.

    Raises:
        ValueError: The input has both.
    """
    names = {name: f"answer_{name}" if name in taken else name for name in wanted}
    doubled = [name for name in names.values() if name in taken]
    if doubled:
        raise ValueError(
            f"The rows have a column '{doubled[0]}' already, which the result would need:"
            " rename it, or leave it out."
        )
    given = [f"answer_{name}" if name in taken else name for name in wanted]
    twice = [name for name, column in zip(wanted, given, strict=True) if given.count(column) > 1]
    if twice:
        raise ValueError(f"The schema has a field '{twice[-1]}', which the result has already.")
    return names


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = f"{value:.3g}" if isinstance(value, float) else " ".join(str(value).split())
    if len(text) > _SHOWN_CHARACTERS:
        text = f"{text[: _SHOWN_CHARACTERS - 1]}…"
    for sign in "\\|<*_`$[":  # the model's text is shown, not rendered
        text = text.replace(sign, f"\\{sign}")
    return text
