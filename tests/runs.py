"""Runs in the middle of which something happens, and how they ended."""

from __future__ import annotations

from typing import Any

from openai import OpenAI
from servers import Server, until

HELLO = {"role": "user", "content": "Tell me a long story."}


def new_thread(client: OpenAI) -> str:
    return client.beta.threads.create(messages=[HELLO]).id  # type: ignore[list-item]  # a plain dict


def run_of(server: Server, thread_id: str) -> dict[str, Any]:
    """The thread's newest run."""
    page = server.raw.get(f"v1/threads/{thread_id}/runs", params={"limit": 1}).json()
    return page["data"][0]


def ended(server: Server, thread_id: str) -> dict[str, Any]:
    """The thread's newest run, once it has ended."""
    active = {"queued", "in_progress", "cancelling"}
    until(lambda: run_of(server, thread_id)["status"] not in active, "the end of the run")
    return run_of(server, thread_id)
