from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx2
import openai
import pytest
from openai import OpenAI
from servers import Server


def listed(raw: httpx2.Client, **query: Any) -> list[dict[str, Any]]:  # any query
    return raw.get("oxillama/threads", params=query).raise_for_status().json()["data"]


def test_a_thread_starts_empty(client: OpenAI) -> None:
    thread = client.beta.threads.create()
    assert thread.id.startswith("thread_")
    assert (thread.metadata, thread.tool_resources) == ({}, None)
    assert client.beta.threads.messages.list(thread.id).data == []


def test_a_thread_starts_with_messages_in_their_order(client: OpenAI) -> None:
    texts = ["one", "two", "three"]
    messages: Any = [{"role": "user", "content": text} for text in texts]
    thread = client.beta.threads.create(messages=messages, metadata={"a": "b"})
    stored = client.beta.threads.messages.list(thread.id, order="asc")
    assert [message.content[0].text.value for message in stored] == texts
    assert client.beta.threads.retrieve(thread.id) == thread


def test_a_thread_keeps_its_tool_resources(client: OpenAI) -> None:
    resources: Any = {"file_search": {"vector_store_ids": ["vs_1"]}}
    thread = client.beta.threads.create(tool_resources=resources)
    assert thread.to_dict()["tool_resources"] == resources
    cleared = client.beta.threads.update(thread.id, tool_resources=None)
    assert cleared.tool_resources is None


def test_a_deleted_thread_and_all_in_it_are_gone(client: OpenAI) -> None:
    run = client.beta.threads.create_and_run_poll(
        assistant_id="default", extra_body={"max_tokens": 1}
    )
    assert client.beta.threads.delete(run.thread_id).deleted
    with pytest.raises(openai.NotFoundError):
        client.beta.threads.retrieve(run.thread_id)
    with pytest.raises(openai.NotFoundError):
        client.beta.threads.messages.list(run.thread_id)
    with pytest.raises(openai.NotFoundError):
        client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
    with pytest.raises(openai.NotFoundError):
        client.beta.threads.delete(run.thread_id)


def test_deleting_a_thread_ends_its_run(
    server: Server, client: OpenAI, endless: dict[str, Any]
) -> None:
    with server.held():
        run = client.beta.threads.create_and_run(
            assistant_id="default", extra_body={**endless, "max_tokens": 500}
        )
        assert client.beta.threads.delete(run.thread_id).deleted
    with pytest.raises(openai.NotFoundError):
        client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
    assert server.health()["runs"] == 0


# -- our own list --------------------------------------------------------------------------------


def test_the_thread_with_the_newest_message_is_listed_first(
    client: OpenAI, raw: httpx2.Client
) -> None:
    mark = uuid4().hex
    first, second = (client.beta.threads.create(metadata={"mark": mark}).id for _ in range(2))
    query = {"metadata[mark]": mark}
    assert [thread["id"] for thread in listed(raw, **query)] == [second, first]
    client.beta.threads.messages.create(first, role="user", content="again")
    assert [thread["id"] for thread in listed(raw, **query)] == [first, second]


def test_threads_are_paged(client: OpenAI, raw: httpx2.Client) -> None:
    mark = uuid4().hex
    ids = [client.beta.threads.create(metadata={"mark": mark}).id for _ in range(5)][::-1]
    query = {"metadata[mark]": mark, "limit": 2}
    pages = [listed(raw, **query)]
    while pages[-1]:
        pages.append(listed(raw, **query, after=pages[-1][-1]["id"]))
    assert [[thread["id"] for thread in page] for page in pages] == [ids[:2], ids[2:4], ids[4:], []]


def test_threads_are_found_by_the_words_of_their_messages(
    client: OpenAI, raw: httpx2.Client
) -> None:
    word = f"z{uuid4().hex}"
    messages: Any = [{"role": "user", "content": f"Where is the {word} buried?"}]
    thread = client.beta.threads.create(messages=messages)
    for query in (word, f"{word} BURIED", f"{word[:8]}*"):
        (found,) = listed(raw, q=query)
        assert found["id"] == thread.id
        assert word in found["preview"]
    assert listed(raw, q=f"{word} unburied") == []


@pytest.mark.parametrize(
    "query", ['"', "(", "a AND", "NEAR(", "*", "-", "a:b", "\0", "é", "x" * 5000]
)
def test_no_search_is_a_syntax_error(raw: httpx2.Client, query: str) -> None:
    assert raw.get("oxillama/threads", params={"q": query}).status_code == 200


def test_every_word_of_a_long_search_counts(client: OpenAI, raw: httpx2.Client) -> None:
    words = [f"w{uuid4().hex}" for _ in range(129)]
    messages: Any = [{"role": "user", "content": " ".join(words)}]
    thread = client.beta.threads.create(messages=messages)
    (found,) = listed(raw, q=" ".join(words[:128]))
    assert found["id"] == thread.id
    assert listed(raw, q=" ".join([*words[:127], "missing"])) == []

    refused = raw.get("oxillama/threads", params={"q": " ".join(words)})
    assert refused.status_code == 400
    error = refused.json()["error"]
    assert error["param"] == "q"
    assert error["message"] == "A search has at most 128 words; this one has 129."


def test_a_summary_says_what_a_person_recognises(
    server: Server, client: OpenAI, raw: httpx2.Client, endless: dict[str, Any]
) -> None:
    mark = uuid4().hex
    messages: Any = [{"role": "user", "content": "How deep  is\nthe sea?"}]
    thread = client.beta.threads.create(messages=messages, metadata={"mark": mark})
    with server.held():
        run = client.beta.threads.runs.create(
            thread.id, assistant_id="default", extra_body={**endless, "max_tokens": 3}
        )
        (summary,) = listed(raw, **{"metadata[mark]": mark})
    assert summary["preview"] == "How deep is the sea?"
    assert summary["message_count"] == 1
    assert summary["active_run_id"] == run.id
    assert summary["updated_at"] >= thread.created_at
