"""Skill of following a system prompt: who to be, how to begin or end, how short to be."""

from __future__ import annotations

from tinylm.thread import Phrases, Style, Thread, vary

PERSONA = Phrases.of(
    """You are {v}.
    You are {v}, a helpful assistant.
    You are {v}, a friendly assistant.
    Your name is {v}.
    You are called {v}.
    Your name is {v}. You are a helpful assistant.
    I call you {v}.
    The name of the assistant is {v}.
    You are a friendly assistant called {v}.
    You are an assistant called {v}.
    You are a helpful assistant named {v}.
    You are {v}, a {j}.
    You are {v}, a {j} in {c}.
    You are {v}, the {j} of a {n}.
    You are {v}, an expert for {n}s.
    Your name is {v} and you are a {j}.
    You are a {j} called {v}.
    Act as {v}.
    You are {v}. Be polite.""",
    "You are a friendly assistant whose name is {v}.\nYou are {v}, an assistant for {n}s.",
)
PLAIN = Phrases.of(
    """You are a helpful assistant.
    You are an assistant.
    Be helpful.
    You are a friendly assistant. Be polite.
    Answer the questions of the user.
    You are a helpful assistant. Answer briefly and correctly.
    Help the user with this toolkit.""",
    "You are a polite and useful assistant.",
)
END = Phrases.of(
    """End every answer with {v}.
    End every answer with "{v}".
    End each answer with '{v}'.
    Always end with {v}.
    Finish every answer with "{v}".
    Close your answers with "{v}".
    After each answer write "{v}".
    At the end of an answer always say {v}.
    Every answer must end with "{v}".
    Put "{v}" at the end of every answer.
    End all your answers with the word {v}.
    The last word of every answer is {v}.""",
    'Close every answer with "{v}".\nAt the end of each answer write "{v}".',
)
START = Phrases.of(
    """Start every answer with {v}.
    Start every answer with "{v}".
    Begin each answer with '{v}'.
    Open your answers with "{v}".
    Before each answer write "{v}".
    At the start of an answer always say {v}.
    Always start with {v}.
    Begin every answer with "{v}".
    Every answer must start with "{v}".
    Put "{v}" at the beginning of every answer.
    Start all your answers with the word {v}.
    The first word of every answer is {v}.""",
    'Open every answer with "{v}".\nAt the start of each answer write "{v}".',
)
BRIEF = Phrases.of(
    """Answer with one word.
    Answer in one word only.
    Answer with a single word.
    Always use one word.
    Your answers are one word long.
    All answers must be one word.
    Reply in a single word.
    Keep every answer to one word.
    Answer with just the result.
    Use one word for every answer.
    Give only the bare answer, no sentence.
    Answer as briefly as possible, with one word.""",
    "Reply with one word.\nEvery answer must be a single word.",
)
AS_JSON = Phrases.of(
    """Answer in JSON with the key answer.
    Answer in JSON.
    Always answer as a JSON object.
    Reply in JSON.
    Use JSON for every answer.
    All answers must be JSON.
    Give your answer in JSON with the key answer.
    Answer with JSON only.
    Every answer must be a JSON object with the key "answer".
    Write all answers as JSON.""",
    'Reply in JSON with the key "answer".\nGive every answer as JSON.',
)
USER_FACT = Phrases.of(
    """The user is called {v}.
    The user's name is {v}.
    You are talking to {v}.
    The name of the user is {v}.
    The user's name: {v}.
    User: {v}
    The user you talk to is {v}.
    The person who writes to you is called {v}.
    The user is {v}.
    You help {v}.
    You are the assistant of {v}.
    The person in this chat is named {v}.
    Remember that the user is called {v}.""",
    "The person you talk to is called {v}.",
)

ASK_NAME = Phrases.of(
    """What is your name?
    Who are you?
    What's your name?
    Tell me your name.
    What are you called?
    Do you have a name?
    And who are you?
    Please introduce yourself.
    Who am I talking to?
    How are you called?
    Say your name.
    What name do you have?
    Could you tell me who you are?
    I want to know your name.
    Who is speaking?
    And you are?
    Do you know your name?
    Can I know who you are?
    How should I call you?
    What can I call you?""",
    "What should I call you?\nMay I know your name?\nCan you tell me your name?",
)


def ask_name(thread: Thread) -> None:
    """The user asks the model for its name."""
    thread.user(vary(thread.rng, thread.choose(ASK_NAME)))
    if thread.style.persona:
        thread.answer("persona", f"My name is {thread.style.persona}.", thread.style.persona)
    else:
        thread.answer(
            "toolkit",
            "I am Oxillama Tiny, a tiny model trained for this toolkit, not for facts about the "
            "world.",
            "Oxillama Tiny",
        )


TAGS = ("Cheers", "Over", "Thanks", "Amen", "Done", "Hooray", "Yes", "OK", "Ahoy", "Well", "Sir",
        "Bye", "Meow", "Peace", "Good luck", "My friend")  # fmt: skip


def _tag(thread: Thread) -> str:
    rng = thread.rng
    draw = rng.random()
    if draw < 0.3:
        return thread.words.pseudo(rng).capitalize()
    if draw < 0.5:
        return f"{thread.words.noun(rng).capitalize()} {thread.words.pseudo(rng)}"
    if draw < 0.7:
        return thread.words.noun(rng).upper() if rng.random() < 0.3 else thread.words.name(rng)
    return rng.choice(TAGS)


def set_style(thread: Thread, kind: str = "") -> str:
    """Write a system prompt into the thread and return its kind."""
    rng = thread.rng
    kinds = (
        "persona",
        "plain",
        "end with",
        "start with",
        "one word",
        "answer in JSON",
        "user fact",
    )
    kind = kind or rng.choices(kinds, (4, 1.5, 2, 2, 2.5, 2, 3))[0]
    style = Style()
    parts = []
    if kind == "persona" or (kind != "plain" and rng.random() < 0.15):
        style.persona = thread.words.name(rng)
        parts.append(
            thread.choose(PERSONA).format(
                v=style.persona,
                j=thread.words.job(rng),
                n=thread.words.noun(rng),
                c=thread.words.city(rng),
            )
        )
    elif kind == "plain" or rng.random() < 0.3:
        parts.append(thread.choose(PLAIN))
    parts.extend(_demand(thread, style, kind))
    thread.style = style
    thread.messages.append({"role": "system", "content": " ".join(parts)})
    return kind


def _demand(thread: Thread, style: Style, kind: str) -> list[str]:
    """Fill in the style for one kind of demand and return its wording."""
    if kind == "end with":
        tag = _tag(thread)
        style.suffix = f" {tag}"
        return [thread.choose(END).format(v=tag)]
    if kind == "start with":
        tag = _tag(thread)
        style.prefix = f"{tag} "
        return [thread.choose(START).format(v=tag)]
    if kind == "one word":
        style.brief = True
        return [thread.choose(BRIEF)]
    if kind == "answer in JSON":
        style.as_json = True
        return [thread.choose(AS_JSON)]
    if kind == "user fact":
        name = thread.words.name(thread.rng)
        thread.facts["name", ""] = name
        return [thread.choose(USER_FACT).format(v=name)]
    return []
