"""Live, recorded, replayed: what the environment asks for, and servers that do something else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from oxillama_jupyter.client.connection import connect, running
from oxillama_jupyter.client.discovery import from_root
from oxillama_jupyter.client.modes import check_mode, taping
from oxillama_jupyter.errors import ConnectionFailed

if TYPE_CHECKING:
    from client.world import World

OURS = ("-m", "oxillama_jupyter")


@pytest.mark.parametrize("environ", [{}, {"OXILLAMA_MODE": ""}, {"OXILLAMA_MODE": "live"}])
def test_the_model_is_live_by_default(environ: dict[str, str]) -> None:
    assert taping(environ | {"OXILLAMA_CASSETTES": "elsewhere"}) is None


@pytest.mark.parametrize(
    ("named", "folder"),
    [(None, "cassettes"), ("", "cassettes"), ("a/b", "a/b"), ("/tapes", "/tapes"), ("~/x", None)],
)
def test_cassettes_are_beside_the_notebook_or_where_one_says(
    named: str | None, folder: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    environ = {"OXILLAMA_MODE": "replay"} | ({"OXILLAMA_CASSETTES": named} if named else {})
    found = taping(environ)

    assert found is not None
    assert found.mode == "replay"
    assert found.folder == (tmp_path / folder if folder else Path.home() / "x")


@pytest.mark.parametrize("mode", ["Replay", "recording", " live"])
def test_a_mode_that_does_not_exist_is_refused(mode: str) -> None:
    with pytest.raises(ConnectionFailed) as caught:
        taping({"OXILLAMA_MODE": mode})
    assert str(caught.value) == f"OXILLAMA_MODE takes live, record or replay, not {mode!r}."


def test_a_live_server_does_not_pass_for_a_recorded_one(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = here.serve()
    address = from_root(server.url, server.token, "environment")
    for name, value in server.kernel_env.items():
        monkeypatch.setenv(name, value)
    for mode in ("", "live"):
        monkeypatch.setenv("OXILLAMA_MODE", mode)
        assert check_mode(address) == address
        assert connect().base_url == f"{server.url}v1"

    monkeypatch.setenv("OXILLAMA_MODE", "replay")
    for find in (connect, running):
        with pytest.raises(ConnectionFailed) as caught:
            find()
        told = str(caught.value)
        assert told.startswith("OXILLAMA_MODE is 'replay' here, but the server of this kernel ")
        assert f"({server.url}v1) runs in mode 'live'" in told
    assert connect(server.url, server.token).source == "arguments"  # whoever names one means it


def test_a_server_that_replays_is_taken_for_that_alone(here: World) -> None:
    server = here.serve("--OxillamaApp.mode=replay", command=OURS)
    address = from_root(server.url, server.token, "environment")

    assert check_mode(address, {"OXILLAMA_MODE": "replay"}) == address
    with pytest.raises(ConnectionFailed, match=r"is 'record' here, but .* runs in mode 'replay'"):
        check_mode(address, {"OXILLAMA_MODE": "record"})


def test_a_server_that_does_not_say_its_mode_is_not_taken(here: World) -> None:
    server = here.serve()
    for address in (
        from_root("http://127.0.0.1:9/", "key", "environment"),
        from_root(server.url, "wrong", "environment"),
    ):
        assert check_mode(address, {}) == address
        with pytest.raises(ConnectionFailed) as caught:
            check_mode(address, {"OXILLAMA_MODE": "replay"})
        told = str(caught.value)
        assert f"({address.base_url}) does not say whether it does that" in told
        assert "mode 'live'" not in told


def test_a_recording_kernel_has_a_server_to_itself(here: World) -> None:
    code = (
        "import os; from oxillama_jupyter import connect; one, two = connect(), connect();"
        "health = one.health(); print(one.base_url == two.base_url, health['engine']['mode'],"
        "health['detail'], one.base_url, sep='|')"
    )
    environ = {"OXILLAMA_MODE": "replay", "OXILLAMA_CASSETTES": "tapes"}
    told = [here.python(code, **environ).split("|") for _ in range(2)]

    for same, mode, detail, _ in told:
        assert (same, mode) == ("True", "replay")
        assert f"There is nothing to replay in {here.root}{os.sep}tapes: " in detail
    assert told[0][-1] != told[1][-1]
