"""What a prompt may hold and an answer may have: budgets, truncation, too small a context."""

from __future__ import annotations

from typing import Any

import pytest
from openai import OpenAI

WORDS = " ".join(["apple"] * 200)


def thread_of(client: OpenAI, *texts: str) -> str:
    messages: Any = [{"role": "user", "content": text} for text in texts]
    return client.beta.threads.create(messages=messages).id


def run(client: OpenAI, thread_id: str, **settings: Any) -> Any:  # a run
    own = {"max_tokens": 2, **settings.pop("extra_body", {})}
    return client.beta.threads.runs.create_and_poll(
        thread_id=thread_id, assistant_id="default", extra_body=own, **settings
    )


def test_the_answer_ends_at_max_completion_tokens(client: OpenAI, endless: dict[str, Any]) -> None:
    done = run(
        client,
        thread_of(client, "x"),
        max_completion_tokens=256,
        extra_body={**endless, "max_tokens": None},
    )
    assert done.status == "incomplete"
    assert done.incomplete_details.reason == "max_completion_tokens"
    assert done.usage.completion_tokens == 256


def test_the_smaller_budget_counts(client: OpenAI, endless: dict[str, Any]) -> None:
    done = run(client, thread_of(client, "x"), max_completion_tokens=256, extra_body={**endless})
    assert done.usage.completion_tokens == 2


def test_a_long_thread_is_cut_in_its_middle(client: OpenAI) -> None:
    thread_id = thread_of(client, *[f"{WORDS} {i}" for i in range(12)])
    done = run(client, thread_id, max_prompt_tokens=700)
    stored = [m.id for m in client.beta.threads.messages.list(thread_id, order="asc").data]
    dropped = done.to_dict()["dropped_message_ids"]
    assert done.usage.prompt_tokens <= 700
    assert dropped
    assert stored[11] not in dropped  # the newest of the user's
    assert [message for message in stored if message in dropped] == dropped


def test_last_messages_keeps_the_newest(client: OpenAI) -> None:
    thread_id = thread_of(client, WORDS, WORDS, "Hi")
    all_of_it = run(client, thread_id).usage.prompt_tokens
    strategy: Any = {"type": "last_messages", "last_messages": 1}
    thread_id = thread_of(client, WORDS, WORDS, "Hi")
    newest = run(client, thread_id, truncation_strategy=strategy).usage.prompt_tokens
    assert newest < all_of_it / 4


def test_one_message_above_the_prompt_budget_makes_the_run_incomplete(client: OpenAI) -> None:
    done = run(client, thread_of(client, f"{WORDS} {WORDS}"), max_prompt_tokens=256)
    assert done.status == "incomplete"
    assert done.incomplete_details.reason == "max_prompt_tokens"


@pytest.mark.parametrize("budget", [None, 2**31 - 1])
def test_one_message_above_the_context_fails_with_the_reason(
    client: OpenAI, budget: int | None
) -> None:
    done = run(client, thread_of(client, WORDS * 60), max_prompt_tokens=budget)
    assert done.status == "failed"
    assert done.last_error.code == "invalid_prompt"
    assert "tokens" in done.last_error.message


def test_a_continued_thread_finds_its_prompt_in_the_cache(client: OpenAI) -> None:
    thread_id = thread_of(client, WORDS)
    run(client, thread_id)
    client.beta.threads.messages.create(thread_id, role="user", content="And?")
    usage = run(client, thread_id).usage.to_dict()
    assert usage["prompt_token_details"]["cached_tokens"] > 100
