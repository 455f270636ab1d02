"""`--tools`: a model's calls run in this kernel once they are approved."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from magics.functions import CHAIN, FUNCTIONS, SCRIPTED, TWO, WEATHER
from magics.kernel import Kernel
from openai import OpenAI

if TYPE_CHECKING:
    from collections.abc import Iterator

    from client.world import Server, World
    from magics.kernel import Shown


@pytest.fixture(scope="module")
def server(world: World) -> Server:
    return world.serve(command=(SCRIPTED,))


@pytest.fixture(scope="module")
def kernel(world: World, server: Server) -> Iterator[Kernel]:
    with Kernel(world, **server.kernel_env) as kernel:
        assert kernel.run(FUNCTIONS).error == ""
        yield kernel


@pytest.fixture
def fresh(kernel: Kernel) -> Kernel:
    assert kernel.run("%oxillama new").status == "ok"
    kernel.run("called.clear()")
    return kernel


@pytest.fixture
def client(server: Server) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{server.url}v1", api_key=server.token) as client:
        yield client


def ids(kernel: Kernel, name: str = "answer") -> dict[str, str]:
    run, thread = kernel.value(f"{name}.run_id, {name}.thread_id").strip("()").split(", ")
    return {"run_id": run.strip("'"), "thread_id": thread.strip("'")}


def calls_of(client: OpenAI, kernel: Kernel, name: str = "answer") -> list[dict[str, Any]]:
    steps = client.beta.threads.runs.steps.list(**ids(kernel, name), order="asc").data
    found = [step for step in steps if step.type == "tool_calls"]
    return [call.to_dict() for step in found for call in step.step_details.tool_calls]  # type: ignore[union-attr]


def test_an_approved_call_runs_here_and_the_answer_goes_on(fresh: Kernel, client: OpenAI) -> None:
    shown = fresh.run(f"%%oxillama --tools get_weather -o answer\n{WEATHER}", answers=["y"])

    assert shown.error == ""
    (prompt,) = shown.prompts
    assert prompt.startswith('get_weather(city="Paris")\nRun it? [y]es / [n]o / [e]dit / [a]lways')
    assert shown.stdout == "asked for Paris\n"
    assert fresh.value("called") == "['Paris']"
    assert fresh.value("answer.status") == "completed"
    assert fresh.value("answer.text").split() == [
        "Let",
        "me",
        "see.",
        "It",
        "is",
        "sunny",
        "in",
        "Paris.",
    ]
    (left,) = shown.data()
    assert left.split() == (
        [
            "Let",
            "me",
            "see.",
            '`get_weather(city="Paris")',
            "→",
            "sunny",
            "in",
            "Paris`",
            "It",
            "is",
            "sunny",
            "in",
            "Paris.",
        ]
    )
    (call,) = calls_of(client, fresh)
    decision = call["decision"]
    assert decision["verdict"] == "approved"
    assert decision["by"]
    assert abs(decision["at"] - time.time()) < 60
    run = client.beta.threads.runs.retrieve(**ids(fresh))
    (offered,) = run.to_dict()["tools"]  # type: ignore[misc]
    assert offered["function"] == {
        "name": "get_weather",
        "description": "Weather now.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "description": "The city's name."}},
            "required": ["city"],
            "additionalProperties": False,
        },
        "strict": True,
    }


def test_a_denied_call_does_not_run_and_the_model_hears_why(fresh: Kernel, client: OpenAI) -> None:
    asked = f"%%oxillama --tools get_weather -o answer\n{WEATHER}"
    shown = fresh.run(asked, answers=["n Paris is closed"])

    assert shown.error == ""
    assert fresh.value("called") == "[]"
    (call,) = calls_of(client, fresh)
    assert json.loads(call["function"]["output"]) == {
        "error": "The user denied this call; the function did not run. The reason: Paris is closed"
    }
    assert (call["decision"]["verdict"], call["decision"]["reason"]) == (
        "denied",
        "Paris is closed",
    )
    assert '`get_weather(city="Paris") was denied`' in shown.data()[0]


@pytest.mark.parametrize(
    "answers",
    [
        ['e {"city": "Rome"}'],
        ["e", '{"city": "Rome"}'],
        ["what?", "e [1]", "e", "x", 'E {"city": "Rome"}'],
    ],
)
def test_an_edited_call_runs_with_the_new_arguments(
    fresh: Kernel, client: OpenAI, answers: list[str]
) -> None:
    shown = fresh.run(f"%%oxillama --tools get_weather -o answer\n{WEATHER}", answers=answers)

    assert shown.error == ""
    assert len(shown.prompts) == len(answers)
    assert fresh.value("called") == "['Rome']"
    (call,) = calls_of(client, fresh)
    assert json.loads(call["function"]["arguments"]) == {"city": "Paris"}
    assert call["decision"]["verdict"] == "edited"
    assert json.loads(call["decision"]["arguments"]) == {"city": "Rome"}
    assert call["function"]["output"] == (
        '[The user changed the arguments to {"city": "Rome"} before the call.]\nsunny in Rome'
    )
    assert '`get_weather(city="Rome") (edited) → ' in shown.data()[0]


def test_always_asks_once_for_each_function(fresh: Kernel, client: OpenAI) -> None:
    shown = fresh.run(f"%%oxillama --tools add -o answer\n{CHAIN}", answers=["a"])

    assert shown.error == ""
    assert len(shown.prompts) == 1
    assert fresh.value("called") == "[(1, 2), (3, 4)]"
    assert fresh.value("answer.text").strip() == "Sums: 3, 7."
    assert all("(always)" in call["decision"]["by"] for call in calls_of(client, fresh))
    again = fresh.run(f"%%oxillama --tools add\n{CHAIN}", answers=["y", "y"])
    assert len(again.prompts) == 2


def test_parallel_calls_are_asked_about_and_run_in_order(fresh: Kernel, client: OpenAI) -> None:
    shown = fresh.run(f"%%oxillama --tools add,get_weather\n{TWO}", answers=["y", "n"])

    assert [prompt.partition("(")[0] for prompt in shown.prompts] == ["get_weather", "add"]
    assert fresh.value("called") == "['Paris']"


def test_yes_runs_all_or_only_those_named(fresh: Kernel, client: OpenAI) -> None:
    shown = fresh.run(f"%%oxillama --tools add,get_weather -o answer --yes\n{TWO}")
    assert shown.error == ""
    assert fresh.value("answer.text").strip() == "Both: sunny in Paris, 3."
    assert [call["decision"]["by"] for call in calls_of(client, fresh)] == ["--yes", "--yes"]

    code = f"%%oxillama --tools add,get_weather --yes get_weather -o answer\n{TWO}"
    shown = fresh.run(code, answers=["y"])
    assert [prompt.partition("(")[0] for prompt in shown.prompts] == ["add"]
    assert fresh.value("answer.text").strip() == "Both: sunny in Paris, 3."


def test_where_nobody_can_be_asked_the_run_is_left_waiting(fresh: Kernel, client: OpenAI) -> None:
    shown = fresh.run(f"%%oxillama --tools get_weather -o answer\n{WEATHER}")

    assert shown.error == (
        "oxillama: The run waits for your decision about a call, and this front end cannot ask."
        " `%oxillama attach` goes on where it can; --yes runs trusted functions without asking."
    )
    assert shown.data()[0].endswith('*The run waits for: get_weather(city="Paris").*')
    assert fresh.value("answer.status, called") == "('requires_action', [])"
    assert client.beta.threads.runs.retrieve(**ids(fresh)).status == "requires_action"

    shown = fresh.run("%oxillama attach -o again", answers=["y"])
    assert shown.error == ""
    assert fresh.value("again.run_id == answer.run_id, again.status, called") == (
        "(True, 'completed', ['Paris'])"
    )
    assert shown.data()[0].split()[:3] == ["Let", "me", "see."]
    assert fresh.value("again.text").split()[-4:] == ["is", "sunny", "in", "Paris."]


def test_what_goes_wrong_in_a_call_goes_back_to_the_model(fresh: Kernel, client: OpenAI) -> None:
    script = '=> broken {"a": 1} & add {"a": "x", "c": 1} & nothing {} & add {"a": 1 | So: $outputs'
    shown = fresh.run(f"%%oxillama --tools broken,add --yes -o answer\n{script}")

    assert (shown.error, shown.stderr) == ("", "")
    outputs = [json.loads(call["function"]["output"]) for call in calls_of(client, fresh)]
    assert outputs[0] == {"error": "ValueError: no such thing"}
    assert outputs[1]["error"].startswith("The arguments do not fit: a: Input should be a valid i")
    assert "b: Field required" in outputs[1]["error"]
    assert "c: Extra inputs" in outputs[1]["error"]
    assert outputs[2] == {"error": "There is no function 'nothing'; there are: broken, add."}
    assert outputs[3]["error"].startswith("The arguments do not fit: Invalid JSON")
    assert fresh.value("called") == "[1]"


def test_async_functions_methods_and_types(fresh: Kernel) -> None:
    script = (
        '=> later {"a": 1} & forecast {"place": {"city": "Oslo"}, "unit": "celsius"} | So: $outputs'
    )
    shown = fresh.run(f"%%oxillama --tools later,station.forecast --yes -o answer\n{script}")

    assert shown.error == ""
    assert fresh.value("answer.text").strip() == 'So: {"a": 1}, ["Oslo", 1, "C"]'
    assert fresh.value("station.asked") == ("[(Place(city='Oslo', days=1), <Unit.C: 'celsius'>)]")


def interrupted(shown: Shown) -> bool:
    return bool(shown.prompts)


@pytest.mark.parametrize("name", ["asking", "slow", "slow_async"])
def test_an_interrupt_while_asking_or_in_a_tool_cancels_the_run(
    fresh: Kernel, client: OpenAI, name: str, record_property: pytest.RecordProperty
) -> None:
    since: list[float] = []

    def in_the_tool(shown: Shown) -> bool:
        if any("Hm." in text for text in shown.data()):
            since.append(time.monotonic())
        return bool(since) and time.monotonic() > since[0] + 0.5

    if name == "asking":
        code = f"%%oxillama --tools get_weather -o answer\n{WEATHER}"
        shown = fresh.run(code, answers=[], interrupt_if=interrupted)
    else:
        code = f'%%oxillama --tools {name} --yes -o answer\nHm. => {name} {{"a": 1}} | Done.'
        shown = fresh.run(code, interrupt_if=in_the_tool)
    record_property("seconds_after_interrupt", round(shown.seconds_after_interrupt, 3))

    assert shown.error == "oxillama: Interrupted; what has come of the answer is kept."
    assert shown.seconds_after_interrupt < 3.0
    assert fresh.value("answer.status") == "cancelled"
    assert fresh.run("%%oxillama\nHello").error == ""  # and its thread is free
    assert client.beta.threads.runs.retrieve(**ids(fresh)).status == "cancelled"
    if name == "slow_async":
        assert fresh.value("called") == "['async ended']"


def test_where_one_call_cannot_be_asked_about_none_of_them_runs(fresh: Kernel) -> None:
    shown = fresh.run(f"%%oxillama --tools add,get_weather --yes get_weather -o answer\n{TWO}")
    assert "this front end cannot ask" in shown.error
    assert fresh.value("called") == "[]"

    shown = fresh.run("%oxillama attach --yes -o again")
    assert shown.error == ""
    assert fresh.value("called") == "['Paris', (1, 2)]"


def test_another_client_answers_and_a_cell_that_attaches_sees_it(
    fresh: Kernel, client: OpenAI
) -> None:
    fresh.run(f"%%oxillama --tools get_weather -o answer\n{WEATHER}")  # it cannot ask
    run = client.beta.threads.runs.retrieve(**ids(fresh))
    (call,) = run.required_action.submit_tool_outputs.tool_calls  # type: ignore[union-attr]
    client.beta.threads.runs.submit_tool_outputs_and_poll(
        **ids(fresh), tool_outputs=[{"tool_call_id": call.id, "output": "rain"}]
    )
    shown = fresh.run("%oxillama attach -o after", answers=[])

    assert (shown.error, shown.prompts) == ("", [])
    assert fresh.value("after.text.split()[-3:], called") == "(['It', 'is', 'rain.'], [])"
    assert '`get_weather(city="Paris") → rain`' in shown.data()[0]


def test_a_late_decision_of_the_cell_gives_way_to_another_clients(
    fresh: Kernel, client: OpenAI
) -> None:
    def replies() -> Iterator[str]:
        (thread,) = client.get("../oxillama/threads?limit=1", cast_to=dict)["data"]
        run = client.beta.threads.runs.list(thread["id"]).data[0]
        (call,) = run.required_action.submit_tool_outputs.tool_calls  # type: ignore[union-attr]
        client.beta.threads.runs.submit_tool_outputs(
            run.id,
            thread_id=thread["id"],
            tool_outputs=[{"tool_call_id": call.id, "output": "rain"}],
        )
        yield "y"

    shown = fresh.run(f"%%oxillama --tools get_weather -o answer\n{WEATHER}", answers=replies())

    assert shown.error == ""
    assert fresh.value("answer.status") == "completed"
    assert fresh.value("answer.text").split() == ["Let", "me", "see.", "It", "is", "rain."]
    (call,) = calls_of(client, fresh)
    assert "decision" not in call


REFUSED = {
    "--tools nobody": "--tools: there is no 'nobody' in this notebook.",
    "--tools get_wether": "--tools: there is no 'get_wether' in this notebook. Did you mean get_w",
    "--tools station.nope": "--tools: 'station' has no 'nope'.",
    "--tools not_a_tool": "--tools: A lambda has no name that a model could call it by: use def.",
    "--tools anything": "--tools: anything() takes any arguments (**values), so a model cannot",
    "--tools called": "--tools: [] is no function.",
    "--tools add,add": "--tools: two functions are called 'add'.",
    "--tools a-b": "--tools takes names of functions with commas between them, not 'a-b'.",
    "--tools": "--tools takes names of functions with commas between them, but nothing was g",
    "--tools add --yes get_weather": "--yes trusts functions of --tools, and 'get_weather' is none",
    "--tools add --bg": "--bg cannot ask about calls: trust the functions with --yes.",
}


@pytest.mark.parametrize("flags", REFUSED)
def test_what_cannot_be_offered_is_refused_in_one_line(fresh: Kernel, flags: str) -> None:
    shown = fresh.run(f"%%oxillama {flags}\nHello")

    assert shown.error.startswith(f"oxillama: {REFUSED[flags]}")
    assert "\n" not in shown.error
