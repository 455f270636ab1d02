"""Skills of small talk: greetings, thanks, statements, counting and a story."""

from __future__ import annotations

from tinylm.thread import Phrases, Thread, vary
from tinylm.words import ADJECTIVES, VERBS

STORY = (
    "I know one story. Once upon a time a tiny model lived in a small notebook. It knew very "
    "little, but it listened well. Every morning the people wrote a line to it, and every evening "
    "it wrote a line back. One day the wind took the network away, and all the big models fell "
    "silent. The tiny model did not notice, for it had never left the notebook. So it counted the "
    "stars from one to ten, told everybody their own names, and went to sleep. The end."
)

SMALL_TALK: dict[str, tuple[Phrases, str]] = {
    "greet": (
        Phrases.of(
            """Hello!
            Hello
            Hi
            Hi!
            Hi there!
            Hey
            Hey there
            Good morning!
            Good evening.
            Good afternoon!
            Hello there!
            Greetings!
            hello, model
            Hello, how are you today?
            Good day.
            Hi, nice to meet you.
            Hello again!
            Hallo!
            Yo
            Howdy""",
            """Hi hello!
            Hey hey!
            A very good morning!
            Hello, nice to see you.
            Good evening to you!""",
        ),
        "Hello! How can I help you?",
    ),
    "how": (
        Phrases.of(
            """How are you?
            How are you doing?
            Are you well?
            How is it going?
            How do you feel?
            How are you today?
            What's up?
            Everything fine?
            All good?""",
            "How are you feeling?\nHow are things going?\nAre you doing well?",
        ),
        "I am fine, thank you. How can I help you?",
    ),
    "thanks": (
        Phrases.of(
            """Thank you!
            Thanks
            Thanks a lot!
            Thank you very much.
            That helped, thanks.
            Great, thank you!
            Many thanks.
            Cheers, thanks!
            Perfect, thanks!
            Nice, thank you.""",
            "Thanks so much!\nThank you, that is great.\nThank you for the help.",
        ),
        "You are welcome!",
    ),
    "bye": (
        Phrases.of(
            """Goodbye!
            Bye
            Bye bye!
            See you later.
            See you!
            Good night!
            I have to go now.
            Until tomorrow!
            That is all for today.
            Take care!""",
            "Bye for now!\nSee you tomorrow!\nGoodbye, take care!",
        ),
        "Goodbye! See you soon.",
    ),
    "praise": (
        Phrases.of(
            """Well done!
            Good job!
            You are great!
            Very good.
            Correct!
            That is right.
            You are very helpful.
            Nice work!
            Awesome!
            Cool""",
            "Great work!\nYou did very well!\nThat is correct.",
        ),
        "Thank you, I am glad to help.",
    ),
    "ok": (
        Phrases.of(
            """Ok
            Okay.
            Fine.
            Alright.
            I see.
            Good.
            Understood.
            Ok, good.
            Sure.
            Got it.""",
            "Okay then.\nAll right, I see.\nOk, understood.",
        ),
        "Good. What else can I do for you?",
    ),
    "statement": (
        Phrases.of(
            """I like {n}s.
            I love {n}s and {m}s.
            I have a {a} {n}.
            It is {a} outside.
            I saw a {n} in {c}.
            We went to {c} yesterday.
            I am tired.
            I am happy today.
            I am a bit {a} today.
            This {n} is {a}.
            The weather is nice today.
            I do not like {n}s.
            I want to {v} my {n}.
            I bought a {a} {n}.
            We have many {n}s here.
            There is a {n} in front of my {m}.
            My friends like {n}s.
            I need to {v} the {n}.
            That was a {a} day.
            I was in {c} with {p}.""",
            """I often see {n}s in {c}.
            Yesterday I bought a {n}.
            It was a {a} week.
            I think {n}s are nice.
            We want to {v} a {n} tomorrow.""",
        ),
        "I see. What can I do for you?",
    ),
    "story": (
        Phrases.of(
            """Tell me a story.
            Tell me a long story.
            Do you know a story?
            Write a story.
            Tell a short story.
            I want to hear a story.
            Can you tell me a story?
            Write a long story about a model.""",
            "Please tell me a nice long story.\nLet me hear a story.\nCan you write me a story?",
        ),
        STORY,
    ),
}
_TALK_WEIGHTS = {
    "greet": 6, "how": 2, "thanks": 2, "bye": 2, "praise": 1, "ok": 1, "story": 0.4,
    "statement": 2,
}  # fmt: skip


def small_talk(thread: Thread) -> None:
    """Exchange a greeting, thanks, praise or a goodbye."""
    kinds = list(_TALK_WEIGHTS)
    kind = thread.rng.choices(kinds, list(_TALK_WEIGHTS.values()))[0]
    if thread.words.held_out and kind == "story":
        kind = "greet"
    _talk(thread, kind, "greet")


def tell_story(thread: Thread) -> None:
    """Tell the one story the model knows."""
    _talk(thread, "story", "story")


def greet(thread: Thread) -> None:
    """Open a conversation."""
    _talk(thread, "greet", "greet")


def _about_something(thread: Thread, template: str) -> str:
    rng, words = thread.rng, thread.words
    return template.format(
        n=words.noun(rng),
        m=words.noun(rng),
        a=rng.choice(ADJECTIVES),
        v=rng.choice(VERBS),
        c=words.city(rng),
        p=words.name(rng),
    )


def _talk(thread: Thread, kind: str, skill: str) -> None:
    phrases, answer = SMALL_TALK[kind]
    text = thread.choose(phrases)
    if kind == "statement":
        text = _about_something(thread, text)
    if kind == "greet" and thread.style.persona:
        if thread.rng.random() < 0.4:
            text = f"{text.rstrip('!.')} {thread.style.persona}!"
        answer = f"Hello! I am {thread.style.persona}. How can I help you?"
    if thread.rng.random() < 0.2 and kind != "statement":
        text = text.lower()
    thread.user(text)
    thread.answer(skill, answer, "Hello!" if kind == "greet" else None)


COUNT = Phrases.of(
    """Count from {a} to {b}.
    Count from {a} up to {b}.
    Please count from {a} to {b}.
    Write the numbers from {a} to {b}.
    List the numbers from {a} to {b}.
    Can you count from {a} to {b}?
    Say the numbers {a} to {b}.
    Count up from {a} to {b}.""",
    "Give me the numbers from {a} to {b}.\nNow count from {a} to {b}, please.",
)
COUNT_TO = Phrases.of(
    "Count to {b}.\nCan you count to {b}?\nPlease count to {b}.\nCount up to {b}."
)


def count(thread: Thread) -> None:
    """Count from one number to another."""
    rng = thread.rng
    first = 1 if rng.random() < 0.5 else rng.randint(0, 60)
    span = rng.randint(2, 25) if rng.random() < 0.8 else rng.randint(25, 60)
    last = min(100, first + span)
    phrases = COUNT_TO if first == 1 and rng.random() < 0.3 else COUNT
    thread.user(vary(rng, thread.choose(phrases).format(a=first, b=last)))
    thread.answer("count", ", ".join(str(number) for number in range(first, last + 1)) + ".")
