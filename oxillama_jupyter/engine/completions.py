"""Prompts without a chat: text or tokens as they are, or the middle between two texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from oxillama_jupyter.errors import InvalidRequest

if TYPE_CHECKING:
    from oxillama_jupyter.engine.protocol import GenerateRequest

__all__ = ["Vocabulary", "raw_text", "raw_tokens"]


class Vocabulary(Protocol):
    """What raw prompts need of a vocabulary."""

    bos: int
    add_bos: bool
    n_tokens: int
    fill: tuple[int, int, int]

    def raw(self, token: int) -> bytes:
        """The token's bytes, control tokens' too."""

    def tokenize(self, text: str, *, special: bool) -> list[int]:
        """Turn text into tokens."""


def raw_tokens(request: GenerateRequest, vocabulary: Vocabulary) -> list[int]:
    """Make the tokens of a request that has a `prompt`.

    Text begins with the model's first token where the model wants one, and control tokens that are
    written in it are ordinary text. Tokens are taken as they are. An empty prompt is that of a new
    document.

    Raises:
        InvalidRequest: A token does not exist, or the model cannot fill in the middle.
    """
    if request.suffix is not None:
        before, after, middle = _fill_tokens(vocabulary)
        suffix = vocabulary.tokenize(request.suffix, special=False)
        tokens = [before, *_given(request, vocabulary), after, *suffix, middle]
    else:
        tokens = _given(request, vocabulary)
    if isinstance(request.prompt, str) and vocabulary.add_bos:
        tokens.insert(0, vocabulary.bos)
    if tokens:
        return tokens
    if vocabulary.bos < 0:
        raise InvalidRequest("The prompt is empty, and the model needs one.", param="prompt")
    return [vocabulary.bos]


def raw_text(request: GenerateRequest, vocabulary: Vocabulary) -> str:
    """The prompt as text, for answers that begin with it."""
    if isinstance(request.prompt, str):
        return request.prompt
    return b"".join(map(vocabulary.raw, request.prompt or ())).decode(errors="replace")


def _given(request: GenerateRequest, vocabulary: Vocabulary) -> list[int]:
    prompt = request.prompt or ""
    if isinstance(prompt, str):
        return vocabulary.tokenize(prompt, special=False) if prompt else []
    for token in prompt:
        if not 0 <= token < vocabulary.n_tokens:
            most = vocabulary.n_tokens - 1
            raise InvalidRequest(
                f"The model's tokens are 0 to {most}; {token} is none of them.", param="prompt"
            )
    return list(prompt)


def _fill_tokens(vocabulary: Vocabulary) -> tuple[int, int, int]:
    if min(vocabulary.fill) < 0:
        raise InvalidRequest(
            "This model has no tokens for filling in the middle, so 'suffix' cannot be used.",
            param="suffix",
        )
    return vocabulary.fill
