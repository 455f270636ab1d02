"""Chat completions that are kept: listed, read, changed, deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import openai
import pytest
from conftest import StartServer
from servers import Server
from wire import chunks

SCRIPTED = "scripted"
CHAT = "v1/chat/completions"
Answer = tuple[int, str | None, str | None]
Ask = Callable[[str, str, Any], Answer]


def store(server: Server, text: str = "One two", **settings: Any) -> Any:  # a chat completion
    given: Any = {
        "model": SCRIPTED,
        "messages": [{"role": "user", "content": text}],
        "store": True,
        **settings,
    }
    return server.client.chat.completions.create(**given)


def test_a_stored_completion_is_what_was_answered(scripted: Server) -> None:
    done = store(scripted, metadata={"a": "b"}, n=2)
    found = scripted.client.chat.completions.retrieve(done.id)
    assert found.to_dict() == done.to_dict()
    assert found.metadata == {"a": "b"}


@pytest.mark.parametrize("settings", [{}, {"store": False}, {"store": None}])
def test_others_are_not_kept(scripted: Server, settings: dict[str, Any]) -> None:
    settings = settings or {"store": openai.omit}
    done = store(scripted, **settings)
    assert "metadata" not in done.to_dict()
    with pytest.raises(openai.NotFoundError, match=f"No chat completion found with id '{done.id}'"):
        scripted.client.chat.completions.retrieve(done.id)


def test_a_streamed_one_is_there_before_its_end_is_told(scripted: Server) -> None:
    body = {
        "model": SCRIPTED,
        "messages": [{"role": "user", "content": "One two => get_time {}"}],
        "store": True,
        "stream": True,
        "n": 2,
    }
    seen = b""
    with scripted.raw.stream("POST", CHAT, json=body) as stream:
        for piece in stream.iter_raw():
            seen += piece
            if b'"finish_reason":"' in seen:
                break
        id_ = chunks(seen[: seen.rfind(b"\n\n") + 2])[0]["id"]
        found = scripted.client.chat.completions.retrieve(id_)
    assert [choice.message.content for choice in found.choices] == ["One two "] * 2


def test_lists_are_filtered_and_paged(scripted: Server) -> None:
    completions = scripted.client.chat.completions
    made = [store(scripted, metadata={"group": "page", "n": str(i)}).id for i in range(5)]
    metadata = {"group": "page"}
    assert [one.id for one in completions.list(metadata=metadata, limit=2)] == made
    backwards = completions.list(metadata=metadata, order="desc", limit=2)
    assert [one.id for one in backwards.data] == made[:2:-1]
    assert backwards.has_more
    after = completions.list(metadata=metadata, after=made[2], limit=5)
    assert [one.id for one in after.data] == made[3:]
    assert not after.has_more
    one = completions.list(metadata={**metadata, "n": "3"})
    assert [found.id for found in one.data] == [made[3]]
    assert completions.list(model="other").data == []
    assert completions.list(model=SCRIPTED, metadata=metadata, limit=1).data[0].id == made[0]
    everything = [found.id for found in completions.list(limit=100)]
    assert everything[-5:] == made


def test_metadata_is_replaced_and_found(scripted: Server) -> None:
    completions = scripted.client.chat.completions
    done = store(scripted, metadata={"old": "1"})
    changed = completions.update(done.id, metadata={"new": "2"})
    assert changed.metadata == {"new": "2"}
    assert completions.list(metadata={"old": "1"}).data == []
    assert [one.id for one in completions.list(metadata={"new": "2"})] == [done.id]
    assert completions.update(done.id, metadata=None).metadata == {}


def test_a_deleted_one_is_gone(scripted: Server) -> None:
    completions = scripted.client.chat.completions
    done = store(scripted, metadata={"gone": "1"})
    deleted = completions.delete(done.id)
    assert (deleted.id, deleted.deleted) == (done.id, True)
    assert deleted.object == "chat.completion.deleted"
    assert completions.list(metadata={"gone": "1"}).data == []
    for call in (completions.retrieve, completions.delete, completions.messages.list):
        with pytest.raises(openai.NotFoundError):
            call(done.id)


def test_its_messages_are_listed_in_pages(scripted: Server) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    parts = [
        {"type": "text", "text": "See"},
        {"type": "image_url", "image_url": {"url": "data:,"}},
    ]
    done = store(
        scripted,
        messages=[
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": parts, "name": "me"},
            {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "x"},
            {"role": "user", "content": "One"},
        ],
    )
    messages = scripted.client.chat.completions.messages
    found = [one.to_dict() for one in messages.list(done.id, limit=2)]
    assert [one["id"] for one in found] == [f"{done.id}-{i}" for i in range(5)]
    assert [one["role"] for one in found] == ["system", "user", "assistant", "tool", "user"]
    assert found[0]["content"] == "Be kind."
    assert (found[1]["content"], found[1]["content_parts"]) == (None, parts)
    assert found[1]["name"] == "me"
    assert found[2]["tool_calls"] == [call]
    assert found[3]["tool_call_id"] == "c1"
    last = messages.list(done.id, order="desc", limit=1)
    assert (last.data[0].content, last.has_more) == ("One", True)


@pytest.mark.parametrize(
    ("query", "param", "code"),
    [
        ("limit=0", "limit", "integer_below_min_value"),
        ("limit=101", "limit", "integer_above_max_value"),
        ("order=up", "order", "invalid_value"),
        ("after=x", "after", None),
    ],
)
def test_a_bad_query_is_refused(scripted: Server, query: str, param: str, code: str) -> None:
    done = store(scripted)
    for path in (CHAT, f"{CHAT}/{done.id}/messages"):
        answer = scripted.raw.get(f"{path}?{query}")
        assert answer.status_code == 400
        error = answer.json()["error"]
        assert (error["param"], error["code"]) == (param, code)


@pytest.mark.parametrize("body", [{"model": "x"}, {"metadata": {"a": 1}}, {"metadata": "x"}])
def test_only_metadata_can_be_changed(raw: httpx2.Client, body: dict[str, Any]) -> None:
    assert raw.post(f"{CHAT}/chatcmpl-x", json=body).status_code == 400


def test_it_outlives_a_restart(start_server: StartServer) -> None:
    server = start_server()
    done = store(server, model="oxillama-tiny", max_tokens=4)
    server.kill()
    server.start()
    assert server.client.chat.completions.retrieve(done.id).to_dict() == done.to_dict()


def test_what_fails_is_not_kept(scripted: Server) -> None:
    with pytest.raises(openai.InternalServerError):
        store(scripted, "One (fails)", metadata={"fails": "1"})
    assert scripted.client.chat.completions.list(metadata={"fails": "1"}).data == []
