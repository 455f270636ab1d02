"""What a parsed generation consists of: parts as they stream, and the items they add up to.

An item is built from exactly the parts that were streamed, so the two cannot disagree, whichever
process does the adding up.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Struct

__all__ = [
    "CallArguments",
    "CallBegin",
    "CallEnd",
    "CallItem",
    "Item",
    "ItemBuilder",
    "Part",
    "Reasoning",
    "ReasoningItem",
    "Text",
    "TextItem",
    "is_object",
    "items_of",
]


class Text(Struct, frozen=True, tag="text", array_like=True, gc=False):
    """More of the answer."""

    text: str


class Reasoning(Struct, frozen=True, tag="reasoning", array_like=True, gc=False):
    """More of what the model thinks before it answers."""

    text: str


class CallBegin(Struct, frozen=True, tag="call", array_like=True, gc=False):
    """A tool call begins; its arguments follow.

    Attributes:
        index: The how-manieth call of this generation, from 0.
        id: `call_` and something random.
        name: The function; always one that was offered.
    """

    index: int
    id: str
    name: str


class CallArguments(Struct, frozen=True, tag="arguments", array_like=True, gc=False):
    """More of a call's arguments, as JSON text."""

    index: int
    text: str


class CallEnd(Struct, frozen=True, tag="end", array_like=True, gc=False):
    """A call is over; `complete` tells whether its arguments are a whole JSON object."""

    index: int
    complete: bool


Part = Text | Reasoning | CallBegin | CallArguments | CallEnd


class TextItem(Struct, frozen=True, tag="text"):
    """A stretch of the answer."""

    text: str


class ReasoningItem(Struct, frozen=True, tag="reasoning"):
    """A stretch of reasoning."""

    text: str


class CallItem(Struct, frozen=True, tag="call"):
    """A tool call.

    Attributes:
        index: The how-manieth call of this generation, from 0.
        id: `call_` and something random.
        name: The function.
        arguments: JSON text, exactly as it was streamed.
        complete: False where the token limit cut the call, or the model wrote no valid JSON.
    """

    index: int
    id: str
    name: str
    arguments: str
    complete: bool


Item = TextItem | ReasoningItem | CallItem


class _Draft:
    """An item under construction."""

    def __init__(self, first: Text | Reasoning | CallBegin) -> None:
        self.first = first
        self.continuation = CallArguments if isinstance(first, CallBegin) else type(first)
        self.pieces: list[str] = []
        self.complete = False

    def item(self) -> Item:
        text = "".join(self.pieces)
        first = self.first
        if isinstance(first, CallBegin):
            return CallItem(first.index, first.id, first.name, text, self.complete)
        return TextItem(text) if isinstance(first, Text) else ReasoningItem(text)


class ItemBuilder:
    """Adds parts up to items; `items` may be asked for at any time, also in mid-stream."""

    def __init__(self) -> None:
        self._drafts: list[_Draft] = []

    @property
    def items(self) -> list[Item]:
        """The items so far."""
        return [draft.item() for draft in self._drafts]

    def add(self, part: Part) -> None:
        """Take the next part."""
        draft = self._drafts[-1] if self._drafts else None
        if isinstance(part, CallEnd):
            if draft is not None:
                draft.complete = part.complete
        elif draft is not None and type(part) is draft.continuation:
            draft.pieces.append(part.text)
        elif isinstance(part, CallBegin):
            self._drafts.append(_Draft(part))
        elif not isinstance(part, CallArguments):
            self._drafts.append(_Draft(part))
            self._drafts[-1].pieces.append(part.text)

    def arguments(self) -> str:
        """The arguments of the newest call so far."""
        return "".join(self._drafts[-1].pieces)


def items_of(parts: Iterable[Part]) -> list[Item]:
    """Add up all parts of one generation."""
    builder = ItemBuilder()
    for part in parts:
        builder.add(part)
    return builder.items


def is_object(text: str) -> bool:
    """Whether this is the JSON text of one object."""
    try:
        return isinstance(msgspec.json.decode(text), dict)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False
