"""Skills of memory: take note of a fact, recall it later, notice that it was never told."""

from __future__ import annotations

from tinylm.fact_kinds import FACTS
from tinylm.thread import Phrases, Thread, vary
from tinylm.words import sentence

_WEIGHTS = {"name": 4, "age": 1, "home": 2, "job": 1, "pet": 3, "favourite": 2, "my": 3, "the": 3}
_PEOPLE = "name", "age", "home", "job"


def _favourite_value(thread: Thread, kind: str) -> str:
    if kind == "colour":
        return thread.words.colour(thread.rng)
    return (
        thread.words.food(thread.rng)
        if kind in ("food", "dish")
        else thread.words.value(thread.rng)
    )


def _draw(thread: Thread) -> tuple[str, str]:
    """Choose a fact that this thread does (almost always) not hold yet, as (kind, free word)."""
    renewed = thread.rng.random() < 0.06  # people also tell a thing anew: the last word counts
    while True:
        kind = thread.rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
        fact = FACTS[kind]
        word = fact.word(thread) if fact.word else ""
        if kind == "favourite" and thread.rng.random() < 0.4:
            word = thread.rng.choice(("colour", "food"))
        if renewed or not any(
            known[1] == word and (word or known[0] == kind) for known in thread.facts
        ):
            return kind, word


def state_fact(thread: Thread, kinds: tuple[str, ...] = ()) -> tuple[str, str]:
    """Choose a new fact, keep it, and return what the user says and what is answered."""
    kind, word = _draw(thread)
    while kinds and kind not in kinds:
        kind, word = _draw(thread)
    fact = FACTS[kind]
    value = _favourite_value(thread, word) if kind == "favourite" else fact.value(thread)
    thread.facts[kind, word] = value
    told = thread.choose(fact.tell)
    if kind == "age" and told == "I am {v}." and thread.rng.random() < 0.7:
        told = "I am {v} years old."
    return told.format(k=word, v=value), fact.note.format(k=word, v=value)


def _lowered(text: str) -> str:
    return text if text.startswith(("I ", "I'")) else text[0].lower() + text[1:]


def tell(thread: Thread) -> None:
    """The user tells one to three facts; the model takes note of them."""
    told, note = state_fact(thread)
    again = 0.35
    while thread.rng.random() < again and len(thread.facts) < 12:
        more, second = state_fact(thread)
        joint = thread.rng.choice((" and ", ". ", ", and ", ", "))
        told = told.rstrip(".!") + joint + (more if joint == ". " else _lowered(more))
        note = f"{note} {second}"
        again = 0.2
    if thread.rng.random() < 0.15:
        told = told.rstrip(".!")
    elif thread.rng.random() < 0.1:
        told = _lowered(told)
    thread.user(told)
    thread.answer("tell", note, "Noted.")


def recall(thread: Thread, key: tuple[str, str] | None = None) -> None:
    """The user asks for a fact told before (any of them unless a key is given)."""
    key = key or thread.rng.choice(list(thread.facts))
    kind, word = key
    fact, value = FACTS[kind], thread.facts[key]
    thread.user(vary(thread.rng, thread.choose(fact.ask).format(k=word)))
    thread.answer("recall", fact.recall.format(k=word, v=value), value)


def recall_or_tell(thread: Thread) -> None:
    """Recall a fact, or tell one if there is none."""
    if thread.facts:
        recall(thread)
    else:
        tell(thread)


def recall_two(thread: Thread) -> None:
    """The user asks for two facts in one message."""
    if len(thread.facts) < 2:
        tell(thread)
        return
    keys = thread.rng.sample(list(thread.facts), 2)
    asks, answers, values = [], [], []
    for kind, word in keys:
        fact, value = FACTS[kind], thread.facts[kind, word]
        asks.append(thread.choose(fact.ask).format(k=word).rstrip("?."))
        answers.append(fact.recall.format(k=word, v=value))
        values.append(value)
    thread.user(f"{asks[0]} and {_lowered(asks[1])}?")
    thread.answer("recall two", " ".join(answers), ", ".join(values))


def recall_missing(thread: Thread) -> None:
    """The user asks for something that was never told."""
    kind, word = _draw(thread)
    while (kind, word) in thread.facts:
        kind, word = _draw(thread)
    fact = FACTS[kind]
    thread.user(vary(thread.rng, thread.choose(fact.ask).format(k=word)))
    missing = fact.unknown.format(k=word)
    thread.answer("recall_missing", f"You have not told me {missing}.", "Unknown")


PASTE = Phrases.of(
    """Here is a text: {t}
    Read this: {t}
    {t}
    Please read the following text. {t}
    Some notes from today: {t}""",
    "I paste my notes here: {t}\nThis is what I wrote: {t}",
)


def _text(thread: Thread, length: int) -> str:
    text = sentence(thread.rng, thread.words)
    while len(text) < length:
        text += " " + sentence(thread.rng, thread.words)
    return text


def paste(thread: Thread) -> None:
    """The user pastes a text, with a fact in it, or a question after it, or neither."""
    length = int(thread.rng.choice((40, 150, 300, 600, 1000)) * thread.rng.uniform(0.5, 1.5))
    draw = thread.rng.random()
    if draw < 0.35:
        told, note = state_fact(thread, ("my", "the", "pet", "favourite", "name", "home"))
        text = f"{_text(thread, length // 2)} {told} {_text(thread, length // 2)}"
        thread.user(thread.choose(PASTE).format(t=text))
        thread.answer("paste", f"Thank you, I have read it. {note}", "Noted.")
        return
    text = thread.choose(PASTE).format(t=_text(thread, length))
    if draw < 0.7 and thread.facts:
        recall(thread)
        question = thread.messages[-2]
        joint = thread.rng.choice(("\n", "\n\n", " "))
        question["content"] = text + joint + question["content"]
        return
    thread.user(text)
    thread.answer("paste", "Thank you, I have read it.", "Noted.")
