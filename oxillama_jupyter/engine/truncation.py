"""Which turns of a chat may be left out so that its prompt fits: whole ones, from the middle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["drop_turns", "droppable_turns"]

_SYSTEM = ("system", "developer")


def droppable_turns(messages: Sequence[dict[str, Any]]) -> list[list[int]]:  # chat messages
    """Group the messages that may go into turns, in the order in which they go.

    A turn is a user message with all that answers it, so a tool call and its output go together.
    System messages stay, and so does everything from the newest user message on. The first turn
    goes last: it often says what the whole chat is about.
    """
    newest = max((i for i, m in enumerate(messages) if m.get("role") == "user"), default=0)
    turns: list[list[int]] = []
    for index, message in enumerate(messages[:newest]):
        if message.get("role") in _SYSTEM:
            continue
        if message.get("role") == "user" or not turns:
            turns.append([])
        turns[-1].append(index)
    return turns[1:] + turns[:1]


def drop_turns(
    messages: Sequence[dict[str, Any]],  # chat messages
    fits: Callable[[list[dict[str, Any]]], bool],
) -> tuple[int, ...] | None:
    """Find the fewest turns whose absence makes the chat fit.

    Args:
        messages: The whole chat.
        fits: Whether these messages make a prompt that is small enough.

    Returns:
        Indices of the messages to leave out, or None where even the smallest chat does not fit.
    """
    turns = droppable_turns(messages)

    def dropped(count: int) -> set[int]:
        return {index for turn in turns[:count] for index in turn}

    def fits_without(count: int) -> bool:
        gone = dropped(count)
        return fits([m for i, m in enumerate(messages) if i not in gone])

    low, high = 1, len(turns)
    if not turns or not fits_without(high):
        return None
    while low < high:
        middle = (low + high) // 2
        if fits_without(middle):
            high = middle
        else:
            low = middle + 1
    return tuple(sorted(dropped(low)))
