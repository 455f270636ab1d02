from __future__ import annotations

from typing import Any

import openai
import pytest
from openai import OpenAI
from servers import Server

SHORT = {"max_tokens": 3}


@pytest.fixture
def thread_id(client: OpenAI) -> str:
    return client.beta.threads.create(messages=[{"role": "user", "content": "Hello!"}]).id


def test_a_run_comes_back_queued_and_is_polled_to_its_end(client: OpenAI, thread_id: str) -> None:
    run = client.beta.threads.runs.create(thread_id, assistant_id="default")
    assert run.status == "queued"
    assert run.expires_at == run.created_at + 600
    assert (run.usage, run.started_at) == (None, None)
    done = client.beta.threads.runs.poll(run.id, thread_id=thread_id)
    assert done.status == "completed"
    assert done.usage is not None
    assert done.usage.total_tokens == done.usage.prompt_tokens + done.usage.completion_tokens
    assert done.completed_at is not None
    assert done.started_at is not None
    assert done.expires_at is None


def test_poll_helpers_are_told_how_soon_to_ask_again(client: OpenAI, thread_id: str) -> None:
    runs = client.beta.threads.runs.with_raw_response
    answer = runs.create(thread_id, assistant_id="default", extra_body=SHORT)
    assert int(answer.headers["openai-poll-after-ms"]) <= 500
    assert int(answer.headers["openai-processing-ms"]) >= 0
    client.beta.threads.runs.poll(answer.parse().id, thread_id=thread_id)


def test_a_run_takes_over_its_assistants_settings(client: OpenAI, thread_id: str) -> None:
    tools: Any = [{"type": "function", "function": {"name": "f"}}]
    assistant = client.beta.assistants.create(
        model="oxillama-tiny",
        instructions="Be brief.",
        tools=tools,
        temperature=0.5,
        top_p=0.9,
        metadata={"not": "taken over"},
    )
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread_id, assistant_id=assistant.id, extra_body=SHORT
    )
    assert run.assistant_id == assistant.id
    assert (run.instructions, run.temperature, run.top_p) == ("Be brief.", 0.5, 0.9)
    assert [tool.to_dict() for tool in run.tools] == tools
    assert run.metadata == {}


def test_a_run_is_a_snapshot_of_its_assistant(client: OpenAI, thread_id: str) -> None:
    assistant = client.beta.assistants.create(model="oxillama-tiny", instructions="Old.")
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread_id, assistant_id=assistant.id, extra_body=SHORT
    )
    client.beta.assistants.update(assistant.id, instructions="New.")
    again = client.beta.threads.runs.retrieve(run.id, thread_id=thread_id)
    assert again.instructions == "Old."


def test_a_runs_own_settings_go_first(client: OpenAI, thread_id: str) -> None:
    assistant = client.beta.assistants.create(
        model="m", instructions="Old.", temperature=0.5, tools=[{"type": "code_interpreter"}]
    )
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread_id,
        assistant_id=assistant.id,
        model="oxillama-tiny",
        instructions="New.",
        additional_instructions="And more.",
        temperature=0.0,
        tools=[],
        tool_choice="none",
        parallel_tool_calls=False,
        response_format={"type": "text"},
        truncation_strategy={"type": "last_messages", "last_messages": 3},
        max_prompt_tokens=1000,
        max_completion_tokens=300,
        extra_body=SHORT,
    )
    assert run.model == "oxillama-tiny"
    assert run.instructions.split() == ["New.", "And", "more."]
    assert (run.temperature, run.tools, run.tool_choice) == (0.0, [], "none")
    assert run.parallel_tool_calls is False
    assert run.response_format is not None
    assert run.truncation_strategy is not None
    assert run.truncation_strategy.last_messages == 3
    assert (run.max_prompt_tokens, run.max_completion_tokens) == (1000, 300)


def test_our_own_settings_are_kept_on_the_run(client: OpenAI, thread_id: str) -> None:
    own: dict[str, Any] = {
        "seed": 7,
        "max_tokens": 2,
        "top_k": 5,
        "min_p": 0.1,
        "repeat_penalty": 1.1,
        "frequency_penalty": 0.5,
        "presence_penalty": -0.5,
        "stop": ["\n"],
        "logit_bias": {"5": -1.0},
        "xtc_probability": 0.5,
        "dry_sequence_breakers": ["."],
    }
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread_id, assistant_id="default", extra_body=own
    )
    assert {key: run.to_dict()[key] for key in own} == own


def test_the_same_seed_gives_the_same_text(client: OpenAI, endless: dict[str, Any]) -> None:
    def said() -> str:
        run = client.beta.threads.create_and_run_poll(
            assistant_id="default",
            thread={"messages": [{"role": "user", "content": "Tell me something."}]},
            extra_body={**endless, "seed": 11, "max_tokens": 12},
        )
        (message,) = client.beta.threads.messages.list(run.thread_id, run_id=run.id)
        return message.content[0].text.value  # type: ignore[union-attr]  # it is text

    assert said() == said()


def test_additional_messages_are_added_ahead_of_the_run(client: OpenAI, thread_id: str) -> None:
    client.beta.threads.runs.create_and_poll(
        thread_id=thread_id,
        assistant_id="default",
        additional_messages=[
            {"role": "assistant", "content": "Hi!"},
            {"role": "user", "content": "Bye!"},
        ],
        extra_body=SHORT,
    )
    stored = client.beta.threads.messages.list(thread_id, order="asc").data
    assert [message.role for message in stored] == ["user", "assistant", "user", "assistant"]
    assert stored[2].content[0].text.value == "Bye!"  # type: ignore[union-attr]  # it is text


def test_a_thread_and_its_run_are_made_at_once(client: OpenAI) -> None:
    run = client.beta.threads.create_and_run_poll(
        assistant_id="default",
        thread={"messages": [{"role": "user", "content": "Hi"}], "metadata": {"a": "b"}},
        tool_resources={"code_interpreter": {"file_ids": ["file-1"]}},
        metadata={"c": "d"},
        extra_body=SHORT,
    )
    assert run.metadata == {"c": "d"}
    assert client.beta.threads.retrieve(run.thread_id).metadata == {"a": "b"}


def test_a_run_on_an_empty_thread_answers(client: OpenAI) -> None:
    run = client.beta.threads.create_and_run_poll(assistant_id="default", extra_body=SHORT)
    assert run.status in {"completed", "incomplete"}


def test_a_run_with_an_unknown_assistant_leaves_no_thread(client: OpenAI, server: Server) -> None:
    before = server.raw.get("oxillama/threads", params={"limit": 1}).json()["data"]
    with pytest.raises(openai.NotFoundError, match="No assistant found with id 'asst_x'"):
        client.beta.threads.create_and_run(assistant_id="asst_x")
    assert server.raw.get("oxillama/threads", params={"limit": 1}).json()["data"] == before


def test_a_run_is_modified_in_its_metadata_also_while_it_runs(
    client: OpenAI, server: Server, thread_id: str, endless: dict[str, Any]
) -> None:
    with server.held():
        run = client.beta.threads.runs.create(
            thread_id, assistant_id="default", extra_body={**endless, **SHORT}
        )
        client.beta.threads.runs.update(run.id, thread_id=thread_id, metadata={"a": "b"})
    done = client.beta.threads.runs.poll(run.id, thread_id=thread_id)
    assert done.metadata == {"a": "b"}


def test_the_runs_of_a_thread_are_listed_newest_first(client: OpenAI, thread_id: str) -> None:
    runs = [
        client.beta.threads.runs.create_and_poll(
            thread_id=thread_id, assistant_id="default", extra_body=SHORT
        )
        for _ in range(2)
    ]
    assert client.beta.threads.runs.list(thread_id).data == runs[::-1]


# -- cancel --------------------------------------------------------------------------------------


def test_a_cancelled_run_ends_as_cancelled(
    client: OpenAI, server: Server, thread_id: str, endless: dict[str, Any]
) -> None:
    with server.held():
        run = client.beta.threads.runs.create(
            thread_id, assistant_id="default", extra_body={**endless, "max_tokens": 500}
        )
        cancelling = client.beta.threads.runs.cancel(run.id, thread_id=thread_id)
        assert cancelling.status in {"cancelling", "cancelled"}
        done = client.beta.threads.runs.poll(run.id, thread_id=thread_id)
    assert done.status == "cancelled"
    assert done.cancelled_at is not None
    assert done.expires_at is None


def test_a_run_may_be_cancelled_twice_at_once(
    client: OpenAI, server: Server, thread_id: str, endless: dict[str, Any]
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with server.held(), ThreadPoolExecutor(4) as pool:
        run = client.beta.threads.runs.create(
            thread_id, assistant_id="default", extra_body={**endless, "max_tokens": 500}
        )
        path = f"v1/threads/{thread_id}/runs/{run.id}/cancel"
        answers = list(pool.map(server.raw.post, [path] * 4))
    assert answers[0].status_code == 200
    for answer in answers:
        ended = answer.status_code == 400 and "cancelled" in answer.json()["error"]["message"]
        assert answer.status_code == 200 or ended
    done = client.beta.threads.runs.poll(run.id, thread_id=thread_id)
    assert done.status == "cancelled"


def test_a_finished_run_cannot_be_cancelled(client: OpenAI, thread_id: str) -> None:
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread_id, assistant_id="default", extra_body=SHORT
    )
    with pytest.raises(openai.BadRequestError) as caught:
        client.beta.threads.runs.cancel(run.id, thread_id=thread_id)
    assert f"Cannot cancel run with status '{run.status}'." in str(caught.value)


# -- tool outputs --------------------------------------------------------------------------------


def test_a_run_that_waits_for_no_tools_takes_no_outputs(client: OpenAI, thread_id: str) -> None:
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread_id, assistant_id="default", extra_body=SHORT
    )
    with pytest.raises(openai.BadRequestError) as caught:
        client.beta.threads.runs.submit_tool_outputs(run.id, thread_id=thread_id, tool_outputs=[])
    assert f'Runs in status "{run.status}" do not accept tool outputs.' in str(caught.value)
