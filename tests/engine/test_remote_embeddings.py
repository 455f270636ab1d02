from __future__ import annotations

import array
import math

import pytest

from oxillama_jupyter.engine.embeddings import EmbedRequest
from oxillama_jupyter.engine.remote_embeddings import embed_body, read_embeddings
from oxillama_jupyter.errors import EngineError


def test_the_body_has_texts_and_tokens_as_they_are() -> None:
    request = EmbedRequest(("a", (1, 2)), dimensions=3)
    assert embed_body(request, "m") == {
        "model": "m",
        "input": ["a", [1, 2]],
        "encoding_format": "float",
        "dimensions": 3,
    }


def test_vectors_come_in_the_order_of_the_inputs_and_of_length_one() -> None:
    answer = {
        "data": [{"index": 1, "embedding": [0, 2]}, {"index": 0, "embedding": [3, 4]}],
        "usage": {"prompt_tokens": 7},
    }
    found = read_embeddings(answer, 2)
    assert found.tokens == [7, 0]
    assert found.dimensions == 2
    first, second = (array.array("f", vector) for vector in found.vectors)
    assert list(second) == [0.0, 1.0]
    assert math.isclose(first[0], 0.6, rel_tol=1e-6)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        None,
        {"data": []},
        {"data": [{"index": 0, "embedding": "no"}]},
        {"data": [{"index": 0, "embedding": [1]}]},
        {"data": [{"index": 0, "embedding": [1]}, {"index": 1, "embedding": [1, 2]}]},
    ],
)
def test_what_is_no_embedding_is_an_error(answer: object) -> None:
    with pytest.raises(EngineError, match="upstream"):
        read_embeddings(answer, 2)
