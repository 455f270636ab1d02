"""Forks: a thread begun again from one of another thread's messages."""

from __future__ import annotations

from oxillama_jupyter.schemas.base import Metadata, Request

__all__ = ["ForkThread"]


class ForkThread(Request):
    """Body of our own `POST /oxillama/threads/{id}/fork`.

    Attributes:
        message_id: The last message that the fork has; the thread's newest where not given.
        metadata: The fork's; where not given, the thread's own without its name and what makes it
            a notebook's own thread. `forked_from` and `forked_at` are set in either.
    """

    message_id: str | None = None
    metadata: Metadata | None = None
