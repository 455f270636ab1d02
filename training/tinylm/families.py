"""Functions that people offer to a model, and how they ask for them."""

from __future__ import annotations

from dataclasses import dataclass

from tinylm.thread import Phrases


@dataclass(frozen=True)
class Family:
    """Functions that people ask for in the same words."""

    names: tuple[str, ...]
    about: str
    keys: tuple[str, ...]
    kinds: tuple[str, ...]
    ask: Phrases


ALIASES = {
    "city": ("city", "city", "city", "location", "place", "town"),
    "minutes": ("minutes", "duration", "length"),
    "to": ("to", "recipient", "person"),
    "text": ("text", "message", "body", "content"),
    "a": ("a", "x", "first", "left"),
    "b": ("b", "y", "second", "right"),
    "name": ("name", "user", "person", "contact"),
    "room": ("room", "place", "zone"),
    "query": ("query", "q", "text", "search"),
    "title": ("title", "name", "song"),
    "language": ("language", "target", "lang"),
    "origin": ("origin", "start", "from_city"),
    "goal": ("goal", "destination", "to_city"),
    "symbol": ("symbol", "ticker", "company"),
    "day": ("day", "date", "when"),
}
FAMILIES = (
    Family(
        ("get_weather", "weather", "current_weather", "get_current_weather", "weather_now"),
        "Get the weather of a city",
        ("city",),
        ("city",),
        Phrases.of(
            """What is the weather in {0}?
            What's the weather like in {0}?
            How is the weather in {0}?
            Is it raining in {0}?
            Tell me the weather in {0}.
            Weather in {0}?
            What is the weather in {0} today?
            Is it cold in {0}?""",
            "Can you check the weather in {0}?\nWhat is the weather like in {0} now?",
        ),
    ),
    Family(
        ("get_time", "current_time", "time_in", "get_local_time"),
        "Get the local time of a city",
        ("city",),
        ("city",),
        Phrases.of(
            """What time is it in {0}?
            Tell me the time in {0}.
            What is the local time in {0}?
            What is the time in {0}?""",
            "Do you know what time it is in {0}?",
        ),
    ),
    Family(
        ("set_timer", "start_timer", "timer"),
        "Start a timer",
        ("minutes",),
        ("number",),
        Phrases.of(
            """Set a timer for {0} minutes.
            Start a timer of {0} minutes.
            Timer for {0} minutes!
            Wake me in {0} minutes.""",
            "Can you start a {0} minute timer?",
        ),
    ),
    Family(
        ("send_message", "message", "send_text", "send_email"),
        "Send a message to a person",
        ("to", "text"),
        ("name", "words"),
        Phrases.of(
            """Send a message to {0} saying {1}.
            Send {0} the message {1}.
            Write to {0}: {1}
            Tell {0}: {1}
            Send "{1}" to {0}.
            Message {0}: {1}""",
            "Let {0} know: {1}\nPlease send {0} this message: {1}",
        ),
    ),
    Family(
        ("add", "sum", "add_numbers", "plus"),
        "Add two numbers",
        ("a", "b"),
        ("number", "number"),
        Phrases.of(
            """What is {0} + {1}?
            Add {0} and {1}.
            What is {0} plus {1}?
            What is the sum of {0} and {1}?""",
            "Please add up {0} and {1}.",
        ),
    ),
    Family(
        ("multiply", "times", "multiply_numbers", "product"),
        "Multiply two numbers",
        ("a", "b"),
        ("number", "number"),
        Phrases.of(
            """What is {0} times {1}?
            Multiply {0} by {1}.
            What is {0} * {1}?
            Multiply {0} and {1}.""",
            "Please multiply {0} with {1}.",
        ),
    ),
    Family(
        ("turn_on_light", "light_on", "switch_light"),
        "Turn on the light in a room",
        ("room",),
        ("noun",),
        Phrases.of(
            """Turn on the light in the {0}.
            Switch on the {0} light.
            Light in the {0}, please.
            Turn the light in the {0} on.""",
            "Please switch the light in the {0} on.",
        ),
    ),
    Family(
        ("search", "web_search", "search_web", "find"),
        "Search for a text",
        ("query",),
        ("words",),
        Phrases.of(
            """Search for {0}.
            Search the web for {0}.
            Look up {0}.
            Find {0}.""",
            "Please do a search for {0}.",
        ),
    ),
    Family(
        ("translate", "translate_text"),
        "Translate a text",
        ("text", "language"),
        ("words", "tongue"),
        Phrases.of(
            """Translate {0} to {1}.
            Translate {0} into {1}.
            Translate "{0}" to {1}.
            What is {0} in {1}?
            How do you say {0} in {1}?""",
            "Give me the {1} translation of {0}.",
        ),
    ),
    Family(
        ("get_distance", "distance", "route"),
        "Get the distance between two cities",
        ("origin", "goal"),
        ("city", "city"),
        Phrases.of(
            """How far is it from {0} to {1}?
            What is the distance from {0} to {1}?
            What is the distance between {0} and {1}?
            How far is {0} from {1}?""",
            "Tell me how far {0} is from {1}.",
        ),
    ),
    Family(
        ("get_stock_price", "stock_price", "quote"),
        "Get the price of a stock",
        ("symbol",),
        ("title",),
        Phrases.of(
            """What is the stock price of {0}?
            What does a share of {0} cost?
            How is the {0} stock doing?
            Price of {0}?""",
            "Tell me the stock price of {0}.",
        ),
    ),
    Family(
        ("play_song", "play_music", "play"),
        "Play a song",
        ("title",),
        ("words",),
        Phrases.of("Play {0}.\nPlay the song {0}.\nI want to hear {0}.", "Start the song {0}."),
    ),
    Family(
        ("get_phone_number", "find_contact", "lookup_user", "get_user"),
        "Look up a person",
        ("name",),
        ("name",),
        Phrases.of(
            """Look up {0}.
            What is the phone number of {0}?
            Find the contact of {0}.
            Who is {0}?""",
            "Show me the contact of {0}.",
        ),
    ),
    Family(
        ("add_event", "create_event", "add_reminder", "remind"),
        "Put something into the calendar",
        ("title", "day"),
        ("words", "day"),
        Phrases.of(
            """Remind me of {0} on {1}.
            Put {0} on {1} into my calendar.
            Add {0} to my calendar on {1}.
            Plan {0} for {1}.""",
            "I have {0} on {1}, please note it.",
        ),
    ),
)
GENERIC_ONE = Phrases.of(
    """What is the {n} of {0}?
    What is the {n} in {0}?
    Get the {n} of {0}.
    Get the {n} for {0}.
    Tell me the {n} of {0}.
    Find the {n} of {0}.
    Show the {n} for {0}.
    Use {f} with {k0} {0}.
    Call {f} with {k0} {0}.
    Call {f} for {0}.
    Use {f} for {0}.
    {v} the {n} of {0}.
    {v} the {n} with {k0} {0}.
    {v} the {n} where {k0} is {0}.
    {v} the {n} for {0}.
    {v} the {n} {0}.
    I want to know the {n} of {0}.
    What is the {n} for {k0} {0}?
    Which {n} has {0}?
    {v} {0} with {f}.
    Call {f} with {k0}={0}.
    I want the {n} for {0}.
    I would like the {n} of {0}.
    Give me the {n} of {0}.
    Give me the {n} for {0}.
    Execute {f} with {k0} {0}.
    Could you get the {n} of {0}?
    Please get the {n} for {k0} {0}.
    Start {f} with {k0} {0}.""",
    """Can you get the {n} of {0}?
    I need the {n} for {0}.
    Run {f} with {k0} {0}.""",
)
GENERIC_TWO = Phrases.of(
    """Get the {n} for {k0} {0} and {k1} {1}.
    Use {f} with {k0} {0} and {k1} {1}.
    Call {f} with {k0} {0} and {k1} {1}.
    Call {f} with {k0}={0} and {k1}={1}.
    {v} the {n} with {k0} {0} and {k1} {1}.
    {v} the {n}: {k0} {0}, {k1} {1}.
    Call {f} with {k0} = {0}, {k1} = {1}.
    Get the {n} of {0} with {k1} {1}.
    {v} a {n} for {0} with {k1} {1}.
    {v} the {n} where {k0} is {0} and {k1} is {1}.
    {v} the {n} at {k0} {0}, {k1} {1}.
    {v} a {n} with {0} as {k0} and {1} as {k1}.
    I want to {v} the {n} with {k0} {0} and {k1} {1}.
    {v} the {n} of {0} with {k1} {1}.
    Execute {f} with {k0} {0} and {k1} {1}.
    Start {f} with {k0} {0} and {k1} {1}.
    I want the {n} with {k0} {0} and {k1} {1}.
    Give me the {n} for {k0} {0} and {k1} {1}.""",
    """I need the {n} with {k0} {0} and {k1} {1}.
    Run {f} with {k0} {0} and {k1} {1}.""",
)
