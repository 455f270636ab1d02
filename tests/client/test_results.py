from __future__ import annotations

import sys

import pandas as pd
import pytest

from oxillama_jupyter.client.frames import AnswerFrame
from oxillama_jupyter.client.results import AnswerTable, Results, free_names

ROWS = [
    {"q": "a|b", "text": "x\n<b>*y*</b>", "error": None, "tokens": 3, "seconds": 0.12345},
    {"q": "c", "error": "It failed."},
]
RESULTS = Results("batch 1", ["q", "text", "error", "tokens", "seconds"], ROWS, "error")


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> AnswerTable:
    """The table as it is where pandas is not installed."""
    monkeypatch.setitem(sys.modules, "pandas", None)
    monkeypatch.delitem(sys.modules, "oxillama_jupyter.client.frames")
    made = RESULTS.table()
    assert isinstance(made, AnswerTable)
    return made


def test_with_pandas_it_is_a_frame() -> None:
    frame = RESULTS.table()

    assert isinstance(frame, AnswerFrame)
    assert list(frame.columns) == RESULTS.columns
    assert frame["tokens"].dtype == "Int64"
    assert frame.failures["q"].tolist() == ["c"]
    assert frame.batch == "batch 1"
    assert type(frame[["q"]]) is type(frame.copy()) is type(frame.failures) is pd.DataFrame


def test_a_given_frame_is_kept_as_it_is() -> None:
    given = pd.DataFrame({"q": pd.Categorical(["a", "c"])}, index=["r", "r"])

    frame = Results("b", RESULTS.columns, ROWS, "error", given).table()

    assert isinstance(frame, AnswerFrame)
    pd.testing.assert_frame_equal(frame[["q"]], given)
    assert frame["error"].isna().tolist() == [True, False]
    assert list(given.columns) == ["q"]


def test_without_pandas_it_is_a_table(table: AnswerTable) -> None:
    assert len(table) == 2
    assert table["q"] == ["a|b", "c"]
    assert table[1]["text"] is None
    assert [row["q"] for row in table[:1]] == ["a|b"]
    assert table.failures == [table[1]]
    assert [row["tokens"] for row in table] == [3, None]
    assert (table.batch, table.columns) == ("batch 1", RESULTS.columns)
    with pytest.raises(KeyError):
        _ = table["nothing"]


def test_a_table_is_shown_as_markdown_that_the_text_cannot_break(table: AnswerTable) -> None:
    lines = table._repr_markdown_().splitlines()

    assert lines == repr(table).splitlines()
    assert lines[:2] == [
        "| q | text | error | tokens | seconds |",
        "| --- | --- | --- | --- | --- |",
    ]
    assert lines[2] == r"| a\|b | x \<b>\*y\*\</b> |  | 3 | 0.123 |"
    assert not hasattr(table, "_repr_html_")


def test_a_long_table_is_cut() -> None:
    many = [{"q": "w" * 500, "text": str(number)} for number in range(70)]

    lines = repr(AnswerTable(Results("b", ["q", "text"], many, "error"))).splitlines()

    assert len(lines) == 2 + 60 + 2
    assert lines[-1] == "… and 10 more rows"
    assert len(lines[2]) < 100


def test_names_that_are_taken_are_avoided() -> None:
    assert free_names(["text", "error"], ["text", "id"]) == {
        "text": "answer_text",
        "error": "error",
    }
    with pytest.raises(ValueError, match="a column 'answer_text' already"):
        free_names(["text"], ["text", "answer_text"])
    with pytest.raises(ValueError, match="a field 'error', which"):
        free_names(["error", "error"], [])
    with pytest.raises(ValueError, match="a field 'answer_text', which"):
        free_names(["text", "answer_text"], ["text"])
