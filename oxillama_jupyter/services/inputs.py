"""Texts or tokens, one or several, as prompts and embeddings have them."""

from __future__ import annotations

from oxillama_jupyter.errors import InvalidRequest

__all__ = ["inputs_of"]


def inputs_of(given: str | list[str | int | list[int]], param: str) -> list[str | tuple[int, ...]]:
    """All inputs; a row of tokens is one.

    Args:
        given: A text, texts, tokens, or rows of tokens.
        param: What it is called, for the error.

    Raises:
        InvalidRequest: Texts and tokens are mixed.
    """
    if isinstance(given, str):
        return [given]
    texts = [one for one in given if isinstance(one, str)]
    tokens = [one for one in given if isinstance(one, int)]
    rows = [tuple(one) for one in given if isinstance(one, list)]
    if max(len(texts), len(tokens), len(rows)) < len(given):
        raise InvalidRequest(
            f"'{param}' must be a text, texts, tokens or rows of tokens, not a mixture.",
            param=param,
            code="invalid_type",
        )
    return [*texts, *rows, *([tuple(tokens)] if tokens else [])]
