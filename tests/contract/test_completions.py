"""Text completions: prompts of all kinds, in one piece and streamed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import openai
import pytest
from openai import OpenAI
from servers import Server, until
from wire import chunks

MODEL = "oxillama-tiny"
PATH = "v1/completions"
LOW, HIGH, TYPE = "integer_below_min_value", "integer_above_max_value", "invalid_type"
Answer = tuple[int, str | None, str | None]
Ask = Callable[[str, str, Any], Answer]


def complete(client: OpenAI, prompt: Any = "The llama is", **settings: Any) -> Any:
    given: Any = {"model": MODEL, "prompt": prompt, "temperature": 0, "max_tokens": 5, **settings}
    return client.completions.create(**given)


def test_a_prompt_is_gone_on_with(client: OpenAI, endless: dict[str, Any]) -> None:
    done = complete(client, extra_body=endless)
    assert done.id.startswith("cmpl-")
    assert (done.object, done.model) == ("text_completion", MODEL)
    assert done.system_fingerprint.startswith("fp_")
    (choice,) = done.choices
    assert (choice.index, choice.finish_reason, choice.logprobs) == (0, "length", None)
    assert choice.text
    assert done.usage.completion_tokens == 5
    assert done.usage.total_tokens == done.usage.prompt_tokens + 5


def test_sixteen_tokens_unless_told(client: OpenAI, endless: dict[str, Any]) -> None:
    for given in (openai.omit, None):
        done = complete(client, max_tokens=given, extra_body=endless)
        assert done.usage.completion_tokens == 16


@pytest.mark.parametrize(
    ("prompt", "count"),
    [
        ("Hello", 1),
        (["Hello"], 1),
        (["Hello", "Bye"], 2),
        ([100, 200, 300], 1),
        ([[100, 200], [300]], 2),
        ("", 1),
        (None, 1),
    ],
    ids=str,
)
def test_prompts_of_all_kinds(client: OpenAI, prompt: Any, count: int) -> None:
    done = complete(client, prompt, n=2)
    assert [choice.index for choice in done.choices] == list(range(2 * count))


def test_many_prompts_wait_for_their_turn(client: OpenAI) -> None:
    prompts = [f"Number {i} is" for i in range(200)]  # more than may wait at the engine
    done = complete(client, prompts, max_tokens=1)
    assert len(done.choices) == 200
    assert complete(client, prompts[7], max_tokens=1).choices[0].text == done.choices[7].text


def test_the_prompt_is_echoed(client: OpenAI) -> None:
    plain = complete(client).choices[0].text
    assert complete(client, echo=True).choices[0].text == "The llama is" + plain


@pytest.mark.parametrize("settings", [{}, {"max_tokens": 0}, {"echo": False}], ids=str)
def test_logprobs_lie_where_their_tokens_do(client: OpenAI, settings: dict[str, Any]) -> None:
    (choice,) = complete(client, **{"echo": True, "logprobs": 2, **settings}).choices
    found = choice.logprobs
    size = len(found.tokens)
    assert size > 0
    assert [len(found.token_logprobs), len(found.top_logprobs), len(found.text_offset)] == [
        size
    ] * 3
    for token, offset in zip(found.tokens, found.text_offset, strict=True):
        assert choice.text[offset:].startswith(token) or "bytes:" in token or offset == 0
    if settings.get("echo") is not False:
        assert (found.token_logprobs[0], found.top_logprobs[0]) == (None, None)
    assert all(value <= 0 for value in found.token_logprobs[1:])
    assert all(2 <= len(top) <= 3 for top in found.top_logprobs[1:])


def test_a_prompt_can_be_scored_without_more(client: OpenAI) -> None:
    done = complete(client, echo=True, logprobs=0, max_tokens=0)
    assert done.choices[0].text == "The llama is"
    assert done.choices[0].finish_reason == "length"
    assert done.usage.completion_tokens == 0


def test_the_best_of_several_are_given(client: OpenAI) -> None:
    done = complete(client, best_of=6, n=2, temperature=1.5, seed=1, logprobs=0)
    assert [choice.index for choice in done.choices] == [0, 1]
    best, second = (
        sum(choice.logprobs.token_logprobs) / len(choice.logprobs.token_logprobs)
        for choice in done.choices
    )
    assert best >= second
    assert done.usage.completion_tokens > 10  # all six are paid for
    assert complete(client, best_of=2, n=1, temperature=1).choices[0].logprobs is None


def test_stop_and_seed(client: OpenAI) -> None:
    texts = {complete(client, temperature=1.5, seed=4).choices[0].text for _ in range(3)}
    assert len(texts) == 1
    (text,) = texts
    done = complete(client, temperature=1.5, seed=4, stop=text[2:4])
    assert done.choices[0].text == text[: text.index(text[2:4])]
    assert done.choices[0].finish_reason == "stop"


def test_the_order_of_a_stream(scripted: Server) -> None:
    body = {"model": "scripted", "prompt": ["a", "b"], "stream": True}
    body["stream_options"] = {"include_usage": True}
    seen = chunks(scripted.raw.post(PATH, json=body).content)
    for index in (0, 1):
        own = [one["choices"][0] for one in seen[:-2] if one["choices"][0]["index"] == index]
        assert [choice["text"] for choice in own] == ["One", " two", " three", " four", ""]
        assert [choice["finish_reason"] for choice in own] == [None] * 4 + ["stop"]
    assert {one["usage"] for one in seen[:-2]} == {None}
    assert seen[-2]["choices"] == []
    assert seen[-2]["usage"]["completion_tokens"] == 8
    assert seen[-1] == "[DONE]"


def test_a_stream_says_what_the_object_says(client: OpenAI) -> None:
    settings: Any = {"echo": True, "logprobs": 1, "max_tokens": 12}
    whole = complete(client, **settings).choices[0]
    pieces = [piece.choices[0] for piece in complete(client, stream=True, **settings)]
    assert "".join(piece.text for piece in pieces) == whole.text
    told = [piece.logprobs for piece in pieces if piece.logprobs is not None]
    for name in ("tokens", "text_offset", "token_logprobs", "top_logprobs"):
        joined = [value for one in told for value in getattr(one, name)]
        assert joined == getattr(whole.logprobs, name)


def test_the_sdk_reads_a_stream_with_usage(client: OpenAI) -> None:
    seen = list(complete(client, stream=True, stream_options={"include_usage": True}))
    assert seen[-1].usage.completion_tokens > 0


ROWS: list[tuple[dict[str, Any], str | None, str | None]] = [
    ({"model": 1}, "model", TYPE),
    ({"prompt": 5}, "prompt", TYPE),
    ({"prompt": []}, "prompt", "empty_array"),
    ({"prompt": [[]]}, "prompt", "empty_array"),
    ({"prompt": ["a", 5]}, "prompt", TYPE),
    ({"prompt": [[5], 5]}, "prompt", TYPE),
    ({"prompt": [-1]}, "prompt[0]", LOW),
    ({"prompt": [[10**30]]}, "prompt[0][0]", HIGH),
    ({"prompt": [10**9]}, "prompt", None),
    ({"prompt": ["x"] * 2049}, "prompt", "array_above_max_length"),
    ({"max_tokens": -1}, "max_tokens", LOW),
    ({"n": 0}, "n", LOW),
    ({"n": 3, "best_of": 2}, "best_of", None),
    ({"best_of": 21}, "best_of", HIGH),
    ({"best_of": 2, "stream": True}, "best_of", None),
    ({"logprobs": 6}, "logprobs", HIGH),
    ({"logprobs": True}, "logprobs", TYPE),
    ({"temperature": 3}, "temperature", "decimal_above_max_value"),
    ({"stop": [""]}, "stop[0]", "string_below_min_length"),
    ({"logit_bias": {"1": 200}}, "logit_bias", "decimal_above_max_value"),
    ({"echo": True, "suffix": "x"}, "echo", None),
    ({"suffix": "x"}, "suffix", None),
    ({"stream_options": {}}, "stream_options", None),
    ({"adapter": "x"}, "adapter", None),
]


@pytest.mark.parametrize(("body", "param", "code"), ROWS)
def test_a_bad_request_is_refused(ask: Ask, body: dict[str, Any], param: str, code: str) -> None:
    assert ask("POST", PATH, {"model": MODEL, "prompt": "x", **body}) == (400, param, code)


def test_what_is_required_is_missed(ask: Ask) -> None:
    missing = "missing_required_parameter"
    assert ask("POST", PATH, {"prompt": "x"}) == (400, "model", missing)
    assert ask("POST", PATH, {"model": MODEL}) == (400, "prompt", missing)


def test_an_unknown_model_is_a_404(ask: Ask) -> None:
    answer = ask("POST", PATH, {"model": "gpt-9", "prompt": "x"})
    assert answer == (404, "model", "model_not_found")


def test_a_prompt_that_is_too_long_is_a_400(ask: Ask) -> None:
    body = {"model": MODEL, "prompt": "word " * 20_000, "stream": True}
    assert ask("POST", PATH, body) == (400, "prompt", "context_length_exceeded")


@pytest.mark.parametrize("stream", [{}, {"stream": True}], ids=str)
def test_a_client_that_leaves_frees_the_sequences(
    server: Server, endless: dict[str, Any], stream: dict[str, Any]
) -> None:
    body = {"model": MODEL, "prompt": ["a", "b"], "max_tokens": 4000, **endless}
    if stream:
        with server.raw.stream("POST", PATH, json={**body, **stream}) as answer:
            next(answer.iter_raw())
    else:
        server.leave(PATH, body)
    until(lambda: server.health()["engine"]["running"] == 0, "the sequences", timeout=20)
    assert server.health()["runs"] == 0
