"""Every method that the SDK has for assistants, called once: none is forgotten, none fails."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openai import AsyncOpenAI, OpenAI
from servers import Server

SCRIPTED = str(Path(__file__).parent.parent / "scripted_server.py")
TOOLS: Any = [{"type": "function", "function": {"name": "f"}}]
HELLO: Any = {"messages": [{"role": "user", "content": "Hello!"}]}
ASKING: Any = {"messages": [{"role": "user", "content": "=> f {} | It is $outputs."}]}
DONE = "completed"


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("operations"), module=SCRIPTED) as server:
        yield server


class World:
    """A client and one of everything."""

    def __init__(self, client: OpenAI) -> None:
        self.beta = client.beta
        self.threads = client.beta.threads
        self.messages = client.beta.threads.messages
        self.runs = client.beta.threads.runs
        self.steps = client.beta.threads.runs.steps
        self.assistant = self.beta.assistants.create(model="scripted").id
        self.run = self.threads.create_and_run_poll(assistant_id="default", thread=HELLO)
        self.thread = self.run.thread_id
        self.message = self.messages.list(self.thread, order="asc").data[0].id
        self.step = self.steps.list(self.run.id, thread_id=self.thread).data[0].id

    @property
    def fresh(self) -> dict[str, Any]:
        """What a run on a thread of its own needs."""
        return {"thread_id": self.threads.create(**HELLO).id, "assistant_id": "default"}

    @property
    def place(self) -> dict[str, str]:
        """Where the finished run is."""
        return {"run_id": self.run.id, "thread_id": self.thread}

    @property
    def answers(self) -> dict[str, Any]:
        """The outputs that a run now waits for, and where it is."""
        run = self.threads.create_and_run_poll(assistant_id="default", thread=ASKING, tools=TOOLS)
        calls = run.required_action.submit_tool_outputs.tool_calls  # type: ignore[union-attr]  # it waits
        outputs = [{"tool_call_id": call.id, "output": "fine"} for call in calls]
        return {"run_id": run.id, "thread_id": run.thread_id, "tool_outputs": outputs}

    def gone(self, answer: Any) -> bool:  # a deletion stub
        return answer.deleted is True


def final(manager: Any) -> str:
    """How the run of a stream ended."""
    with manager as stream:
        stream.until_done()
        return str(stream.get_final_run().status)


def cancelled(world: World) -> bool:
    """A run that waits for tools is cancelled."""
    where = world.answers
    run = world.runs.cancel(where["run_id"], thread_id=where["thread_id"])
    return run.status in {"cancelling", "cancelled"}


OPERATIONS: dict[str, Callable[[World], bool]] = {
    "assistants.create": lambda w: w.beta.assistants.create(model="m").model == "m",
    "assistants.retrieve": lambda w: w.beta.assistants.retrieve(w.assistant).id == w.assistant,
    "assistants.update": lambda w: w.beta.assistants.update(w.assistant, name="n").name == "n",
    "assistants.list": lambda w: w.assistant in {a.id for a in w.beta.assistants.list()},
    "assistants.delete": lambda w: w.gone(
        w.beta.assistants.delete(w.beta.assistants.create(model="m").id)
    ),
    "threads.create": lambda w: w.threads.create().object == "thread",
    "threads.retrieve": lambda w: w.threads.retrieve(w.thread).id == w.thread,
    "threads.update": lambda w: w.threads.update(w.thread, metadata={}).metadata == {},
    "threads.delete": lambda w: w.gone(w.threads.delete(w.threads.create().id)),
    "threads.create_and_run": lambda w: (
        w.threads.create_and_run(assistant_id=w.assistant).status == "queued"
    ),
    "threads.create_and_run_poll": lambda w: (
        w.threads.create_and_run_poll(assistant_id=w.assistant).status == DONE
    ),
    "threads.create_and_run_stream": lambda w: (
        final(w.threads.create_and_run_stream(assistant_id=w.assistant, thread=HELLO)) == DONE
    ),
    "messages.create": lambda w: (
        w.messages.create(w.threads.create().id, role="user", content="x").role == "user"
    ),
    "messages.retrieve": lambda w: (
        w.messages.retrieve(w.message, thread_id=w.thread).id == w.message
    ),
    "messages.update": lambda w: (
        w.messages.update(w.message, thread_id=w.thread, metadata={"a": "b"}).metadata == {"a": "b"}
    ),
    "messages.list": lambda w: w.message in {m.id for m in w.messages.list(w.thread)},
    "messages.delete": lambda w: w.gone(
        w.messages.delete(
            w.messages.create(w.thread, role="user", content="x").id, thread_id=w.thread
        )
    ),
    "runs.create": lambda w: w.runs.create(**w.fresh, reasoning_effort="low").status == "queued",
    "runs.create_and_poll": lambda w: w.runs.create_and_poll(**w.fresh).status == DONE,
    "runs.create_and_stream": lambda w: final(w.runs.create_and_stream(**w.fresh)) == DONE,
    "runs.stream": lambda w: final(w.runs.stream(**w.fresh)) == DONE,
    "runs.retrieve": lambda w: w.runs.retrieve(**w.place).id == w.run.id,
    "runs.update": lambda w: w.runs.update(**w.place, metadata={"a": "b"}).id == w.run.id,
    "runs.list": lambda w: [run.id for run in w.runs.list(w.thread)] == [w.run.id],
    "runs.poll": lambda w: w.runs.poll(**w.place).status == DONE,
    "runs.cancel": cancelled,
    "runs.submit_tool_outputs": lambda w: (
        w.runs.submit_tool_outputs(**w.answers).status == "queued"
    ),
    "runs.submit_tool_outputs_and_poll": lambda w: (
        w.runs.submit_tool_outputs_and_poll(**w.answers).status == DONE
    ),
    "runs.submit_tool_outputs_stream": lambda w: (
        final(w.runs.submit_tool_outputs_stream(**w.answers)) == DONE
    ),
    "steps.retrieve": lambda w: w.steps.retrieve(w.step, **w.place).id == w.step,
    "steps.list": lambda w: w.steps.list(**w.place).data[0].id == w.step,
}


@pytest.fixture(scope="module")
def world(scripted: Server) -> World:
    return World(scripted.client)


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_operation_works(world: World, scripted: Server, name: str) -> None:
    assert OPERATIONS[name](world)
    scripted.check()


def test_no_operation_is_forgotten(client: OpenAI) -> None:
    threads = client.beta.threads
    resources = [client.beta.assistants, threads, threads.messages, threads.runs]
    found = {
        f"{type(resource).__name__.lower()}.{name}"
        for resource in [*resources, threads.runs.steps]
        for name, _ in inspect.getmembers(type(resource), inspect.isfunction)
        if not name.startswith("_")
    }
    assert found - set(OPERATIONS) == set()


def test_the_asynchronous_client_works_as_well(scripted: Server) -> None:
    async def said() -> str:
        options: Any = {"base_url": f"{scripted.url}v1", "api_key": scripted.token}
        async with AsyncOpenAI(**options, max_retries=0) as client:
            threads = client.beta.threads
            asked: Any = {"assistant_id": "default", "thread": ASKING, "tools": TOOLS}
            run = await threads.create_and_run_poll(**asked)
            (call,) = run.required_action.submit_tool_outputs.tool_calls
            async with threads.runs.submit_tool_outputs_stream(
                run_id=run.id,
                thread_id=run.thread_id,
                tool_outputs=[{"tool_call_id": call.id, "output": "fine"}],
            ) as stream:
                return "".join([text async for text in stream.text_deltas])

    assert asyncio.run(said()).strip() == "It is fine."
