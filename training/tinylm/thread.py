"""A conversation being written: its messages, what was told in it, and how answers must look."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any

from tinylm.words import Words


@dataclass(frozen=True)
class Phrases:
    """Ways to say one thing: those of the training text and those kept for the evaluation."""

    train: tuple[str, ...]
    held: tuple[str, ...] = ()

    @classmethod
    def of(cls, train: str, held: str = "") -> Phrases:
        """Make phrases from two texts with one phrase per line."""

        def lines(text: str) -> tuple[str, ...]:
            return tuple(line.strip() for line in text.splitlines() if line.strip())

        return cls(lines(train), lines(held))


@dataclass
class Style:
    """What a system prompt asks of every answer."""

    persona: str = ""
    prefix: str = ""
    suffix: str = ""
    brief: bool = False
    as_json: bool = False

    def apply(self, answer: str, brief: str | None) -> str:
        """Put an answer into the form that was asked for."""
        if self.brief and brief is not None:
            return brief
        if self.as_json:
            return json.dumps({"answer": answer}, ensure_ascii=False)
        return f"{self.prefix}{answer}{self.suffix}"


@dataclass
class Thread:
    """A conversation under construction.

    Attributes:
        rng: the only source of chance.
        words: where names and other slot values come from.
        style: what the system prompt asks for.
        facts: what the user has told, question -> (answer, brief answer).
        messages: OpenAI-style messages; assistant messages carry a "skill" key.
        tools: the functions the model may call.
        new_wording: use the phrases that were kept out of the training text.
    """

    rng: random.Random
    words: Words = field(default_factory=Words)
    style: Style = field(default_factory=Style)
    facts: dict[str, Any] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)
    tools: list[dict[str, Any]] | None = None
    new_wording: bool = False

    def choose(self, phrases: Phrases) -> str:
        """Pick a phrase, from the held-out ones if this conversation asks for new wording."""
        kept_out = self.new_wording and phrases.held
        return self.rng.choice(phrases.held if kept_out else phrases.train)

    def user(self, text: str) -> None:
        """Add a user message."""
        self.messages.append({"role": "user", "content": text})

    def answer(self, skill: str, text: str, brief: str | None = None) -> None:
        """Add an assistant message in the style of this conversation.

        Args:
            skill: the name under which the evaluation counts this answer.
            text: the whole answer.
            brief: the answer in a word, where there is one.
        """
        content = self.style.apply(text, brief)
        self.messages.append({"role": "assistant", "content": content, "skill": skill})

    @property
    def length(self) -> int:
        """Characters written so far, about 3.6 to a token."""
        return sum(len(message["content"] or "") + 20 for message in self.messages)


def vary(rng: random.Random, text: str, *, typos: float = 0.0) -> str:
    """Write a request as people do: sometimes lower case, without a stop, with a polite word."""
    draw = rng.random()
    if draw < 0.02:
        text = rng.choice(("Hello! ", "Hi! ", "Hello, ")) + text
    elif draw < 0.05:
        text = "Please " + text[0].lower() + text[1:] if not text.startswith("I ") else text
    elif draw < 0.12:
        opening = rng.choice(
            ("Hey, ", "Ok, ", "So, ", "Tell me: ", "And ", "Now ", "Well, ", "Hi, ")
        )
        text = opening + (text if text.startswith("I ") else text[0].lower() + text[1:])
    elif draw < 0.25:
        text = text[0].lower() + text[1:]
    if rng.random() < 0.2 and text[-1] in ".?!":
        text = text[:-1]
    elif rng.random() < 0.04 and text[-1] == "?":
        text = text[:-1] + rng.choice((" ?", "??", ", please?", "."))
    if rng.random() < typos and len(text) > 8:
        at = rng.randrange(2, len(text) - 2)
        if text[at : at + 2].isalpha():
            text = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text
