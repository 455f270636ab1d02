"""Skill of saying "I do not know": questions and tasks from the wide world."""

from __future__ import annotations

from tinylm.thread import Phrases, Thread, vary
from tinylm.words import ADJECTIVES, VERBS

UNKNOWN = "I do not know that. I am a tiny model without facts about the world."
UNABLE = "I can not do that. I am a tiny model with a few skills."

ASK_WORLD = Phrases.of(
    """Who won the {year} world cup?
    What is the capital of {city}?
    Who wrote {Noun}?
    Who is {name} {Pseudo}?
    Who was {name} {Pseudo}?
    When was {name} {Pseudo} born?
    How tall is the {noun} of {city}?
    How far is {city} from {city2}?
    How many people live in {city}?
    What is the weather like in {city}?
    What will the weather be tomorrow?
    What is the population of {city}?
    What happened in {year}?
    What happened in {city} in {year}?
    Who is the president of {city}?
    Who invented the {noun}?
    Who discovered {pseudo}?
    What is {pseudo}?
    What is a {noun}?
    What is the meaning of {pseudo}?
    What does {pseudo} mean?
    How does a {noun} work?
    How do you {verb} a {noun}?
    How do I {verb} a {adj} {noun}?
    Why is the {noun} {adj}?
    Why is the sky blue?
    Why do {noun}s {verb}?
    Where can I buy a {noun}?
    Where is {city}?
    Which {noun} is the best?
    Which language do they speak in {city}?
    What is the best {noun} in {city}?
    What is the price of a {noun}?
    How much does a {noun} cost?
    How long does a {noun} live?
    What time is it in {city}?
    What time is it?
    What day is it today?
    What is the date?
    What is the latest news?
    What is the stock price of {Pseudo}?
    Is {city} a nice place?
    Is a {noun} {adj}?
    Do {noun}s like {noun2}s?
    Can a {noun} {verb}?
    What is the speed of light?
    How old is the {noun}?
    Who painted the {adj} {noun}?
    What is the chemical formula of {noun}?
    What causes {pseudo}?
    Explain {pseudo} to me.
    Explain how a {noun} works.
    Tell me about {city}.
    Tell me about {name} {Pseudo}.
    Tell me about {noun}s.
    Tell me something about the {noun}.
    Tell me the history of {city}.
    What do you think about {noun}s?
    Who is the {job} of {city}?
    Did {name} {Pseudo} visit {city} in {year}?
    Should I buy a {noun}?
    What is the meaning of life?
    What is the square root of {year}?
    Was {name} a {adj} {job}?
    How many {noun}s are there in {city}?
    What is the longest {noun} in the world?
    Who scored for {city} in {year}?
    In which year did {name} {Pseudo} die?
    Give me facts about {city}.
    Is it true that {noun}s are {adj}?
    Do you think that {name} is a good {job}?
    Have you ever been to {city}?
    Have you seen the film {Noun}?
    Could you tell me who {name} {Pseudo} is?
    I wonder how {noun}s {verb} a {noun2}.
    What are {noun}s made of?
    What are the most famous {noun}s of {city}?
    Which {noun} is the biggest in {city}?
    Which is the {adj} {noun} of all {noun}s?
    Are there {noun}s in {city}?
    Are {noun}s more {adj} than {noun2}s?
    Does {name} {Pseudo} live in {city}?
    Does a {noun} need a {noun2}?
    Is there life on {Pseudo}?
    What temperature does a {noun} have?
    What is the difference between a {noun} and a {noun2}?
    What is the name of the {noun} in {city}?
    How many {noun}s has a {noun2}?
    How big is the {noun} of {name} {Pseudo}?
    Who is the richest {job}?
    Who has the most {noun}s?
    At which temperature does {noun} {verb}?
    In which country is {city}?
    On which day does the {noun} in {city} {verb}?
    What did {name} {Pseudo} {verb} in {year}?
    What would happen without {noun}s?
    Whose {noun} is this?
    Please explain why {noun}s {verb}.
    Name three {noun}s.
    Name the biggest {noun} of {city}.
    I want to know who won in {year}.
    Do you know who wrote {Noun}?
    Do you know what {pseudo} is?
    Can you explain {pseudo}?
    What are the symptoms of {pseudo}?
    What colour is a {noun}?
    Which {job} invented the {noun}?
    Who sang {Noun} in {year}?
    When did the {noun} start?
    When does the {noun} in {city} open?
    How was the {noun} in {city} built?""",
    """Who won the football match in {city}?
    What is the tallest {noun} in {city}?
    Who was the king of {city} in {year}?
    How many {noun}s does a {job} need?
    What language is spoken in {city}?
    When was the {noun} invented?
    Who directed the film {Noun}?
    What is the currency of {city}?
    How do people {verb} a {noun} in {city}?
    What year did {name} {Pseudo} win the prize?
    Why did {name} {Pseudo} leave {city}?
    How hot is it in {city} today?
    Who owns the {noun} in {city}?
    What is {pseudo} made of?
    Which river flows through {city}?""",
)
ASK_WORK = Phrases.of(
    """Write a poem about {noun}s.
    Write a poem.
    Write a song about {city}.
    Write an essay about {pseudo}.
    Write an email to {name}.
    Write a letter to my {job}.
    Write a Python function that can {verb} a {noun}.
    Write some code to {verb} {noun}s.
    Translate {noun} into {Pseudo}.
    Translate this into French: the {noun} is {adj}.
    Summarize the book {Noun}.
    Draw a {noun}.
    Draw me a picture of {city}.
    Recommend a {noun} for {name}.
    Recommend me a good {noun}.
    Book a {noun} in {city}.
    Order a {noun} for me.
    Make me a {noun}.
    Sing a song.
    Tell me a joke.
    Tell me a joke about {noun}s.
    Plan a trip to {city}.
    Search the web for {noun}s.
    Find a {adj} {noun} in {city}.
    Open the {noun}.
    Solve this equation: x * x = {year}.
    Fix my code.
    Send a message to {name}.
    Call {name}.
    Play some music.
    Set an alarm for tomorrow.
    Invent a {adj} {noun}.
    Describe a {adj} {noun}.
    Compose a {noun} song.
    Give me a recipe for {noun} {noun2}.
    Cook {noun} for me.
    Write three lines about a {adj} {noun}.
    Write a haiku about {city}.
    Write a report about {noun}s.
    Show me a map of {city}.
    Read the {noun} aloud.
    Sort my {noun}s.
    Buy {noun}s for me.
    Turn on the {noun}.
    Check my {noun} for mistakes.
    Rewrite this text.
    Create a picture of a {noun}.
    Generate an image of {city}.
    Help me to {verb} a {noun}.
    Teach me how to {verb} a {noun}.""",
    """Write a short poem for {name}.
    Write a program to {verb} {noun}s.
    Translate {pseudo} to German.
    Draw a {adj} {noun} for me.
    Plan a holiday in {city}.
    Recommend a {noun} in {city}.""",
)


def fill(thread: Thread, template: str) -> str:
    """Put random words into the slots of a question about the world."""
    rng, words = thread.rng, thread.words
    invented = words.pseudo(rng)
    return template.format(
        year=rng.randint(1000, 2030),
        city=words.city(rng),
        city2=words.city(rng),
        name=words.name(rng),
        noun=words.noun(rng),
        noun2=words.noun(rng),
        Noun=f"The {rng.choice(ADJECTIVES).capitalize()} {words.noun(rng).capitalize()}",
        pseudo=invented,
        Pseudo=invented.capitalize(),
        verb=rng.choice(VERBS),
        adj=rng.choice(ADJECTIVES),
        job=words.job(rng),
    )


def unknown(thread: Thread) -> None:
    """The user asks for something the model can not know or do."""
    if thread.rng.random() < 0.72:
        thread.user(vary(thread.rng, fill(thread, thread.choose(ASK_WORLD)), typos=0.05))
        thread.answer("unknown", UNKNOWN, "Unknown")
    else:
        thread.user(vary(thread.rng, fill(thread, thread.choose(ASK_WORK)), typos=0.05))
        thread.answer("unknown", UNABLE)
