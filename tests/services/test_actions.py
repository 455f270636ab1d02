"""Runs that call functions: what the model is told, what is stored, and every way out."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from scripts import scripted
from worlds import MakeWorld, World, names, run, until

from oxillama_jupyter.engine.protocol import CallArguments, CallBegin, CallEnd
from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.schemas.base import PageQuery
from oxillama_jupyter.schemas.messages import CreateMessage
from oxillama_jupyter.schemas.runs import CreateRun, Run, SubmitToolOutputs, ToolOutput
from oxillama_jupyter.schemas.threads import CreateThread
from oxillama_jupyter.schemas.tools import FunctionDefinition, FunctionTool
from oxillama_jupyter.services import actions
from oxillama_jupyter.services.jobs import Job
from oxillama_jupyter.store import runs

TOOLS: Any = [FunctionTool(FunctionDefinition(name)) for name in ("f", "g")]
ONE = 'One moment. => f {"a": 1} | It is $outputs.'
TWO = '=> f {"a": 1} & g {} | It is $outputs.'
CHAIN = "=> f {} | And => g {} | Done: $outputs."
CALLS = ["thread.run.step.created", "thread.run.step.in_progress", "thread.run.step.delta"]


def scripted_engine(**settings: Any) -> ScriptedEngine:
    return ScriptedEngine(scripted, **settings)


async def start(here: World, script: str, **settings: Any) -> Job:
    body = CreateThread(messages=[CreateMessage(role="user", content=script)])
    thread = await here.threads.create(body)
    create = CreateRun(assistant_id="default", tools=TOOLS, **settings)
    return await here.runs.start(thread.id, create)


def pending(waiting: Run) -> list[str]:
    assert waiting.required_action is not None
    return [call.id for call in waiting.required_action.submit_tool_outputs.tool_calls]


async def submit(here: World, waiting: Run, *outputs: str) -> Job:
    pairs = zip(pending(waiting), outputs, strict=True)
    body = SubmitToolOutputs(
        tool_outputs=[ToolOutput(tool_call_id=call, output=text) for call, text in pairs]
    )
    return await here.runs.submit_tool_outputs(waiting.thread_id, waiting.id, body)


async def steps_of(here: World, of: Run) -> list[Any]:
    page = await here.runs.steps(of.thread_id, of.id, PageQuery(order="asc", limit=100))
    return page.data


def test_a_turn_with_calls_waits_for_their_outputs_and_goes_on(world: MakeWorld) -> None:
    async def test() -> None:
        async with world(scripted_engine()) as here:
            waiting = await here.ended(await start(here, ONE))
            assert (waiting.status, waiting.usage) == ("requires_action", None)
            message, calls = await steps_of(here, waiting)
            assert (message.status, calls.status, calls.usage) == ("completed", "in_progress", None)
            job = await submit(here, waiting, "sunny")
            done = await here.ended(job)
            steps = await steps_of(here, done)
        assert done.status == "completed"
        assert [step.status for step in steps] == ["completed"] * 3
        assert steps[1].step_details.tool_calls[0]["function"]["output"] == "sunny"
        assert done.usage is not None
        assert done.usage.total_tokens == sum(step.usage.total_tokens for step in steps)
        assert done.usage.prompt_tokens > steps[0].usage.prompt_tokens
        first, second = here.engine.requests
        assert [m["role"] for m in first.messages] == ["user"]
        assert [m["role"] for m in second.messages] == ["user", "assistant", "tool"]
        assert second.messages[1]["content"].strip() == "One moment."
        assert second.messages[1]["tool_calls"][0]["function"] == {
            "name": "f",
            "arguments": '{"a": 1}',
        }
        assert second.messages[2]["content"] == "sunny"
        assert [tool["function"]["name"] for tool in second.tools or []] == ["f", "g"]

    run(test)


def test_a_second_stream_continues_the_numbers_of_the_first(world: MakeWorld) -> None:
    async def test() -> None:
        async with world(scripted_engine()) as here:
            first = await start(here, TWO)
            waiting = await here.ended(first)
            job = await submit(here, waiting, "1", "2")
            await here.ended(job)
            replay = await here.runs.events(waiting.thread_id, waiting.id)
        assert job.first == len(first.log.frames)
        assert replay.frames == job.log.frames
        assert replay.frames[: job.first] == first.log.frames
        assert names(first)[3:] == [*CALLS, "thread.run.requires_action", "done"]
        assert names(job)[8:11] == [
            "thread.run.step.completed",
            "thread.run.queued",
            "thread.run.in_progress",
        ]
        assert names(job)[-2:] == ["thread.run.completed", "done"]

    run(test)


def test_a_run_waits_through_a_restart(world: MakeWorld) -> None:
    async def test() -> None:
        async with world(scripted_engine(), owner="first") as here:
            job = await start(here, CHAIN)
            waiting = await here.ended(job)
            seen = list(job.log.frames)
            await here.recovery.aclose()
        async with world(scripted_engine(), owner="second") as here:
            await here.recovery.sweep()
            replay = await here.runs.events(waiting.thread_id, waiting.id)
            assert replay.frames == seen
            waiting = await here.ended(await submit(here, waiting, "1"))
            assert waiting.status == "requires_action"
            job = await submit(here, waiting, "2")
            done = await here.ended(job)
            (last,) = (here.engine.requests[-1],)
        assert done.status == "completed"
        roles = [message["role"] for message in last.messages]
        assert roles == ["user", "assistant", "tool", "assistant", "tool"]
        assert job.log.frames[: len(seen)] == seen

    run(test)


def test_outputs_that_were_accepted_survive_a_crash(world: MakeWorld) -> None:
    async def test() -> None:
        async with world(scripted_engine(), owner="first", n_parallel=1) as here:
            waiting = await here.ended(await start(here, ONE))
            here.engine.reply = "x"
            here.engine.prefill_delay = 60
            blocker = await here.start()
            await until(blocker, "thread.run.in_progress")
            job = await submit(here, waiting, "sunny")
            assert job.run.status == "queued"
            await here.executor.aclose()
            await here.recovery.aclose()
        async with world(scripted_engine(), owner="second") as here:
            await here.recovery.sweep()
            done = await here.ended(job)
            replay = await here.runs.events(waiting.thread_id, waiting.id)
        assert done.status == "completed"
        assert replay.frames[: len(job.log.frames)] == job.log.frames

    run(test)


@pytest.mark.parametrize(
    "outputs",
    [[], ["f"], ["f", "g", "x"], ["f", "f"], ["f", "x"]],
    ids=lambda given: "+".join(given) or "none",
)
def test_outputs_must_be_for_exactly_the_pending_calls(
    world: MakeWorld, outputs: list[str]
) -> None:
    async def test() -> None:
        async with world(scripted_engine()) as here:
            waiting = await here.ended(await start(here, TWO))
            ids = dict(zip("fg", pending(waiting), strict=True)) | {"x": "call_x"}
            given = [ToolOutput(tool_call_id=ids[name], output="") for name in outputs]
            body = SubmitToolOutputs(tool_outputs=given)
            with pytest.raises(InvalidRequest, match="Expected tool outputs for call_ids"):
                await here.runs.submit_tool_outputs(waiting.thread_id, waiting.id, body)
            assert (await here.runs.get(waiting.thread_id, waiting.id)) == waiting

    run(test)


def test_two_submissions_at_once_are_one(world: MakeWorld) -> None:
    async def test() -> None:
        async with world(scripted_engine(delay=0.01)) as here:
            waiting = await here.ended(await start(here, ONE))
            results = await asyncio.gather(
                *(submit(here, waiting, "x") for _ in range(3)), return_exceptions=True
            )
            jobs = [result for result in results if isinstance(result, Job)]
            assert len(jobs) == 1
            assert (await here.ended(jobs[0])).status == "completed"
            errors = [result for result in results if not isinstance(result, Job)]
            assert all(isinstance(error, InvalidRequest) for error in errors)

    run(test)


def test_a_waiting_run_is_cancelled_at_once(world: MakeWorld) -> None:
    async def test() -> None:
        async with world(scripted_engine()) as here:
            job = await start(here, ONE)
            await until(job, "thread.run.requires_action")
            cancelled = await here.runs.cancel(job.run.thread_id, job.run.id)
            log = await here.runs.events(job.run.thread_id, job.run.id)
            steps = await steps_of(here, cancelled)
        assert cancelled.status == "cancelled"
        assert cancelled.required_action is None
        assert cancelled.usage is not None
        assert [step.status for step in steps] == ["completed", "cancelled"]
        assert cancelled.usage.total_tokens == sum(step.usage.total_tokens for step in steps)
        assert b"thread.run.cancelled" in log.frames[-2]
        assert log.frames[: len(job.log.frames)] == job.log.frames

    run(test)


def test_a_waiting_run_of_another_server_is_cancelled_and_answered(world: MakeWorld) -> None:
    async def test() -> None:
        async with (
            world(scripted_engine(), owner="a") as a,
            world(scripted_engine(), owner="b") as b,
        ):
            waiting = await a.ended(await start(a, ONE))
            assert (await b.runs.cancel(waiting.thread_id, waiting.id)).status == "cancelled"
            waiting = await a.ended(await start(a, ONE))
            assert (await b.ended(await submit(b, waiting, "x"))).status == "completed"

    run(test)


def test_a_waiting_run_expires(world: MakeWorld) -> None:
    async def test() -> None:
        async with world(scripted_engine(), expiry=3, tool_wait=3) as here:
            waiting = await here.ended(await start(here, ONE))
            assert waiting.status == "requires_action"
            await asyncio.sleep(4.1)  # times are whole seconds
            await here.recovery.sweep()
            expired = await here.runs.get(waiting.thread_id, waiting.id)
            steps = await steps_of(here, expired)
            with pytest.raises(InvalidRequest, match='status "expired" do not accept'):
                await submit(here, waiting, "x")
            await here.start()
        assert expired.status == "expired"
        assert [step.status for step in steps] == ["completed", "expired"]

    run(test)


def test_a_run_may_wait_longer_than_it_may_take(world: MakeWorld) -> None:
    async def test() -> None:
        async with world(scripted_engine(), expiry=1, tool_wait=3600) as here:
            waiting = await here.ended(await start(here, ONE))
            await asyncio.sleep(1.1)
            await here.recovery.sweep()
            job = await submit(here, waiting, "x")
            again = job.run
            done = await here.ended(job)
        assert waiting.expires_at is not None
        assert waiting.expires_at >= waiting.created_at + 3600
        assert again.expires_at is not None
        assert again.expires_at < waiting.expires_at
        assert done.status == "completed"

    run(test)


def test_a_call_is_cancelled_while_it_is_written(world: MakeWorld) -> None:
    def endless(_: object) -> Any:
        yield CallBegin(0, "call_1", "f")
        yield from (CallArguments(0, " ") for _ in range(10_000))

    async def test() -> None:
        async with world(ScriptedEngine(endless, delay=0.005)) as here:
            job = await start(here, "?")
            await until(job, "thread.run.step.delta")
            await here.runs.cancel(job.run.thread_id, job.run.id)
            done = await here.ended(job)
            (step,) = await steps_of(here, done)
        assert (done.status, step.status) == ("cancelled", "cancelled")
        assert step.step_details.tool_calls[0]["id"] == "call_1"
        assert names(job)[-4:] == [
            "thread.run.cancelling",
            "thread.run.step.cancelled",
            "thread.run.cancelled",
            "done",
        ]

    run(test)


def test_a_call_that_the_budget_cuts_is_incomplete(world: MakeWorld) -> None:
    async def test() -> None:
        async with world(scripted_engine()) as here:
            done = await here.ended(await start(here, "=> f {}", max_tokens=2))
            (step,) = await steps_of(here, done)
        assert (done.status, step.status) == ("incomplete", "completed")
        assert done.required_action is None

    run(test)


def test_budgets_are_those_of_the_whole_run(world: MakeWorld) -> None:
    async def test() -> None:
        async with world(scripted_engine()) as here:
            waiting = await here.ended(await start(here, ONE, max_tokens=7))
            done = await here.ended(await submit(here, waiting, "x"))
            assert done.status == "incomplete"
            assert done.usage is not None
            assert done.usage.completion_tokens == 7
            waiting = await here.ended(await start(here, "=> f {} | Never.", max_tokens=5))
            spent = here.engine.requests[-1].sampling.max_tokens
            done = await here.ended(await submit(here, waiting, "x"))
        assert spent == 5
        assert done.incomplete_details is not None

    run(test)


def test_a_forced_call_is_forced_in_the_first_turn_only(world: MakeWorld) -> None:
    async def test() -> None:
        async with world(scripted_engine()) as here:
            waiting = await here.ended(await start(here, ONE, tool_choice="required"))
            await here.ended(await submit(here, waiting, "x"))
        first, second = here.engine.requests
        assert (first.must_call, second.must_call) == (("f", "g"), ())

    run(test)


def test_where_no_tool_may_be_called_none_is_offered(world: MakeWorld) -> None:
    async def test() -> None:
        async with world(scripted_engine()) as here:
            await here.ended(await start(here, "Hello", tool_choice="none"))
        assert here.engine.requests[0].tools is None

    run(test)


def test_one_call_a_turn_where_they_may_not_be_parallel(world: MakeWorld) -> None:
    async def test() -> None:
        async with world(scripted_engine()) as here:
            waiting = await here.ended(await start(here, TWO, parallel_tool_calls=False))
        assert len(pending(waiting)) == 1

    run(test)


def test_text_behind_a_call_and_reasoning_are_no_answer(world: MakeWorld) -> None:
    def reply(_: object) -> Any:
        yield CallBegin(0, "call_1", "f")
        yield CallEnd(0, complete=True)
        yield "<tool_response>made up"
        yield CallBegin(1, "call_2", "f")

    async def test() -> None:
        async with world(ScriptedEngine(reply)) as here:
            waiting = await here.ended(await start(here, "?"))
            assert pending(waiting) == ["call_1"]
            here.engine.reply = scripted
            job = await start(here, "(thinks)Yes.")
            await here.ended(job)
        assert "".join(job.text).strip() == "Yes."

    run(test)


def test_later_runs_are_told_the_messages_and_not_the_calls(world: MakeWorld) -> None:
    async def test() -> None:
        async with world(scripted_engine()) as here:
            waiting = await here.ended(await start(here, ONE))
            await here.ended(await submit(here, waiting, "x"))
            await here.ended(
                await here.runs.start(waiting.thread_id, CreateRun(assistant_id="default"))
            )
        messages = here.engine.requests[-1].messages
        assert [message["role"] for message in messages] == ["user", "assistant", "assistant"]

    run(test)


def test_a_cancel_that_meets_the_hand_over_ends_the_run(
    world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        loop, under_way = asyncio.get_running_loop(), asyncio.Event()
        hand_over = actions.hand_over

        def slowly(*given: Any) -> Any:
            waiting = hand_over(*given)
            loop.call_soon_threadsafe(under_way.set)
            time.sleep(0.05)  # the cancel comes while this is being written
            return waiting

        monkeypatch.setattr(actions, "hand_over", slowly)
        async with world(scripted_engine()) as here:
            job = await start(here, ONE)
            await under_way.wait()
            cancelled = await here.runs.cancel(job.run.thread_id, job.run.id)
            assert cancelled.status == "cancelled"
            assert (await here.stored(job)).status == "cancelled"
            assert await here.db.read(runs.active, job.run.thread_id) is None

    run(test)
