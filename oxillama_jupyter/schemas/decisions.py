"""What a person, or a rule of theirs, decided about a call before its function ran. Ours."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, to_builtins

from oxillama_jupyter.schemas.base import Request

__all__ = ["Decision", "recorded"]


class Decision(Request):
    """A decision, as a client sends it beside a call's output.

    Attributes:
        verdict: `edited`: it ran, with other arguments than the model's.
        by: Who decided: a person's name, or the rule; the caller where it is not given.
        reason: Why, in the words of who decided.
        arguments: The arguments that it ran with, as a JSON string, where they were edited; those
            of the model stay in the call itself.
    """

    verdict: Literal["approved", "edited", "denied"]
    by: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    reason: Annotated[str, Meta(max_length=2000)] | None = None
    arguments: str | None = None


class _Recorded(Struct, omit_defaults=True):
    verdict: str
    by: str
    at: int
    reason: str | None = None
    arguments: str | None = None


def recorded(decision: Decision, caller: str, at: int) -> dict[str, Any]:
    """A decision as its call has it on the run step, in JSON.

    Args:
        decision: What the client sent.
        caller: Who sent it.
        at: When, in Unix seconds.
    """
    kept = _Recorded(
        decision.verdict, decision.by or caller, at, decision.reason, decision.arguments
    )
    found: dict[str, Any] = to_builtins(kept)
    return found
