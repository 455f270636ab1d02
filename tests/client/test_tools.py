"""What a model is told of a function, and what the function gets of what it writes."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from oxillama_jupyter import tool
from oxillama_jupyter.client.docstrings import read_docstring
from oxillama_jupyter.client.outputs import error_text, output_text
from oxillama_jupyter.client.tools import ArgumentsError, ToolError, tool_of


class Unit(Enum):
    C = "celsius"
    F = "fahrenheit"


@dataclass
class Place:
    city: str
    country: str = "FR"


class Route(BaseModel):
    title: str
    stops: list[Place]


def plan(  # noqa: PLR0913, PLR0917  # one of each kind
    route: Route,
    unit: Unit,
    when: date,
    days: int = 1,
    mode: Literal["car", "train"] = "car",
    tags: dict[str, float] | None = None,
) -> list[Any]:
    """Plan a route
    with stops.

    It is a plan.
    """
    return [route, unit, when, days, mode, tags]


ROUTE = (
    '{"route": {"title": "T", "stops": [{"city": "Paris"}]}, "unit": "celsius",'
    ' "when": "2026-11-21"'
)


def test_the_signature_becomes_the_schema() -> None:
    found = tool_of(plan).definition
    function = found["function"]
    assert (function["name"], function["description"]) == ("plan", "Plan a route with stops.")
    assert "strict" not in function  # some parameters may be left out
    schema = function["parameters"]
    assert schema["required"] == ["route", "unit", "when"]
    assert schema["properties"]["days"] == {"type": "integer", "default": 1}
    assert schema["properties"]["mode"]["enum"] == ["car", "train"]
    assert schema["$defs"]["Unit"] == {"type": "string", "enum": ["celsius", "fahrenheit"]}
    assert schema["$defs"]["Route"]["properties"]["title"] == {"type": "string"}
    assert schema["$defs"]["Place"]["additionalProperties"] is False
    assert "plan" not in json.dumps(schema).lower()  # no titles that repeat names
    assert json.loads(json.dumps(found)) == found


def test_arguments_become_what_the_function_takes() -> None:
    assert tool_of(plan)(ROUTE + "}") == [
        Route(title="T", stops=[Place("Paris")]),
        Unit.C,
        date(2026, 11, 21),
        1,
        "car",
        None,
    ]
    assert tool_of(plan)(ROUTE + ', "days": "3", "tags": {"a": 1}}')[3:] == [3, "car", {"a": 1.0}]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("{}", "route: Field required; unit: Field required; when: Field required"),
        (ROUTE + ', "mode": "bike"}', "mode: Input should be 'car' or 'train'"),
        (ROUTE + ', "day": 1}', "day: Extra inputs are not permitted"),
        ('{"route": 1', "Invalid JSON: "),
        ("[1]", "Input should be an object"),
    ],
)
def test_what_does_not_fit_is_named(arguments: str, complaint: str) -> None:
    with pytest.raises(ArgumentsError, match=complaint.replace("(", r"\(")):
        tool_of(plan)(arguments)


def test_it_is_strict_where_nothing_is_left_open() -> None:
    def closed(a: int, b: list[str], c: str | None) -> None: ...
    def free(a: Any) -> None: ...
    def untyped(a) -> None: ...  # type: ignore[no-untyped-def]  # noqa: ANN001
    def mapping(a: dict[str, int]) -> None: ...
    def inner(a: Place) -> None: ...

    strict = [tool_of(f).strict for f in (closed, free, untyped, mapping, inner)]
    assert strict == [True, False, False, False, False]


def test_every_kind_of_parameter_gets_its_argument() -> None:
    def kinds(a: int, /, b: int = 2, *, c: int, schema: str = "s", _hidden: int = 0) -> Any:
        return a, b, c, schema, _hidden

    assert tool_of(kinds)('{"a": 1, "c": 3, "_hidden": 9}') == (1, 2, 3, "s", 9)


def test_a_default_is_the_functions_own_object() -> None:
    marker: list[int] = [1]

    def remember(a: list[int] = marker) -> Any:
        return a

    assert tool_of(remember)("") is marker


def test_bound_methods_partials_and_objects() -> None:
    class Shop:
        def price(self, item: str, count: int = 1) -> str:
            """Tell a price."""
            return f"{item} {count}"

        def __call__(self, item: str) -> str:
            return item

    assert tool_of(Shop().price)('{"item": "tea"}') == "tea 1"
    assert tool_of(Shop()).name == "Shop"
    named = tool(name="half")(functools.partial(Shop().price, count=2))
    assert tool_of(named)('{"item": "tea"}') == "tea 2"
    assert tool_of(math.floor).name == "floor"


def test_annotated_fields_say_more() -> None:
    def pick(n: Annotated[int, Field(ge=1, le=9, description="A digit.")]) -> int:
        return n

    found = tool_of(pick).parameters["properties"]["n"]
    assert found == {"type": "integer", "minimum": 1, "maximum": 9, "description": "A digit."}
    with pytest.raises(ArgumentsError, match="n: Input should be greater than or equal to 1"):
        tool_of(pick)('{"n": 0}')


def test_the_decorator_keeps_the_function_and_says_other_words() -> None:
    @tool(name="weather", description="Now.")
    def _get(city: str) -> str:
        """Something else."""
        return city

    @tool
    def plain() -> None:
        """Words."""

    assert (_get("x"), tool_of(_get).name, tool_of(_get).description) == ("x", "weather", "Now.")
    assert (tool_of(plain).name, tool_of(plain).description) == ("plain", "Words.")


class Opaque:
    pass


def opaque(a: int, thing: Opaque) -> None: ...
def callback(f: Callable[[int], int]) -> None: ...
def any_number(*values: int) -> None: ...
def any_names(**values: int) -> None: ...
def unreadable(a: Nowhere) -> None: ...  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize(
    ("function", "complaint"),
    [
        (lambda x: x, "A lambda has no name"),
        (opaque, r"The parameter 'thing' of opaque\(\) is a Opaque, which a model cannot write"),
        (callback, r"The parameter 'f' of callback\(\)"),
        (any_number, r"any_number\(\) takes any arguments \(\*values"),
        (any_names, r"any_names\(\) takes any arguments \(\*\*values"),
        (unreadable, "A type hint of unreadable.* 'Nowhere' is not defined"),
        (min, r"min\(\) has no signature"),
        (print, r"print\(\) takes any arguments"),
        (3, "3 is no function"),
        ("plan", "'plan' is no function"),
    ],
)
def test_what_cannot_be_a_tool_says_why(function: Any, complaint: str) -> None:
    with pytest.raises(ToolError, match=complaint):
        tool_of(function)


def test_a_name_that_models_cannot_have_is_refused() -> None:
    def größe() -> None: ...  # noqa: PLC2401

    with pytest.raises(ToolError, match="cannot be the name of a tool"):
        tool_of(größe)
    assert tool_of(tool(name="size")(größe)).name == "size"


# -- docstrings ----------------------------------------------------------------------------------

GOOGLE = """Add numbers
    up.

    And more.

    Args:
        a: The first,
            which goes on.
        b (int, optional): The second: a colon.

    Returns:
        c: Nothing of interest.
    """
NUMPY = """
    Add numbers up.

    Parameters
    ----------
    a : int
        The first,
        which goes on.
    b : int, optional
        The second: a colon.

    Returns
    -------
    c : int
        Nothing of interest.
    """
SPHINX = """Add numbers up.

    :param a: The first, which goes on.
    :param int b: The second: a colon.
    :returns: Nothing.
    """


@pytest.mark.parametrize("doc", [GOOGLE, NUMPY, SPHINX])
def test_docstrings_of_three_styles(doc: str) -> None:
    described = {"a": "The first, which goes on.", "b": "The second: a colon."}
    assert read_docstring(doc) == ("Add numbers up.", described)


@pytest.mark.parametrize(
    ("doc", "text"),
    [(None, ""), ("", ""), ("Only this.", "Only this."), ("Args:\n    a: x", ""), ("A\n\nB", "A")],
)
def test_plain_docstrings(doc: str | None, text: str) -> None:
    assert read_docstring(doc)[0] == text


# -- results -------------------------------------------------------------------------------------


class Frame:
    """What is used of a pandas DataFrame."""

    shape = (1000, 2)

    def to_string(self, max_rows: int) -> str:
        return f"{max_rows} rows"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is", "as it is"),
        (None, "null"),
        ({"a": [1, 2.5, True]}, '{"a": [1, 2.5, true]}'),
        (
            [Place("Oslo"), Unit.C, date(2026, 1, 2)],
            '[{"city": "Oslo", "country": "FR"}, "celsius", "2026-01-02"]',
        ),
        (math.nan, "NaN"),
        ("ünï", "ünï"),
        (["ünï"], '["ünï"]'),
        (Frame(), "30 rows\n[shape: (1000, 2)]"),
    ],
)
def test_results_are_json_where_they_can_be(value: Any, text: str) -> None:
    assert output_text(value) == text


def test_arrays_are_lists() -> None:
    numpy = pytest.importorskip("numpy")
    assert output_text(numpy.arange(3)) == "[0, 1, 2]"
    assert output_text(numpy.int64(3)) == "3"


def test_what_is_too_long_is_cut_and_says_so() -> None:
    text = output_text("x" * 20_000)
    assert text.startswith("x" * 16_000 + "\n[cut: ")
    assert text.endswith("the first 16,000 of 20,000 characters]")
    assert len(error_text(ValueError("y" * 9000))) < 2200


def test_errors_are_json() -> None:
    assert json.loads(error_text(KeyError("a"))) == {"error": "KeyError: 'a'"}
    assert json.loads(error_text("just so")) == {"error": "just so"}
