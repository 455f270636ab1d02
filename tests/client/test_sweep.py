"""`sweep` with the embedded model, twice under two names, so that there are two models."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from client.batches import Cutting, Scripted
from client.world import World

import oxillama_jupyter
from oxillama_jupyter.client.connection import Connection, connect
from oxillama_jupyter.client.results import AnswerTable

if TYPE_CHECKING:
    from collections.abc import Iterator

EMBEDDED = Path(oxillama_jupyter.__file__).parent / "assets" / "oxillama-tiny.gguf"
PROMPT = (
    "My cat is called Miso, my dog is called Rex and I live in Oslo. What is my cat called?"
    " Here are braces: {{ x }} {y}"
)


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    world = World(tmp_path_factory.mktemp("sweep"))
    models = world.root / "models"
    models.mkdir()
    shutil.copy(EMBEDDED, models / "second.gguf")
    server = world.serve(f"--OxillamaApp.model_dirs={models}", command=("-m", "oxillama_jupyter"))
    yield connect(server.url, server.token)
    world.close()


def sweep(connection: Connection, prompt: str = PROMPT, **settings: Any) -> Any:
    return oxillama_jupyter.sweep(prompt, connection=connection, progress=False, **settings)


def test_every_combination_is_a_row(connection: Connection) -> None:
    result = sweep(connection, temperature=[0, 1.5], seed=range(1, 4), max_tokens=8)

    assert list(result.columns) == [
        *("model", "temperature", "max_tokens", "seed", "text", "prompt_tokens", "cached_tokens"),
        *("tokens", "ttft", "seconds", "tokens_per_second", "finish_reason", "error"),
    ]
    assert list(zip(result["temperature"], result["seed"], strict=True)) == [
        *((0, 1), (0, 2), (0, 3), (1.5, 1), (1.5, 2), (1.5, 3))
    ]
    assert result["text"][:3].nunique() == 1
    assert result["text"].nunique() > 1
    assert set(result["finish_reason"]) == {"length"}
    assert set(result["tokens"]) == {8}
    assert (result["ttft"] > 0).all()
    assert (result["seconds"] >= result["ttft"]).all()
    assert (result["tokens_per_second"] > 0).all()
    assert result["error"].isna().all()


def test_the_prompt_is_read_once(connection: Connection) -> None:
    result = sweep(connection, "Once, and no more: " + PROMPT, temperature=[0, 1], seed=range(6))

    tokens = result["prompt_tokens"][0]
    assert result["cached_tokens"][0] < tokens - 1
    assert (result["cached_tokens"][1:] >= tokens - 1).all()


def test_a_combination_is_asked_once_however_the_sweep_grows(connection: Connection) -> None:
    first = sweep(connection, temperature=1.2, seed=[5, 6])
    second = sweep(connection, temperature=1.2, seed=[4, 5, 6])
    stored = connection.openai.chat.completions.list(metadata={"batch": first.batch}, limit=100)
    asked = [one for one in stored if (one.usage and one.metadata)]

    assert second["text"].tolist()[1:] == first["text"].tolist()
    for column in ("ttft", "seconds", "tokens_per_second"):
        assert second[column].tolist()[1:] == pytest.approx(first[column].tolist(), abs=1e-3)
    assert second["cached_tokens"].tolist()[1:] == first["cached_tokens"].tolist()
    assert len({one.metadata["input"] for one in asked if one.metadata}) == len(asked)
    again = sweep(connection, temperature=1.2, seed=[5], resume=False)
    assert again["seconds"].tolist() != second["seconds"].tolist()[1:2]


def test_models_come_one_after_the_other(connection: Connection) -> None:
    result = sweep(connection, models=["oxillama-tiny", "second"], seed=[1, 2], temperature=0.5)
    turns = connection.engine()["turns"][:4]

    assert [turn["model"] for turn in turns] == ["second"] * 2 + ["oxillama-tiny"] * 2
    assert result["model"].tolist() == ["oxillama-tiny"] * 2 + ["second"] * 2
    assert result["text"].tolist()[:2] == result["text"].tolist()[2:]  # they are one


def test_system_messages_are_an_axis_too(connection: Connection) -> None:
    systems = ["You are Mira, a helpful assistant.", None]

    result = sweep(connection, "What is your name?", system=systems, temperature=0)

    assert result["system"].isna().tolist() == [False, True]
    assert "Mira" in result["text"][0]
    assert "Mira" not in result["text"][1]


def test_several_answers_to_each_combination(connection: Connection) -> None:
    free = sweep(connection, temperature=[1.9], n=8)
    seeded = sweep(connection, temperature=1.9, seed=10, n=3)
    seeds = sweep(connection, temperature=1.9, seed=[10, 11, 12])

    assert free["sample"].tolist() == list(range(8))
    assert free["text"].nunique() > 1
    assert seeded["text"].tolist() == seeds["text"].tolist()
    assert sweep(connection, temperature=[1.9], n=8)["text"].tolist() == free["text"].tolist()


def test_a_setting_of_no_use_is_an_error_of_its_row(connection: Connection) -> None:
    result = sweep(connection, temperature=[0, 3], retries=0)

    assert result["error"].isna().tolist() == [True, False]
    assert "temperature" in result["error"][1]
    assert result.failures["temperature"].tolist() == [3]


def test_a_stream_that_breaks_is_asked_for_again(tmp_path: Path) -> None:
    scripted = Scripted(tmp_path)
    try:
        with Cutting(scripted.server.url, cuts=2, at=b'"w3 "') as address:
            connection = connect(address, scripted.server.token)
            cut = sweep(connection, "slow 6", seed=[1, 2], concurrency=1)
        failed = sweep(scripted.connection, "flaky 2", retries=2)
        lost = sweep(scripted.connection, "fail", retries=1)
    finally:
        scripted.world.close()

    assert cut["text"].tolist() == ["w0 w1 w2 w3 w4 w5 "] * 2
    assert failed["text"].tolist() == ["flaky 2"]
    assert "signal 11" in lost["error"][0]
    assert scripted.asked() == ["fail"] * 2 + ["flaky 2"] * 3 + ["slow 6"] * 4


@pytest.mark.parametrize("settings", [{"n": 0}, {"seed": []}, {"models": ()}])
def test_a_setting_needs_a_value(connection: Connection, settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="has no values"):
        sweep(connection, **settings)
    with pytest.raises(TypeError, match="The prompt is a text, not list"):
        sweep(connection, ["a"])  # type: ignore[arg-type]


def test_numbers_of_numpy_are_numbers(connection: Connection) -> None:
    import numpy as np

    result = sweep(connection, temperature=np.linspace(0, 1, 2, dtype="float32"), seed=np.arange(2))

    assert result["error"].isna().all()


def test_without_pandas_there_is_a_table(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    monkeypatch.delitem(sys.modules, "oxillama_jupyter.client.frames", raising=False)

    result = sweep(connection, "Hello!", temperature=[0])

    assert isinstance(result, AnswerTable)
    assert result["text"] == ["Hello! How can I help you?"]
    assert result.failures == []
