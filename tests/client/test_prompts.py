from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from oxillama_jupyter.client.prompts import MissingValue, filler, read_rows

LITERAL = [
    '{"city": "x", "n": {"m": {}}}',
    r"\frac{a}{b} \textbf{{\it c}} $x_{1}$",
    'f"{name!r:>{width}}" + `${a}` + $HOME %s %(a)s',
    '{{"a": 1}} {{ }} {{}} {{{}}} }} {{',
    "const f = ({a}: {a: T}) => {{return {a}}};",
    "\0 \ud800 é \u2028 {x",
]


@pytest.mark.parametrize("text", LITERAL)
def test_all_but_a_columns_place_is_literal(text: str) -> None:
    fill = filler(text + "{{ a }}" + text, ["a"])

    assert fill({"a": "!"}) == f"{text}!{text}"


def test_a_place_may_stand_in_braces() -> None:
    fill = filler('{"a": {"b": {{ c }}}} {{c}}', ["c"])

    assert fill({"c": 1}) == '{"a": {"b": 1}} 1'


def test_values_are_put_in_as_they_are() -> None:
    fill = filler("{{ a }}|{{ b c }}", ["a", "b c"])

    assert fill({"a": r"{{ b c }} \1 \g<0>", "b c": "x"}) == r"{{ b c }} \1 \g<0>|x"
    assert fill({"a": 1.5, "b c": False}) == "1.5|False"


def test_an_unknown_column_is_named_and_the_known_ones_too() -> None:
    with pytest.raises(ValueError, match=r"\{\{ txt \}\}, which is no column of \(text, n\)"):
        filler("{{ text }} {{ txt }}", ["text", "n"])


@pytest.mark.parametrize("prompt", ["Hello!", "Classify: {text}", '{{"text"}}'])
def test_a_prompt_without_a_column_is_a_mistake(prompt: str) -> None:
    with pytest.raises(ValueError, match=r"no \{\{ column \}\}.*\(text\)"):
        filler(prompt, ["text"])


@pytest.mark.parametrize("value", [None, float("nan"), pd.NA, pd.NaT])
def test_a_missing_value_is_not_sent_as_a_word(value: Any) -> None:
    with pytest.raises(MissingValue, match="no value for 'a'"):
        filler("{{ a }}", ["a"])({"a": value})
    with pytest.raises(MissingValue):
        filler("{{ a }}", ["a"])({})


def test_a_function_gets_a_row_of_its_own() -> None:
    row = {"a": 1}
    fill = filler(lambda row: f"{row.pop('a')} {{{{ b }}}}", ["a"])

    assert fill(row) == "1 {{ b }}"
    assert row == {"a": 1}
    with pytest.raises(TypeError, match="gave int"):
        filler(lambda _: 3, [])({})  # type: ignore[arg-type,return-value]


def test_rows_of_strings_and_dicts() -> None:
    rows = read_rows(iter(["a", {"b": 1, 2: "c"}]))

    assert rows.columns == ["input", "b", "2"]
    assert rows.rows == [{"input": "a"}, {"b": 1, "2": "c"}]
    assert read_rows([]).rows == []


def test_rows_of_pandas() -> None:
    frame = pd.DataFrame({"a": [1, 2], 7: ["x", None]}, index=["r", "s"])

    assert read_rows(frame).columns == ["a", "7"]
    assert read_rows(frame).rows[0] == {"a": 1, "7": "x"}
    assert read_rows(frame["a"]).columns == ["a"]
    assert read_rows(pd.Series(["x"])).rows == [{"input": "x"}]
    with pytest.raises(ValueError, match="called a"):
        read_rows(pd.DataFrame([[1, 2]], columns=["a", "a"]))


@pytest.mark.parametrize("data", ["text", b"", {"a": 1}, 3, None, [3], [["a"]]])
def test_others_are_refused(data: Any) -> None:
    with pytest.raises(TypeError, match=r"DataFrame, dicts or strings|a dict or a string"):
        read_rows(data)
