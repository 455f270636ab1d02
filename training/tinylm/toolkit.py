"""Skill of explaining the toolkit: its commands, flags, threads, API and itself.

The questions and answers are in `toolkit.txt`, one block per answer: the first line is the
answer, lines with "-" are questions of the training text, lines with "*" are kept for evaluation.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tinylm.thread import Phrases, Thread, vary


@cache
def entries() -> tuple[tuple[Phrases, str], ...]:
    """Read the questions and answers."""
    text = (Path(__file__).parent / "toolkit.txt").read_text(encoding="utf-8")
    found = []
    for block in text.strip().split("\n\n"):
        answer, *questions = block.splitlines()
        train = tuple(line[2:] for line in questions if line.startswith("- "))
        held = tuple(line[2:] for line in questions if line.startswith("* "))
        found.append((Phrases(train, held), answer))
    return tuple(found)


_OPENINGS = {
    "How do I ": ("How can I ", "How to ", "Can you tell me how to ", "I want to ", "How would I ",
                  "How does one ", "What do I do to ", "Explain how to ", "Tell me how to ",
                  "Please show me how to ", "Is there a way to ", "Which command do I need to "),
    "What does ": ("What exactly does ", "Tell me what ", "Can you explain what ", "Explain what "),
    "What is ": ("Explain ", "What's ", "Tell me what is ", "Can you explain "),
    "Which ": ("Tell me which ", "What ", "Do you know which "),
}  # fmt: skip


def _reword(thread: Thread, question: str) -> str:
    """Ask the same with another opening, sometimes."""
    if thread.rng.random() < 0.6:
        return question
    for opening, others in _OPENINGS.items():
        if question.startswith(opening):
            return thread.rng.choice(others) + question.removeprefix(opening)
    return question


def ask_toolkit(thread: Thread) -> None:
    """The user asks how something in the toolkit works."""
    phrases, answer = thread.rng.choice(entries())
    thread.user(vary(thread.rng, _reword(thread, thread.choose(phrases)), typos=0.05))
    thread.answer("toolkit", answer)
