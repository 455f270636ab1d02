"""`response_format`: answers that are what was asked for, and refusals of what cannot be kept."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from openai import OpenAI

CITY: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string", "maxLength": 20}, "days": {"enum": [1, 2, 3]}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
UNENFORCEABLE = {"type": "object", "not": {"required": ["a"]}}


def schema_format(schema: dict[str, Any], *, strict: bool | None = True) -> Any:
    described = {"name": "answer", "schema": schema, "strict": strict}
    return {"type": "json_schema", "json_schema": described}


def answer(client: OpenAI, response_format: Any, **settings: Any) -> tuple[Any, str]:
    run = client.beta.threads.create_and_run_poll(
        assistant_id=settings.pop("assistant_id", "default"),
        thread={"messages": [{"role": "user", "content": "How is the weather in Paris?"}]},
        response_format=response_format,
        extra_body={"max_tokens": 100, "temperature": 0.7, **settings},
    )
    (message,) = client.beta.threads.messages.list(run.thread_id, run_id=run.id)
    return run, message.content[0].text.value  # type: ignore[union-attr]  # it is text


@pytest.mark.parametrize("strict", [True, False, None])
def test_an_answer_follows_its_schema(client: OpenAI, strict: bool | None) -> None:  # noqa: FBT001
    run, text = answer(client, schema_format(CITY, strict=strict), seed=3)
    value = json.loads(text)
    assert run.status == "completed"
    assert set(value) == {"city", "days"}
    assert value["days"] in {1, 2, 3}


def test_an_answer_is_a_json_object(client: OpenAI) -> None:
    run, text = answer(client, {"type": "json_object"}, seed=5)
    assert text.startswith("{")
    if run.status == "completed":  # its length is the model's own choice
        assert isinstance(json.loads(text), dict)


def test_a_cut_answer_is_incomplete(client: OpenAI) -> None:
    run, text = answer(client, schema_format(CITY), max_tokens=3)
    assert run.status == "incomplete"
    assert text.startswith("{")


def test_an_assistants_format_is_its_runs(client: OpenAI) -> None:
    assistant = client.beta.assistants.create(
        model="oxillama-tiny", response_format=schema_format(CITY)
    )
    _, text = answer(client, openai.NOT_GIVEN, assistant_id=assistant.id)
    assert set(json.loads(text)) == {"city", "days"}


def test_a_schema_that_cannot_be_kept_is_refused_at_once(client: OpenAI) -> None:
    refused: Any = schema_format(UNENFORCEABLE)
    assistant = client.beta.assistants.create(model="m")
    attempts = [
        lambda: client.beta.assistants.create(model="m", response_format=refused),
        lambda: client.beta.assistants.update(assistant.id, response_format=refused),
        lambda: client.beta.threads.create_and_run(assistant_id="default", response_format=refused),
        lambda: client.beta.threads.runs.create(
            client.beta.threads.create().id, assistant_id="default", response_format=refused
        ),
    ]
    for attempt in attempts:
        with pytest.raises(openai.BadRequestError, match="not at #/not") as caught:
            attempt()
        assert caught.value.param == "response_format"


def test_a_schema_that_need_not_be_kept_completely_is_kept_where_it_can_be(
    client: OpenAI,
) -> None:
    schema = {**CITY, "not": {"required": ["a"]}}
    _, text = answer(client, schema_format(schema, strict=False))
    assert set(json.loads(text)) == {"city", "days"}


def test_what_only_the_compiler_finds_fails_the_run(client: OpenAI) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "pattern": "(?=x)y"}}}
    run = client.beta.threads.create_and_run_poll(
        assistant_id="default", response_format=schema_format(schema)
    )
    assert run.status == "failed"
    assert run.last_error is not None
    assert run.last_error.code == "invalid_prompt"
    assert "pattern at #/properties/a/pattern" in run.last_error.message
