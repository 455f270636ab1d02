"""What is written down of responses, each operation a transaction or a part of one."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import msgspec

from oxillama_jupyter.errors import NotFound, OxillamaError
from oxillama_jupyter.events import DATA_DONE
from oxillama_jupyter.ids import now
from oxillama_jupyter.schemas.responses import ENDED, Response
from oxillama_jupyter.services.conversation_locks import unlock_ended
from oxillama_jupyter.services.recovery import LEASE_SECONDS
from oxillama_jupyter.services.response_plans import Plan
from oxillama_jupyter.services.response_turns import error_of, last_frames
from oxillama_jupyter.store import conversations, response_life, responses
from oxillama_jupyter.store.database import Connection

__all__ = ["add", "begin", "conclude", "end", "save", "settle", "take_over"]


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


# -- in the background ---------------------------------------------------------------------------


def begin(
    conn: Connection, plan: Plan, new: responses.NewResponse, frames: Sequence[bytes]
) -> None:
    """Store a response that is going to be executed, and its first events."""
    add(conn, plan, new)
    response_life.add_frames(conn, plan.response.id, frames)


def save(conn: Connection, response: Response, frames: Sequence[bytes]) -> bool:
    """Write a response and more of its events; False if it has ended already or is gone."""
    saved = responses.save(conn, response)
    if saved:
        response_life.add_frames(conn, response.id, frames)
    return saved


def conclude(conn: Connection, plan: Plan, frames: Sequence[bytes]) -> None:
    """Write a response that has ended, and what it added to its conversation."""
    if save(conn, plan.response, frames):
        settle(conn, plan)
    elif plan.conversation is not None:
        conversations.unlock(conn, plan.conversation, plan.holder)


def take_over(conn: Connection, owner: str, gone: Sequence[str], alive: Sequence[str]) -> list[str]:
    """Renew our leases, release those of dead owners; the ids of what is ours to do now.

    Who lives keeps its responses, as its runs.
    """
    at = now()
    for one in (owner, *alive):
        response_life.renew(conn, one, at + LEASE_SECONDS)
    response_life.release(conn, gone)
    return response_life.adopt(conn, at, owner, at + LEASE_SECONDS)


def end(
    conn: Connection,
    response_id: str,
    status: Literal["cancelled", "failed"],
    error: OxillamaError | None,
) -> None:
    """End a response that nobody executes.

    Raises:
        NotFound: There is none.
    """
    unlock_ended(conn, response_id)
    try:
        stored = responses.find(conn, response_id)
    except ValueError:  # nobody can read it, so there is nothing to be added
        responses.give_up(conn, response_id)
        return
    response = stored.response
    if response.status in ENDED:
        return
    for item in response.output:
        if item.get("status") == "in_progress":
            item["status"] = "incomplete"
    response.status = status
    frames = [DATA_DONE]
    if error is not None:
        response.error = error_of(error)
        frames = last_frames(response, len(response_life.frames(conn, response_id)), error)
    save(conn, response, frames if stored.streamed else [])
