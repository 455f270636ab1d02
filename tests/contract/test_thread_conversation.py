"""One history, two views: a thread of the Assistants API and a conversation, both by the SDK."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import OpenAI
from openai.types.beta import Thread
from openai.types.conversations import Conversation
from servers import Server

SCRIPTED = str(Path(__file__).parent.parent / "scripted_server.py")
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "maxLength": 20}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}


@pytest.fixture(scope="module")
def scripted_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("scripted"), module=SCRIPTED) as server:
        yield server


@pytest.fixture
def scripted(scripted_server: Server) -> Iterator[Server]:
    yield scripted_server
    scripted_server.check()


def conversation_of(client: OpenAI, thread_id: str) -> Conversation:
    path = f"{str(client.base_url).removesuffix('v1/')}oxillama/threads/{thread_id}/conversation"
    return client.post(path, cast_to=Conversation)


def thread_of(client: OpenAI, conversation_id: str) -> Thread:
    root = str(client.base_url).removesuffix("v1/")
    return client.post(f"{root}oxillama/conversations/{conversation_id}/thread", cast_to=Thread)


def items(client: OpenAI, conversation_id: str) -> list[Any]:
    return list(client.conversations.items.list(conversation_id, order="asc"))


def told(item: Any) -> str:
    if item.type == "message":
        return f"{item.role}: {item.content[0].text.strip()}"
    return str(item.type)


def messages(client: OpenAI, thread_id: str) -> list[str]:
    found = client.beta.threads.messages.list(thread_id, order="asc")
    return [f"{message.role}: {message.content[0].text.value.strip()}" for message in found]


def pending(run: Any) -> Any:
    return run.required_action.submit_tool_outputs.tool_calls


def test_a_run_with_a_tool_call_on_the_real_model_is_in_the_conversation(client: OpenAI) -> None:
    question: Any = {"role": "user", "content": "What is the weather in Paris?"}
    thread = client.beta.threads.create(messages=[question], metadata={"a": "b"})
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread.id,
        assistant_id="default",
        tools=[WEATHER],
        tool_choice={"type": "function", "function": {"name": "get_weather"}},
        temperature=0,
    )
    assert run.status == "requires_action"
    (call,) = pending(run)
    outputs: Any = [{"tool_call_id": call.id, "output": "Sunny"}]
    done = client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id,
        thread_id=thread.id,
        tool_outputs=outputs,
    )
    assert done.status == "completed"
    conversation = conversation_of(client, thread.id)
    assert conversation.metadata == {"a": "b"}
    found = items(client, conversation.id)
    assert [told(item) for item in (found[0], found[-1])] == [
        messages(client, thread.id)[index] for index in (0, -1)
    ]
    made, output = (item for item in found if item.type != "message")
    assert (made.type, made.name, made.call_id) == ("function_call", "get_weather", call.id)
    assert json.loads(made.arguments) == json.loads(call.function.arguments)
    assert (output.type, output.call_id, output.output) == (
        "function_call_output",
        call.id,
        "Sunny",
    )
    ids = [message.id for message in client.beta.threads.messages.list(thread.id, order="asc")]
    assert [item.id for item in found if item.type == "message"] == ids
    assert items(client, conversation.id) == found
    assert conversation_of(client, thread.id) == conversation


def test_what_the_conversation_gets_the_next_run_answers(client: OpenAI) -> None:
    thread = client.beta.threads.create()
    conversation = conversation_of(client, thread.id)
    name: Any = {"role": "user", "content": "My name is Zorvik."}
    client.conversations.items.create(conversation.id, items=[name])
    settings: Any = {"thread_id": thread.id, "assistant_id": "default", "temperature": 0}
    run = client.beta.threads.runs.create_and_poll(**settings)
    assert run.status == "completed"
    client.beta.threads.messages.create(thread.id, role="user", content="What is my name?")
    client.beta.threads.runs.create_and_poll(**settings)
    lines = [told(item) for item in items(client, conversation.id)]
    assert lines == messages(client, thread.id)
    assert (lines[0], lines[2]) == ("user: My name is Zorvik.", "user: What is my name?")
    assert "Zorvik" in lines[3]


def test_a_conversation_goes_on_as_a_thread(client: OpenAI) -> None:
    given: Any = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "My name is Zorvik."},
        {"role": "assistant", "content": "Nice to meet you, Zorvik!"},
        {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_1", "output": "x"},
    ]
    conversation = client.conversations.create(items=given, metadata={"a": "b"})
    before = items(client, conversation.id)
    thread = thread_of(client, conversation.id)
    assert (thread.metadata, thread_of(client, conversation.id)) == ({"a": "b"}, thread)
    assert conversation_of(client, thread.id) == conversation
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread.id,
        assistant_id="default",
        additional_messages=[{"role": "user", "content": "What is my name?"}],
        temperature=0,
    )
    assert run.status == "completed"
    after = items(client, conversation.id)
    assert after[:5] == before
    lines = [told(item) for item in after[5:]]
    assert messages(client, thread.id) == [told(before[1]), told(before[2]), *lines]
    assert lines[0] == "user: What is my name?"
    assert "Zorvik" in lines[1]


def test_deleting_on_one_side(client: OpenAI) -> None:
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "one"}])
    conversation = conversation_of(client, thread.id)
    (one,) = items(client, conversation.id)
    given: Any = [{"role": "user", "content": "two"}, {"role": "user", "content": "three"}]
    two, _ = client.conversations.items.create(conversation.id, items=given).data
    client.beta.threads.messages.delete(one.id, thread_id=thread.id)
    client.conversations.items.delete(str(two.id), conversation_id=conversation.id)
    assert messages(client, thread.id) == ["user: three"]
    assert [told(item) for item in items(client, conversation.id)] == ["user: three"]
    client.beta.threads.delete(thread.id)
    assert [told(item) for item in items(client, conversation.id)] == ["user: three"]
    again = thread_of(client, conversation.id)
    assert again.id != thread.id
    client.conversations.delete(conversation.id)
    assert messages(client, again.id) == ["user: three"]


def test_while_a_run_is_active_the_conversation_is_locked(scripted: Server) -> None:
    client = scripted.client
    question = "Let me see. => get_weather {} & get_time {} | It is $outputs."
    thread = client.beta.threads.create(messages=[{"role": "user", "content": question}])
    conversation = conversation_of(client, thread.id)
    tools: Any = [WEATHER, {"type": "function", "function": {"name": "get_time"}}]
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread.id, assistant_id="default", tools=tools
    )
    assert run.status == "requires_action"
    with pytest.raises(openai.BadRequestError, match=run.id) as caught:
        client.conversations.items.create(conversation.id, items=[{"role": "user", "content": "x"}])
    assert (caught.value.code, caught.value.param) == ("conversation_locked", "conversation")
    assert [told(item) for item in items(client, conversation.id)] == [
        f"user: {question}",
        "assistant: Let me see.",
    ]
    outputs: Any = [{"tool_call_id": call.id, "output": call.id} for call in pending(run)]
    client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=thread.id, tool_outputs=outputs
    )
    found = items(client, conversation.id)
    kinds = ["function_call", "function_call", "function_call_output", "function_call_output"]
    assert [item.type for item in found] == ["message", "message", *kinds, "message"]
    assert [item.call_id for item in found[2:6]] == [call.id for call in pending(run)] * 2
    client.conversations.items.create(conversation.id, items=[{"role": "user", "content": "x"}])
