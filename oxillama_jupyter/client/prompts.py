"""Rows, and the prompt that is made of each.

A prompt is literal but for `{{ column }}`, so that code, JSON and LaTeX in it stay what they are:
single braces mean nothing, and neither do double ones around what cannot be a column's name.
Values are put in as they are; braces in them mean nothing either.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["INPUT", "MissingValue", "Prompt", "Row", "Rows", "filler", "read_rows"]

Row = dict[str, Any]  # values of any kind, as the user's frame has them
Prompt = str | Callable[[Row], str]

INPUT = "input"  # the column of rows that are plain strings
_PLACE = re.compile(r"\{\{[ \t]*([^{}\n]+?)[ \t]*\}\}")
_LIKE_A_NAME = re.compile(r"\w[\w .-]*")
_SHOWN_COLUMNS = 12


class MissingValue(ValueError):
    """A row has no value where the prompt needs one."""


@dataclass(frozen=True)
class Rows:
    """What a prompt is made of, row by row.

    Attributes:
        columns: All columns, in order.
        rows: One dict a row; keys are among the columns.
        frame: The frame they came from; None where there was none.
    """

    columns: list[str]
    rows: list[Row]
    frame: Any = None


def read_rows(data: Any) -> Rows:
    """The rows of a pandas frame or series, of dicts, or of strings.

    Raises:
        TypeError: It is something else.
        ValueError: Two columns have one name.
    """
    pandas = sys.modules.get("pandas")  # a frame can only be given where it is loaded
    if pandas is not None and isinstance(data, pandas.Series):
        data = data.to_frame(INPUT if data.name is None else data.name)
    if pandas is not None and isinstance(data, pandas.DataFrame):
        columns = [str(column) for column in data.columns]
        twice = sorted({column for column in columns if columns.count(column) > 1})
        if twice:
            raise ValueError(f"Two columns of the frame are called {', '.join(twice)}.")
        values = data.set_axis(columns, axis="columns").to_dict("records")
        return Rows(columns, values, data)
    if isinstance(data, str | bytes | Mapping) or not isinstance(data, Iterable):
        raise TypeError(f"The rows are a DataFrame, dicts or strings, not {type(data).__name__}.")
    rows = [_row(item) for item in data]
    return Rows(list(dict.fromkeys(key for row in rows for key in row)), rows)


def _row(item: object) -> Row:
    if isinstance(item, str):
        return {INPUT: item}
    if isinstance(item, Mapping):
        return {str(key): value for key, value in item.items()}
    raise TypeError(f"A row is a dict or a string, not {type(item).__name__}: {item!r:.80}")


def filler(prompt: Prompt, columns: list[str]) -> Callable[[Row], str]:
    """What makes the prompt of a row; it raises `MissingValue` where the row lacks a value.

    Args:
        prompt: The text with `{{ column }}` in it, or a function of the row.
        columns: What may stand in the braces.

    Raises:
        ValueError: The text names a column that is not there, or none at all.
    """
    if callable(prompt):
        return _called(prompt)
    if not isinstance(prompt, str):
        raise TypeError(f"The prompt is a text or a function, not {type(prompt).__name__}.")
    names = [name for name in _PLACE.findall(prompt) if name in columns]
    unknown = [
        name
        for name in _PLACE.findall(prompt)
        if name not in columns and _LIKE_A_NAME.fullmatch(name)
    ]
    if unknown:
        raise ValueError(
            f"The prompt has {{{{ {unknown[0]} }}}}, which is no column of {_listed(columns)}."
            " Where such braces are meant as text, give a function: lambda row: …"
        )
    if not names:
        raise ValueError(
            "The prompt has no {{ column }}, so every row would be asked the same."
            f" Columns are {_listed(columns)}."
        )
    return _filled(prompt, frozenset(columns))


def _filled(prompt: str, columns: frozenset[str]) -> Callable[[Row], str]:
    def fill(row: Row) -> str:
        def value(place: re.Match[str]) -> str:
            return _text(row, place[1]) if place[1] in columns else place[0]

        return _PLACE.sub(value, prompt)

    return fill


def _called(prompt: Callable[[Row], str]) -> Callable[[Row], str]:
    def call(row: Row) -> str:
        text = prompt(dict(row))
        if not isinstance(text, str):
            raise TypeError(f"The prompt's function gave {type(text).__name__}, not a text.")
        return text

    return call


def _text(row: Row, column: str) -> str:
    """A value as text; nothing at all, or a float that is no number, would only mislead a model."""
    value = row.get(column)
    missing = value is None or type(value).__name__ in {"NAType", "NaTType"}
    if missing or (isinstance(value, float) and value != value):  # noqa: PLR0124  # NaN
        raise MissingValue(f"The row has no value for '{column}'.")
    return str(value)


def _listed(columns: list[str]) -> str:
    more = ", …" if len(columns) > _SHOWN_COLUMNS else ""
    return f"({', '.join(columns[:_SHOWN_COLUMNS])}{more})"
