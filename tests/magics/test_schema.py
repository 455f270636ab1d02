"""`--schema` in a real kernel: with a scripted engine that repeats the prompt, and with a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from magics.kernel import Kernel
from magics.test_flags import stored_run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from client.world import Server, World

CLASSES = """
from dataclasses import dataclass
from typing import Literal
from types import SimpleNamespace
from pydantic import BaseModel, field_validator
from typing_extensions import TypedDict

@dataclass
class Place:
    name: str

@dataclass
class Trip:
    to: Place
    days: int = 1

class Person(BaseModel):
    name: str
    home: Place
    @field_validator("name")
    @classmethod
    def _capital(cls, name):
        if not name.istitle():
            raise ValueError("not a name")
        return name

class Row(TypedDict):
    word: str

class Mood(BaseModel):
    mood: Literal["happy", "sad"]
    sure: bool

colour = {"type": "object", "properties": {"c": {"enum": ["red", "blue"]}}, "required": ["c"],
          "additionalProperties": False}
odd = {"type": "object", "properties": {"c": {"type": "array", "uniqueItems": True}}}
models = SimpleNamespace(Trip=Trip)
"""
PERSON = '{"name": "Ada", "home": {"name": "Ulm"}}'


@pytest.fixture(scope="module")
def typed(kernel: Kernel) -> Kernel:
    assert kernel.run(CLASSES).error == ""
    return kernel


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("Person", PERSON, "Person(name='Ada', home=Place(name='Ulm'))"),
        ("Trip", '{"to": {"name": "Ulm"}, "days": 3}', "Trip(to=Place(name='Ulm'), days=3)"),
        ("models.Trip", '{"to": {"name": "Ulm"}}', "Trip(to=Place(name='Ulm'), days=1)"),
        ("Row", '{"word": "x"}', "{'word': 'x'}"),
        ("colour", '{"c": "red"}', "{'c': 'red'}"),
    ],
)
def test_the_answer_is_bound_as_an_object(typed: Kernel, name: str, text: str, value: str) -> None:
    shown = typed.run(f"%%oxillama --schema {name} -o answer\n{text}")

    assert shown.error == ""
    assert typed.value("repr(answer.parsed)") == value
    assert typed.value("answer") == text
    assert typed.value("repr(answer.note)") == "''"
    assert len(shown.outputs) == 1
    shown = typed.run("answer")
    assert shown.data("text/plain") == [f"Answer({text!r})"]
    assert shown.data() == [f"    {text}"]


def test_the_request_is_strict(typed: Kernel, server: Server) -> None:
    typed.run(f"%%oxillama --schema Person -o answer\n{PERSON}")
    form = stored_run(typed, server)["response_format"]["json_schema"]

    assert (form["name"], form["strict"]) == ("Person", True)
    assert form["schema"]["required"] == ["name", "home"]
    assert form["schema"]["additionalProperties"] is False
    assert form["schema"]["$defs"]["Place"]["properties"] == {
        "name": {"title": "Name", "type": "string"}
    }


def test_a_cut_answer_is_not_parsed(typed: Kernel) -> None:
    shown = typed.run("%%oxillama --schema colour -o answer --max-tokens 3\nslow 9")

    note = (
        "The answer was cut after 3 tokens (--max-tokens)."
        " It is not a whole colour, so nothing was parsed."
    )
    assert shown.status == "ok"
    assert typed.value("answer.status, answer.parsed") == "('incomplete', None)"
    assert typed.value("answer.note") == note
    assert shown.data("text/plain")[0].endswith(f"({note})")


def test_an_answer_that_does_not_fit_says_why(typed: Kernel) -> None:
    text = '{"name": "ada", "home": {"name": "Ulm"}}'
    shown = typed.run(f"%%oxillama --schema Person -o answer\n{text}")

    note = "The answer is no Person: name: Value error, not a name"
    assert shown.status == "ok"
    assert typed.value("answer.parsed, answer.note") == str((None, note))
    assert shown.data("text/plain") == [f"{text}\n\n({note})"]


def test_what_came_of_a_failed_answer_is_bound_unparsed(typed: Kernel) -> None:
    shown = typed.run("%%oxillama --schema colour -o answer\nfail")

    assert shown.error == "oxillama: The engine's process died (signal 11)."
    assert typed.value("(answer.text, answer.status, answer.parsed)") == str(
        ("Half an ", "failed", None)
    )


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("Persn", "--schema takes the name of a pydantic class, a dataclass, a TypedDict or"),
        ("models.None_", "--schema models.None_: 'types.SimpleNamespace' object has no attribute"),
        ("models", "--schema models: It is an instance of SimpleNamespace, not a pydantic class"),
        ("PERSON", "--schema PERSON: It is of type str, not a pydantic class, a dataclass"),
    ],
)
def test_a_name_of_something_else(typed: Kernel, name: str, line: str) -> None:
    typed.run(f"PERSON = {PERSON!r}")
    shown = typed.run(f"%%oxillama --schema {name}\nHi")

    assert shown.status == "error"
    assert shown.error.startswith(f"oxillama: {line}")
    assert "\n" not in shown.error


def test_a_mistyped_name(typed: Kernel) -> None:
    shown = typed.run("%%oxillama --schema Persn\nHi")

    assert shown.error.endswith(", but there is no 'Persn'. Did you mean Person?")


@pytest.fixture(scope="module")
def model(world: World) -> Iterator[Kernel]:
    """A kernel with a private server, so with the embedded model."""
    with Kernel(world) as kernel:
        assert kernel.run(CLASSES).error == ""
        yield kernel


def test_a_real_model_can_only_answer_so(model: Kernel) -> None:
    shown = model.run(
        "%%oxillama --schema Mood -o answer --temperature 1 --seed 5\nHow are you feeling today?"
    )

    assert shown.error == ""
    assert model.value("type(answer.parsed).__name__") == "Mood"
    assert model.value("answer.parsed.mood in ('happy', 'sad')") == "True"
    assert model.value("answer.timings['completion'] > 0") == "True"
    assert model.value("answer.usage['completion_tokens'] > 3") == "True"


def test_a_real_answer_that_is_cut(model: Kernel) -> None:
    model.run("%%oxillama --schema Mood -o answer --max-tokens 3\nHow are you feeling today?")

    assert model.value("(answer.status, answer.parsed)") == "('incomplete', None)"


def test_a_schema_that_the_server_cannot_enforce_is_its_line(model: Kernel) -> None:
    shown = model.run("%%oxillama --schema odd -o answer\nHi")

    assert shown.error == (
        "oxillama: The JSON Schema's uniqueItems at #/properties/c/uniqueItems cannot be enforced."
        " Leave it out and remove duplicates afterwards."
    )
