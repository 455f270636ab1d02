"""Prompts are shown as the model gets them, and nothing is stored."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from openai import OpenAI
from servers import Server

Json = dict[str, Any]


@pytest.fixture
def thread_id(client: OpenAI) -> str:
    messages: Any = [
        {"role": "user", "content": "What is the capital of France?"},
        {"role": "assistant", "content": "Paris."},
    ]
    return client.beta.threads.create(messages=messages).id


def ask(raw: httpx2.Client, path: str, **body: Any) -> Json:  # any body, query in the path
    answer = raw.post(f"oxillama/threads/{path}", json={"assistant_id": "default", **body})
    return answer.raise_for_status().json()


def question(*parts: str) -> Json:
    return {"role": "user", "content": [{"type": "text", "text": part} for part in parts]}


def everything(raw: httpx2.Client) -> list[str]:
    threads = raw.get("oxillama/threads").json()["data"]
    paths = [f"v1/threads/{thread['id']}/{kind}" for thread in threads for kind in KINDS]
    return [str(threads), *(raw.get(path).text for path in paths)]


KINDS = ("messages", "runs")


def test_a_prompt_is_what_the_run_then_sends(
    client: OpenAI, raw: httpx2.Client, thread_id: str
) -> None:
    body: Json = {
        "instructions": "Be brief.",
        "additional_messages": [question("And of Spain?")],
        "max_tokens": 2,
    }
    before = everything(raw)
    prompt = ask(raw, f"{thread_id}/prompt", **body)

    assert everything(raw) == before
    assert (prompt["fits"], prompt["thread_id"], prompt["run_id"]) == (True, thread_id, None)
    assert 0 < prompt["prompt_tokens"] <= prompt["limit"] < prompt["context"]
    for text in ("Be brief.", "What is the capital of France?", "Paris.", "And of Spain?"):
        assert prompt["text"].count(text) == 1
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread_id, assistant_id="default", extra_body=body
    )
    assert run.usage is not None
    assert run.usage.prompt_tokens == prompt["prompt_tokens"]


def test_messages_have_their_tokens(raw: httpx2.Client, thread_id: str) -> None:
    added = [question("  def f():\n    return 1\n", "What does this do? ¿Y é?")]
    prompt = ask(
        raw,
        f"{thread_id}/prompt?limit=10000",
        additional_messages=added,
        instructions="Be brief.",
    )
    pieces = [token["text"] for token in prompt["tokens"]]

    assert len(pieces) == prompt["prompt_tokens"]
    assert not prompt["has_more"]
    shown = [(message["role"], message["preview"]) for message in prompt["messages"]]
    assert shown == [
        ("system", "Be brief."),
        ("user", "What is the capital of France?"),
        ("assistant", "Paris."),
        ("user", "def f(): return 1 What does this do? ¿Y é?"),
    ]
    assert [bool(message["id"]) for message in prompt["messages"]] == [False, True, True, False]
    for message in prompt["messages"][:3]:
        start, count = message["first_token"], message["tokens"]
        assert "".join(pieces[start : start + count]).strip() == message["preview"]
    last = prompt["messages"][-1]
    first, second = last["parts"]
    assert first + second == last["tokens"]
    start = last["first_token"]
    assert "What" not in _bytes(prompt["tokens"][start : start + first])
    assert _bytes(prompt["tokens"][start + first : start + first + second]).startswith("What")


def _bytes(tokens: list[Json]) -> str:
    return b"".join(
        bytes(token["bytes"]) if token["bytes"] else token["text"].encode() for token in tokens
    ).decode()


def test_special_tokens_are_told_from_text_that_reads_like_them(raw: httpx2.Client) -> None:
    mark = ask(raw, "prompt?limit=1", thread={"messages": [question("a")]})["tokens"][0]
    assert mark["special"]
    prompt = ask(
        raw, "prompt?limit=10000", thread={"messages": [question(f"say {mark['text']} é")]}
    )
    special = [token["text"] for token in prompt["tokens"] if token["special"]]

    assert mark["text"] in special
    assert special.count(mark["text"]) == prompt["text"].count(mark["text"]) - 1


def test_tokens_come_in_pages(raw: httpx2.Client, thread_id: str) -> None:
    whole = ask(raw, f"{thread_id}/prompt?limit=10000")
    pages = [ask(raw, f"{thread_id}/prompt?limit=7&offset={at}") for at in range(0, 70, 7)]

    assert [token for page in pages for token in page["tokens"]] == whole["tokens"][:70]
    assert all(page["has_more"] == (page["tokens"] != []) for page in pages[:2])
    assert _bytes(whole["tokens"]) == whole["text"]
    assert ask(raw, f"{thread_id}/prompt")["tokens"] == []


def test_a_thread_that_is_not_made_yet(raw: httpx2.Client) -> None:
    before = everything(raw)
    prompt = ask(raw, "prompt", thread={"messages": [question("Hello!")]})

    assert everything(raw) == before
    assert prompt["thread_id"] is None
    assert [message["preview"] for message in prompt["messages"]] == ["Hello!"]


def test_the_newest_messages_alone(client: OpenAI, raw: httpx2.Client, thread_id: str) -> None:
    strategy = {"type": "last_messages", "last_messages": 1}
    prompt = ask(raw, f"{thread_id}/prompt", truncation_strategy=strategy)
    assert [message["role"] for message in prompt["messages"]] == ["user", "assistant"]
    added = [question("And of Spain?")]
    prompt = ask(
        raw, f"{thread_id}/prompt", truncation_strategy=strategy, additional_messages=added
    )
    assert [message["preview"] for message in prompt["messages"]] == ["And of Spain?"]
    assert prompt["older"] == 2
    assert ask(raw, f"{thread_id}/prompt")["older"] == 0
    ask_again = {"thread": {"messages": [question("One."), question("Two.")]}}
    assert ask(raw, "prompt", **ask_again, truncation_strategy=strategy)["older"] == 1
    client.beta.threads.messages.create(thread_id, role="user", content="And of Spain?")
    assert ask(raw, f"{thread_id}/prompt", truncation_strategy=strategy)["older"] == 2
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread_id,
        assistant_id="default",
        extra_body={"max_tokens": 2, "truncation_strategy": strategy},
    )
    prompt = raw.get(f"oxillama/threads/{thread_id}/runs/{run.id}/prompt").json()
    assert (prompt["older"], prompt["exact"]) == (2, True)


def test_what_truncation_leaves_out(client: OpenAI, raw: httpx2.Client, thread_id: str) -> None:
    client.beta.threads.messages.create(thread_id, role="user", content="Forget it. " * 150)
    prompt = ask(
        raw,
        f"{thread_id}/prompt",
        additional_messages=[question("And of Spain?")],
        max_prompt_tokens=256,
    )
    dropped = [message["dropped"] for message in prompt["messages"]]

    assert (prompt["fits"], prompt["limit"]) == (True, 256)
    assert dropped == [False, False, True, False]
    assert prompt["messages"][2]["tokens"] is None
    assert "Forget it." not in prompt["text"]


def test_one_that_does_not_fit_is_shown_all_the_same(raw: httpx2.Client, thread_id: str) -> None:
    prompt = ask(
        raw,
        f"{thread_id}/prompt",
        additional_messages=[question("A table. " * 300, "Why?")],
        max_prompt_tokens=256,
    )
    assert not prompt["fits"]
    assert prompt["prompt_tokens"] > 256
    table, why = prompt["messages"][-1]["parts"]
    assert table > 300
    assert 0 < why < 5


def test_the_prompt_of_a_finished_run(client: OpenAI, raw: httpx2.Client, thread_id: str) -> None:
    client.beta.threads.messages.create(thread_id, role="user", content="And of Spain?")
    runs = [
        client.beta.threads.runs.create_and_poll(
            thread_id=thread_id, assistant_id="default", extra_body={"max_tokens": 2}
        )
        for _ in range(2)
    ]
    prompts = [raw.get(f"oxillama/threads/{thread_id}/runs/{run.id}/prompt").json() for run in runs]

    for run, prompt in zip(runs, prompts, strict=True):
        assert run.usage is not None
        assert (prompt["run_id"], prompt["exact"]) == (run.id, True)
        assert prompt["prompt_tokens"] == run.usage.prompt_tokens
        details = run.usage.model_extra["prompt_token_details"]  # type: ignore[index]
        assert prompt["cached_tokens"] == details["cached_tokens"]
    assert len(prompts[0]["messages"]) == 3
    assert len(prompts[1]["messages"]) == 4
    assert prompts[1]["cached_tokens"] > 0
    first = client.beta.threads.messages.list(thread_id, order="asc").data[0]
    client.beta.threads.messages.delete(first.id, thread_id=thread_id)
    again = raw.get(f"oxillama/threads/{thread_id}/runs/{runs[0].id}/prompt").json()
    assert again["exact"] is False


def test_the_prompt_of_a_run_with_tools(scripted: Server) -> None:
    client, raw = scripted.client, scripted.raw
    tool = {"type": "function", "function": {"name": "get_weather"}}
    ask_first = {"role": "user", "content": "Let me see. => get_weather {} | It is $outputs."}
    thread = client.beta.threads.create(messages=[ask_first])  # type: ignore[list-item]
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread.id,
        assistant_id="default",
        tools=[tool],  # type: ignore[list-item]
    )
    path = f"oxillama/threads/{thread.id}/runs/{run.id}/prompt"
    waiting = raw.get(path).json()
    assert [message["role"] for message in waiting["messages"]] == ["user"]
    assert run.required_action is not None
    (call,) = run.required_action.submit_tool_outputs.tool_calls
    run = client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id,
        thread_id=thread.id,
        tool_outputs=[{"tool_call_id": call.id, "output": "sunny"}],
    )
    ended = raw.get(path).json()
    assert [message["role"] for message in ended["messages"]] == ["user", "assistant", "tool"]
    assert ended["messages"][-1]["preview"] == "sunny"
    assert ended["exact"]


@pytest.mark.parametrize(
    ("path", "body", "status", "param"),
    [
        ("thread_x/prompt", {}, 404, None),
        ("{thread}/prompt", {"model": "gpt-none"}, 404, "model"),
        ("{thread}/prompt", {"temperature": 9}, 400, "temperature"),
        ("{thread}/prompt?limit=10001", {}, 400, "limit"),
        ("{thread}/prompt?offset=-1", {}, 400, "offset"),
        ("prompt", {"thread": {"messages": [{"role": "x"}]}}, 400, None),
    ],
)
def test_what_is_wrong_is_said(  # noqa: PLR0913, PLR0917
    raw: httpx2.Client, thread_id: str, path: str, body: Json, status: int, param: str | None
) -> None:
    answer = raw.post(
        f"oxillama/threads/{path.format(thread=thread_id)}",
        json={"assistant_id": "default", **body},
    )
    assert answer.status_code == status
    if param:
        assert answer.json()["error"]["param"] == param


def test_a_run_that_is_not_there(raw: httpx2.Client, thread_id: str) -> None:
    assert raw.get(f"oxillama/threads/{thread_id}/runs/run_x/prompt").status_code == 404
