"""What is written down of a planned response, as parts of one transaction."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import msgspec

from oxillama_jupyter.errors import NotFound
from oxillama_jupyter.services.response_plans import Plan
from oxillama_jupyter.store import conversations, responses
from oxillama_jupyter.store.database import Connection

__all__ = ["add", "settle"]


def add(conn: Connection, plan: Plan, new: responses.NewResponse) -> None:
    """Store a response; where what it goes on from was deleted meanwhile, with the past it had."""
    if new.parent is not None and not responses.has(conn, new.parent):
        past = msgspec.json.encode(plan.past).decode()
        new = replace(new, parent=None, context=past)
    responses.add(conn, plan.response, new)


def settle(conn: Connection, plan: Plan) -> None:
    """Write a response that has ended to its conversation, and let others write to that.

    What failed or was cancelled leaves nothing there; one that was deleted needs nothing.
    """
    if plan.conversation is None:
        return
    response = plan.response
    if response.status in {"completed", "incomplete"}:
        with contextlib.suppress(NotFound):
            conversations.append(conn, plan.conversation, [*plan.own, *response.output])
    conversations.unlock(conn, plan.conversation, plan.holder)
