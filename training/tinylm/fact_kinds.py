"""The things a user can tell about: how they are told, noted, asked for and recalled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tinylm.thread import Phrases, Thread


@dataclass(frozen=True)
class Fact:
    """One thing a user can tell, with {v} for the value and {k} for a free word."""

    tell: Phrases
    note: str
    ask: Phrases
    recall: str
    unknown: str
    value: Callable[[Thread], str]
    word: Callable[[Thread], str] | None = None


def _name(thread: Thread) -> str:
    return thread.words.name(thread.rng)


def _age(thread: Thread) -> str:
    return str(thread.rng.randint(5, 99))


def _thing(thread: Thread) -> str:
    noun = thread.words.noun(thread.rng, invented=0.15)
    if thread.rng.random() < 0.25:
        noun = f"{thread.words.noun(thread.rng, invented=0.4)} {noun}"
    return noun


def _value(thread: Thread) -> str:
    return thread.words.value(thread.rng)


def _favourite(thread: Thread) -> str:
    kinds = ("animal", "drink", "book", "song", "film", "game", "sport", "number", "season", "word")
    if thread.words.held_out:
        kinds = ("flower", "dish", "instrument", "painter")
    return thread.rng.choice(kinds)


FACTS: dict[str, Fact] = {
    "name": Fact(
        Phrases.of(
            """My name is {v}.
            I am {v}.
            I'm {v}.
            Call me {v}.
            Hello, my name is {v}.
            Hi, I am {v}.
            Hello! I'm {v}.
            Hi there, my name is {v}!
            You can call me {v}.
            My name's {v}.
            Remember that my name is {v}.
            I am called {v}.
            People call me {v}.
            My friends call me {v}.
            {v} is my name.
            {v} here.
            This is {v}.
            My first name is {v}.
            I go by {v}.
            The name is {v}.
            Let me introduce myself: I am {v}.
            I want you to call me {v}.
            They call me {v}.
            Everybody here calls me {v}.
            Most people call me {v}.
            At work they call me {v}.
            Please note my name: {v}.
            Hello, I am called {v}.""",
            """Good day, my name is {v}.
            Please remember my name: {v}.
            Everyone calls me {v}.""",
        ),
        "Nice to meet you, {v}!",
        Phrases.of(
            """What is my name?
            What's my name?
            Who am I?
            Do you remember my name?
            Do you know my name?
            You know my name, don't you?
            Have you kept my name?
            Could you repeat my name?
            What did I say my name is?
            I forgot my name, what is it?
            My name is what?
            Can you tell me my name?
            Tell me my name.
            What am I called?
            What was the name I gave you?
            Remind me, what is my name?
            Which name did I give you?
            Say my name.""",
            """Remind me of my name.
            Do you still know my name?
            What was my name?""",
        ),
        "Your name is {v}.",
        "your name",
        _name,
    ),
    "age": Fact(
        Phrases.of(
            """I am {v} years old.
            I'm {v} years old.
            My age is {v}.
            I am now {v} years old.
            My age: {v}.
            Note that I am {v} years old.
            I have been {v} years old since May.
            I was {v} in June.
            Last week I was {v}.
            Since my birthday I am {v}.
            I turned {v} this year.
            I am {v}.""",
            "I was {v} last birthday.\nRemember that I am {v} years old.",
        ),
        "Noted: you are {v} years old.",
        Phrases.of(
            """How old am I?
            What is my age?
            Do you remember how old I am?
            Tell me my age.
            How many years am I?
            Do you know my age?
            What's my age?""",
            "Do you know how old I am?\nHow many years old am I?",
        ),
        "You are {v} years old.",
        "your age",
        _age,
    ),
    "home": Fact(
        Phrases.of(
            """I live in {v}.
            I am from {v}.
            My home is in {v}.
            I am living in {v}.
            I have lived in {v} for years.
            {v} is my home.
            My flat is in {v}.
            My room is in {v}.
            My family is in {v}.
            My place is in {v}.
            This year I live in {v}.
            Now I live in {v}.
            Remember that I live in {v}.
            I'm from {v}.
            My home town is {v}.
            I moved to {v}.
            I come from {v}.""",
            "These days I live in {v}.\nMy house is in {v}.",
        ),
        "Noted: you live in {v}.",
        Phrases.of(
            """Where do I live?
            Where am I from?
            Which city do I live in?
            In which city do I live?
            Do you remember where I live?
            Do you know where I live?
            What is my home town?
            Where is my home?""",
            "What city do I live in?\nTell me where I live.",
        ),
        "You live in {v}.",
        "where you live",
        lambda thread: thread.words.city(thread.rng),
    ),
    "job": Fact(
        Phrases.of(
            """I work as a {v}.
            I am a {v}.
            My job is {v}.
            I am working as a {v}.
            I earn my money as a {v}.
            By trade I am a {v}.
            My trade is {v}.
            My work is {v}.
            My occupation is {v}.
            For years I have been a {v}.
            I have a job as a {v}.
            I have been a {v} for ten years.
            I'm a {v}.
            I earn my living as a {v}.""",
            "I have been working as a {v} for years.\nMy profession is {v}.",
        ),
        "Noted: you work as a {v}.",
        Phrases.of(
            """What is my job?
            What do I do for a living?
            What's my job?
            What do I work as?
            Do you remember my job?
            What is my profession?
            Tell me my job.
            Which job do I have?
            How do I earn my living?""",
            "Do you know what my job is?\nTell me what I do for a living.",
        ),
        "You work as a {v}.",
        "your job",
        lambda thread: thread.words.job(thread.rng),
    ),
    "pet": Fact(
        Phrases.of(
            """My {k} is called {v}.
            My {k} is named {v}.
            {v} is the name of my {k}.
            {v} is my {k}.
            I have a {k}, the name is {v}.
            At home I have a {k} called {v}.
            I own a {k} whose name is {v}.
            Note that my {k} is called {v}.
            My {k} goes by the name of {v}.
            I have a {k} called {v}.
            I have a {k} named {v}.
            The name of my {k} is {v}.
            My {k}'s name is {v}.
            We have a {k} called {v}.""",
            "At home I have a {k} whose name is {v}.\nRemember that my {k} is called {v}.",
        ),
        "Noted: your {k} is {v}.",
        Phrases.of(
            """What is my {k} called?
            What is the name of my {k}?
            What's my {k} called?
            What is my {k}'s name?
            Do you remember the name of my {k}?
            How is my {k} called?
            Tell me the name of my {k}.
            Do you know the name of my {k}?
            Who is my {k}?
            What did I call my {k}?
            Tell me what my {k} is called.
            Do you know what my {k} is called?
            Can you tell me what my {k} is called?
            I forgot what my {k} is called.""",
            "What did I say my {k} is called?\nWhat's the name of my {k}?",
        ),
        "Your {k} is {v}.",
        "the name of your {k}",
        _name,
        lambda thread: (
            thread.words.pet(thread.rng)
            if thread.rng.random() < 0.6
            else thread.words.kin(thread.rng)
        ),
    ),
    "favourite": Fact(
        Phrases.of(
            """My favourite {k} is {v}.
            The {k} I like best is {v}.
            {v} is my favourite {k}.
            My favourite {k} of all is {v}.
            I must say that my favourite {k} is {v}.
            If I have to choose a favourite {k}, it is {v}.
            Remember that my favourite {k} is {v}.
            As for my favourite {k}, it is {v}.
            I like {v}, it is my favourite {k}.
            My favorite {k} is {v}.
            Remember: my favourite {k} is {v}.""",
            "If you ask me for my favourite {k}, it is {v}.\nNote that my favourite {k} is {v}.",
        ),
        "Noted: your favourite {k} is {v}.",
        Phrases.of(
            """What is my favourite {k}?
            What's my favourite {k}?
            Which {k} do I like best?
            Which {k} is the one I like best?
            What {k} is my favourite?
            Do you know my favourite {k}?
            Can you tell me my favourite {k}?
            Do you remember my favourite {k}?
            Tell me my favourite {k}.
            What is my favorite {k}?""",
            "Can you remember my favourite {k}?\nWhich {k} is my favourite?",
        ),
        "Your favourite {k} is {v}.",
        "your favourite {k}",
        _value,
        _favourite,
    ),
    "my": Fact(
        Phrases.of(
            """My {k} is {v}.
            Remember that my {k} is {v}.
            Don't forget: my {k} is {v}.
            I want you to remember that my {k} is {v}.
            Write down that my {k} is {v}.
            Just so you know, my {k} is {v}.
            Make a note: my {k} is {v}.
            Do not lose this: my {k} is {v}.
            For your notes: my {k} is {v}.
            Note that my {k} is {v}.
            Please remember: my {k} is {v}.
            Keep in mind that my {k} is {v}.""",
            "For later: my {k} is {v}.\nDo not forget that my {k} is {v}.",
        ),
        "Noted: your {k} is {v}.",
        Phrases.of(
            """What is my {k}?
            What's my {k}?
            Do you remember my {k}?
            Tell me my {k}.
            What did I say my {k} is?
            Which was my {k}?
            And my {k} was?
            My {k} was what?
            Do you know my {k}?
            What was it again, my {k}?
            Can you tell me my {k}?
            Could you repeat my {k}?""",
            "What was my {k}?\nCan you tell me what my {k} is?",
        ),
        "Your {k} is {v}.",
        "your {k}",
        _value,
        _thing,
    ),
    "the": Fact(
        Phrases.of(
            """The {k} is {v}.
            Remember that the {k} is {v}.
            Don't forget: the {k} is {v}.
            I want you to remember that the {k} is {v}.
            Write down that the {k} is {v}.
            Just so you know, the {k} is {v}.
            Make a note: the {k} is {v}.
            Do not lose this: the {k} is {v}.
            For your notes: the {k} is {v}.
            Remember this: the {k} is {v}.
            Note that the {k} is {v}.
            Please remember: the {k} is {v}.
            Keep in mind that the {k} is {v}.
            Remember the {k}: {v}.""",
            "For later: the {k} is {v}.\nDo not forget that the {k} is {v}.",
        ),
        "Noted: the {k} is {v}.",
        Phrases.of(
            """What is the {k}?
            What's the {k}?
            Do you remember the {k}?
            Tell me the {k}.
            What did I say the {k} is?
            Which was the {k}?
            And the {k} was?
            The {k} was what?
            Do you know the {k}?
            What was it again, the {k}?
            Can you tell me the {k}?
            Could you repeat the {k}?""",
            "What was the {k}?\nCan you tell me what the {k} is?",
        ),
        "The {k} is {v}.",
        "the {k}",
        _value,
        _thing,
    ),
}
