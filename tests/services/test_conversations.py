"""Conversations beside runs: who may write, whose locks end, what the engine forgets."""

from __future__ import annotations

from typing import Any

import pytest
from worlds import MakeWorld, World, run, until

from oxillama_jupyter.errors import InvalidRequest, NotFound
from oxillama_jupyter.schemas.conversations import (
    CreateConversation,
    CreateItems,
    ItemQuery,
)
from oxillama_jupyter.schemas.items import MessageItem
from oxillama_jupyter.schemas.runs import CreateRun
from oxillama_jupyter.services.conversations import ConversationService
from oxillama_jupyter.services.owners import new_owner
from oxillama_jupyter.store import conversations

HELLO = {"role": "user", "content": "Hello!"}


def service(here: World) -> ConversationService:
    return ConversationService(here.db, here.models)


async def texts(here: World, conversation_id: str) -> list[Any]:
    page = await service(here).items(conversation_id, ItemQuery(order="asc"))
    return [item.content[0].text for item in page.data if isinstance(item, MessageItem)]


def test_nothing_of_a_request_with_an_unknown_reference_is_stored(world: MakeWorld) -> None:
    async def test() -> None:
        async with world() as here:
            items = [HELLO, {"type": "item_reference", "id": "msg_x"}]
            conversation = await service(here).create(CreateConversation(items=[HELLO]))
            with pytest.raises(InvalidRequest, match="Item with id 'msg_x' not found"):
                await service(here).add(conversation.id, CreateItems(items=items))
            with pytest.raises(InvalidRequest):
                await service(here).create(CreateConversation(items=items))
            assert await texts(here, conversation.id) == ["Hello!"]
            count = await here.db.read(
                lambda conn: conn.execute("SELECT count(*) FROM conversations").fetchone()
            )
            assert count == (1,)

    run(test)


def test_a_runs_answer_is_in_the_conversation_and_its_run_locks_it(world: MakeWorld) -> None:
    async def test() -> None:
        async with world() as here:
            thread_id = await here.thread()
            conversation = await service(here).of_thread(thread_id)
            job = await here.runs.start(thread_id, CreateRun(assistant_id="default"))
            await until(job, "thread.message.delta")
            with pytest.raises(InvalidRequest) as caught:
                await service(here).add(conversation.id, CreateItems(items=[HELLO]))
            assert caught.value.code == "conversation_locked"
            assert (await here.ended(job)).status == "completed"
            (asked, answer) = await texts(here, conversation.id)
            assert asked == "Hello!"
            assert answer
            await service(here).add(conversation.id, CreateItems(items=[HELLO]))
            with pytest.raises(InvalidRequest, match="Another response"):
                await here.db.write(_held_by_two, conversation.id)

    run(test)


def _held_by_two(conn: Any, conversation_id: str) -> None:
    conversations.lock(conn, conversation_id, "me/resp_1")
    conversations.lock(conn, conversation_id, "me/resp_2")


def test_locks_of_a_process_that_is_gone_end_with_the_next_sweep(world: MakeWorld) -> None:
    async def test() -> None:
        async with world() as here:
            alive, dead = [(await service(here).create(CreateConversation())).id for _ in range(2)]
            machine, _, started, unique = new_owner().split("/")
            gone = f"{machine}/4194304/{started}/{unique}/resp_1"  # more than any pid
            await here.db.write(conversations.lock, dead, gone)
            await here.db.write(conversations.lock, alive, f"{new_owner()}/resp_2")
            await here.recovery.sweep()
            await service(here).add(dead, CreateItems(items=[HELLO]))
            with pytest.raises(InvalidRequest, match="Another response"):
                await service(here).add(alive, CreateItems(items=[HELLO]))

    run(test)


def test_the_engine_forgets_a_deleted_conversation(world: MakeWorld) -> None:
    async def test() -> None:
        async with world() as here:
            conversation = await service(here).create(CreateConversation())
            await service(here).delete(conversation.id)
            with pytest.raises(NotFound):
                await service(here).delete(conversation.id)
            assert list(here.engine.forgotten) == [conversation.id]

    run(test)


def test_a_deleted_thread_leaves_its_conversation(world: MakeWorld) -> None:
    async def test() -> None:
        async with world() as here:
            thread_id = await here.thread()
            conversation = await service(here).of_thread(thread_id)
            await here.threads.delete(thread_id)
            assert await texts(here, conversation.id) == ["Hello!"]
            again = await service(here).thread(conversation.id)
            assert again.id != thread_id

    run(test)
