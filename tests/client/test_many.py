"""`map` against a real server: with a scripted engine for faults, else with the embedded model."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openai
import pandas as pd
import pytest
from client.batches import Cutting, Scripted
from client.world import World, wait_for
from pydantic import BaseModel

import oxillama_jupyter
from oxillama_jupyter.client.connection import Connection, connect
from oxillama_jupyter.client.results import AnswerTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scripted]:
    scripted = Scripted(tmp_path_factory.mktemp("scripted"))
    yield scripted
    scripted.world.close()


@pytest.fixture
def scripted(shared: Scripted) -> Scripted:
    shared.asked()
    return shared


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Scripted]:
    """A server that the test may end."""
    scripted = Scripted(tmp_path / "own")
    yield scripted
    scripted.world.close()


# -- rows and results ------------------------------------------------------------------------------


def test_each_row_has_its_answer_and_equal_ones_are_asked_once(scripted: Scripted) -> None:
    frame = pd.DataFrame({"word": ["red", "blue", "red"], "n": [1, 2, 1]}, index=["a", "b", "c"])

    result = scripted.map(frame, "{{ n }} {x} {{ word }}", system="Be {{ word }}.", temperature=0)

    assert result["text"].tolist() == ["1 {x} red", "2 {x} blue", "1 {x} red"]
    assert result.index.tolist() == ["a", "b", "c"]
    assert list(result.columns) == [
        *("word", "n", "text", "error", "tokens", "seconds", "finish_reason")
    ]
    assert result["tokens"].tolist() == [1, 1, 1]
    assert (result["seconds"] > 0).all()
    assert set(result["finish_reason"]) == {"stop"}
    assert len(result.failures) == 0
    assert scripted.asked() == ["1 {x} red", "2 {x} blue"]
    stored = scripted.connection.openai.chat.completions.list(metadata={"batch": result.batch})
    kept = [
        [
            message.content
            for message in scripted.connection.openai.chat.completions.messages.list(one.id)
        ]
        for one in stored.data
    ]
    assert sorted(kept) == [["Be {{ word }}.", "1 {x} red"], ["Be {{ word }}.", "2 {x} blue"]]


def test_hostile_texts_arrive_as_they_are(scripted: Scripted) -> None:
    rows = ["{{ a }} {b} \\frac{c}{d}", "\0 é \u2028 \U0001f600", "x" * 200_000, "<|im_start|>"]

    assert scripted.map(rows)["text"].tolist() == rows
    assert scripted.asked() == sorted(rows)


def test_a_column_that_is_taken_gets_another_name(scripted: Scripted) -> None:
    once = scripted.map([{"text": "taken"}], "{{ text }}!")

    assert once["answer_text"].tolist() == ["taken!"]
    with pytest.raises(ValueError, match="'answer_text' already"):
        scripted.map(once, "{{ text }}")


def test_rows_are_counted_not_questions(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = io.StringIO()
    monkeypatch.setattr("sys.stderr", told)
    rows = [{"q": q} for q in ("count", "count", None, "fail count", "fail count", "count 2")]

    scripted.map(rows, "{{ q }}", retries=0, progress=True)
    scripted.map(rows, "{{ q }}", retries=0, progress=True)

    first, second = told.getvalue().splitlines()
    assert first.startswith("3 of 6 done, 3 failed, ")
    assert second.startswith("3 of 6 done, 3 failed, 3 were there already, ")


def test_no_rows_give_an_empty_table(scripted: Scripted) -> None:
    result = scripted.map(pd.DataFrame({"a": []}), "{{ a }}")

    assert list(result.columns)[:3] == ["a", "text", "error"]
    assert len(result) == 0
    assert scripted.asked() == []


def test_without_pandas_there_is_a_table(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    monkeypatch.delitem(sys.modules, "oxillama_jupyter.client.frames", raising=False)

    result = scripted.map(["plain", "fail without pandas"], retries=0)
    again = scripted.map(result.failures, "not {{ input }}")

    assert isinstance(result, AnswerTable)
    assert result["text"] == ["plain", None]
    assert [row["input"] for row in result.failures] == ["fail without pandas"]
    assert again["answer_text"] == ["not fail without pandas"]
    assert again.failures == []


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"name": ""}, "name takes 1 to 512 characters"),
        ({"name": "n" * 513}, "not 513"),
        ({"concurrency": 0}, "concurrency takes a number from 1 on, not 0"),
        ({"retries": -1}, "retries takes a number from 0 on"),
        ({"schema": 3}, "schema is of no use"),
    ],
)
def test_settings_of_no_use_are_refused(
    scripted: Scripted, settings: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        scripted.map(["a"], **settings)


def test_a_mistake_in_the_prompt_shows_before_anything_is_asked(scripted: Scripted) -> None:
    with pytest.raises(KeyError, match="nothing") as caught:
        scripted.map(["a", "b"], lambda row: row["nothing"])

    assert caught.value.__notes__ == ["The prompt's function failed at row 0."]
    assert scripted.asked() == []


# -- what is kept ----------------------------------------------------------------------------------


def test_the_same_call_asks_only_what_has_no_answer(scripted: Scripted) -> None:
    rows = ["kept 1", "kept 2", "fail for ever", None]
    frame = pd.DataFrame({"q": rows})
    first = scripted.map(frame, "{{ q }}", retries=0)
    scripted.asked()

    longer = pd.DataFrame({"q": ["kept 3", *rows]})
    second = scripted.map(longer, "{{ q }}", retries=0)

    assert scripted.asked() == ["fail for ever", "kept 3"]
    assert second["text"].tolist()[:3] == ["kept 3", "kept 1", "kept 2"]
    assert second["seconds"].tolist()[1:3] == pytest.approx(first["seconds"].tolist()[:2], abs=1e-4)
    assert second.failures["error"].tolist()[1] == "The row has no value for 'q'."
    assert second.batch == first.batch


@pytest.mark.parametrize(
    "settings",
    [{"temperature": 1}, {"seed": 3}, {"system": "s"}, {"max_tokens": 9}, {"name": "other"}],
)
def test_other_settings_are_another_question(scripted: Scripted, settings: dict[str, Any]) -> None:
    rows = [f"settings {sorted(settings)}"]
    scripted.map(rows)
    scripted.map(rows, **settings)
    scripted.map(rows, **settings)

    assert scripted.asked() == rows * 2


def test_numbers_of_numpy_are_numbers(scripted: Scripted) -> None:
    numpy = pytest.importorskip("numpy")
    scripted.map(["of numpy"], seed=numpy.int64(3), max_tokens=numpy.int32(9))
    scripted.map(["of numpy"], seed=3, max_tokens=9)

    assert scripted.asked() == ["of numpy"]


def test_without_resume_all_is_asked_and_the_newest_answer_stays(scripted: Scripted) -> None:
    rows = ["slow 1 resume"]
    first = scripted.map(rows, name="resume")
    second = scripted.map(rows, name="resume", resume=False)
    third = scripted.map(rows, name="resume")

    assert scripted.asked() == rows * 2
    assert first["seconds"].tolist() != second["seconds"].tolist()
    assert third["seconds"].tolist() == pytest.approx(second["seconds"].tolist(), abs=1e-4)


def test_many_pages_of_answers_are_found_again(scripted: Scripted) -> None:
    rows = [f"page {number}" for number in range(230)]
    assert scripted.map(rows)["text"].tolist() == rows
    scripted.asked()

    assert scripted.map(rows[::-1])["text"].tolist() == rows[::-1]
    assert scripted.asked() == []


def test_a_server_that_was_killed_knows_what_was_done(own: Scripted) -> None:
    rows = [f"slow {4 + 3 * number}" for number in range(8)]

    def kill() -> None:
        wait_for(lambda: len(own.connection.get("/chat/completions")["data"]) >= 2, 30, "no answer")
        os.kill(own.server.pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    broken = own.map(rows, retries=1, concurrency=2)
    killer.join()
    done = broken["text"].notna().sum()
    own.start()
    own.asked()
    whole = own.map(rows)

    assert 2 <= done < 8
    assert "No server answers at" in broken.failures["error"].tolist()[-1]
    assert [len(text.split()) for text in whole["text"]] == [4 + 3 * n for n in range(8)]
    assert len(own.asked()) <= 8 - done


# -- faults ----------------------------------------------------------------------------------------


def test_failures_stop_no_others_and_may_pass(scripted: Scripted) -> None:
    result = scripted.map(["fail 1", "one", "flaky 1", "two"], retries=1)

    assert result["text"].tolist()[1:] == ["one", "flaky 1", "two"]
    assert result.failures["input"].tolist() == ["fail 1"]
    assert "signal 11" in result["error"][0]
    assert scripted.asked() == ["fail 1"] * 2 + ["flaky 1"] * 2 + ["one", "two"]


def test_what_the_server_refuses_is_not_asked_again(scripted: Scripted) -> None:
    result = scripted.map(["a", "b"], model="nobody", retries=5)

    assert ["'nobody' does not exist" in error for error in result["error"]] == [True, True]
    assert scripted.asked() == []


def test_a_text_that_cannot_be_sent_fails_alone(scripted: Scripted) -> None:
    result = scripted.map(["half a pair \ud83d", "whole"])

    assert result["text"].tolist()[1] == "whole"
    assert "surrogate" in result["error"][0]


def test_a_busy_server_is_waited_for(tmp_path: Path) -> None:
    full = Scripted(tmp_path / "full", "--OxillamaApp.n_parallel=1", "--OxillamaApp.max_queue=0")
    try:
        began = time.monotonic()
        result = full.map(["slow 10 a", "slow 10 b", "slow 10 c"], concurrency=3, retries=0)
        seconds = time.monotonic() - began
    finally:
        full.world.close()

    assert result["error"].isna().all()
    assert len(full.asked()) == 3
    assert seconds >= 2  # what its `retry-after` asks for


def test_a_connection_that_breaks_is_made_again(scripted: Scripted) -> None:
    with Cutting(scripted.server.url, cuts=2) as address:
        connection = connect(address, scripted.server.token)
        result = scripted.map(
            ["broken 1", "broken 2", "broken 3"], connection=connection, concurrency=1
        )

    assert result["text"].tolist() == ["broken 1", "broken 2", "broken 3"]


# -- schemas, with the embedded model --------------------------------------------------------------


class Flower(BaseModel):
    flower: str
    colour: str


@dataclass
class FlowerToo:
    flower: str
    colour: str


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    world = World(tmp_path_factory.mktemp("embedded"))
    server = world.serve(command=("-m", "oxillama_jupyter"))
    yield connect(server.url, server.token)
    world.close()


@pytest.mark.parametrize(
    "schema", [Flower, FlowerToo, Flower.model_json_schema()], ids=["pydantic", "dataclass", "JSON"]
)
def test_a_schemas_fields_are_columns(embedded: Connection, schema: Any) -> None:
    ask: Callable[..., Any] = oxillama_jupyter.map
    result = ask(
        ["flower, colour"],
        "Write a JSON object with the keys {{ input }}.",
        schema=schema,
        temperature=0,
        connection=embedded,
        progress=False,
    )

    assert result[["flower", "colour"]].to_dict("records") == [
        {"flower": "example", "colour": "blue"}
    ]
    assert "text" not in result.columns


def test_an_answer_that_was_cut_fails_and_is_asked_again(embedded: Connection) -> None:
    settings: dict[str, Any] = {"schema": Flower, "temperature": 0, "progress": False}
    for _ in range(2):
        result: Any = oxillama_jupyter.map(
            ["x"], "JSON {{ input }}", max_tokens=3, connection=embedded, **settings
        )
        assert "The answer was cut before its end: {" in result["error"][0]
        assert result["flower"].isna().all()

    stored = embedded.openai.chat.completions.list(metadata={"batch": result.batch})
    assert len(stored.data) == 2


def test_a_wrong_key_is_an_error_of_the_whole_batch(embedded: Connection) -> None:
    with pytest.raises(openai.AuthenticationError):
        oxillama_jupyter.map(
            ["x"], "{{ input }}", connection=connect(embedded.base_url, "wrong"), progress=False
        )
