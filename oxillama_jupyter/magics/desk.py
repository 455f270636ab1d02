"""Decisions about calls that are given in a page: the server has them, and this kernel waits.

A page cannot reach a kernel that runs a cell, but it reaches the server.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.client.failures import is_passing
from oxillama_jupyter.magics.approval import Approval, Decision

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from oxillama_jupyter.client.connection import Connection
    from oxillama_jupyter.magics.session import Session

    Desk = Callable[[list[dict[str, Any]], Approval], Awaitable[Mapping[str, Decision] | None]]

__all__ = ["ask_pages"]

_POLL_SECONDS = 10
_PAUSES = (0.1, 0.3, 0.6, 1.0, 2.0, 3.0, 4.0, 4.0)  # seconds ahead of each new attempt
_ALWAYS = " (always)"


def ask_pages(
    session: Session, thread_id: str, run_id: str, calls: list[dict[str, Any]], approval: Approval
) -> dict[str, Decision] | None:
    """Wait until all of these calls are decided about; blocks, and can be interrupted.

    Args:
        session: The kernel's session.
        thread_id: The run's thread.
        run_id: The run.
        calls: The calls, as the run has them.
        approval: Knows which need no asking, and learns which never will again.

    Returns:
        The decisions by the ids of their calls; None if the run does not wait for them any more.
    """
    decided: dict[str, Decision] = {}
    known = wait = 0  # at first, what is there: somebody may have decided before this one attached
    while True:
        for call in calls:
            name = call["function"]["name"]
            rule = None if call["id"] in decided else approval.rule(name)
            if rule is not None:
                decided[call["id"]] = rule
        if all(call["id"] in decided for call in calls):
            return decided
        found = _look(session, f"threads/{thread_id}/runs/{run_id}", known, wait)
        if found["status"] != "requires_action":
            return None
        known = sum("decision" in call for call in found["calls"])
        wait = _POLL_SECONDS
        for call in found["calls"]:
            if "decision" in call and not _kept(decided.get(call["id"])):
                decision = decided[call["id"]] = _decision(call["decision"])
                if decision.by.endswith(_ALWAYS):
                    approval.always(call["function"]["name"])


def _look(session: Session, run: str, decided: int, wait: int) -> dict[str, Any]:
    def ask(connection: Connection) -> dict[str, Any]:
        params: dict[str, object] = {"decided": decided, "wait": wait}
        return connection.get(f"{connection.url}/{run}/decisions", params)

    for pause in _PAUSES:
        try:
            return session.with_server(ask)
        except Exception as error:
            if not is_passing(error):
                raise
            time.sleep(pause)
    return session.with_server(ask)


def _kept(decision: Decision | None) -> bool:
    return decision is not None and decision.kept


def _decision(found: dict[str, Any]) -> Decision:
    return Decision(
        found["verdict"], found["by"], found.get("reason"), found.get("arguments"), kept=True
    )
