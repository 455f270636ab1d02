"""Variables are described shortly and honestly, and no object can do harm."""

from __future__ import annotations

import dataclasses
import math
import subprocess
import sys
import time
from collections import Counter, OrderedDict
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from oxillama_jupyter.client import describe as registry
from oxillama_jupyter.client.describe import MOST, describe, describer


class Raising:
    def __repr__(self) -> str:
        raise RuntimeError("no\nrepr")


class Endless:
    def __repr__(self) -> str:
        while True:
            pass


class Huge:
    def __repr__(self) -> str:
        return "x" * 10**8


class LyingList(list[int]):
    def __len__(self) -> int:
        return 10**30

    def __iter__(self) -> Iterator[int]:
        while True:
            yield 1


class Exiting:
    def __repr__(self) -> str:
        raise SystemExit


@dataclasses.dataclass
class Settings:
    """Of a run."""

    rate: float
    names: list[str]


@pytest.fixture(autouse=True)
def own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_KNOWN", {})


def test_a_frame_has_shape_types_head_and_hash() -> None:
    text = describe(pd.DataFrame({"a": [1, 2], "b": ["x", "é"]}))
    lines = text.split("\n")

    assert lines[0] == "2 rows, 2 columns"
    assert lines[1].startswith("content hash: ")
    assert "'a': int64" in lines
    assert lines[-2:] == ["0  1  x", "1  2  é"]


def test_the_hash_tells_data_apart() -> None:
    def hash_of(value: object) -> str:
        (line,) = [line for line in describe(value).split("\n") if "content hash" in line]
        return line

    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "é"]})
    assert hash_of(frame) == hash_of(frame.copy())
    assert hash_of(frame) != hash_of(frame.assign(a=[1, 3]))
    assert hash_of(frame) != hash_of(frame.rename(columns={"a": "c"}))
    assert hash_of(frame) != hash_of(frame.set_index("b", drop=False))
    assert hash_of(frame["a"]) != hash_of(frame["a"] + 1)
    array = np.arange(6)
    assert hash_of(array) == hash_of(array[::-1][::-1])
    assert hash_of(array) != hash_of(array.reshape(2, 3))
    assert hash_of(array) != hash_of(array.astype(float))
    assert "unhashable" in hash_of(pd.DataFrame({"a": [[1]]}))
    assert "no content hash" in hash_of(np.array([None]))


def test_big_frames_and_arrays_take_no_time_and_little_text() -> None:
    frame = pd.DataFrame({"n": np.arange(10**7), "s": ["text"] * 10**7})
    wide = pd.DataFrame(np.zeros((3, 5000)))
    array = np.broadcast_to(np.float64(1), (10**9, 3))
    started = time.monotonic()
    texts = [describe(value) for value in (frame, frame["n"], wide, array)]

    assert time.monotonic() - started < 5
    assert max(map(len, texts)) < 2500
    assert "10,000,000 rows" in texts[0]
    assert "hash of the first and last 250,000 rows" in texts[0]
    assert "… and 4,960 more columns" in texts[2]
    assert "3,000,000,000 values" in texts[3]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a ```x\n", "7 characters:\na ```x\n"),
        (12, "12"),
        (math.pi, "3.141592653589793"),
        (None, "None"),
        (10**5000, "(a whole number of 16,610 bits)"),
        ({1: {2: {3: {4: {5: 6}}}}}, "1 entries:\n1: {2: {3: {4: (dict, not shown)}}}"),
        ([1, "two"], "2 items:\n1\n'two'"),
        (Counter("aab"), "2 entries:\n'a': 2\n'b': 1"),
        (OrderedDict(a=1), "1 entries:\n'a': 1"),
        (LyingList([1, 2]), "2 items:\n1\n2"),
        ({1}, "1 items:\n1"),
        ([Raising()], "1 items:\n(Raising, whose repr raised RuntimeError)"),
        (b"ab", "2 bytes: b'ab'"),
        (Settings(0.5, ["a"]), "rate = 0.5\nnames = ['a']"),
        (np.array([[1, 2], [3, 4]])[0, 1], "np.int64(2)"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_python_has(value: object, text: str) -> None:
    assert describe(value) == text


def test_what_is_left_out_is_said() -> None:
    assert describe(list(range(1000))).endswith("19\n… and 980 more items")
    assert describe([list(range(100))]) == ("1 items:\n[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, … 90 more]")
    assert describe(["a" * 500]).endswith("'… (+300 characters)")
    text = describe("a" * 10**6)
    assert text.startswith("1,000,000 characters:\naaa")
    assert text.endswith("\n… (cut: the first 4,000 of 1,000,022 characters)")
    assert len(describe(Huge())) < MOST + 100


def test_a_list_that_holds_itself() -> None:
    knot: list[Any] = [1]
    knot.append(knot)
    assert describe(knot) == "2 items:\n1\n[1, [1, [1, (list, not shown)]]]"


def test_code_is_described_by_signature_and_doc() -> None:
    def area(width: float, height: float = 1.0) -> float:
        """Width by height."""
        return width * height

    assert "area(width: 'float', height: 'float' = 1.0) -> 'float'\nWidth by" in describe(area)
    assert describe(Settings).startswith("class Settings, made by (rate: 'float'")
    assert "Of a run." in describe(Settings)
    assert describe(math).startswith("module math\nThis module provides")
    assert describe(len).startswith("len(obj, /)\nReturn")


@pytest.mark.parametrize(
    ("value", "why"),
    [(Raising(), "RuntimeError: no repr"), (Exiting(), "SystemExit")],
)
def test_one_that_raises_is_said_on_one_line(value: object, why: str) -> None:
    with pytest.raises(ValueError, match=f"^{why}$"):
        describe(value)


def test_one_that_never_ends_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_SECONDS", 0.2)
    for value in (Endless(), [Endless()], pd.DataFrame({"a": [Endless()]})):
        with pytest.raises(ValueError, match="took more than"):
            describe(value)
    assert describe(1) == "1"


class Base:
    pass


class Derived(Base):
    pass


def test_classes_are_taught() -> None:
    describer(Base)(lambda _: "a base")
    assert describe(Derived()) == "a base"
    describer(f"{__name__}.Derived")(lambda _: "derived")
    assert describe(Derived()) == "derived"
    describer(dict)(lambda value: f"{len(value)} pairs")
    assert describe({1: 2}) == "1 pairs"
    describer("pandas.DataFrame")(lambda _: "a frame")
    assert describe(pd.DataFrame()) == "a frame"


def test_a_describer_that_is_wrong() -> None:
    describer(Base)(lambda _: 3)  # type: ignore[arg-type, return-value]
    with pytest.raises(ValueError, match="its describer gave int, not text"):
        describe(Base())
    with pytest.raises(TypeError, match="takes a class or its qualified name, not 3"):
        describer(3)  # type: ignore[arg-type]


def test_libraries_are_not_imported() -> None:
    code = (
        "import sys; from oxillama_jupyter.client.describe import describe; describe({1: 'a'});"
        "print({'numpy', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
