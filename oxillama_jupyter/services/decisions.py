"""Decisions about the calls of a run that waits: given by any page, waited for by who runs them."""

from __future__ import annotations

import asyncio
from sqlite3 import Connection
from typing import Any

import msgspec

from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.ids import now
from oxillama_jupyter.schemas.decisions import (
    DecideCall,
    Decision,
    DecisionsQuery,
    PendingDecisions,
    recorded,
)
from oxillama_jupyter.schemas.steps import RunStep, ToolCallsDetails
from oxillama_jupyter.store import runs, steps
from oxillama_jupyter.store.database import Database

__all__ = ["Decisions"]

_LOOK_SECONDS = 1.0  # another server on the store may take the decision


class Decisions:
    """Takes decisions, and tells who waits for them.

    They are put down on the open step's calls, where they stay when the outputs come.

    Args:
        db: The store.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: dict[str, list[asyncio.Event]] = {}

    async def decide(
        self, thread_id: str, run_id: str, body: DecideCall, caller: str
    ) -> PendingDecisions:
        """Store a decision, then announce it.

        Raises:
            NotFound: No such run.
            InvalidRequest: It does not wait for this decision, or that is none.
        """
        found = await self._db.write(_decide, thread_id, run_id, body, caller)
        self.changed(run_id)
        return found

    async def pending(self, thread_id: str, run_id: str, query: DecisionsQuery) -> PendingDecisions:
        """What the run waits for; later, if the query waits for more than is known.

        Raises:
            NotFound: No such run.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + query.wait
        change = asyncio.Event()
        waiting = self._waiting.setdefault(run_id, [])
        waiting.append(change)
        try:
            while True:
                change.clear()
                found = await self._db.read(_pending, thread_id, run_id)
                left = deadline - loop.time()
                decided = sum("decision" in call for call in found.calls)
                if found.status != "requires_action" or decided > query.decided or left <= 0:
                    return found
                await _wait(change, min(left, _LOOK_SECONDS))
        finally:
            waiting.remove(change)
            if not waiting:
                self._waiting.pop(run_id, None)

    def changed(self, run_id: str) -> None:
        """Whoever waits for decisions about this run has to look again."""
        for change in self._waiting.get(run_id, ()):
            change.set()


async def _wait(change: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await change.wait()
    except TimeoutError:
        return


def _decide(
    conn: Connection, thread_id: str, run_id: str, body: DecideCall, caller: str
) -> PendingDecisions:
    status, step = _waiting_step(conn, thread_id, run_id)
    if step is None:
        raise InvalidRequest(f'Runs in status "{status}" do not wait for decisions.')
    call = next((call for call in _calls(step) if call["id"] == body.tool_call_id), None)
    if call is None:
        raise InvalidRequest(
            f"Run {run_id} does not wait for a call {body.tool_call_id!r}.", param="tool_call_id"
        )
    if "decision" in call:
        made = call["decision"]
        raise InvalidRequest(f"This call is {made['verdict']} already, by {made['by']}.")
    _check(body)
    by = f"{caller} (always)" if body.always else caller
    decision = Decision(verdict=body.verdict, by=by, reason=body.reason, arguments=body.arguments)
    call["decision"] = recorded(decision, caller, now())
    steps.update(conn, step)
    return PendingDecisions(run_id, status, _calls(step))


def _pending(conn: Connection, thread_id: str, run_id: str) -> PendingDecisions:
    status, step = _waiting_step(conn, thread_id, run_id)
    return PendingDecisions(run_id, status, _calls(step) if step is not None else [])


def _waiting_step(conn: Connection, thread_id: str, run_id: str) -> tuple[str, RunStep | None]:
    status = runs.get(conn, thread_id, run_id).status
    waits = status == "requires_action"
    return status, next(iter(steps.open_steps(conn, run_id)), None) if waits else None


def _calls(step: RunStep) -> list[dict[str, Any]]:  # each in the shape of its tool
    details = step.step_details
    return details.tool_calls if isinstance(details, ToolCallsDetails) else []


def _check(body: DecideCall) -> None:
    if (body.verdict == "edited") != (body.arguments is not None):
        raise InvalidRequest(
            "'arguments' belong to the verdict 'edited', and only to that.", param="arguments"
        )
    if body.always and body.verdict != "approved":
        raise InvalidRequest("Only approval can be for always.", param="always")
    if body.arguments is None:
        return
    try:
        msgspec.json.decode(body.arguments, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeError):
        raise InvalidRequest("'arguments' must be a JSON object.", param="arguments") from None
