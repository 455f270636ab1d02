"""A thread and a conversation with one history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from oxillama_jupyter.errors import InvalidRequest, NotFound
from oxillama_jupyter.ids import new_id
from oxillama_jupyter.schemas.items import (
    AnyItem,
    FunctionCallItem,
    FunctionCallOutputItem,
    InputFile,
    InputImage,
    InputText,
    LogProb,
    MessageItem,
    OutputText,
    Refusal,
)
from oxillama_jupyter.schemas.messages import (
    CreateMessage,
    ImageUrl,
    ImageUrlPart,
    Message,
    TextContent,
    TextPart,
)
from oxillama_jupyter.schemas.steps import (
    MessageCreation,
    MessageCreationDetails,
    RunStep,
    ToolCallsDetails,
)
from oxillama_jupyter.schemas.threads import CreateThread, Thread
from oxillama_jupyter.store import conversations, messages, runs, steps, threads, views

if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection

    from oxillama_jupyter.schemas.runs import Run


WEB = {"type": "web_search_call", "id": "ws_1", "status": "completed"}


def told(item: AnyItem) -> str:
    """An item in short."""
    if isinstance(item, MessageItem):
        (part,) = item.content
        assert isinstance(part, InputText | OutputText)
        return f"{item.role}: {part.text}"
    if isinstance(item, FunctionCallItem):
        return f"call {item.call_id}: {item.name} {item.arguments}"
    assert isinstance(item, FunctionCallOutputItem)
    return f"output {item.call_id}: {item.output}"


def items(conn: Connection, conversation_id: str) -> list[str]:
    return [told(item) for item in conversations.history(conn, conversation_id)]


def texts(conn: Connection, thread_id: str) -> list[str]:
    found = []
    for message in messages.history(conn, thread_id):
        (part,) = message.content
        assert isinstance(part, TextContent)
        found.append(f"{message.role}: {part.text.value}")
    return found


def user(text: str) -> CreateMessage:
    return CreateMessage(role="user", content=text)


def item(text: str, role: Any = "user", item_id: str | None = None) -> MessageItem:
    part = OutputText(text) if role == "assistant" else InputText(text)
    return MessageItem(id=item_id or new_id("msg"), role=role, content=[part])


class Actor:
    """Does in the store what a run does, in its order."""

    def __init__(self, conn: Connection, run: Run) -> None:
        self.conn, self.run = conn, run

    def step(self, details: MessageCreationDetails | ToolCallsDetails) -> RunStep:
        step = RunStep(
            id=new_id("step"),
            created_at=self.run.created_at,
            run_id=self.run.id,
            assistant_id=self.run.assistant_id,
            thread_id=self.run.thread_id,
            type="tool_calls" if isinstance(details, ToolCallsDetails) else "message_creation",
            status="in_progress",
            step_details=details,
        )
        steps.start(self.conn, step)
        return step

    def say(self, text: str) -> Message:
        message = Message(
            id=new_id("msg"),
            created_at=self.run.created_at,
            thread_id=self.run.thread_id,
            status="in_progress",
            role="assistant",
            content=[],
            run_id=self.run.id,
        )
        messages.start(self.conn, message)
        step = self.step(MessageCreationDetails(MessageCreation(message.id)))
        said = messages._content(CreateMessage(role="assistant", content=text))
        done = replace(message, status="completed", content=said)
        assert messages.update(self.conn, done)
        assert steps.update(self.conn, replace(step, status="completed"))
        return done

    def call(self, *names: str, output: str | None = "7 \0 €") -> RunStep:
        calls = [
            {
                "id": f"call_{name}",
                "type": "function",
                "function": {"name": name, "arguments": '{"a": "\0"}', "output": output},
            }
            for name in names
        ]
        step = replace(self.step(ToolCallsDetails(calls)), status="completed")
        assert steps.update(self.conn, step)
        return step

    def end(self) -> None:
        self.run.status = "completed"
        assert runs.save(self.conn, self.run, expected=frozenset({"queued"}))


@pytest.fixture
def act(conn: Connection, begin: Callable[..., runs.Begun]) -> Callable[..., Actor]:
    def start(thread: Thread, **settings: Any) -> Actor:
        return Actor(conn, begin(thread, **settings).run)

    return start


CALLED = [
    'call call_f: f {"a": "\0"}',
    'call call_g: g {"a": "\0"}',
    "output call_f: 7 \0 €",
    "output call_g: 7 \0 €",
]
TALK = ["user: What?", "assistant: Let me see.", *CALLED, "assistant: Seven."]


def talk(actor: Actor) -> None:
    actor.say("Let me see.")
    actor.call("f", "g")
    actor.say("Seven.")
    actor.end()


# -- a thread as a conversation ------------------------------------------------------------------


@pytest.mark.parametrize("early", [True, False])
def test_a_conversation_shows_a_threads_messages_and_calls_in_their_order(
    conn: Connection, act: Callable[..., Actor], *, early: bool
) -> None:
    thread = threads.create(conn, CreateThread(messages=[user("What?")], metadata={"a": "b"}))
    if early:  # the triggers give the places; otherwise the opening does
        views.open_conversation(conn, thread.id)
    talk(act(thread))
    talk(act(thread, additional_messages=[user("What?")]))
    conversation = views.open_conversation(conn, thread.id)
    assert items(conn, conversation.id) == TALK + TALK
    assert conversation.metadata == {"a": "b"}
    assert views.open_conversation(conn, thread.id) == conversation
    shared = [entry.id for entry in messages.history(conn, thread.id)]
    found = conversations.history(conn, conversation.id)
    assert [entry.id for entry in found if isinstance(entry, MessageItem)] == shared


def test_items_have_the_same_ids_in_a_conversation_that_is_opened_anew(
    conn: Connection, act: Callable[..., Actor]
) -> None:
    thread = threads.create(conn, CreateThread(messages=[user("What?")]))
    talk(act(thread))
    first = views.open_conversation(conn, thread.id)
    before = conversations.history(conn, first.id)
    conversations.delete(conn, first.id)
    assert texts(conn, thread.id) == [line for line in TALK if line not in CALLED]
    second = views.open_conversation(conn, thread.id)
    assert second.id != first.id
    assert conversations.history(conn, second.id) == before


def test_calls_stand_where_they_were_also_when_messages_around_them_are_gone(
    conn: Connection, act: Callable[..., Actor]
) -> None:
    thread = threads.create(conn, CreateThread(messages=[user("One?")]))
    actor = act(thread)
    actor.call("f")
    gone = actor.say("Gone.")
    actor.call("g")
    actor.end()
    conn.execute("UPDATE messages SET payload = json_set(payload, '$.created_at', 1)")
    messages.append(conn, thread.id, [user("Two?")])
    messages.delete(conn, thread.id, gone.id)
    later = "UPDATE messages SET payload = json_set(payload, '$.created_at', ?) WHERE text = ?"
    conn.execute(later, (2 * 10**10, "Two?"))
    conversation = views.open_conversation(conn, thread.id)
    assert items(conn, conversation.id) == [
        "user: One?",
        CALLED[0],
        CALLED[2],
        CALLED[1],
        CALLED[3],
        "user: Two?",
    ]


def test_calls_behind_their_runs_last_message_follow_it(
    conn: Connection, act: Callable[..., Actor]
) -> None:
    thread = threads.create(conn, CreateThread(messages=[user("What?")]))
    actor = act(thread)
    actor.say("Let me see.")
    actor.call("f", "g")
    actor.end()
    messages.append(conn, thread.id, [user("And?")])
    conversation = views.open_conversation(conn, thread.id)
    assert items(conn, conversation.id) == [*TALK[:6], "user: And?"]


@pytest.mark.parametrize("early", [True, False])
def test_calls_without_outputs_are_not_shown(
    conn: Connection, act: Callable[..., Actor], *, early: bool
) -> None:
    thread = threads.create(conn, CreateThread(messages=[user("What?")]))
    if early:
        views.open_conversation(conn, thread.id)
    actor = act(thread)
    actor.call("f", output=None)
    actor.step(ToolCallsDetails([]))
    assert items(conn, views.open_conversation(conn, thread.id).id) == ["user: What?"]


def test_what_one_side_gets_the_other_has(conn: Connection) -> None:
    thread = threads.create(conn, CreateThread(messages=[user("Hello!")]))
    conversation = views.open_conversation(conn, thread.id)
    given: list[AnyItem] = [
        item("Be brief.", "system"),
        item("Hi!", "assistant"),
        FunctionCallItem(id="fc_1", call_id="call_1", name="f", arguments="{}"),
    ]
    assert conversations.append(conn, conversation.id, given) == given
    messages.create(conn, thread.id, user("Bye."))
    assert texts(conn, thread.id) == ["user: Hello!", "assistant: Hi!", "user: Bye."]
    assert items(conn, conversation.id) == [
        "user: Hello!",
        "system: Be brief.",
        "assistant: Hi!",
        "call call_1: f {}",
        "user: Bye.",
    ]
    assert messages.get(conn, thread.id, given[1].id).status == "completed"  # type: ignore[union-attr]  # a message


def test_new_messages_move_their_thread_to_the_top(conn: Connection) -> None:
    old, _ = (threads.create(conn, CreateThread()) for _ in range(2))
    conversation = views.open_conversation(conn, old.id)
    conversations.append(conn, conversation.id, [item("Hello!")])
    rows = conn.execute("SELECT id FROM threads ORDER BY touched DESC").fetchall()
    assert rows[0] == (old.id,)


def test_what_only_items_can_say_is_kept(conn: Connection, thread: Thread) -> None:
    conversation = views.open_conversation(conn, thread.id)
    rich = MessageItem(
        id="msg_1",
        role="assistant",
        status="incomplete",
        phase="commentary",
        content=[OutputText("Hi", [{"type": "x"}], [LogProb("Hi", -0.5, [72], [])])],
    )
    image = InputImage(image_url="data:,x", detail="original")
    mixed = MessageItem(
        id="msg_2",
        role="user",
        content=[InputText("Look:"), image, InputFile(filename="a.txt"), Refusal("No.")],
    )
    conversations.append(conn, conversation.id, [rich, mixed])
    assert conversations.history(conn, conversation.id) == [rich, mixed]
    first, second = messages.history(conn, thread.id)
    assert first.incomplete_details is not None
    assert first.incomplete_details.reason == "max_tokens"
    text, shown, file, refusal = second.content
    assert isinstance(shown, ImageUrlPart)
    assert shown.image_url == ImageUrl("data:,x", "high")
    assert isinstance(file, TextContent)
    assert "a.txt" in file.text.value
    assert (isinstance(text, TextContent), refusal.refusal) == (True, "No.")  # type: ignore[union-attr]  # the last part


def test_images_of_a_thread_are_images_of_its_conversation(
    conn: Connection, thread: Thread
) -> None:
    parts = [TextPart("Look:"), ImageUrlPart(ImageUrl("data:,x", "low"))]
    messages.create(conn, thread.id, CreateMessage(role="user", content=parts))
    conversation = views.open_conversation(conn, thread.id)
    (shown,) = conversations.history(conn, conversation.id)
    assert isinstance(shown, MessageItem)
    assert shown.content == [InputText("Look:"), InputImage(image_url="data:,x", detail="low")]


# -- deletion ------------------------------------------------------------------------------------


def test_a_message_deleted_on_one_side_is_gone_on_the_other(
    conn: Connection, thread: Thread
) -> None:
    conversation = views.open_conversation(conn, thread.id)
    first = messages.create(conn, thread.id, user("first"))
    conversations.append(conn, conversation.id, [item("second", item_id="msg_2")])
    messages.delete(conn, thread.id, first.id)
    assert items(conn, conversation.id) == ["user: second"]
    conversations.delete_item(conn, conversation.id, "msg_2")
    assert texts(conn, thread.id) == []
    with pytest.raises(NotFound):
        conversations.item(conn, conversation.id, first.id)


def test_a_conversation_outlives_its_thread(conn: Connection, act: Callable[..., Actor]) -> None:
    thread = threads.create(conn, CreateThread(messages=[user("What?")]))
    conversation = views.open_conversation(conn, thread.id)
    talk(act(thread))
    conversations.append(conn, conversation.id, [item("Thanks.", item_id="msg_thanks")])
    before = conversations.history(conn, conversation.id)
    threads.delete(conn, thread.id)
    assert conversations.history(conn, conversation.id) == before
    again = views.open_thread(conn, conversation.id)
    assert texts(conn, again.id) == [
        *(line for line in TALK if line not in CALLED),
        "user: Thanks.",
    ]


def test_a_message_that_loses_its_run_is_incomplete(
    conn: Connection, thread: Thread, act: Callable[..., Actor], write: Callable[..., Message]
) -> None:
    conversation = views.open_conversation(conn, thread.id)
    write(act(thread).run, "Half an ans")
    (shown,) = conversations.history(conn, conversation.id)
    threads.delete(conn, thread.id)
    (kept,) = conversations.history(conn, conversation.id)
    assert isinstance(shown, MessageItem)
    assert shown.status == "in_progress"
    assert kept == replace(shown, status="incomplete")


# -- a conversation as a thread ------------------------------------------------------------------


def test_a_thread_shows_a_conversations_messages(conn: Connection) -> None:
    conversation = conversations.create(conn, {"a": "b"})
    given: list[AnyItem] = [item("Be brief.", "developer"), item("Hello!"), WEB]
    conversations.append(conn, conversation.id, given)
    thread = views.open_thread(conn, conversation.id)
    assert views.open_thread(conn, conversation.id) == thread
    assert views.open_conversation(conn, thread.id) == conversation
    assert thread.metadata == {"a": "b"}
    messages.create(conn, thread.id, user("Again."))
    assert texts(conn, thread.id) == ["user: Hello!", "user: Again."]
    history = conversations.history(conn, conversation.id)
    assert history[:3] == given
    assert told(history[3]) == "user: Again."


def test_an_id_that_another_thread_has_stays_the_items(conn: Connection) -> None:
    threads_made = []
    for _ in range(2):
        conversation = conversations.create(conn)
        conversations.append(conn, conversation.id, [item("Hello!", item_id="msg_same")])
        threads_made.append(views.open_thread(conn, conversation.id))
        assert conversations.item(conn, conversation.id, "msg_same")
        conversations.append(conn, conversation.id, [item("More.", item_id="msg_more")])
        assert conversations.item(conn, conversation.id, "msg_more")
    shared = [messages.history(conn, thread.id) for thread in threads_made]
    assert [message.id for message in shared[0]] == ["msg_same", "msg_more"]
    assert not {"msg_same", "msg_more"} & {message.id for message in shared[1]}
    conversations.delete_item(conn, conversation.id, "msg_same")
    assert texts(conn, threads_made[1].id) == ["user: More."]


# -- one writer ----------------------------------------------------------------------------------


def test_a_run_locks_the_conversation(
    conn: Connection, thread: Thread, act: Callable[..., Actor]
) -> None:
    conversation = views.open_conversation(conn, thread.id)
    actor = act(thread)
    with pytest.raises(InvalidRequest, match=actor.run.id) as caught:
        conversations.lock(conn, conversation.id, "me")
    assert caught.value.code == "conversation_locked"
    actor.end()
    conversations.lock(conn, conversation.id, "me")


def test_a_response_locks_the_thread(
    conn: Connection, thread: Thread, act: Callable[..., Actor]
) -> None:
    conversation = views.open_conversation(conn, thread.id)
    conversations.lock(conn, conversation.id, "me")
    with pytest.raises(InvalidRequest, match=conversation.id):
        act(thread)
    with pytest.raises(InvalidRequest, match=conversation.id) as caught:
        messages.create(conn, thread.id, user("x"))
    assert caught.value.code == "conversation_locked"
    conversations.append(conn, conversation.id, [item("An answer.", "assistant")])
    conversations.unlock(conn, conversation.id, "me")
    messages.create(conn, thread.id, user("x"))
    assert texts(conn, thread.id) == ["assistant: An answer.", "user: x"]


def test_unknown_ids(conn: Connection) -> None:
    with pytest.raises(NotFound, match="No thread found with id 'x'"):
        views.open_conversation(conn, "x")
    with pytest.raises(NotFound, match="Conversation with id 'x' not found"):
        views.open_thread(conn, "x")


def test_the_triggers_read_no_table_whole(
    conn: Connection, thread: Thread, act: Callable[..., Actor]
) -> None:
    actor = act(thread)
    step = actor.step(ToolCallsDetails([]))
    done = "SELECT * FROM step_items WHERE step_id = ?"
    plan = conn.execute(f"EXPLAIN QUERY PLAN {done}", (step.id,)).fetchall()
    scanned = [line for *_, line in plan if line.startswith("SCAN") and "VIRTUAL" not in line]
    assert scanned in ([], ["SCAN step_items"])
