"""Chat completions as streams: the order of chunks, their pieces, their end."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from openai import OpenAI
from servers import Server, until
from wire import chunks

MODEL = "oxillama-tiny"
CHAT = "v1/chat/completions"
HELLO = [{"role": "user", "content": "Hello!"}]
TOOLS = [{"type": "function", "function": {"name": name}} for name in ("get_weather", "get_time")]
ONE = 'Let me see. => get_weather {"city": "Paris"} | It is $outputs.'
TWO = '=> get_weather {"city": "Paris"} & get_time {} | It is $outputs.'


def stream_of(server: Server, text: str, **settings: Any) -> list[Any]:
    body = {"model": "scripted", "messages": [{"role": "user", "content": text}], **settings}
    answer = server.raw.post(CHAT, json={**body, "stream": True})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    return chunks(answer.content)


def deltas(seen: list[Any], index: int = 0) -> list[Any]:
    return [
        choice["delta"]
        for chunk in seen[:-1]
        for choice in chunk["choices"]
        if choice["index"] == index
    ]


def test_the_order_of_a_text(scripted: Server) -> None:
    seen = stream_of(scripted, "One two three")
    assert deltas(seen) == [
        {"role": "assistant", "content": "", "refusal": None},
        {"content": "One "},
        {"content": "two "},
        {"content": "three "},
        {},
    ]
    reasons = [chunk["choices"][0]["finish_reason"] for chunk in seen[:-1]]
    assert reasons == [None, None, None, None, "stop"]
    assert seen[-1] == "[DONE]"
    assert len({(c["id"], c["created"], c["model"]) for c in seen[:-1]}) == 1
    assert all("usage" not in chunk for chunk in seen[:-1])


def test_usage_comes_last_where_it_is_asked_for(scripted: Server) -> None:
    seen = stream_of(scripted, "One two", stream_options={"include_usage": True})
    assert [chunk["usage"] for chunk in seen[:-2]] == [None] * (len(seen) - 2)
    assert seen[-2]["choices"] == []
    assert seen[-2]["usage"]["completion_tokens"] == 2
    assert seen[-1] == "[DONE]"


def test_calls_begin_and_go_on(scripted: Server) -> None:
    seen = stream_of(scripted, TWO, tools=TOOLS)
    calls = [delta["tool_calls"] for delta in deltas(seen) if "tool_calls" in delta]
    assert {len(entry) for entry in calls} == {1}
    assert [entry[0]["index"] for entry in calls] == [0, 0, 0, 1, 1, 1]
    begin, more = calls[0][0], calls[1][0]
    assert set(begin) == {"index", "id", "type", "function"}
    assert begin["function"] == {"name": "get_weather", "arguments": ""}
    assert set(more) == {"index", "function"}
    assert set(more["function"]) == {"arguments"}
    assert seen[-2]["choices"][0] == {
        "index": 0,
        "delta": {},
        "logprobs": None,
        "finish_reason": "tool_calls",
    }


def test_functions_of_old_are_streamed_as_such(scripted: Server) -> None:
    seen = stream_of(scripted, TWO, functions=[{"name": "get_weather"}, {"name": "get_time"}])
    calls = [delta["function_call"] for delta in deltas(seen) if "function_call" in delta]
    assert calls[0] == {"name": "get_weather", "arguments": ""}
    assert "".join(call["arguments"] for call in calls) == '{"city": "Paris"}'
    assert seen[-2]["choices"][0]["finish_reason"] == "function_call"


def test_reasoning_has_deltas_of_its_own(scripted: Server) -> None:
    seen = deltas(stream_of(scripted, "(thinks) Yes."))
    assert "".join(delta.get("reasoning_content", "") for delta in seen) == "Hm, let me think. "
    assert "".join(delta.get("content", "") for delta in seen).strip() == "Yes."


def test_choices_appear_in_order_and_each_ends_once(scripted: Server) -> None:
    seen = stream_of(scripted, "One two three", n=20)
    order = [chunk["choices"][0]["index"] for chunk in seen[:-1]]
    assert order[:20] == list(range(20))
    ends = [
        chunk["choices"][0]["index"]
        for chunk in seen[:-1]
        if chunk["choices"][0]["finish_reason"] is not None
    ]
    assert sorted(ends) == list(range(20))


def test_logprobs_come_with_their_text(client: OpenAI) -> None:
    settings: dict[str, Any] = {"logprobs": True, "top_logprobs": 1, "max_tokens": 8}
    given: dict[str, Any] = {"model": MODEL, "messages": HELLO, "temperature": 0, **settings}
    whole = client.chat.completions.create(**given)
    entries = [
        entry.model_dump()
        for chunk in client.chat.completions.create(**given, stream=True)
        if chunk.choices[0].logprobs is not None
        for entry in chunk.choices[0].logprobs.content or ()
    ]
    assert [entry["token"] for entry in entries] == [
        entry.token
        for entry in whole.choices[0].logprobs.content  # type: ignore[union-attr]
    ]


@pytest.mark.parametrize("settings", [{}, {"n": 3, "logprobs": True}, {"stop": ["two"]}])
@pytest.mark.parametrize("text", ["(thinks) One two", ONE, TWO])
def test_the_helpers_snapshot_is_the_object(
    scripted: Server, text: str, settings: dict[str, Any]
) -> None:
    given: Any = {
        "model": "scripted",
        "messages": [{"role": "user", "content": text}],
        "tools": TOOLS,
        **settings,
    }
    whole = scripted.client.chat.completions.create(**given).to_dict()
    with scripted.client.chat.completions.stream(**given) as stream:
        for _ in stream:
            pass
        final = stream.get_final_completion().to_dict()

    def plain(choices: Any) -> list[Any]:
        found = []
        for choice in choices:
            message = choice["message"]
            calls = [call["function"] for call in message.get("tool_calls") or ()]
            entries = (choice.get("logprobs") or {}).get("content")
            found.append(
                (
                    choice["index"],
                    choice["finish_reason"],
                    message["content"] or "",
                    message.get("reasoning_content"),
                    [(call["name"], call["arguments"]) for call in calls],
                    entries,
                )
            )
        return found

    assert plain(final["choices"]) == plain(whole["choices"])


def test_an_error_in_the_middle_is_the_last_event(scripted: Server) -> None:
    seen = stream_of(scripted, "One (fails) two")
    assert seen[-1] == {
        "error": {
            "message": "The script says so.",
            "type": "server_error",
            "param": None,
            "code": None,
        }
    }
    with pytest.raises(openai.APIError, match="The script says so"):
        list(
            scripted.client.chat.completions.create(
                model="scripted",
                messages=[{"role": "user", "content": "One (fails) two"}],
                stream=True,
            )
        )


def test_an_error_in_the_middle_is_a_500_without_a_stream(scripted: Server) -> None:
    with pytest.raises(openai.InternalServerError, match="The script says so"):
        scripted.client.chat.completions.create(
            model="scripted", messages=[{"role": "user", "content": "One (fails) two"}]
        )


def test_one_choice_that_fails_ends_all(scripted: Server) -> None:
    seen = stream_of(scripted, "One (fails) two", n=4)
    assert "error" in seen[-1]
    assert "[DONE]" not in seen


def test_a_client_that_leaves_frees_the_sequence(server: Server, endless: dict[str, Any]) -> None:
    body = {"model": MODEL, "messages": HELLO, "max_tokens": 4000, **endless, "stream": True}
    with server.raw.stream("POST", CHAT, json={**body, "n": 2}) as stream:
        next(stream.iter_raw())
        assert server.health()["engine"]["running"] > 0
    until(lambda: server.health()["engine"]["running"] == 0, "the sequences", timeout=20)
    assert server.health()["runs"] == 0


def test_the_embedded_model_streams_what_it_says(client: OpenAI) -> None:
    given: Any = {"model": MODEL, "messages": HELLO, "temperature": 0, "max_tokens": 30}
    whole = client.chat.completions.create(**given)
    parts = list(client.chat.completions.create(**given, stream=True))
    text = "".join(part.choices[0].delta.content or "" for part in parts)
    assert text == whole.choices[0].message.content
    assert parts[-1].choices[0].finish_reason == whole.choices[0].finish_reason
