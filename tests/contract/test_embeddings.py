"""Embeddings: numbers and packed strings, texts and tokens."""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from openai import OpenAI

MODEL = "oxillama-tiny"
PATH = "v1/embeddings"
TYPE = "invalid_type"
Answer = tuple[int, str | None, str | None]
Ask = Callable[[str, str, Any], Answer]


def embed(client: OpenAI, given: Any, **settings: Any) -> Any:
    return client.embeddings.create(model=MODEL, input=given, **settings)


def norm(vector: list[float]) -> float:
    return math.sqrt(math.fsum(number * number for number in vector))


def alike(left: list[float], right: list[float]) -> float:
    return math.fsum(a * b for a, b in zip(left, right, strict=True))


def test_the_sdk_reads_a_vector_of_length_one(client: OpenAI) -> None:
    done = embed(client, "A llama in the snow")
    assert (done.object, done.model) == ("list", MODEL)
    (one,) = done.data
    assert (one.object, one.index) == ("embedding", 0)
    assert norm(one.embedding) == pytest.approx(1, abs=1e-5)
    assert done.usage.prompt_tokens == done.usage.total_tokens > 0


def test_numbers_and_packed_strings_are_the_same(raw: httpx2.Client) -> None:
    answers = [
        raw.post(PATH, json={"model": MODEL, "input": "x y", "encoding_format": form}).json()
        for form in ("float", "base64", None)
    ]
    numbers, packed, default = (answer["data"][0]["embedding"] for answer in answers)
    assert isinstance(packed, str)
    found = struct.unpack(f"<{len(numbers)}f", base64.b64decode(packed))
    assert list(found) == pytest.approx(numbers)
    assert default == pytest.approx(numbers)


def test_each_input_has_its_own_vector(client: OpenAI) -> None:
    texts = ["A llama in the snow", "SELECT * FROM t", "A llama in the rain"]
    done = embed(client, texts)
    assert [one.index for one in done.data] == [0, 1, 2]
    llama, query, other = (one.embedding for one in done.data)
    assert alike(llama, other) > alike(llama, query)
    assert alike(embed(client, texts[1]).data[0].embedding, query) == pytest.approx(1, abs=1e-3)
    single = sum(embed(client, text).usage.prompt_tokens for text in texts)
    assert done.usage.prompt_tokens == single


@pytest.mark.parametrize(("given", "count"), [([5, 6, 7], 1), ([[5, 6], [7]], 2)], ids=str)
def test_tokens_are_embedded(client: OpenAI, given: Any, count: int) -> None:
    done = embed(client, given)
    assert len(done.data) == count
    assert done.usage.prompt_tokens == 3


def test_fewer_dimensions_are_the_first_ones(client: OpenAI) -> None:
    whole = embed(client, "x").data[0].embedding
    few = embed(client, "x", dimensions=8).data[0].embedding
    assert len(few) == 8
    length = norm(whole[:8])
    assert few == pytest.approx([number / length for number in whole[:8]], abs=1e-4)


def test_many_inputs_are_taken(client: OpenAI) -> None:
    assert len(embed(client, ["x"] * 2048, dimensions=1).data) == 2048


ROWS: list[tuple[dict[str, Any], str | None, str | None]] = [
    ({"model": None}, "model", TYPE),
    ({"input": None}, "input", TYPE),
    ({"input": 5}, "input", TYPE),
    ({"input": ""}, "input", "empty_array"),
    ({"input": []}, "input", "empty_array"),
    ({"input": ["x", ""]}, "input[1]", "empty_array"),
    ({"input": [[1], []]}, "input[1]", "empty_array"),
    ({"input": ["x", 1]}, "input", TYPE),
    ({"input": ["x"] * 2049}, "input", "array_above_max_length"),
    ({"input": [-1]}, "input[0]", "integer_below_min_value"),
    ({"input": [10**9]}, "input", None),
    ({"input": "word " * 20_000}, "input", "context_length_exceeded"),
    ({"encoding_format": "float16"}, "encoding_format", "invalid_value"),
    ({"dimensions": 0}, "dimensions", "integer_below_min_value"),
    ({"dimensions": 100_000}, "dimensions", None),
]


@pytest.mark.parametrize(("body", "param", "code"), ROWS)
def test_a_bad_request_is_refused(ask: Ask, body: dict[str, Any], param: str, code: str) -> None:
    assert ask("POST", PATH, {"model": MODEL, "input": "x", **body}) == (400, param, code)


def test_an_unknown_model_is_a_404(ask: Ask) -> None:
    assert ask("POST", PATH, {"model": "x", "input": "x"}) == (404, "model", "model_not_found")


def test_what_is_required_is_missed(ask: Ask) -> None:
    missing = "missing_required_parameter"
    assert ask("POST", PATH, {"model": MODEL}) == (400, "input", missing)
