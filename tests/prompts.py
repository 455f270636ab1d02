"""Prompts as our own routes give them, for the oracle."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

__all__ = ["OurPrompt"]


class _Exact(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class OurToken(_Exact):
    """A token."""

    id: int
    text: str
    bytes: list[int] | None
    special: bool


class OurMessage(_Exact):
    """A message of a prompt."""

    id: str | None
    role: Literal["system", "user", "assistant", "tool"]
    preview: str
    dropped: bool
    first_token: int | None
    tokens: int | None
    parts: list[int]


class OurPrompt(_Exact):
    """The object."""

    object: Literal["prompt"]
    thread_id: str | None
    run_id: str | None
    model: str
    text: str
    prompt_tokens: int
    limit: int
    context: int
    fits: bool
    messages: list[OurMessage]
    older: int
    cached_tokens: int | None
    exact: bool | None
    tokens: list[OurToken]
    has_more: bool
