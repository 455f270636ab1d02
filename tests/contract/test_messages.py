from __future__ import annotations

from typing import Any

import openai
import pytest
from openai import OpenAI
from servers import Server
from wire import open_stream

PARTS: list[dict[str, Any]] = [
    {"type": "text", "text": "What is this?"},
    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}},
    {"type": "image_file", "image_file": {"file_id": "file-1"}},
    {"type": "text", "text": "Say it."},
]


@pytest.fixture
def thread_id(client: OpenAI) -> str:
    return client.beta.threads.create().id


def test_a_message_of_a_client_is_complete_at_once(client: OpenAI, thread_id: str) -> None:
    message = client.beta.threads.messages.create(thread_id, role="user", content="Hi")
    assert message.id.startswith("msg_")
    assert message.status == "completed"
    assert message.completed_at == message.created_at
    assert (message.assistant_id, message.run_id, message.attachments) == (None, None, [])
    assert message.content[0].to_dict() == {
        "type": "text",
        "text": {"value": "Hi", "annotations": []},
    }


def test_a_message_may_be_of_parts(client: OpenAI, thread_id: str) -> None:
    content: Any = PARTS
    message = client.beta.threads.messages.create(thread_id, role="user", content=content)
    stored = client.beta.threads.messages.retrieve(message.id, thread_id=thread_id)
    assert stored == message
    assert [part.type for part in stored.content] == [part["type"] for part in PARTS]
    assert stored.content[1].to_dict() == {**PARTS[1]}


def test_a_message_with_an_image_can_be_run(client: OpenAI, thread_id: str) -> None:
    content: Any = PARTS
    client.beta.threads.messages.create(thread_id, role="user", content=content)
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread_id, assistant_id="default", extra_body={"max_tokens": 2}
    )
    assert run.status in {"completed", "incomplete"}


def test_a_message_keeps_its_attachments(client: OpenAI, thread_id: str) -> None:
    attachments: Any = [{"file_id": "file-1", "tools": [{"type": "code_interpreter"}]}]
    message = client.beta.threads.messages.create(
        thread_id, role="user", content="x", attachments=attachments
    )
    assert message.to_dict()["attachments"] == attachments


def test_an_attachment_needs_no_tools(client: OpenAI, thread_id: str) -> None:
    attachments: Any = [{"file_id": "file-1", "tools": None}, {"file_id": "file-2"}]
    message = client.beta.threads.messages.create(
        thread_id, role="user", content="x", attachments=attachments
    )
    kept = message.to_dict()["attachments"]
    assert kept == [{"file_id": name, "tools": []} for name in ("file-1", "file-2")]


@pytest.mark.parametrize("role", ["user", "assistant"])
def test_both_roles_may_be_written(client: OpenAI, thread_id: str, role: Any) -> None:
    message = client.beta.threads.messages.create(thread_id, role=role, content="x")
    assert message.role == role


def test_a_message_is_modified_in_its_metadata(client: OpenAI, thread_id: str) -> None:
    message = client.beta.threads.messages.create(thread_id, role="user", content="x")
    changed = client.beta.threads.messages.update(
        message.id, thread_id=thread_id, metadata={"a": "b"}
    )
    assert changed.to_dict() == {**message.to_dict(), "metadata": {"a": "b"}}


def test_a_deleted_message_is_gone(client: OpenAI, thread_id: str) -> None:
    message = client.beta.threads.messages.create(thread_id, role="user", content="x")
    assert client.beta.threads.messages.delete(message.id, thread_id=thread_id).deleted
    with pytest.raises(openai.NotFoundError):
        client.beta.threads.messages.retrieve(message.id, thread_id=thread_id)


def test_a_message_that_a_run_is_writing_cannot_be_deleted(
    server: Server, client: OpenAI, thread_id: str, endless: dict[str, Any]
) -> None:
    body = {"assistant_id": "default", "stream": True, "max_tokens": 1500, **endless}
    with open_stream(server.raw, f"v1/threads/{thread_id}/runs", body) as stream:
        message = stream.until("thread.message.created")
        with server.held():
            with pytest.raises(openai.BadRequestError):
                client.beta.threads.messages.delete(message["id"], thread_id=thread_id)
            client.beta.threads.runs.cancel(message["run_id"], thread_id=thread_id)
            stream.rest()
    assert client.beta.threads.messages.delete(message["id"], thread_id=thread_id).deleted


def test_messages_are_filtered_by_run(client: OpenAI, thread_id: str) -> None:
    client.beta.threads.messages.create(thread_id, role="user", content="x")
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread_id, assistant_id="default", extra_body={"max_tokens": 2}
    )
    (message,) = client.beta.threads.messages.list(thread_id, run_id=run.id)
    assert (message.role, message.run_id, message.assistant_id) == ("assistant", run.id, "default")
    assert client.beta.threads.messages.list(thread_id, run_id="run_x").data == []


def test_the_newest_message_is_the_answer(client: OpenAI, thread_id: str) -> None:
    """The first idiom of every quickstart."""
    client.beta.threads.messages.create(thread_id, role="user", content="Hello!")
    client.beta.threads.runs.create_and_poll(thread_id=thread_id, assistant_id="default")
    (newest,) = client.beta.threads.messages.list(thread_id, limit=1).data
    assert newest.role == "assistant"
