"""Requests for embeddings and what answers them, as they cross the pipe."""

from __future__ import annotations

from msgspec import Struct

from oxillama_jupyter.errors import InvalidRequest

__all__ = ["EmbedRequest", "Embeddings", "check_embed"]


class EmbedRequest(Struct, frozen=True, omit_defaults=True):
    """Texts to embed, each on its own.

    Attributes:
        inputs: Texts, or their tokens; a text gets the special tokens the model wants around it.
        model: The model's name; None for the only one.
        dimensions: Keep so many of each vector's first numbers; None for all.
    """

    inputs: tuple[str | tuple[int, ...], ...]
    model: str | None = None
    dimensions: int | None = None


class Embeddings(Struct, frozen=True):
    """A vector of length 1 for each input, in order.

    Attributes:
        vectors: Little-endian float32 numbers, `dimensions` of them each.
        tokens: How many tokens each input had.
        dimensions: How many numbers a vector has.
    """

    vectors: list[bytes]
    tokens: list[int]
    dimensions: int


def check_embed(request: EmbedRequest) -> None:
    """Refuse what no engine can embed.

    Raises:
        InvalidRequest: There is nothing to embed, or no dimension to keep.
    """
    if not request.inputs or not all(request.inputs):
        raise InvalidRequest("'input' must be texts or tokens, none of them empty.", param="input")
    if request.dimensions is not None and request.dimensions < 1:
        raise InvalidRequest(
            f"'dimensions' must be at least 1, not {request.dimensions}.", param="dimensions"
        )
