"""Which turns of a chat may be left out so that its prompt fits: from the middle, or the start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["drop_turns", "droppable_turns"]

_SYSTEM = ("system", "developer")


def droppable_turns(
    messages: Sequence[dict[str, Any]],  # chat messages
    truncation: str = "middle",
) -> list[list[int]]:
    """Group the messages that may go into turns, in the order in which they go.

    A turn is a user message with all that answers it, so a tool call and its output go together.
    System messages stay, and so does everything from the newest user message on. With `middle` the
    first turn goes last: it often says what the whole chat is about; with `start` it goes first.
    """
    newest = max((i for i, m in enumerate(messages) if m.get("role") == "user"), default=0)
    turns: list[list[int]] = []
    for index, message in enumerate(messages[:newest]):
        if message.get("role") in _SYSTEM:
            continue
        if message.get("role") == "user" or not turns:
            turns.append([])
        turns[-1].append(index)
    return turns if truncation == "start" else turns[1:] + turns[:1]


def drop_turns(
    messages: Sequence[dict[str, Any]],  # chat messages
    fits: Callable[[list[dict[str, Any]]], bool],
    truncation: str = "middle",
) -> tuple[int, ...] | None:
    """Find the fewest turns whose absence makes the chat fit.

    Args:
        messages: The whole chat.
        fits: Whether these messages make a prompt that is small enough.
        truncation: `middle` or `start`: which turns go first.

    Returns:
        Indices of the messages to leave out, or None where even the smallest chat does not fit.
    """
    turns = droppable_turns(messages, truncation)

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
