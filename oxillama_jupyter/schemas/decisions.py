"""What a person, or a rule of theirs, decided about a call before its function ran. Ours."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, to_builtins

from oxillama_jupyter.schemas.base import Request

__all__ = ["DecideCall", "Decision", "DecisionsQuery", "PendingDecisions", "recorded"]


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


class DecideCall(Request):
    """Body of our own `POST …/decisions`: about one call that a run waits for.

    Attributes:
        tool_call_id: The call.
        verdict: As of a decision.
        reason: As of a decision.
        arguments: As of a decision; there if and only if the verdict is `edited`.
        always: Approve this function's other calls too, while the client that runs them lasts.
    """

    tool_call_id: str
    verdict: Literal["approved", "edited", "denied"]
    reason: Annotated[str, Meta(max_length=2000)] | None = None
    arguments: str | None = None
    always: bool = False


class DecisionsQuery(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Query of `GET …/decisions`.

    Attributes:
        decided: How many decisions are known already.
        wait: Seconds to wait for one more, or for the run to wait for none any more.
    """

    decided: Annotated[int, Meta(ge=0)] = 0
    wait: Annotated[float, Meta(ge=0, le=10)] = 0


class PendingDecisions(Struct):
    """The calls that a run waits for, each with its decision where there is one."""

    run_id: str
    status: str
    calls: list[dict[str, Any]]


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
