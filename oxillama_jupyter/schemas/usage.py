"""Token counts as the Chat and Completions APIs have them."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["CompletionTokenDetails", "PromptTokenDetails", "TokenUsage"]


class PromptTokenDetails(Struct):
    """Of the prompt's tokens."""

    cached_tokens: int = 0
    audio_tokens: int = 0


class CompletionTokenDetails(Struct):
    """Of the generated tokens."""

    reasoning_tokens: int = 0
    audio_tokens: int = 0
    accepted_prediction_tokens: int = 0
    rejected_prediction_tokens: int = 0


class TokenUsage(Struct):
    """Tokens of one request: its prompt once, all of its choices."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptTokenDetails
    completion_tokens_details: CompletionTokenDetails
