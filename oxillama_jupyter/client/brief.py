"""Any value in little room: never more text than allowed, and what is left out is said."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["brief", "cut", "shown", "type_name"]

_DEEPEST = 3
_MANY = 10  # items of a container inside a text
_LONGEST_NUMBER = 4000  # bits; Python itself refuses to write longer ones at 14,000 or so


def cut(text: str, most: int) -> str:
    """The text, or its beginning and how much that is."""
    if len(text) <= most:
        return text
    return f"{text[:most]}\n… (cut: the first {most:,} of {len(text):,} characters)"


def type_name(value: object) -> str:
    """The qualified name of a value's class, builtins without their module."""
    cls = type(value)
    module = str(cls.__module__)
    return (
        cls.__qualname__ if module in {"builtins", "__main__"} else f"{module}.{cls.__qualname__}"
    )


def brief(value: object, room: int = 200, depth: int = 0) -> str:
    """A value as Python writes it, in about so many characters; what is left out is counted.

    Containers are read by the methods of Python's own classes, so that a subclass cannot lie about
    its length, or go on for ever.
    """
    if isinstance(value, str):
        head = str.__getitem__(value, slice(room))
        return _text(str.__repr__(head), str.__len__(value) - room)
    if isinstance(value, bytes | bytearray):
        view = memoryview(value)
        return _text(repr(bytes(view[:room])), len(view) - room)
    if isinstance(value, int) and int.bit_length(value) > _LONGEST_NUMBER:
        return f"(a whole number of {int.bit_length(value):,} bits)"
    if isinstance(value, dict | list | tuple | set | frozenset):
        return _container(value, room, depth)
    text = _repr(value)
    return _text(text[:room], len(text) - room)


def shown(lines: Iterable[str], count: int, most: int, noun: str) -> str:
    """At most so many lines, and how many more there are."""
    head = list(islice(lines, most))
    if count > len(head):
        head.append(f"… and {count - len(head):,} more {noun}")
    return "\n".join(head)


def _repr(value: object) -> str:
    try:
        return repr(value)
    except TimeoutError:
        raise  # a deadline's
    except Exception as error:  # noqa: BLE001 - one bad item must not hide the others
        return f"({type(value).__qualname__}, whose repr raised {type(error).__name__})"


def _text(text: str, left_out: int) -> str:
    return f"{text}… (+{left_out:,} characters)" if left_out > 0 else text


def _container(value: Any, room: int, depth: int) -> str:  # one of the five above
    if depth >= _DEEPEST:
        return f"({type(value).__name__}, not shown)"
    each = max(room // 4, 20)
    if isinstance(value, dict):
        count, brackets = dict.__len__(value), "{}"
        items = (
            f"{brief(key, each, depth + 1)}: {brief(entry, each, depth + 1)}"
            for key, entry in dict.items(value)
        )
    else:
        kind = next(k for k in (list, tuple, set, frozenset) if isinstance(value, k))
        count = kind.__len__(value)
        brackets = {list: "[]", tuple: "()"}.get(kind, "{}")
        items = (brief(item, each, depth + 1) for item in kind.__iter__(value))
    parts: list[str] = []
    length = 0
    for part in islice(items, _MANY):
        if parts and length + len(part) > room:
            break
        parts.append(part)
        length += len(part)
    if count > len(parts):
        parts.append(f"… {count - len(parts):,} more")
    return f"{brackets[0]}{', '.join(parts)}{brackets[1]}"
