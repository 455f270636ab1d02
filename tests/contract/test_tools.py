"""Function tools, polled and streamed, through the official SDK."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from conftest import StartServer
from openai import AssistantEventHandler, OpenAI
from servers import Server, until
from wire import MESSAGE, OPENING, Event, events, last, open_stream, order

SCRIPTED = str(Path(__file__).parent.parent / "scripted_server.py")
CITY: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string", "maxLength": 20}},
    "required": ["city"],
    "additionalProperties": False,
}
TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {"name": "get_weather", "description": "Weather now", "parameters": CITY},
    },
    {"type": "function", "function": {"name": "get_time"}},
]
ONE = 'Let me see. => get_weather {"city": "Paris"} | It is $outputs.'
TWO = '=> get_weather {"city": "Paris"} & get_time {} | It is $outputs.'
CALLS = ["thread.run.step.created", "thread.run.step.in_progress", "thread.run.step.delta"]
MESSAGE_END = ["thread.message.completed", "thread.run.step.completed"]


@pytest.fixture(scope="module")
def scripted_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("scripted"), module=SCRIPTED) as server:
        yield server


@pytest.fixture
def scripted(scripted_server: Server) -> Iterator[Server]:
    yield scripted_server
    scripted_server.check()


def body(question: str, **settings: Any) -> dict[str, Any]:
    thread = {"messages": [{"role": "user", "content": question}]}
    return {"assistant_id": "default", "tools": TOOLS, "thread": thread, **settings}


def ask(server: Server, question: str, **settings: Any) -> Any:  # a run
    return server.client.beta.threads.create_and_run_poll(**body(question, **settings))


def pending(run: Any) -> list[Any]:  # the run's calls
    return run.required_action.submit_tool_outputs.tool_calls


def outputs(run: Any, *texts: str) -> list[Any]:
    pairs = zip(pending(run), texts, strict=True)
    return [{"tool_call_id": call.id, "output": text} for call, text in pairs]


def submit(server: Server, run: Any, *texts: str) -> Any:  # the run as it ends or waits again
    return server.client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs(run, *texts)
    )


def said(server: Server, run: Any) -> list[str]:
    found = server.client.beta.threads.messages.list(run.thread_id, run_id=run.id, order="asc")
    return [message.content[0].text.value.strip() for message in found]


def steps(server: Server, run: Any) -> list[Any]:
    found = server.client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id, order="asc")
    return found.data


# -- polled --------------------------------------------------------------------------------------


def test_a_call_is_answered_and_the_run_goes_on(scripted: Server) -> None:
    run = ask(scripted, ONE)
    assert run.status == "requires_action"
    assert run.usage is None
    (call,) = pending(run)
    assert (call.type, call.function.name) == ("function", "get_weather")
    assert json.loads(call.function.arguments) == {"city": "Paris"}
    done = submit(scripted, run, "sunny")
    assert done.status == "completed"
    assert done.required_action is None
    assert said(scripted, run) == ["Let me see.", "It is sunny."]
    message, calls, answer = steps(scripted, run)
    assert [step.type for step in (message, calls, answer)] == [
        "message_creation",
        "tool_calls",
        "message_creation",
    ]
    (answered,) = calls.step_details.tool_calls
    assert answered.id == call.id
    assert answered.function.output == "sunny"
    assert sum(step.usage.total_tokens for step in (message, calls, answer)) == (
        done.usage.total_tokens
    )


def test_parallel_calls_share_a_step_and_a_submission(scripted: Server) -> None:
    run = ask(scripted, TWO)
    assert [call.function.name for call in pending(run)] == ["get_weather", "get_time"]
    (step,) = steps(scripted, run)
    assert (step.status, step.usage, step.completed_at) == ("in_progress", None, None)
    assert [call.function.output for call in step.step_details.tool_calls] == [None, None]
    submit(scripted, run, "sunny", "noon")
    assert said(scripted, run) == ["It is sunny, noon."]


def test_calls_may_follow_on_outputs(scripted: Server) -> None:
    run = ask(scripted, "=> get_time {} | => get_weather {} | Done: $outputs.")
    again = submit(scripted, run, "noon")
    assert again.status == "requires_action"
    assert again.id == run.id
    assert pending(again)[0].id != pending(run)[0].id
    assert submit(scripted, again, "sunny").status == "completed"
    assert said(scripted, run) == ["Done: noon, sunny."]


def test_one_call_where_they_may_not_be_parallel(scripted: Server) -> None:
    assert len(pending(ask(scripted, TWO, parallel_tool_calls=False))) == 1


def test_other_tools_are_kept_and_not_offered(scripted: Server) -> None:
    run = ask(scripted, "Hello", tools=[{"type": "code_interpreter"}, {"type": "file_search"}])
    assert run.status == "completed"
    assert [tool.type for tool in run.tools] == ["code_interpreter", "file_search"]


@pytest.mark.parametrize("choice", ["required", {"type": "file_search"}])
def test_tools_that_nobody_executes_do_not_hold_a_run_up(scripted: Server, choice: Any) -> None:
    tools = [*TOOLS[1:], {"type": "file_search"}]
    run = ask(scripted, "=> get_time {} | It is $outputs.", tools=tools, tool_choice=choice)
    assert [call.function.name for call in pending(run)] == ["get_time"]
    assert submit(scripted, run, "noon").status == "completed"
    bare = ask(scripted, "Hello", tools=[{"type": "file_search"}], tool_choice=choice)
    assert (bare.status, said(scripted, bare)) == ("completed", ["Hello"])
    assert bare.to_dict()["tool_choice"] == choice


@pytest.mark.parametrize("own", ["low", None])
def test_how_much_to_think_is_the_assistants_or_the_runs(scripted: Server, own: Any) -> None:
    assistant = scripted.client.beta.assistants.create(model="scripted", reasoning_effort="none")
    assert assistant.to_dict()["reasoning_effort"] == "none"
    effort = {"reasoning_effort": own}  # the SDK has it on `runs.create` alone
    run = ask(scripted, "Hello", assistant_id=assistant.id, extra_body=effort)
    assert run.to_dict()["reasoning_effort"] == (own or "none")


# -- refused -------------------------------------------------------------------------------------


def test_outputs_are_refused_unless_they_are_for_all_pending_calls(scripted: Server) -> None:
    run = ask(scripted, TWO)
    whole = outputs(run, "1", "2")
    unknown = {"tool_call_id": "call_x", "output": "3"}
    runs = scripted.client.beta.threads.runs
    for given in ([], whole[:1], [*whole, unknown], [whole[0], whole[0]], [whole[0], unknown]):
        with pytest.raises(openai.BadRequestError, match="Expected tool outputs for call_ids"):
            runs.submit_tool_outputs(run.id, thread_id=run.thread_id, tool_outputs=given)
    assert submit(scripted, run, "1", "2").status == "completed"
    with pytest.raises(openai.BadRequestError) as caught:
        runs.submit_tool_outputs(run.id, thread_id=run.thread_id, tool_outputs=whole)
    assert 'Runs in status "completed" do not accept tool outputs.' in str(caught.value)


def test_outputs_of_an_unknown_run_are_not_found(scripted: Server) -> None:
    thread = scripted.client.beta.threads.create()
    with pytest.raises(openai.NotFoundError, match="No run found with id 'run_x'"):
        scripted.client.beta.threads.runs.submit_tool_outputs(
            "run_x", thread_id=thread.id, tool_outputs=[]
        )


def test_a_function_that_is_not_there_cannot_be_chosen(scripted: Server) -> None:
    choice: Any = {"type": "function", "function": {"name": "other"}}
    with pytest.raises(openai.BadRequestError, match="none of the tools") as caught:
        ask(scripted, "Hello", tool_choice=choice)
    assert caught.value.param == "tool_choice"


def test_a_waiting_run_holds_its_thread(scripted: Server) -> None:
    run = ask(scripted, ONE)
    threads = scripted.client.beta.threads
    with pytest.raises(openai.BadRequestError, match="while a run"):
        threads.messages.create(run.thread_id, role="user", content="Hello?")
    with pytest.raises(openai.BadRequestError, match="already has an active run"):
        threads.runs.create(run.thread_id, assistant_id="default")


# -- streamed ------------------------------------------------------------------------------------


def stream_of(server: Server, path: str, given: dict[str, Any]) -> list[Event]:
    with open_stream(server.raw, path, given | {"stream": True}) as stream:
        return stream.rest()


def test_both_streams_have_the_order_of_the_api(scripted: Server) -> None:
    seen = stream_of(scripted, "v1/threads/runs", body(TWO))
    assert order(seen) == [
        "thread.created",
        *OPENING,
        *CALLS,
        "thread.run.requires_action",
        "done",
    ]
    run = last(seen, "thread.run.requires_action")
    assert (run["status"], run["usage"]) == ("requires_action", None)
    path = f"v1/threads/{run['thread_id']}/runs/{run['id']}"
    calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    given = [{"tool_call_id": call["id"], "output": call["function"]["name"]} for call in calls]
    again = stream_of(scripted, f"{path}/submit_tool_outputs", {"tool_outputs": given})
    assert order(again) == [
        "thread.run.step.completed",
        "thread.run.queued",
        "thread.run.in_progress",
        *MESSAGE,
        *MESSAGE_END,
        "thread.run.completed",
        "done",
    ]
    step = again[0][1]
    assert step["id"] == last(seen, "thread.run.step.created")["id"]
    assert [call["function"]["output"] for call in step["step_details"]["tool_calls"]] == [
        "get_weather",
        "get_time",
    ]
    assert again[1][1]["required_action"] is None


def test_text_ahead_of_a_call_is_a_message_of_its_own(scripted: Server) -> None:
    seen = stream_of(scripted, "v1/threads/runs", body(ONE))
    assert order(seen)[4:] == [
        *MESSAGE,
        *MESSAGE_END,
        *CALLS,
        "thread.run.requires_action",
        "done",
    ]


def test_deltas_hold_only_what_is_new(scripted: Server) -> None:
    seen = stream_of(scripted, "v1/threads/runs", body(TWO))
    deltas = [
        data["delta"]["step_details"]["tool_calls"]
        for name, data in seen
        if name == "thread.run.step.delta"
    ]
    assert {len(calls) for calls in deltas} == {1}
    assert [calls[0]["index"] for calls in deltas] == [0, 0, 0, 1, 1, 1]
    first, second = deltas[0][0], deltas[1][0]
    assert set(first) == {"index", "id", "type", "function"}
    assert first["function"] == {"name": "get_weather", "arguments": "", "output": None}
    assert set(second) == {"index", "type", "function"}
    assert set(second["function"]) == {"arguments"}
    created = last(seen, "thread.run.step.created")
    assert created["step_details"] == {"type": "tool_calls", "tool_calls": []}


class Recorder(AssistantEventHandler):
    """Writes down which of the helper's hooks were called."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []
        self.fragments: list[str] = []
        self.texts: list[str] = []

    def on_tool_call_created(self, tool_call: Any) -> None:
        self.calls.append(f"created {tool_call.function.name}")

    def on_tool_call_delta(self, delta: Any, snapshot: Any) -> None:
        self.fragments.append(delta.function.arguments)

    def on_tool_call_done(self, tool_call: Any) -> None:
        self.calls.append(f"done {tool_call.function.name}{tool_call.function.arguments}")

    def on_text_done(self, text: Any) -> None:
        self.texts.append(text.value.strip())


def test_the_sdks_event_handler_sees_every_call(scripted: Server) -> None:
    client = scripted.client
    handler = Recorder()
    with client.beta.threads.create_and_run_stream(**body(TWO), event_handler=handler) as stream:
        stream.until_done()
        run = stream.get_final_run()
    assert run.status == "requires_action"
    assert handler.calls == [
        "created get_weather",
        'done get_weather{"city": "Paris"}',
        "created get_time",
        "done get_time{}",
    ]
    handler = Recorder()
    with client.beta.threads.runs.submit_tool_outputs_stream(
        run_id=run.id,
        thread_id=run.thread_id,
        tool_outputs=outputs(run, "sunny", "noon"),
        event_handler=handler,
    ) as stream:
        stream.until_done()
        assert stream.get_final_run().status == "completed"
    assert handler.texts == ["It is sunny, noon."]


def test_a_replay_has_all_streams_and_one_end(scripted: Server) -> None:
    run = ask(scripted, ONE)
    path = f"oxillama/threads/{run.thread_id}/runs/{run.id}/events"
    first = scripted.raw.get(path)
    assert order(events(first.content))[-2:] == ["thread.run.requires_action", "done"]
    submit(scripted, run, "sunny")
    whole = scripted.raw.get(path)
    names = order(events(whole.content))
    assert names.count("done") == 1
    assert names[-2:] == ["thread.run.completed", "done"]
    seen = first.content.count(b"\nevent: ") - 1  # the number of its `done`
    rest = scripted.raw.get(path, params={"starting_after": seen})
    assert order(events(rest.content))[:3] == [
        "thread.run.step.completed",
        "thread.run.queued",
        "thread.run.in_progress",
    ]
    assert whole.content.endswith(rest.content)


# -- other ends ----------------------------------------------------------------------------------


def test_a_waiting_run_is_cancelled(scripted: Server) -> None:
    run = ask(scripted, ONE)
    runs = scripted.client.beta.threads.runs
    cancelled = runs.cancel(run.id, thread_id=run.thread_id)
    assert cancelled.status in {"cancelling", "cancelled"}
    done = runs.poll(run.id, thread_id=run.thread_id)
    assert (done.status, done.required_action) == ("cancelled", None)
    assert [step.status for step in steps(scripted, run)] == ["completed", "cancelled"]
    with pytest.raises(openai.BadRequestError, match="do not accept tool outputs"):
        submit(scripted, run, "x")
    scripted.client.beta.threads.messages.create(run.thread_id, role="user", content="Free")


def test_a_waiting_run_expires(start_server: StartServer) -> None:
    server = start_server(
        "--OxillamaApp.run_expiry_seconds=2", "--OxillamaApp.tool_wait_seconds=2", module=SCRIPTED
    )
    run = ask(server, ONE)
    assert run.status == "requires_action"
    runs = server.client.beta.threads.runs
    until(
        lambda: runs.retrieve(run.id, thread_id=run.thread_id).status == "expired",
        "the run's expiry",
    )
    assert [step.status for step in steps(server, run)] == ["completed", "expired"]


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_outputs_may_come_after_a_restart(start_server: StartServer, end: str) -> None:
    server = start_server(module=SCRIPTED)
    run = ask(server, ONE)
    getattr(server, end)()
    server.start()
    again = server.client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
    assert again.to_dict() == run.to_dict()
    assert submit(server, run, "sunny").status == "completed"
    assert said(server, run) == ["Let me see.", "It is sunny."]
    path = f"oxillama/threads/{run.thread_id}/runs/{run.id}/events"
    assert order(events(server.raw.get(path).content))[-1] == "done"


# -- the embedded model --------------------------------------------------------------------------


def real(client: OpenAI, **settings: Any) -> Any:  # a run
    extra = {"seed": 3, **settings.pop("extra_body", {})}
    question = "How is the weather in Paris?"
    return client.beta.threads.create_and_run_poll(
        **body(question, tools=TOOLS[:1], temperature=0.2, extra_body=extra, **settings)
    )


def test_the_embedded_model_calls_a_function(client: OpenAI, server: Server) -> None:
    run = real(client)
    assert run.status == "requires_action", said(server, run)
    (call, *_) = pending(run)
    assert call.function.name == "get_weather"
    assert isinstance(json.loads(call.function.arguments), dict)
    done = client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id,
        thread_id=run.thread_id,
        tool_outputs=outputs(run, *['{"temperature": 21}'] * len(pending(run))),
    )
    assert done.status in {"completed", "requires_action"}


@pytest.mark.parametrize(
    "choice", ["required", {"type": "function", "function": {"name": "get_weather"}}], ids=str
)
def test_a_call_can_be_forced(client: OpenAI, choice: Any) -> None:
    run = client.beta.threads.create_and_run_poll(
        **body("Hello!", tools=TOOLS[:1], tool_choice=choice, parallel_tool_calls=False)
    )
    assert run.status == "requires_action"
    (call,) = pending(run)
    assert call.function.name == "get_weather"
    assert set(json.loads(call.function.arguments)) == {"city"}


def test_a_format_goes_beside_tools(client: OpenAI, server: Server) -> None:
    run = real(client, response_format={"type": "json_object"}, extra_body={"max_tokens": 60})
    if run.status == "completed":
        assert isinstance(json.loads(said(server, run)[0]), dict)
    else:
        assert run.status in {"requires_action", "incomplete"}


def test_a_model_is_streamed_its_calls(client: OpenAI, raw: httpx2.Client) -> None:
    given = body("Hello!", tools=TOOLS[:1], tool_choice="required", stream=True)
    with open_stream(raw, "v1/threads/runs", given | {"parallel_tool_calls": False}) as stream:
        seen = stream.rest()
    assert order(seen)[4:] == [*CALLS, "thread.run.requires_action", "done"]
    fragments = [
        data["delta"]["step_details"]["tool_calls"][0]["function"]["arguments"]
        for name, data in seen
        if name == "thread.run.step.delta"
    ]
    run = last(seen, "thread.run.requires_action")
    (call,) = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    assert "".join(fragments) == call["function"]["arguments"]
