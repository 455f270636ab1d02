"""What a function gave, as the text that its model reads."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["error_text", "output_text"]

_LONGEST = 16_000  # characters, about 4,000 tokens
_LONGEST_ERROR = 2_000
_ROWS = 30


def output_text(value: Any) -> str:  # whatever a function gives
    """A result as text: text as it is, JSON where it is data, else as Python shows it.

    Tables keep their first and last rows; what is too long is cut, and the text says so.
    """
    return _cut(value if isinstance(value, str) else _as_json(value), _LONGEST)


def error_text(error: BaseException | str) -> str:
    """What went wrong, as JSON that cannot be taken for a result."""
    line = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
    return json.dumps({"error": _cut(line, _LONGEST_ERROR)}, ensure_ascii=False)


def _as_json(value: Any) -> str:  # as above
    from pydantic_core import PydanticSerializationError, to_jsonable_python

    if hasattr(value, "to_string") and hasattr(value, "shape"):
        return _table(value)
    if hasattr(value, "tolist"):  # arrays and their scalars
        value = value.tolist()
    try:
        plain = to_jsonable_python(value, inf_nan_mode="constants")
        return json.dumps(plain, ensure_ascii=False)  # spaced, as models have read it most
    except (PydanticSerializationError, ValueError, RecursionError):
        return str(value)


def _table(frame: Any) -> str:  # a pandas object, without importing pandas
    """A DataFrame or Series in text, with its whole size where rows are left out."""
    text = str(frame.to_string(max_rows=_ROWS))
    return text if frame.shape[0] <= _ROWS else f"{text}\n[shape: {tuple(frame.shape)}]"


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    return f"{text[:longest]}\n[cut: these are the first {longest:,} of {len(text):,} characters]"
