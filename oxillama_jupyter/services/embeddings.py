"""Embeddings: vectors for texts, as numbers or packed."""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence

from oxillama_jupyter.engine.protocol import EmbedRequest
from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.schemas.embeddings import (
    CreateEmbeddings,
    Embedding,
    EmbeddingList,
    EmbeddingUsage,
)
from oxillama_jupyter.services.generation import Generator
from oxillama_jupyter.services.inputs import inputs_of
from oxillama_jupyter.services.models import ModelService

__all__ = ["EmbeddingService"]

_MOST_INPUTS = 2048


class EmbeddingService:
    """The use case of embeddings.

    Args:
        models: Resolves model names.
        generator: Embeds.
    """

    def __init__(self, models: ModelService, generator: Generator) -> None:
        self._models = models
        self._generator = generator

    async def create(self, body: CreateEmbeddings) -> EmbeddingList:
        """Embed.

        Raises:
            InvalidRequest: An input is none, or the model makes no embeddings.
            ModelNotFound: There is no such model.
            QueueFull: Too many wait.
            GenerationStopped: Somebody has stopped it.
        """
        inputs = inputs_of(body.input, "input")
        _check(inputs, body.input)
        model = await self._models.resolved(body.model)
        request = EmbedRequest(tuple(inputs), model.id, body.dimensions)
        found = await self._generator.embed(request)
        packed = body.encoding_format == "base64"
        total = sum(found.tokens)
        return EmbeddingList(
            [
                Embedding(index, _packed(vector) if packed else _numbers(vector))
                for index, vector in enumerate(found.vectors)
            ],
            model.id,
            EmbeddingUsage(total, total),
        )


def _check(inputs: Sequence[str | tuple[int, ...]], given: object) -> None:
    if len(inputs) > _MOST_INPUTS:
        raise InvalidRequest(
            f"'input' has {len(inputs)} entries; at most {_MOST_INPUTS} are taken.",
            param="input",
            code="array_above_max_length",
        )
    if inputs and all(inputs):
        return
    several = isinstance(given, list) and bool(given)
    where = next((f"input[{i}]" for i, one in enumerate(inputs) if several and not one), "input")
    raise InvalidRequest(f"'{where}' is empty.", param=where, code="empty_array")


def _packed(vector: bytes) -> str:
    return base64.b64encode(vector).decode()


def _numbers(vector: bytes) -> list[float]:
    return list(struct.unpack(f"<{len(vector) // 4}f", vector))
