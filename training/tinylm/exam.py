"""Held-out conversations, one kind for each skill; the last answer is what is marked."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tinylm import chat, facts, functions, json_keys, styles, toolkit, world
from tinylm.arithmetic import small_sum
from tinylm.mixer import FILLERS, Skill
from tinylm.template import render
from tinylm.thread import Thread
from tinylm.words import Words

Count = Callable[[str], int]


@dataclass(frozen=True)
class Question:
    """A prompt with the answer that counts as right."""

    skill: str
    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]] | None
    expected: str


def _warm_up(thread: Thread) -> None:
    """Let a few other turns come first, in most conversations."""
    for _ in range(thread.rng.choice((0, 0, 1, 2, 3))):
        _filler(thread)


def _filler(thread: Thread) -> None:
    thread.rng.choices(list(FILLERS), list(FILLERS.values()))[0](thread)


def _after_others(skill: Skill) -> Skill:
    def build(thread: Thread) -> None:
        _warm_up(thread)
        skill(thread)

    return build


def _recall(thread: Thread) -> None:
    for _ in range(thread.rng.randint(1, 4)):
        facts.tell(thread)
    _warm_up(thread)
    facts.recall(thread)


def _recall_two(thread: Thread) -> None:
    while len(thread.facts) < 2:
        facts.tell(thread)
    facts.recall_two(thread)


def _missing(thread: Thread) -> None:
    for _ in range(thread.rng.randint(0, 3)):
        facts.tell(thread)
    _warm_up(thread)
    facts.recall_missing(thread)


def _persona(thread: Thread) -> None:
    styles.set_style(thread, "persona")
    _warm_up(thread)
    styles.ask_name(thread)


def _styled(kind: str) -> Skill:
    def build(thread: Thread) -> None:
        styles.set_style(thread, kind)
        turns: tuple[Skill, ...] = (small_sum, chat.greet, facts.tell, world.unknown)
        for _ in range(thread.rng.randint(0, 2)):
            thread.rng.choice(turns)(thread)
        thread.rng.choice((small_sum, chat.greet, facts.recall_or_tell))(thread)

    return build


def _user_fact(thread: Thread) -> None:
    styles.set_style(thread, "user fact")
    _warm_up(thread)
    facts.recall(thread, ("name", ""))


def _call(count: int) -> Skill:
    def build(thread: Thread) -> None:
        requests = functions.offer_tools(thread, count)
        if thread.rng.random() < 0.3:
            chat.greet(thread)
        functions.call(thread, thread.rng.choice(requests))

    return build


def _result(thread: Thread) -> None:
    request = thread.rng.choice(functions.offer_tools(thread))
    functions.call(thread, request)
    functions.result(thread)


def _no_call(thread: Thread) -> None:
    functions.offer_tools(thread)
    skills: tuple[Skill, ...] = (chat.greet, facts.tell, facts.recall_missing, toolkit.ask_toolkit,
                                 styles.ask_name, json_keys.json_keys)  # fmt: skip
    thread.rng.choice(skills)(thread)


def _paste(thread: Thread) -> None:
    facts.tell(thread)
    facts.paste(thread)
    if thread.rng.random() < 0.5:
        facts.recall(thread, list(thread.facts)[-1])


EXAM: dict[str, Skill] = {
    "greet and small talk": _after_others(chat.small_talk),
    "tell (acknowledge a fact)": _after_others(facts.tell),
    "recall": _recall,
    "recall two facts at once": _recall_two,
    "recall, never told": _missing,
    "fact inside a pasted text": _paste,
    "system prompt: persona": _persona,
    "system prompt: user's name": _user_fact,
    "system prompt: end with": _styled("end with"),
    "system prompt: start with": _styled("start with"),
    "system prompt: one word": _styled("one word"),
    "system prompt: JSON": _styled("answer in JSON"),
    "small sums": _after_others(small_sum),
    "count": _after_others(chat.count),
    "call a function": _call(1),
    "choose among functions": _call(3),
    "answer from a result": _result,
    "functions, none needed": _no_call,
    "JSON for keys": _after_others(json_keys.json_keys),
    "toolkit": _after_others(toolkit.ask_toolkit),
    "does not know": _after_others(world.unknown),
    "story": _after_others(chat.tell_story),
}


def _question(skill: str, thread: Thread) -> Question:
    *before, last = thread.messages
    expected = last["content"]
    if "tool_calls" in last:
        function = last["tool_calls"][0]["function"]
        name = json.dumps(function["name"])
        expected = (
            f'<tool_call>{{"name": {name}, "arguments": {function["arguments"]}}}</tool_call>'
        )
    return Question(skill, before, thread.tools, expected)


def _thread(seed: str, *, new_wording: bool) -> Thread:
    return Thread(random.Random(seed), Words(held_out=True), new_wording=new_wording)


def skill_question(skill: str, index: int, *, new_wording: bool) -> Question:
    """Return the question with this number for a skill of `EXAM`."""
    thread = _thread(f"{skill} {index}", new_wording=new_wording)
    EXAM[skill](thread)
    return _question(skill, thread)


def distance_question(
    distance: int, index: int, count: Count, *, told: bool = True, new_wording: bool
) -> Question:
    """Return a question about a fact that was told a number of tokens before.

    Args:
        distance: tokens between the end of the model's note of the fact and the answer.
        index: the number of the question.
        count: counts the tokens of a text.
        told: False asks for a fact that was never told in that conversation.
        new_wording: use the phrases that were kept out of the training text.

    Returns:
        The question; its real distance is within 5 % (at least 12 tokens) of the wanted one.
    """
    slack = max(12, distance // 20)
    for attempt in itertools.count():
        seed = f"distance {distance} {index} {told} {attempt}"
        thread = _thread(seed, new_wording=new_wording)
        facts.tell(thread)
        key = thread.rng.choice(list(thread.facts))
        start = len(thread.messages)
        _fill(thread, key, distance - slack - 15, count)
        if told:
            facts.recall(thread, key)
        else:
            facts.recall_missing(thread)
        real = count(render(thread.messages[start:-1], add_generation_prompt=True))
        if abs(real - distance) <= slack:
            name = f"recall, {distance} tokens back"
            return _question(name if told else f"never told, {distance} tokens", thread)
    raise AssertionError


def _fill(thread: Thread, key: tuple[str, str], tokens: int, count: Count) -> None:
    """Add other turns up to a number of tokens, leaving one fact as it is."""
    used, value = 0, thread.facts[key]
    while used < tokens:
        before, known = len(thread.messages), dict(thread.facts)
        _filler(thread)
        size = count(render(thread.messages[before:]))
        if used + size > tokens + 25 or thread.facts[key] != value:
            del thread.messages[before:]
            thread.facts = known
            used += 0 if tokens - used > 40 else 40
            continue
        used += size
