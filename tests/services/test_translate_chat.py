from __future__ import annotations

from typing import Any

import msgspec
import pytest

from oxillama_jupyter.engine.protocol import Constraint
from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.schemas.chat import CreateChat
from oxillama_jupyter.services.translate_chat import generate_request, parallel

TOOLS = [{"type": "function", "function": {"name": name}} for name in ("look", "listen")]


def request(**body: Any) -> Any:  # a GenerateRequest
    given = {"model": "alias", "messages": [{"role": "user", "content": "Hi"}], **body}
    return generate_request(msgspec.convert(given, CreateChat), "m")


def test_messages_become_what_templates_take() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    messages = [
        {
            "role": "developer",
            "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
        },
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:secret"}}]},
        {"role": "assistant", "content": None, "tool_calls": [call], "reasoning_content": "Hm"},
        {"role": "tool", "tool_call_id": "c", "content": "x"},
        {"role": "assistant", "content": None, "refusal": "No."},
    ]
    found = request(messages=messages).messages
    assert found[0] == {"role": "system", "content": "a\nb"}
    assert found[1]["content"].startswith("[An image")
    assert "secret" not in found[1]["content"]
    assert found[2] == {
        "role": "assistant",
        "content": "",
        "reasoning_content": "Hm",
        "tool_calls": [call],
    }
    assert found[3] == {"role": "tool", "tool_call_id": "c", "name": "look", "content": "x"}
    assert found[4] == {"role": "assistant", "content": "No."}


def test_nothing_is_added_to_a_plain_request() -> None:
    found = request()
    assert found.model == "m"
    assert found.tools is None
    assert (found.logprobs, found.constraint, found.must_call) == (None, None, ())
    assert found.parallel_calls
    assert found.truncation == "disabled"
    assert found.sampling.max_tokens is None


def test_samplers_are_passed_on() -> None:
    sampling = request(
        temperature=0.5, top_p=0.9, stop="x", seed=-1, top_k=3, max_tokens=9, logit_bias={5: 1}
    ).sampling
    assert (sampling.temperature, sampling.top_p, sampling.top_k) == (0.5, 0.9, 3)
    assert (sampling.stop, sampling.max_tokens, sampling.logit_bias) == (("x",), 9, {5: 1.0})
    assert 0 <= sampling.seed < 2**32 - 1
    assert request(max_tokens=9, max_completion_tokens=4).sampling.max_tokens == 4


@pytest.mark.parametrize(
    ("choice", "offered", "forced"),
    [
        (None, ["look", "listen"], ()),
        ("auto", ["look", "listen"], ()),
        ("none", [], ()),
        ("required", ["look", "listen"], ("look", "listen")),
        ({"type": "function", "function": {"name": "look"}}, ["look", "listen"], ("look",)),
        (
            {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": TOOLS[:1]}},
            ["look"],
            (),
        ),
        (
            {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": TOOLS[1:]}},
            ["look", "listen"],
            ("listen",),
        ),
    ],
    ids=str,
)
def test_a_tool_choice_offers_and_forces(
    choice: Any, offered: list[str], forced: tuple[str, ...]
) -> None:
    found = request(tools=TOOLS, tool_choice=choice)
    assert [tool["function"]["name"] for tool in found.tools or ()] == offered
    assert found.must_call == forced


def test_functions_of_old_are_tools_called_one_at_a_time() -> None:
    functions = [tool["function"] for tool in TOOLS]
    found = request(functions=functions, function_call={"name": "look"})
    assert found.tools == TOOLS
    assert found.must_call == ("look",)
    assert not found.parallel_calls


def test_logprobs_count_the_alternatives() -> None:
    assert request(logprobs=True).logprobs == 0
    assert request(logprobs=True, top_logprobs=4).logprobs == 4
    assert request(logprobs=False).logprobs is None


def test_a_format_is_a_constraint() -> None:
    assert request(response_format={"type": "json_object"}).constraint == Constraint("json_object")
    assert request(response_format={"type": "text"}).constraint is None


def test_choices_have_seeds_of_their_own() -> None:
    seeds = [one.sampling.seed for one in parallel(request(seed=2**32 - 2), 3)]
    assert len(set(seeds)) == 3
    assert all(0 <= seed < 2**32 - 1 for seed in seeds if seed is not None)
    assert [one.sampling.seed for one in parallel(request(), 2)] == [None, None]


def test_what_is_wrong_is_named() -> None:
    with pytest.raises(InvalidRequest) as caught:
        request(messages=[{"role": "tool", "tool_call_id": "c", "content": "x"}])
    assert caught.value.param == "messages[0].tool_call_id"


def test_the_reasoning_effort_goes_to_the_engine() -> None:
    assert request(reasoning_effort="low").reasoning_effort == "low"
