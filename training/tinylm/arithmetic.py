"""Skill of small sums: plus and minus with numbers of up to two digits."""

from __future__ import annotations

from tinylm.thread import Phrases, Thread, vary
from tinylm.words import is_held_out

PLUS = Phrases.of(
    """What is {a} + {b}?
    {a} + {b}
    {a}+{b}
    What is {a} plus {b}?
    {a} plus {b}
    Add {a} and {b}.
    What is the sum of {a} and {b}?
    How much is {a} + {b}?
    Calculate {a} + {b}.
    Compute {a} + {b}.
    {a} + {b} = ?
    {a} + {b} =
    What's {a} + {b}?
    How much is {a} plus {b}?
    What does {a} + {b} make?
    Tell me {a} + {b}.
    Do the sum {a} + {b}.
    Can you tell me what {a} + {b} is?
    Could you calculate {a} + {b}?
    I need {a} + {b}.
    What do you get for {a} plus {b}?
    {a} + {b} is what?
    Find {a} + {b}.
    Can you do {a} + {b}?""",
    "Work out {a} + {b}.\nCan you add {a} and {b}?\nWhat do I get for {a} + {b}?",
)
MINUS = Phrases.of(
    """What is {a} - {b}?
    {a} - {b}
    {a}-{b}
    What is {a} minus {b}?
    {a} minus {b}
    Subtract {b} from {a}.
    How much is {a} - {b}?
    Calculate {a} - {b}.
    Compute {a} - {b}.
    {a} - {b} = ?
    {a} - {b} =
    What's {a} - {b}?
    How much is {a} minus {b}?
    What does {a} - {b} make?
    Tell me {a} - {b}.
    Take {b} from {a}.
    Can you tell me what {a} - {b} is?
    Could you calculate {a} - {b}?
    I need {a} - {b}.
    What do you get for {a} minus {b}?
    {a} - {b} is what?
    Find {a} - {b}.
    Can you do {a} - {b}?""",
    "Work out {a} - {b}.\nCan you subtract {b} from {a}?\nWhat do I get for {a} - {b}?",
)
STORY_PLUS = Phrases.of(
    """I have {a} {n}s and get {b} more. How many {n}s do I have?
    {p} has {a} {n}s and buys {b} more. How many {n}s does {p} have now?
    There are {a} {n}s and {b} {m}s. How many things are there?""",
    "{p} has {a} {n}s and finds {b} more. How many {n}s does {p} have now?",
)
STORY_MINUS = Phrases.of(
    """I have {a} {n}s and lose {b}. How many {n}s do I have?
    {p} has {a} {n}s and sells {b}. How many {n}s does {p} have now?
    There are {a} {n}s and {b} are taken away. How many are left?
    {p} has {a} {n}s and loses {b}. How many {n}s does {p} have now?
    I have {a} {n}s and give {b} to {p}. How many are left?
    {p} has {a} {n}s and gives {b} to me. How many {n}s does {p} have now?
    I had {a} {n}s and threw away {b}. How many {n}s do I have now?
    {p} has {a} {n}s and eats {b}. How many are left?""",
    "{p} has {a} {n}s and gives away {b}. How many {n}s does {p} have now?",
)


def _operands(thread: Thread, *, minus: bool) -> tuple[int, int]:
    """Draw two numbers whose sum (or difference) belongs to this half of the text."""
    rng = thread.rng
    while True:
        limit = rng.choice((9, 20, 50, 99, 99, 99))
        first, second = rng.randint(0, limit), rng.randint(0, 99 if rng.random() < 0.5 else limit)
        if minus and first < second:
            first, second = second, first
        if is_held_out(f"{first}{'-' if minus else '+'}{second}") == thread.words.held_out:
            return first, second


def small_sum(thread: Thread) -> None:
    """Add or subtract two numbers; the answer repeats the sum."""
    rng = thread.rng
    minus = rng.random() < 0.45
    first, second = _operands(thread, minus=minus)
    sign, result = ("-", first - second) if minus else ("+", first + second)
    if rng.random() < 0.15:
        phrases = STORY_MINUS if minus else STORY_PLUS
    else:
        phrases = MINUS if minus else PLUS
    text = thread.choose(phrases).format(
        a=first,
        b=second,
        n=thread.words.noun(rng),
        m=thread.words.noun(rng),
        p=thread.words.name(rng),
    )
    thread.user(vary(rng, text))
    thread.answer("small sums", f"{first} {sign} {second} = {result}.", str(result))
