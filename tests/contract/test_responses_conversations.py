"""Responses that are written to a conversation."""

from __future__ import annotations

from typing import Any

from replies import TIME, create, ended, refused, stream
from servers import Server

LONG = "word " * 400


def conversation(server: Server, *texts: str) -> str:
    items: list[Any] = [{"type": "message", "role": "user", "content": text} for text in texts]
    made: str = server.client.conversations.create(items=items).id
    return made


def held(server: Server, conversation_id: str) -> list[str]:
    """The types and texts of a conversation's items."""
    found: Any = server.client.conversations.items.list(conversation_id, order="asc")
    return [item.content[0].text.strip() if item.type == "message" else item.type for item in found]


def test_input_and_output_are_added(scripted: Server) -> None:
    conv = conversation(scripted, "Before.")
    made = create(scripted, "Hello there", conversation=conv)
    assert made.conversation is not None
    assert made.conversation.id == conv
    assert held(scripted, conv) == ["Before.", "Hello there", "Hello there"]
    assert made.usage.input_tokens == 2 + 3
    ids = {item.id for item in scripted.client.conversations.items.list(conv)}
    assert made.output[0].id in ids
    again = create(scripted, "=> get_time {}", conversation={"id": conv}, tools=[TIME])
    call: Any = again.output[0]
    output: Any = {"type": "function_call_output", "call_id": call.call_id, "output": "noon"}
    create(scripted, [output], conversation=conv)
    assert held(scripted, conv)[3:6] == ["=> get_time {}", "function_call", "function_call_output"]
    # What it answered stays with it, whatever becomes of the conversation.
    items = scripted.client.responses.input_items.list(made.id, order="asc").data
    scripted.client.conversations.delete(conv)
    assert scripted.client.responses.input_items.list(made.id, order="asc").data == items
    assert len(items) == 2
    after = create(scripted, "Go on", previous_response_id=made.id)
    assert after.usage.input_tokens == 2 + 3 + 3 + 3


def test_a_stream_adds_them_before_it_tells_its_end(scripted: Server) -> None:
    conv = conversation(scripted)
    events = stream(scripted, "Hi", conversation=conv)
    assert events[-1]["response"]["conversation"] == {"id": conv}
    assert held(scripted, conv) == ["Hi", "Hi"]


def test_one_writes_at_a_time(scripted: Server) -> None:
    conv = conversation(scripted)
    first = create(scripted, LONG, conversation=conv, background=True)
    locked = (400, "conversation", "conversation_locked")
    assert refused(scripted, conversation=conv) == locked
    # Counting writes nothing.
    scripted.client.responses.input_tokens.count(model="scripted", input="x", conversation=conv)
    scripted.client.responses.cancel(first.id)
    assert held(scripted, conv) == []
    second = create(scripted, "Hi", conversation=conv, background=True)
    assert ended(scripted, second.id).status == "completed"
    assert held(scripted, conv) == ["Hi", "Hi"]


def test_what_is_refused_or_fails_leaves_it_free_and_as_it_was(scripted: Server) -> None:
    conv = conversation(scripted, "Before.")
    output = {"type": "function_call_output", "call_id": "c", "output": "x"}
    assert refused(scripted, conversation=conv, input=[output])[0] == 400
    assert refused(scripted, conversation=conv, input="word " * 5000)[2] == (
        "context_length_exceeded"
    )
    assert refused(scripted, conversation="conv_x")[0] == 404
    create(scripted, "Hi", conversation=conv, max_output_tokens=16)
    assert held(scripted, conv) == ["Before.", "Hi", "Hi"]


def test_its_items_can_be_referred_to(scripted: Server) -> None:
    conv = conversation(scripted, "Before.")
    (item,) = scripted.client.conversations.items.list(conv).data
    reference: Any = {"type": "item_reference", "id": item.id}
    assert create(scripted, [reference]).output_text.strip() == "Before."
