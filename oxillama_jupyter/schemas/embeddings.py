"""Embeddings: the request and the list that answers it."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from oxillama_jupyter.schemas.assistants import ModelId
from oxillama_jupyter.schemas.completions import TextOrTokens
from oxillama_jupyter.schemas.runs import INT_MAX

__all__ = ["CreateEmbeddings", "Embedding", "EmbeddingList", "EmbeddingUsage"]


class CreateEmbeddings(Struct, kw_only=True):
    """Body of `POST /embeddings`; unknown keys mean nothing."""

    model: ModelId
    input: TextOrTokens
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[int, Meta(ge=1, le=INT_MAX)] | None = None
    user: str | None = None


class Embedding(Struct):
    """The vector of one input: numbers, or little-endian float32 in base 64."""

    index: int
    embedding: list[float] | str
    object: Literal["embedding"] = "embedding"


class EmbeddingUsage(Struct):
    """Tokens of all inputs."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingList(Struct):
    """All vectors, in the order of their inputs."""

    data: list[Embedding]
    model: str
    usage: EmbeddingUsage
    object: Literal["list"] = "list"
