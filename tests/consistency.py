"""What must hold of everything that is stored, whatever has happened to the processes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from servers import Server

_STEP = {"incomplete": "completed"}
_REASON = {
    "incomplete": "max_tokens",
    "failed": "run_failed",
    "cancelled": "run_cancelled",
    "expired": "run_expired",
}
_STAMP = {"completed": "completed_at", "failed": "failed_at", "cancelled": "cancelled_at"}
TERMINAL = {"completed", "failed", "incomplete", "cancelled", "expired"}


def everything(server: Server, path: str) -> list[dict[str, Any]]:
    """All objects of a list route, page by page, oldest last."""
    found: list[dict[str, Any]] = []
    page: dict[str, Any] = {"has_more": True, "last_id": None}
    while page["has_more"]:
        query = {"limit": 100} | ({"after": page["last_id"]} if found else {})
        page = server.raw.get(path, params=query).raise_for_status().json()
        found += page["data"]
    return found


def assert_consistent(server: Server) -> None:
    """Every run has ended, and its step and message have ended with it; the file is sound."""
    for thread in everything(server, "oxillama/threads"):
        assert thread["active_run_id"] is None, thread
        path = f"v1/threads/{thread['id']}"
        messages = {message["id"]: message for message in everything(server, f"{path}/messages")}
        for run in everything(server, f"{path}/runs"):
            steps = everything(server, f"{path}/runs/{run['id']}/steps")
            _check_run(run)
            _check_steps(run, steps, messages)
        for message in messages.values():
            assert message["status"] != "in_progress", message
    assert_sound(server.database)


def _check_run(run: dict[str, Any]) -> None:
    status = run["status"]
    assert status in TERMINAL, run
    stamps = {name for name in _STAMP.values() if run[name] is not None}
    assert stamps == ({_STAMP[status]} if status in _STAMP else set()), run
    assert (run["last_error"] is not None) == (status == "failed"), run
    assert (run["incomplete_details"] is not None) == (status == "incomplete"), run
    assert (run["expires_at"] is None) == (status != "expired"), run


def _check_steps(
    run: dict[str, Any], steps: list[dict[str, Any]], messages: dict[str, Any]
) -> None:
    status = run["status"]
    written = {message["id"] for message in messages.values() if message["run_id"] == run["id"]}
    assert {step["step_details"]["message_creation"]["message_id"] for step in steps} >= written
    for step in steps:
        assert step["status"] == _STEP.get(status, status), step
        assert step["last_error"] == run["last_error"], step
        message = messages.get(step["step_details"]["message_creation"]["message_id"])
        if message is None:
            continue  # deleted since
        details = message["incomplete_details"]
        assert (details or {}).get("reason") == _REASON.get(status), message
        assert message["status"] == ("completed" if status == "completed" else "incomplete")


def assert_sound(database: Path) -> None:
    """SQLite finds no damage, and nobody holds the file."""
    with closing(sqlite3.connect(database, timeout=1)) as conn:
        conn.execute("BEGIN IMMEDIATE")
        conn.rollback()
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert conn.execute("PRAGMA foreign_key_check").fetchall() == []


def assert_takes_a_run(server: Server, thread_id: str) -> None:
    """The thread is not locked: a message and a run go through to the end."""
    threads = server.client.beta.threads
    threads.messages.create(thread_id, role="user", content="And now?")
    run = threads.runs.create_and_poll(
        thread_id=thread_id, assistant_id="default", extra_body={"max_tokens": 4}
    )
    assert run.status in {"completed", "incomplete"}, run
    assert_consistent(server)
