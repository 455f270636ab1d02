from __future__ import annotations

from typing import Any

import pytest
from openai import OpenAI
from openai.types.beta.threads import Run


@pytest.fixture
def run(client: OpenAI, endless: dict[str, Any]) -> Run:
    return client.beta.threads.create_and_run_poll(
        assistant_id="default", extra_body={**endless, "max_tokens": 4}
    )


def test_a_text_run_has_one_step_that_names_its_message(client: OpenAI, run: Run) -> None:
    (step,) = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id)
    (message,) = client.beta.threads.messages.list(run.thread_id, run_id=run.id)
    assert step.type == "message_creation"
    assert step.step_details.message_creation.message_id == message.id  # type: ignore[union-attr]
    assert (step.run_id, step.thread_id) == (run.id, run.thread_id)
    assert step.assistant_id == run.assistant_id


def test_a_step_is_retrieved_by_its_id(client: OpenAI, run: Run) -> None:
    (step,) = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id)
    again = client.beta.threads.runs.steps.retrieve(step.id, thread_id=run.thread_id, run_id=run.id)
    assert again == step


def test_the_step_of_an_incomplete_run_is_completed(client: OpenAI, run: Run) -> None:
    (step,) = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id)
    assert run.status == "incomplete"
    assert step.status == "completed"
    assert step.completed_at is not None
    assert step.to_dict()["usage"] == run.to_dict()["usage"]
