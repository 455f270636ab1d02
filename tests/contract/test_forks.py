from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx2
import pytest
from openai import OpenAI
from servers import Server


@pytest.fixture
def thread_id(client: OpenAI) -> str:
    """A thread of three messages with a name."""
    messages: Any = [
        {"role": "user", "content": "one", "metadata": {"n": "1"}},
        {"role": "assistant", "content": "two"},
        {"role": "user", "content": "three"},
    ]
    metadata = {"name": uuid4().hex, "tag:sea": "yes"}
    return client.beta.threads.create(messages=messages, metadata=metadata).id


def fork(raw: httpx2.Client, thread_id: str, **body: Any) -> dict[str, Any]:  # any body
    answer = raw.post(f"oxillama/threads/{thread_id}/fork", json=body)
    return answer.raise_for_status().json()


def texts(client: OpenAI, thread_id: str) -> list[str]:
    page = client.beta.threads.messages.list(thread_id, order="asc")
    return [message.content[0].text.value for message in page]


def test_a_fork_has_the_messages_and_goes_its_own_way(
    client: OpenAI, raw: httpx2.Client, thread_id: str
) -> None:
    made = fork(raw, thread_id)
    client.beta.threads.messages.create(made["id"], role="user", content="four")
    assert texts(client, made["id"]) == ["one", "two", "three", "four"]
    assert texts(client, thread_id) == ["one", "two", "three"]
    assert client.beta.threads.retrieve(made["id"]).to_dict() == made
    client.beta.threads.delete(thread_id)
    assert len(texts(client, made["id"])) == 4


def test_a_fork_ends_at_the_message(client: OpenAI, raw: httpx2.Client, thread_id: str) -> None:
    second = client.beta.threads.messages.list(thread_id, order="asc").data[1]
    made = fork(raw, thread_id, message_id=second.id, metadata={"name": "branch"})
    assert texts(client, made["id"]) == ["one", "two"]
    assert made["metadata"] == {
        "name": "branch",
        "forked_from": thread_id,
        "forked_at": second.id,
    }


def test_forks_are_listed_by_their_origin(raw: httpx2.Client, thread_id: str) -> None:
    ids = [fork(raw, thread_id)["id"] for _ in range(2)]
    query = {"metadata[forked_from]": thread_id}
    listed = raw.get("oxillama/threads", params=query).json()["data"]
    assert [thread["id"] for thread in listed] == ids[::-1]
    assert all("name" not in thread["metadata"] for thread in listed)


def test_a_fork_can_be_run(client: OpenAI, raw: httpx2.Client, thread_id: str) -> None:
    made = fork(raw, thread_id)
    run = client.beta.threads.runs.create_and_poll(
        thread_id=made["id"], assistant_id="default", extra_body={"max_tokens": 2}
    )
    assert run.status in {"completed", "incomplete"}
    assert len(texts(client, made["id"])) == 4


def test_a_thread_is_forked_while_a_run_writes_to_it(
    server: Server, client: OpenAI, raw: httpx2.Client, thread_id: str, endless: dict[str, Any]
) -> None:
    with server.held():
        run = client.beta.threads.runs.create(
            thread_id, assistant_id="default", extra_body={**endless, "max_tokens": 3}
        )
        made = fork(raw, thread_id)
        assert texts(client, made["id"]) == ["one", "two", "three"]
    client.beta.threads.runs.poll(run.id, thread_id=thread_id)


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"message_id": "msg_x"}, 404, None),
        ({"message": "msg_x"}, 400, "message"),
        ({"metadata": {str(n): "" for n in range(16)}}, 400, "metadata"),
        ({"metadata": {str(n): "" for n in range(17)}}, 400, "metadata"),
    ],
)
def test_bad_forks(
    raw: httpx2.Client, thread_id: str, body: dict[str, Any], status: int, param: str | None
) -> None:
    answer = raw.post(f"oxillama/threads/{thread_id}/fork", json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (status, param)
    listed = raw.get("oxillama/threads", params={"metadata[forked_from]": thread_id}).json()
    assert listed["data"] == []


def test_no_thread_no_fork(raw: httpx2.Client) -> None:
    assert raw.post("oxillama/threads/thread_x/fork").status_code == 404
    assert raw.get("oxillama/threads/thread_x/fork").status_code == 405
