"""Verdicts are kept for one machine and one build, and a broken file is no trouble."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from oxillama_jupyter.engine import machine, verdicts
from oxillama_jupyter.engine.verdicts import Verdict, Verdicts

VERDICT = Verdict(use_extra_bufts=False, reason="it crashed")


def test_a_verdict_is_remembered(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    assert Verdicts(folder).load() is None

    Verdicts(folder).save(VERDICT)

    assert Verdicts(folder).load() == VERDICT
    assert [path.name for path in folder.iterdir()] == ["engine-verdicts.json"]


def test_another_machine_or_build_has_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Verdicts(tmp_path).save(VERDICT)
    monkeypatch.setattr(verdicts, "fingerprint", lambda: "other")

    assert Verdicts(tmp_path).load() is None
    Verdicts(tmp_path).save(Verdict(use_extra_bufts=False, reason="other"))
    monkeypatch.undo()
    assert Verdicts(tmp_path).load() == VERDICT


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"a": 1}'])
def test_a_damaged_file_counts_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "engine-verdicts.json").write_bytes(content)

    assert Verdicts(tmp_path).load() is None
    Verdicts(tmp_path).save(VERDICT)
    assert Verdicts(tmp_path).load() == VERDICT


def test_the_file_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(40):
        monkeypatch.setattr(verdicts, "fingerprint", lambda number=number: f"machine{number}")
        Verdicts(tmp_path).save(VERDICT)

    stored = json.loads((tmp_path / "engine-verdicts.json").read_bytes())
    assert len(stored) == 32
    assert Verdicts(tmp_path).load() == VERDICT


def test_the_fingerprint_is_stable_and_follows_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    before = machine.fingerprint()
    assert machine.fingerprint() == before

    monkeypatch.setattr(machine, "version", lambda _name: "0.0.0")

    assert machine.fingerprint() != before


def test_the_machine_has_cores_and_memory() -> None:
    assert machine.physical_cores() >= 1
    assert machine.physical_memory() > 1 << 28
