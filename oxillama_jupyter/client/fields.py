"""Answers that follow a schema, as columns of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.client.failures import one_line
from oxillama_jupyter.client.schema import Schema, schema_of
from oxillama_jupyter.errors import InvalidRequest

if TYPE_CHECKING:
    from oxillama_jupyter.client.asking import Outcome

__all__ = ["Fields"]

_WHOLE = "parsed"  # the column of answers that are no objects with fields
_CUT = "length"
_SHOWN_CHARACTERS = 120


class Fields:
    """How answers become columns.

    Args:
        schema: What `schema_of` takes; None for plain text.

    Attributes:
        columns: The names of the columns.
        response_format: The field of a request's body; None for plain text.

    Raises:
        ValueError: No schema can be made of it.
    """

    def __init__(self, schema: Any) -> None:
        self._schema = None if schema is None else _schema_of(schema)
        self.response_format: dict[str, Any] | None = None
        self.columns = ["text"]
        if self._schema is not None:
            self.response_format = self._schema.response_format
            shape = self.response_format.get("json_schema", {}).get("schema", {})
            self.columns = list(shape.get("properties") or {}) or [_WHOLE]

    def read(self, outcome: Outcome) -> tuple[dict[str, Any], str | None]:
        """An answer's values by column, and why there are none."""
        text = outcome.text
        if text is None:
            return {}, outcome.error
        if self._schema is None:
            return {"text": text}, None
        try:
            parsed = self._schema.parse(text)
        except Exception as error:  # noqa: BLE001  # a user's class may raise anything
            if outcome.finish_reason == _CUT:
                return {}, f"The answer was cut before its end: {_begin(text)}"
            return {}, one_line(f"The answer does not fit the schema: {error}")
        if self.columns == [_WHOLE]:
            return {_WHOLE: parsed}, None
        return _values(parsed), None


def _schema_of(schema: Any) -> Schema:
    try:
        return schema_of(schema)
    except InvalidRequest as error:
        raise ValueError(f"schema is of no use: {error.message}") from None


def _values(parsed: Any) -> dict[str, Any]:
    """The fields of what a schema made of an answer."""
    if isinstance(parsed, Mapping):
        return dict(parsed)
    if hasattr(parsed, "model_dump"):
        return dict(parsed.model_dump(by_alias=True))
    if is_dataclass(parsed) and not isinstance(parsed, type):
        return asdict(parsed)
    return dict(vars(parsed))


def _begin(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_CHARACTERS else f"{line[:_SHOWN_CHARACTERS]}…"
