"""Prompts as the model gets them: what a run would send, or has sent. Ours, not OpenAI's."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

__all__ = ["Prompt", "PromptMessage", "PromptQuery", "PromptToken"]


class PromptQuery(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Query of all prompt routes: which of the tokens to list.

    Attributes:
        offset: Number of the first one, counted from 0.
        limit: At most so many.
    """

    offset: Annotated[int, Meta(ge=0)] = 0
    limit: Annotated[int, Meta(ge=0, le=10_000)] = 0


class PromptToken(Struct):
    """A token of a prompt.

    Attributes:
        id: Its number in the model's vocabulary.
        text: Its text; a token that is a part of a character has a replacement character.
        bytes: Its bytes where they are no whole characters, else null.
        special: Whether it is one of the template's own tokens, which no message can write.
    """

    id: int
    text: str
    bytes: list[int] | None = None
    special: bool = False


class PromptMessage(Struct, kw_only=True):
    """A message of a prompt.

    Attributes:
        id: The stored message's id; null for instructions, tools' turns, and what is not stored.
        role: As the template got it.
        preview: The beginning of its text, on one line.
        dropped: Whether truncation leaves it out.
        first_token: Number of its content's first token; null where the template has made
            something else of it, and for a message that is dropped.
        tokens: Tokens of its content; null likewise.
        parts: Tokens of each part of its content, in order; empty where `tokens` is null. A token
            across an edge belongs to what it ends in.
    """

    id: str | None
    role: str
    preview: str
    dropped: bool
    first_token: int | None
    tokens: int | None
    parts: list[int]


class Prompt(Struct, kw_only=True):
    """A prompt.

    Attributes:
        thread_id: Its thread; null for one that is not made yet.
        run_id: The run that sent it; null for one that nobody has sent.
        model: Which model it is for.
        text: All of it, special tokens too.
        prompt_tokens: How many tokens it has.
        limit: How many it may have, for an answer needs some.
        context: How many tokens of prompt and answer the model's context holds; 0 if not known.
        fits: Whether it has no more than it may; a run with one that does not fit fails.
        messages: What it is made of, those too that truncation leaves out.
        older: How many messages before those the run's truncation strategy does not take at all.
        cached_tokens: How many of the first tokens were not computed again; null if not known.
        exact: Whether it has as many tokens as the run counted: messages may have been deleted, or
            the model replaced, since. Null if the run counted none, or nobody has sent it.
        tokens: Those that the query asked for.
        has_more: Whether there are tokens behind those.
    """

    object: Literal["prompt"] = "prompt"
    thread_id: str | None
    run_id: str | None
    model: str
    text: str
    prompt_tokens: int
    limit: int
    context: int
    fits: bool
    messages: list[PromptMessage]
    older: int
    cached_tokens: int | None
    exact: bool | None
    tokens: list[PromptToken]
    has_more: bool
