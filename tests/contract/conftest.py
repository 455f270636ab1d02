"""A place with one of everything, and requests to it that go wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from openai import OpenAI
from servers import Server

SCRIPTED = str(Path(__file__).parent.parent / "scripted_server.py")


@pytest.fixture(scope="session")
def scripted_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose engine says what the question has written."""
    with Server(tmp_path_factory.mktemp("scripted"), module=SCRIPTED) as server:
        yield server


@pytest.fixture
def scripted(scripted_server: Server) -> Iterator[Server]:
    yield scripted_server
    scripted_server.check()


@pytest.fixture(scope="module")
def ids(shared_server: Any) -> dict[str, str]:  # a fixture's value
    """A thread with a message, an assistant and a finished run."""
    client: OpenAI = shared_server.client
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hello!"}])
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread.id, assistant_id="default", extra_body={"max_tokens": 2}
    )
    return {
        "T": thread.id,
        "M": client.beta.threads.messages.list(thread.id, limit=1, order="asc").data[0].id,
        "R": run.id,
        "S": client.beta.threads.runs.steps.list(run.id, thread_id=thread.id).data[0].id,
        "A": client.beta.assistants.create(model="oxillama-tiny").id,
    }


Answer = tuple[int, str | None, str | None]
Ask = Callable[[str, str, Any], Answer]


@pytest.fixture
def ask(raw: httpx2.Client, ids: dict[str, str]) -> Ask:
    """Send a request; return its status, `param` and `code`."""

    def send(method: str, path: str, body: Any) -> Answer:
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        answer = raw.request(method, path.format(**ids), content=content)
        error = answer.json()["error"] if answer.status_code >= 400 else {}
        return answer.status_code, error.get("param"), error.get("code")

    return send
