"""What a server generates now, whatever route asked for it. Ours."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["LiveRun"]


class LiveRun(Struct):
    """A run, a response, a completion or embeddings, as long as this server executes them.

    Attributes:
        id: A run and a response in the background are cancelled by their own routes.
        thread_id: A run's thread; empty for all others.
        status: `queued`, or what it does; `cancelled` where it was stopped.
        created_at: Unix seconds.
        foreground: Whether a client waits for it, and it ends with that client: then it is
            cancelled by our `POST /generations/{id}/cancel`.
    """

    id: str
    thread_id: str
    model: str
    status: str
    created_at: int
    foreground: bool = False
