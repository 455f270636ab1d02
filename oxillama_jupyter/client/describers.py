"""What is known about the usual classes. Libraries are used if they are there, never imported."""

from __future__ import annotations

import hashlib
import inspect
import sys
import types
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.client.brief import brief, cut, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    Describe = Callable[[Any], str]

__all__ = ["BUILT_IN"]

BUILT_IN: dict[type | str, Describe] = {}
"""The describers by class or its qualified name."""

_ITEMS = 20
_COLUMNS = 40  # of a frame, with their types
_HEAD_COLUMNS, _HEAD_ROWS, _SERIES_ROWS = 20, 5, 10
_VALUES = 20  # of an array
_SMALL = 200  # values of an array that is shown as a whole
_HASHED_CELLS = 1_000_000
_HASHED_COLUMNS = 1000
_HASHED_BYTES = 64 << 20
_DOC = 1000


def _knows(*classes: type | str) -> Callable[[Describe], Describe]:
    def register(function: Describe) -> Describe:
        BUILT_IN.update(dict.fromkeys(classes, function))
        return function

    return register


# -- pandas ------------------------------------------------------------------------------------


@_knows("pandas.DataFrame", "pandas.core.frame.DataFrame")
def _frame(frame: Any) -> str:
    rows, columns = frame.shape
    types_ = zip(frame.columns[:_COLUMNS], frame.dtypes.iloc[:_COLUMNS], strict=True)
    lines = (f"{brief(name, 80)}: {dtype}" for name, dtype in types_)
    head = frame.iloc[:_HEAD_ROWS, :_HEAD_COLUMNS].to_string(max_colwidth=60)
    of_columns = f" of the first {_HEAD_COLUMNS} columns" if columns > _HEAD_COLUMNS else ""
    return "\n".join(
        [
            f"{rows:,} rows, {columns:,} columns",
            _frame_hash(frame),
            "columns and their types:",
            shown(lines, columns, _COLUMNS, "columns"),
            f"first {min(rows, _HEAD_ROWS)} rows{of_columns}:",
            head,
        ]
    )


@_knows("pandas.Series", "pandas.core.series.Series")
def _series(series: Any) -> str:
    head = series.iloc[:_SERIES_ROWS].to_string()
    return "\n".join(
        [
            f"{len(series):,} values of type {series.dtype}, name {brief(series.name, 80)}",
            _frame_hash(series.to_frame()),
            f"first {min(len(series), _SERIES_ROWS)}:",
            head,
        ]
    )


def _frame_hash(frame: Any) -> str:
    """Which data these are, in a word; of a big frame only its two ends."""
    pandas = sys.modules["pandas"]
    rows, columns = frame.shape
    width = min(columns, _HASHED_COLUMNS)
    most = max(2, _HASHED_CELLS // max(1, width))
    part, of = frame.iloc[:, :width], ""
    if rows > most:
        part = pandas.concat([part.iloc[: most // 2], part.iloc[-(most // 2) :]])
        of = f" of the first and last {most // 2:,} rows"
    if columns > width:
        of += f" of the first {width:,} columns"
    try:
        hashes = pandas.util.hash_pandas_object(part, index=True)
    except TypeError as error:  # cells with lists
        return f"no content hash: {error}"
    digest = hashlib.sha256(repr([*part.columns]).encode(errors="replace"))
    digest.update(hashes.to_numpy().tobytes())
    return f"content hash{of}: {digest.hexdigest()[:16]}"


# -- numpy -------------------------------------------------------------------------------------


@_knows("numpy.ndarray")
def _array(array: Any) -> str:
    numpy = sys.modules["numpy"]
    lines = [f"shape {array.shape}, type {array.dtype}, {array.size:,} values", _array_hash(array)]
    if array.size <= _SMALL and array.ndim <= 3:  # noqa: PLR2004  # more are unreadable
        lines.append(numpy.array2string(array, threshold=_SMALL))
    else:
        first = ", ".join(brief(value, 60) for value in array.flat[:_VALUES].tolist())
        lines.append(f"first {_VALUES} values, the last axis first: {first}")
    return "\n".join(lines)


def _array_hash(array: Any) -> str:
    if array.dtype.hasobject:
        return "no content hash: it holds Python objects"
    most = _HASHED_BYTES // max(1, array.itemsize)
    if array.size <= most:
        data, of = array.tobytes(), ""
    else:
        data, of = array.flat[:most].tobytes(), f" of the first {most:,} values"
    digest = hashlib.sha256(f"{array.dtype} {array.shape}".encode())
    digest.update(data)
    return f"content hash{of}: {digest.hexdigest()[:16]}"


# -- Python's own --------------------------------------------------------------------------------


@_knows(str)
def _str(text: str) -> str:
    return f"{str.__len__(text):,} characters:\n{str.__str__(text)}"


@_knows(bytes, bytearray)
def _bytes(data: bytes) -> str:
    return f"{len(data):,} bytes: {brief(data, 1000)}"


@_knows(int, float, complex, "decimal.Decimal", "fractions.Fraction")
def _number(number: Any) -> str:
    return brief(number)


@_knows(dict)
def _dict(entries: dict[Any, Any]) -> str:
    count = dict.__len__(entries)
    lines = (f"{brief(key, 80)}: {brief(value)}" for key, value in dict.items(entries))
    return f"{count:,} entries:\n{shown(lines, count, _ITEMS, 'entries')}"


@_knows(list, tuple, set, frozenset)
def _items(items: Any) -> str:
    kind = next(k for k in (list, tuple, set, frozenset) if isinstance(items, k))
    count = kind.__len__(items)
    lines = (brief(item) for item in kind.__iter__(items))
    return f"{count:,} items:\n{shown(lines, count, _ITEMS, 'items')}"


# -- code --------------------------------------------------------------------------------------


@_knows(types.FunctionType, types.BuiltinFunctionType, types.MethodType)
def _function(function: Any) -> str:
    return f"{function.__qualname__}{_signature(function)}{_doc(function)}"


@_knows(type)
def _class(cls: type) -> str:
    methods = [name for name in vars(cls) if not name.startswith("_")]
    names = shown(methods, len(methods), _ITEMS, "names").replace("\n", ", ")
    bases = ", ".join(base.__qualname__ for base in cls.__bases__ if base is not object)
    head = f"class {cls.__qualname__}{f'({bases})' if bases else ''}, made by {_signature(cls)}"
    return f"{head}{_doc(cls)}" + (f"\nits public names: {names}" if names else "")


@_knows(types.ModuleType)
def _module(module: types.ModuleType) -> str:
    version = getattr(module, "__version__", None)
    names = [name for name in vars(module) if not name.startswith("_")]
    head = f"module {module.__name__}" + (f" {version}" if isinstance(version, str) else "")
    return f"{head}{_doc(module)}\n{len(names):,} public names"


def _signature(function: Any) -> str:
    try:
        return cut(str(inspect.signature(function)), _DOC)
    except (ValueError, TypeError):  # of some builtins nothing is known
        return "(…)"


def _doc(described: Any) -> str:
    doc = inspect.getdoc(described)
    return f"\n{cut(doc, _DOC)}" if doc else ""
