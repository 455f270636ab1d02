"""What a file says, as objects of ours: new ids, old times, nothing that hangs in the air."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from exported import anonymous, exports
from hypothesis import HealthCheck, given, settings
from worlds import MakeWorld, run

from oxillama_jupyter.errors import InvalidRequest, NotFound
from oxillama_jupyter.schemas.exports import ThreadExport
from oxillama_jupyter.schemas.imports import ImportedMessage, ImportedThread, ImportThread
from oxillama_jupyter.schemas.messages import Message
from oxillama_jupyter.schemas.threads import Thread, ThreadQuery
from oxillama_jupyter.services.imports import renewed

if TYPE_CHECKING:
    from exported import Export

MESSAGE = {"id": "msg_1", "role": "user", "content": "Hello"}
RUN: dict[str, Any] = {
    "id": "run_1",
    "created_at": 3,
    "thread_id": "thread_1",
    "assistant_id": "asst_1",
    "status": "completed",
    "model": "tiny",
}
STEP: dict[str, Any] = {
    "id": "step_1",
    "created_at": 4,
    "run_id": "run_1",
    "assistant_id": "asst_1",
    "thread_id": "thread_1",
    "type": "tool_calls",
    "status": "completed",
    "step_details": {"type": "tool_calls", "tool_calls": []},
}
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def body(**fields: Any) -> ImportThread:
    return msgspec.convert({"messages": []} | fields, ImportThread)


def step(**fields: Any) -> dict[str, Any]:
    return STEP | fields


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(export=exports())
def test_nothing_but_ids_changes_on_the_way_through_the_store(
    world: MakeWorld, export: Export
) -> None:
    # What the server would have exported: every key is there.
    whole = msgspec.to_builtins(msgspec.convert(export, ThreadExport))

    async def test() -> None:
        async with world() as here:
            made = await here.threads.restore(msgspec.convert(whole, ImportThread))
            again = msgspec.to_builtins(await here.threads.export(made.id))
            assert anonymous(again) == anonymous(whole)
            old = {one["id"] for kind in ("messages", "runs", "steps") for one in whole[kind]}
            new = {one["id"] for kind in ("messages", "runs", "steps") for one in again[kind]}
            assert not old & new
            assert len(old) == len(new)

    run(test)


def test_a_bare_message_gets_what_it_needs() -> None:
    made = renewed(body(messages=[MESSAGE, {"role": "assistant", "content": [], "created_at": 5}]))

    first, second = made.messages
    assert first.content[0].text.value == "Hello"  # type: ignore[union-attr]
    assert (first.status, first.completed_at) == ("completed", first.created_at)
    assert second.created_at == second.completed_at == 5
    assert made.thread.created_at == 5
    assert {first.thread_id, second.thread_id} == {made.thread.id}


def test_no_field_is_left_behind() -> None:
    """A field that messages or threads get is one that imports have to take."""
    message, thread = set(Message.__struct_fields__), set(Thread.__struct_fields__)

    assert set(ImportedMessage.__struct_fields__) == message - {"thread_id"}
    assert set(ImportedThread.__struct_fields__) == thread


def test_a_run_that_had_not_ended_is_cancelled() -> None:
    pending = {"tool_calls": [CALL]}
    action = {"type": "submit_tool_outputs", "submit_tool_outputs": pending}
    made = renewed(
        body(
            messages=[MESSAGE | {"role": "assistant", "status": "in_progress", "run_id": "run_1"}],
            runs=[RUN | {"status": "requires_action", "required_action": action}],
            steps=[step(status="in_progress", step_details=pending | {"type": "tool_calls"})],
        )
    )

    (message,), (begun,), (call,) = made.messages, made.runs, made.steps
    assert (begun.status, begun.required_action) == ("cancelled", None)
    assert begun.cancelled_at == made.exported_at
    assert (message.status, message.run_id) == ("incomplete", begun.id)
    assert message.incomplete_details is not None
    assert message.incomplete_details.reason == "run_cancelled"
    assert (call.status, call.cancelled_at) == ("cancelled", made.exported_at)


def test_a_message_of_an_unknown_run_has_none() -> None:
    made = renewed(body(messages=[MESSAGE | {"run_id": "run_elsewhere"}]))

    assert made.messages[0].run_id is None


def test_the_mark_of_a_notebook_stays_behind() -> None:
    metadata = {"default:0123": "yes", "name": "n", "tag:x": "yes", "forked_from": "thread_0"}
    made = renewed(body(thread={"metadata": metadata}))

    assert made.thread.metadata == {"name": "n", "tag:x": "yes", "forked_from": "thread_0"}


@pytest.mark.parametrize(
    ("fields", "param", "what"),
    [
        ({"messages": [MESSAGE, MESSAGE]}, "messages[1].id", "there twice"),
        ({"runs": [RUN, RUN]}, "runs[1].id", "there twice"),
        ({"steps": [STEP]}, "steps[0].run_id", "no run 'run_1'"),
        ({"runs": [RUN], "steps": [STEP, STEP]}, "steps[1].id", "there twice"),
        (
            {"runs": [RUN], "steps": [step(type="message_creation")]},
            "steps[0].type",
            "a 'tool_calls' step",
        ),
        (
            {
                "runs": [RUN],
                "steps": [
                    step(step_details={"type": "tool_calls", "tool_calls": [CALL, {"id": "c"}]})
                ],
            },
            "steps[0].step_details.tool_calls[1].type",
            "missing required field 'type'",
        ),
        (
            {
                "messages": [
                    MESSAGE
                    | {"content": [{"type": "text", "text": {"value": "", "annotations": [{}]}}]}
                ]
            },
            "messages[0].content[0].text.annotations[0].type",
            "missing required field 'type'",
        ),
    ],
)
def test_what_is_wrong_is_named(fields: dict[str, Any], param: str, what: str) -> None:
    with pytest.raises(InvalidRequest, match=what) as caught:
        renewed(body(**fields))

    assert caught.value.param == param


def test_an_import_is_the_first_of_the_list_and_found_by_its_words(world: MakeWorld) -> None:
    async def test() -> None:
        async with world() as here:
            message = MESSAGE | {"content": "quinces", "created_at": 77}
            made = await here.threads.restore(body(messages=[message]))
            await_other = await here.thread()
            imported = await here.threads.restore(body(messages=[message]))
            (first, second, third) = (await here.threads.page(ThreadQuery())).data
            found = (await here.threads.page(ThreadQuery(q="quinces"))).data
            assert [first.id, second.id, third.id] == [imported.id, await_other, made.id]
            assert (first.updated_at, first.message_count) == (77, 1)
            assert [thread.id for thread in found] == [imported.id, made.id]

    run(test)


def test_a_thread_that_cannot_be_stored_leaves_nothing(world: MakeWorld) -> None:
    async def test() -> None:
        async with world() as here:
            with pytest.raises(InvalidRequest):
                await here.threads.restore(body(messages=[MESSAGE], steps=[STEP]))
            assert (await here.threads.page(ThreadQuery())).data == []
            with pytest.raises(NotFound):
                await here.threads.get("thread_1")

    run(test)
