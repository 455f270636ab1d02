"""Embeddings by an OpenAI-compatible server."""

from __future__ import annotations

import array
import math
import sys
from typing import Any

from oxillama_jupyter.engine.embeddings import Embeddings, EmbedRequest
from oxillama_jupyter.errors import EngineError

__all__ = ["embed_body", "read_embeddings"]

Json = Any  # as the upstream sent it


def embed_body(request: EmbedRequest, model: str) -> dict[str, Any]:
    """The body of `POST /embeddings`."""
    inputs = [item if isinstance(item, str) else list(item) for item in request.inputs]
    body: dict[str, Any] = {"model": model, "input": inputs, "encoding_format": "float"}
    return body | ({"dimensions": request.dimensions} if request.dimensions else {})


def read_embeddings(answer: Json, count: int) -> Embeddings:
    """Read what an upstream answered.

    It counts all inputs together: the first one gets that count, the others get 0.

    Raises:
        EngineError: It is not one vector of the same size for each input.
    """
    try:
        items = sorted(answer["data"], key=lambda item: item["index"])
        vectors = [_vector(item["embedding"]) for item in items]
        total = int(answer.get("usage", {}).get("prompt_tokens", 0))
    except (AttributeError, KeyError, TypeError, ValueError):
        raise EngineError("The upstream's embeddings are in no form that is known.") from None
    sizes = {len(vector) for vector in vectors}
    if len(vectors) != count or len(sizes) != 1:
        raise EngineError(f"The upstream sent {len(vectors)} vectors for {count} inputs.")
    return Embeddings(vectors, [total, *([0] * (count - 1))], sizes.pop() // 4)


def _vector(numbers: Json) -> bytes:
    """Numbers as little-endian float32 of length 1."""
    length = math.sqrt(math.fsum(number * number for number in numbers)) or 1.0
    values = array.array("f", (number / length for number in numbers))
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()
