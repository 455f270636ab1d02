"""Whole conversations: which skills follow each other, and how long they last."""

from __future__ import annotations

import random
from collections.abc import Callable

from tinylm import chat, facts, functions, json_keys, styles, toolkit, world
from tinylm.arithmetic import small_sum
from tinylm.thread import Thread
from tinylm.words import Words

Skill = Callable[[Thread], None]

TURNS: dict[Skill, float] = {
    chat.greet: 2,
    chat.small_talk: 2,
    chat.tell_story: 0.2,
    chat.count: 1.2,
    world.unknown: 4,
    toolkit.ask_toolkit: 5,
    styles.ask_name: 1,
    small_sum: 4,
    json_keys.json_keys: 4,
    facts.tell: 3,
    facts.recall_or_tell: 5,
    facts.recall_missing: 1.6,
    facts.recall_two: 0.6,
    facts.paste: 0.5,
}
STYLED_TURNS: dict[Skill, float] = {
    chat.greet: 2,
    chat.small_talk: 1,
    world.unknown: 2,
    toolkit.ask_toolkit: 2,
    styles.ask_name: 2,
    small_sum: 3,
    facts.tell: 2,
    facts.recall_or_tell: 3,
    facts.recall_missing: 1,
}
FILLERS: dict[Skill, float] = {
    chat.small_talk: 1,
    world.unknown: 4,
    toolkit.ask_toolkit: 2,
    small_sum: 3,
    json_keys.json_keys: 1.5,
    facts.tell: 2.5,
    facts.paste: 1,
    chat.count: 0.3,
}


def _pick(rng: random.Random, turns: dict[Skill, float]) -> Skill:
    return rng.choices(list(turns), list(turns.values()))[0]


def _turn_count(rng: random.Random) -> int:
    return rng.choice((1, 1, 2, 2, 3, 4, 5, 6, 8))


def plain(thread: Thread) -> None:
    """A short conversation about anything."""
    for _ in range(_turn_count(thread.rng)):
        _pick(thread.rng, TURNS)(thread)


def styled(thread: Thread) -> None:
    """A short conversation under a system prompt."""
    kind = styles.set_style(thread)
    turns = TURNS if kind in ("plain", "persona", "user fact") else STYLED_TURNS
    if kind == "persona" and thread.rng.random() < 0.6:
        styles.ask_name(thread)
    if kind == "user fact" and thread.rng.random() < 0.6:
        facts.recall(thread, ("name", ""))
    for _ in range(_turn_count(thread.rng)):
        _pick(thread.rng, turns)(thread)


def with_tools(thread: Thread) -> None:
    """A conversation with functions, some of them called."""
    rng = thread.rng
    if rng.random() < 0.2:
        styles.set_style(thread, rng.choice(("plain", "persona")))
    requests = functions.offer_tools(thread)
    others = {**STYLED_TURNS, json_keys.json_keys: 1}
    if any(request.familiar for request in requests):
        # Questions about sums or the weather would ask for the function here.
        others = {
            skill: w for skill, w in others.items() if skill not in (small_sum, world.unknown)
        }
    for _ in range(rng.choice((1, 1, 2, 3))):
        if rng.random() < 0.35:
            _pick(rng, others)(thread)
        else:
            functions.call(thread, rng.choice(requests))
            if rng.random() < 0.7:
                functions.result(thread)


def sums(thread: Thread) -> None:
    """Several sums in a row, sometimes with the bare result for an answer."""
    if thread.rng.random() < 0.3:
        styles.set_style(thread, "one word")
    for _ in range(thread.rng.randint(3, 8)):
        small_sum(thread)


def memory(thread: Thread) -> None:
    """Facts, a few other turns, and questions about the facts."""
    rng = thread.rng
    for _ in range(rng.randint(1, 4)):
        facts.tell(thread)
    for _ in range(rng.randint(0, 4)):
        _pick(rng, FILLERS)(thread)
    for _ in range(rng.randint(1, 4)):
        _pick(rng, {facts.recall: 5, facts.recall_missing: 1.5, facts.recall_two: 0.7})(thread)


def long_memory(thread: Thread, limit: int) -> None:
    """A long conversation in which early facts are asked for again and again.

    Args:
        thread: the conversation to write.
        limit: how many characters it may have.
    """
    rng = thread.rng
    target = limit * rng.uniform(0.15, 0.93)
    if rng.random() < 0.2:
        styles.set_style(thread, rng.choice(("plain", "persona", "user fact")))
    for _ in range(rng.randint(1, 3)):
        facts.tell(thread)
    while thread.length < target:
        draw = rng.random()
        if draw < 0.22:
            facts.recall(thread)
        elif draw < 0.27:
            facts.recall_missing(thread)
        else:
            _pick(rng, FILLERS)(thread)
    early = list(thread.facts)[:3]
    for key in rng.sample(early, min(len(early), rng.randint(1, 3))):
        facts.recall(thread, key)
    if rng.random() < 0.4:
        facts.recall_missing(thread)


KINDS: dict[str, Skill] = {
    "plain": plain,
    "styled": styled,
    "with_tools": with_tools,
    "sums": sums,
    "memory": memory,
}


def write_conversation(
    rng: random.Random,
    mix: dict[str, float],
    *,
    long_share: float = 0.0,
    long_limit: int = 3600,
    words: Words | None = None,
) -> Thread:
    """Write one training conversation.

    Args:
        rng: the source of chance.
        mix: the weight of each kind of short conversation.
        long_share: the share of long conversations.
        long_limit: the length of the longest ones, in characters.
        words: where slot values come from, if not from the training half.

    Returns:
        The thread with its messages and functions.
    """
    thread = Thread(rng, words or Words())
    if rng.random() < long_share:
        long_memory(thread, long_limit)
    else:
        KINDS[rng.choices(list(mix), list(mix.values()))[0]](thread)
    return thread
