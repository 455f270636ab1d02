from __future__ import annotations

from typing import Any

import openai
import pytest
from openai import OpenAI

EVERYTHING: dict[str, Any] = {
    "name": "Ada",
    "description": "Knows everything.",
    "instructions": "Answer in rhymes.",
    "tools": [
        {"type": "code_interpreter"},
        {"type": "file_search"},
        {
            "type": "function",
            "function": {
                "name": "weather",
                "description": "The weather somewhere.",
                "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
                "strict": True,
            },
        },
    ],
    "tool_resources": {"code_interpreter": {"file_ids": ["file-1"]}},
    "metadata": {"team": "a"},
    "temperature": 0.5,
    "top_p": 0.25,
    "response_format": {"type": "json_object"},
}


def test_an_assistant_keeps_everything_it_is_given(client: OpenAI) -> None:
    made = client.beta.assistants.create(model="m", **EVERYTHING)
    assert client.beta.assistants.retrieve(made.id) == made
    given = {key: made.to_dict()[key] for key in EVERYTHING}
    assert given == EVERYTHING


def test_an_assistant_needs_only_a_model(client: OpenAI) -> None:
    made = client.beta.assistants.create(model="m")
    assert made.id.startswith("asst_")
    assert (made.name, made.description, made.instructions) == (None, None, None)
    assert (made.tools, made.metadata) == ([], {})
    assert (made.temperature, made.top_p, made.response_format) == (1.0, 1.0, "auto")


def test_null_means_not_given(client: OpenAI) -> None:
    given = dict.fromkeys(EVERYTHING)
    made = client.beta.assistants.create(model="m", **given)
    bare = client.beta.assistants.create(model="m")
    ignored = {"id", "created_at"}
    assert made.to_dict().keys() == bare.to_dict().keys()
    assert made.model_dump(exclude=ignored) == bare.model_dump(exclude=ignored)


def test_null_means_not_given_inside_of_tools_too(client: OpenAI) -> None:
    ranking = {"score_threshold": 0.5, "ranker": None}
    tools: Any = [
        {"type": "file_search", "file_search": {"max_num_results": None, "ranking_options": None}},
        {"type": "file_search", "file_search": {"ranking_options": ranking}},
        {"type": "function", "function": {"name": "f", "parameters": None, "strict": None}},
    ]
    resources: Any = {
        "code_interpreter": {"file_ids": None},
        "file_search": {"vector_store_ids": None},
    }
    made = client.beta.assistants.create(model="m", tools=tools, tool_resources=resources)
    assert made.to_dict()["tools"] == [
        {"type": "file_search", "file_search": {}},
        {
            "type": "file_search",
            "file_search": {"ranking_options": {"score_threshold": 0.5, "ranker": "auto"}},
        },
        {"type": "function", "function": {"name": "f"}},
    ]
    assert made.to_dict()["tool_resources"] == {
        "code_interpreter": {"file_ids": []},
        "file_search": {"vector_store_ids": []},
    }


def test_what_is_not_named_in_a_modification_stays(client: OpenAI) -> None:
    made = client.beta.assistants.create(model="m", **EVERYTHING)
    changed = client.beta.assistants.update(made.id, name="Bob")
    assert changed.to_dict() == {**made.to_dict(), "name": "Bob"}
    assert client.beta.assistants.retrieve(made.id) == changed


def test_null_in_a_modification_clears(client: OpenAI) -> None:
    made = client.beta.assistants.create(model="m", **EVERYTHING)
    cleared = client.beta.assistants.update(made.id, extra_body=dict.fromkeys(EVERYTHING))
    assert (cleared.name, cleared.description, cleared.instructions) == (None, None, None)
    assert (cleared.tools, cleared.metadata, cleared.tool_resources) == ([], {}, None)
    assert (cleared.temperature, cleared.top_p, cleared.response_format) == (1.0, 1.0, "auto")


def test_the_model_cannot_be_cleared(client: OpenAI) -> None:
    made = client.beta.assistants.create(model="m")
    with pytest.raises(openai.BadRequestError) as caught:
        client.beta.assistants.update(made.id, extra_body={"model": None})
    assert caught.value.param == "model"


def test_a_deleted_assistant_is_gone(client: OpenAI) -> None:
    made = client.beta.assistants.create(model="m")
    assert client.beta.assistants.delete(made.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.beta.assistants.retrieve(made.id)
    with pytest.raises(openai.NotFoundError):
        client.beta.threads.create_and_run(assistant_id=made.id)


def test_a_deleted_assistants_runs_stay(client: OpenAI) -> None:
    made = client.beta.assistants.create(model="oxillama-tiny")
    run = client.beta.threads.create_and_run_poll(
        assistant_id=made.id, extra_body={"max_tokens": 1}
    )
    client.beta.assistants.delete(made.id)
    assert client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id) == run


def test_a_new_assistant_is_the_first_of_the_list(client: OpenAI) -> None:
    made = client.beta.assistants.create(model="m")
    assert client.beta.assistants.list(limit=1).data == [made]
