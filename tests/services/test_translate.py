from __future__ import annotations

from typing import Any

import pytest
from msgspec import convert

from oxillama_jupyter.engine.protocol import Sampling, Usage
from oxillama_jupyter.schemas.messages import (
    Content,
    ImageUrl,
    ImageUrlPart,
    Message,
    TextContent,
    TextValue,
)
from oxillama_jupyter.schemas.runs import Run
from oxillama_jupyter.schemas.tools import Tool, ToolChoice
from oxillama_jupyter.services.translate import Work, generate_request, message_text, run_usage


def message(*content: Content, role: Any = "user") -> Message:
    return Message(
        id="msg_1",
        created_at=1,
        thread_id="thread_1",
        status="completed",
        role=role,
        content=list(content),
    )


def words(text: str) -> TextContent:
    return TextContent(TextValue(text, []))


def a_run(**settings: Any) -> Run:
    return Run(
        id="run_1",
        created_at=1,
        thread_id="thread_1",
        assistant_id="default",
        status="queued",
        model="m",
        **settings,
    )


def test_the_parts_of_a_message_are_its_lines() -> None:
    assert message_text(message(words("one"), words("two"))) == "one\ntwo"


def test_a_text_model_is_told_of_an_image() -> None:
    text = message_text(message(words("see"), ImageUrlPart(ImageUrl("data:,"))))
    assert text.startswith("see\n[")
    assert "data:" not in text


def test_instructions_are_the_system_message() -> None:
    history = [message(words("Hi")), message(words("Ho"), role="assistant")]
    request = generate_request(a_run(instructions="Be brief."), Work(history))
    assert [entry["role"] for entry in request.messages] == ["system", "user", "assistant"]
    assert request.messages[0]["content"] == "Be brief."
    assert request.cache_key == "thread_1"


def test_without_instructions_there_is_no_system_message() -> None:
    request = generate_request(a_run(), Work([message(words("Hi"))]))
    assert [entry["role"] for entry in request.messages] == ["user"]


def test_the_smaller_of_two_completion_budgets_counts() -> None:
    for ours, theirs, expected in ((5, 300, 5), (500, 300, 300), (None, 300, 300), (5, None, 5)):
        run = a_run(max_tokens=ours, max_completion_tokens=theirs)
        assert generate_request(run, Work([])).sampling.max_tokens == expected
    assert generate_request(a_run(), Work([])).sampling.max_tokens is None


@pytest.mark.parametrize("effort", [None, "none", "high"])
def test_the_engine_learns_how_much_to_think(effort: Any) -> None:
    request = generate_request(a_run(reasoning_effort=effort), Work([message(words("Hi"))]))
    assert request.reasoning_effort == effort


@pytest.mark.parametrize("kind", ["file_search", "code_interpreter"])
@pytest.mark.parametrize("chosen", ["auto", "required", "itself"])
def test_tools_that_nobody_executes_are_neither_offered_nor_forced(kind: str, chosen: str) -> None:
    choice = convert({"type": kind} if chosen == "itself" else chosen, ToolChoice)
    tool = convert({"type": kind}, Tool)
    history = [message(words("Hi"))]
    request = generate_request(a_run(tools=[tool], tool_choice=choice), Work(history))
    assert (request.tools, request.must_call) == (None, ())


def test_every_sampling_option_reaches_the_engine() -> None:
    given: dict[str, Any] = {
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 3,
        "min_p": 0.1,
        "repeat_penalty": 1.2,
        "frequency_penalty": 0.3,
        "presence_penalty": 0.4,
        "seed": 7,
        "stop": ["a"],
        "logit_bias": {5: -1.0},
        "typical_p": 0.9,
        "top_n_sigma": 2.0,
        "xtc_probability": 0.5,
        "xtc_threshold": 0.2,
        "dynatemp_range": 0.3,
        "dynatemp_exponent": 2.0,
        "mirostat": 2,
        "mirostat_tau": 4.0,
        "mirostat_eta": 0.2,
        "repeat_last_n": 64,
        "dry_multiplier": 0.8,
        "dry_base": 2.0,
        "dry_allowed_length": 3,
        "dry_penalty_last_n": 100,
        "dry_sequence_breakers": ["."],
        "adaptive_target": 0.4,
        "adaptive_decay": 0.8,
        "min_keep": 2,
    }
    sampling = generate_request(a_run(**given), Work([])).sampling
    for name, value in given.items():
        assert getattr(sampling, name) == (tuple(value) if isinstance(value, list) else value)
    untouched = generate_request(a_run(), Work([])).sampling
    assert untouched == Sampling(temperature=1.0, top_p=1.0)


def test_usage_adds_up() -> None:
    usage = run_usage(Usage(10, 4, cached_tokens=6))
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (10, 4, 14)
    assert usage.prompt_token_details.cached_tokens == 6
