"""What a model thinks while it does: ahead of a step, which then has all of it. Ours."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["Thoughts", "ThoughtsQuery"]


class ThoughtsQuery(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Query of `GET …/thoughts`.

    Attributes:
        after: `next` of the answer before.
        wait: Seconds to wait for more of them, or for their end.
    """

    after: Annotated[int, Meta(ge=0, le=2**53)] = 0
    wait: Annotated[float, Meta(ge=0, le=10)] = 0


class Thoughts(Struct):
    """A piece of them.

    Attributes:
        text: What is behind `after`.
        next: What to ask with for more.
        over: Whether nothing is being thought: the model writes, or the run does not go on.
    """

    text: str
    next: int
    over: bool
