"""Skill of writing a JSON object with the keys (and sometimes values) the user names."""

from __future__ import annotations

import json

from tinylm.thread import Phrases, Thread, vary

EXAMPLES: dict[str, str | int] = {
    "name": "Alex", "age": 30, "city": "Paris", "country": "France", "email": "alex@example.org",
    "title": "Example", "year": 2026, "colour": "blue", "color": "blue", "price": 10, "id": 1,
    "job": "teacher", "food": "pizza", "count": 3,
}  # fmt: skip

ASK = Phrases.of(
    """Write a JSON object with the keys {k}.
    Write a JSON object with keys {k}.
    Give me a JSON object with the keys {k}.
    JSON with the keys {k}.
    Create a JSON object with the keys {k}.
    Make a JSON object that has the keys {k}.
    Generate JSON with the keys {k}.
    I need a JSON object with the fields {k}.
    Could you make a JSON object with the keys {k}?
    Can you give me JSON with the keys {k}?
    I want a JSON object with the keys {k}.
    Write me JSON that has the keys {k}.
    Return a JSON object with the keys {k}.
    Write JSON with the fields {k}.""",
    """Please produce a JSON object with the keys {k}.
    Show me a JSON object with the keys {k}.
    Can you write a JSON object with the keys {k}?""",
)
ASK_VALUES = Phrases.of(
    """Write a JSON object with {k}.
    Write this as JSON: {k}.
    Give me a JSON object with {k}.
    Turn this into JSON: {k}.
    JSON with {k}.
    Make JSON from this: {k}.
    Could you make a JSON object with {k}?
    Can you turn this into JSON: {k}?
    I want a JSON object with {k}.""",
    "Please put this into JSON: {k}.\nCan you write a JSON object with {k}?",
)


def _join(parts: list[str], last: str) -> str:
    if len(parts) == 1:
        return parts[0]
    return ", ".join(parts[:-1]) + last + parts[-1]


def json_keys(thread: Thread) -> None:
    """Write a JSON object for the given keys, in their order."""
    rng = thread.rng
    keys: list[str] = []
    while len(keys) < rng.choice((1, 2, 2, 3, 3, 4)):
        known = rng.random() < 0.4
        key = rng.choice(list(EXAMPLES)) if known else thread.words.key(rng)
        if key not in keys:
            keys.append(key)
    pairs: dict[str, str | int] = {}
    if rng.random() < 0.6:
        pairs = {key: EXAMPLES.get(key, "example") for key in keys}
        quote = rng.choice(("", "", "", '"', "'", "`"))
        last = rng.choice((" and ", " and ", ", ", ", and "))
        listed = _join([f"{quote}{key}{quote}" for key in keys], last)
        text = thread.choose(ASK).format(k=listed)
        if len(keys) == 1:
            text = text.replace("keys ", "key ").replace("fields ", "field ")
    else:
        for key in keys:
            draw = rng.random()
            number = draw < 0.3
            pairs[key] = rng.randint(0, 999) if number else thread.words.value(rng)
            if not number and str(pairs[key]).isdigit():
                pairs[key] = int(pairs[key])
        form = rng.choice(("{} {}", "{}: {}", "{} = {}", "{} is {}", "{}={}"))
        listed = _join([form.format(*pair) for pair in pairs.items()], rng.choice((" and ", ", ")))
        text = thread.choose(ASK_VALUES).format(k=listed)
    thread.user(vary(rng, text))
    content = json.dumps(pairs, ensure_ascii=False)
    thread.messages.append({"role": "assistant", "content": content, "skill": "JSON for keys"})
