"""The same rules of metadata on everything that has some."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from openai import OpenAI

FULL = {f"{i:02d}".ljust(64, "k"): "v" * 512 for i in range(16)}
KINDS = ["assistant", "thread", "message", "run"]


@pytest.fixture(params=KINDS)
def path(request: pytest.FixtureRequest, client: OpenAI) -> str:
    """The URL of a new object of each kind, with metadata."""
    metadata = {"a": "b"}
    if request.param == "assistant":
        return f"v1/assistants/{client.beta.assistants.create(model='m', metadata=metadata).id}"
    thread = f"v1/threads/{client.beta.threads.create(metadata=metadata).id}"
    if request.param == "thread":
        return thread
    thread_id = thread.rpartition("/")[2]
    if request.param == "message":
        message = client.beta.threads.messages.create(
            thread_id, role="user", content="x", metadata=metadata
        )
        return f"{thread}/messages/{message.id}"
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread_id, assistant_id="default", metadata=metadata, extra_body={"max_tokens": 1}
    )
    return f"{thread}/runs/{run.id}"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"a": "b"}),
        ({"metadata": {"c": "d"}}, {"c": "d"}),
        ({"metadata": {}}, {}),
        ({"metadata": None}, {}),
        ({"metadata": FULL}, FULL),
        ({"metadata": {"": "", "ключ": "🦙\0\n"}}, {"": "", "ключ": "🦙\0\n"}),
    ],
    ids=["absent", "replaced", "emptied", "null", "full", "odd"],
)
def test_metadata_is_kept_replaced_or_cleared(
    raw: httpx2.Client, path: str, body: dict[str, Any], expected: dict[str, str]
) -> None:
    assert raw.post(path, json=body).json()["metadata"] == expected
    assert raw.get(path).json()["metadata"] == expected


def test_keys_that_the_store_would_cut_are_refused(raw: httpx2.Client, path: str) -> None:
    answer = raw.post(path, json={"metadata": {"a\0x": "1", "a\0y": "2"}})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid_value"
    assert raw.get(path).json()["metadata"] == {"a": "b"}
