"""Schemas of classes and dicts, and the way back from an answer's text."""

from __future__ import annotations

import enum
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Literal, NotRequired

import pytest
from openai.types.shared_params import ResponseFormatJSONSchema
from pydantic import BaseModel, Field, TypeAdapter
from typing_extensions import TypedDict  # pydantic wants this one in 3.11

from oxillama_jupyter.client.schema import read_answer, schema_of
from oxillama_jupyter.engine.json_schema import read_schema
from oxillama_jupyter.errors import InvalidRequest


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Place:
    name: str
    founded: date | None = None


@dataclass
class Trip:
    where: list[Place]
    colour: Colour = Colour.RED
    notes: dict[str, int] = field(default_factory=dict)


class Person(BaseModel):
    name: str
    age: Annotated[int, Field(ge=0)] = 0
    kind: Literal["a", "b"] = "a"
    home: Place | None = None


class Row(TypedDict):
    word: str
    properties: NotRequired[int]


class Tree(BaseModel):
    value: int
    parts: list[Tree] = []


class Open(BaseModel, extra="allow"):
    x: int


JSON: dict[str, Any] = {
    "title": "my thing!",
    "type": "object",
    "properties": {"a": {"type": "integer"}},
}
ANSWERS = [
    (
        Person,
        '{"name": "Ada", "age": 36, "kind": "b", "home": {"name": "London", "founded": null}}',
        Person(name="Ada", age=36, kind="b", home=Place("London")),
    ),
    (
        Trip,
        '{"where": [{"name": "Ulm", "founded": "0850-01-01"}], "colour": "blue","notes": {"n": 1}}',
        Trip([Place("Ulm", date(850, 1, 1))], Colour.BLUE, {"n": 1}),
    ),
    (Row, '{"word": "x", "properties": 3}', {"word": "x", "properties": 3}),
    (
        Tree,
        '{"value": 1, "parts": [{"value": 2, "parts": []}]}',
        Tree(value=1, parts=[Tree(value=2)]),
    ),
    (list[Place], '[{"name": "Ulm", "founded": null}]', [Place("Ulm")]),
    (JSON, '{"a": 1, "b": [null]}', {"a": 1, "b": [None]}),
]


@pytest.mark.parametrize(("thing", "text", "value"), ANSWERS)
def test_an_answer_becomes_what_was_asked_for(thing: Any, text: str, value: object) -> None:
    schema = schema_of(thing)
    found = schema.parse(text)

    assert found == value
    assert type(found) is type(value)
    assert read_answer(schema, text, "completed") == (value, "")


@pytest.mark.parametrize("thing", [thing for thing, _, _ in ANSWERS])
def test_the_request_is_as_the_api_has_it_and_the_server_can_enforce_it(thing: Any) -> None:
    form = schema_of(thing, "my.name").response_format

    TypeAdapter(ResponseFormatJSONSchema).validate_python(form)
    assert form["json_schema"]["strict"] is True
    assert form["json_schema"]["name"].replace("_", "").isalnum()
    assert read_schema(
        TypeAdapter(dict[str, Any]).dump_json(form["json_schema"]["schema"]).decode()
    )


def test_objects_of_classes_are_whole_and_closed_and_dicts_are_left_alone() -> None:
    person = schema_of(Person).schema
    assert person["required"] == ["name", "age", "kind", "home"]
    assert person["additionalProperties"] is False
    assert person["$defs"]["Place"]["required"] == ["name", "founded"]
    assert person["$defs"]["Place"]["additionalProperties"] is False
    row = schema_of(Row).schema
    assert row["properties"]["properties"] == {"title": "Properties", "type": "integer"}
    assert schema_of(Open).schema["additionalProperties"] is True
    assert schema_of(Trip).schema["properties"]["notes"]["additionalProperties"] == {
        "type": "integer"
    }
    before = dict(JSON)
    assert schema_of(JSON).schema == before


def test_names() -> None:
    assert schema_of(Person, "x").name == "Person"
    assert schema_of(JSON, "x").name == "my thing!"
    assert schema_of(JSON, "x").response_format["json_schema"]["name"] == "my_thing_"
    assert schema_of({}, "x").name == "x"
    assert schema_of(list[int], "Numbers").name == "Numbers"


class Plain:
    pass


def test_what_is_no_schema() -> None:
    lines = {
        "of type int, not a pydantic class": 3,
        "of type str, not a pydantic class": '{"type": "object"}',
        "an instance of Place, not a": Place("x"),
        "an instance of Person, not a": Person(name="x"),
        "of type function, not a": schema_of,
        "The dict cannot be written as JSON": {"type": Plain},
        "cannot be written as JSON: Out of range": {"minimum": float("nan")},
        "No JSON Schema can be made of it": Plain,
    }
    for line, thing in lines.items():
        with pytest.raises(InvalidRequest, match=line) as caught:
            schema_of(thing)
        assert "\n" not in str(caught.value)


def test_a_type_that_json_cannot_hold_is_one_line() -> None:
    for thing in (list[Plain], list["Nobody"]):  # noqa: F821
        with pytest.raises(InvalidRequest, match="No JSON Schema can be made of it") as caught:
            schema_of(thing)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("thing", "text", "line"),
    [
        (Person, '{"name": 3, "age": -1}', "name: Input should be a valid string (and 1 more)"),
        (Trip, '{"where": [{}]}', "where.0.name: Field required"),
        (Person, '{"name": "A', "Invalid JSON: EOF while parsing a string at line 1 column 11"),
        (JSON, "Sure! {}", "Expecting value: line 1 column 1 (char 0)"),
        (JSON, "[" * 100_000, "It is nested too deeply."),
    ],
)
def test_a_text_that_is_something_else(thing: Any, text: str, line: str) -> None:
    schema = schema_of(thing)
    with pytest.raises(ValueError, match=r".") as caught:
        schema.parse(text)

    assert str(caught.value) == line
    assert read_answer(schema, text, "completed") == (
        None,
        f"The answer is no {schema.name}: {line}",
    )


def test_a_cut_answer_is_never_parsed_even_where_it_is_json() -> None:
    whole = '{"a": 1}'
    assert read_answer(schema_of(JSON), whole, "incomplete") == (
        None,
        "It is not a whole my thing!, so nothing was parsed.",
    )
    for status in ("failed", "cancelled", "expired", ""):
        assert read_answer(schema_of(JSON), whole, status) == (None, "")
    assert read_answer(None, "free text", "completed") == (None, "")


def test_the_module_loads_no_pydantic() -> None:
    code = "import sys, oxillama_jupyter.client.schema; print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
