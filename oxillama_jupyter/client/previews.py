"""Prompts that are looked at and not sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from oxillama_jupyter.client.connection import Connection
    from oxillama_jupyter.client.runs import Question

__all__ = ["prompt_of", "prompt_of_run"]

_LOADING_SECONDS = 600.0  # the model may have to be loaded first
_INVISIBLE = "prompt_not_visible"


def prompt_of(
    connection: Connection, thread_id: str | None, metadata: dict[str, str], question: Question
) -> dict[str, Any] | str:
    """The prompt that the model would get for a question, as the server makes it.

    Args:
        connection: The server.
        thread_id: The thread; None for a new one.
        metadata: What a new thread would be marked with.
        question: What would be asked.

    Returns:
        The server's answer, or, where its engine does not see prompts, why.
    """
    from openai import BadRequestError

    place = "threads" if thread_id is None else f"threads/{thread_id}"
    try:
        return connection.post(
            f"{connection.url}/{place}/prompt",
            question.body(thread_id, metadata),
            timeout=_LOADING_SECONDS,
        )
    except BadRequestError as error:
        if error.code != _INVISIBLE:
            raise
        return str(error.body["message"] if isinstance(error.body, dict) else error.message)


def prompt_of_run(
    connection: Connection,
    thread_id: str,
    run_id: str = "",
    settings: dict[str, Any] | None = None,
    *,
    timeout: float = _LOADING_SECONDS,
) -> dict[str, Any]:
    """The prompt that a run has sent, or a next one would.

    Args:
        connection: The server.
        thread_id: The thread.
        run_id: The run; without one it is the next.
        settings: What a request for the next one would have besides.
        timeout: Seconds to wait for it.
    """
    thread = f"{connection.url}/threads/{thread_id}"
    if not run_id:
        body = {"assistant_id": "default", **(settings or {})}
        return connection.post(f"{thread}/prompt", body, timeout=timeout)
    return connection.get(f"{thread}/runs/{run_id}/prompt", timeout=timeout)
