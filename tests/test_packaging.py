"""What the installed distribution says and ships."""

from __future__ import annotations

import json
import sys
from importlib import metadata, resources
from pathlib import Path

import pytest

import oxillama_jupyter

CONFIG = Path("etc/jupyter/jupyter_server_config.d/oxillama_jupyter.json")


def test_the_version_is_the_same_everywhere() -> None:
    from oxillama_jupyter.extension import OxillamaApp

    assert metadata.version("oxillama_jupyter") == oxillama_jupyter.__version__
    assert OxillamaApp.version == oxillama_jupyter.__version__


def test_the_public_names_are_these() -> None:
    assert oxillama_jupyter.__all__ == [
        "__version__",
        "ask",
        "connect",
        "describer",
        "map",
        "sweep",
        "tool",
    ]
    for name in oxillama_jupyter.__all__:
        assert getattr(oxillama_jupyter, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = oxillama_jupyter.nothing


def test_installing_enables_the_extension() -> None:
    installed = json.loads((Path(sys.prefix) / CONFIG).read_text())
    assert installed == {"ServerApp": {"jpserver_extensions": {"oxillama_jupyter": True}}}


def test_installing_enables_the_extension_of_lab() -> None:
    folder = Path(sys.prefix) / "share/jupyter/labextensions/oxillama-jupyter"
    build = json.loads((folder / "package.json").read_text())["jupyterlab"]["_build"]
    assert (folder / build["load"]).is_file()


def test_the_extension_point_is_loadable() -> None:
    (point,) = oxillama_jupyter._jupyter_server_extension_points()
    assert point["module"] == "oxillama_jupyter.extension"
    assert point["app"].name == "oxillama"


def test_the_command_is_a_subcommand_of_jupyter() -> None:
    (command,) = metadata.entry_points(group="console_scripts", name="jupyter-oxillama")
    assert command.value == "oxillama_jupyter.__main__:main"
    assert callable(command.load())


def test_the_embedded_model_comes_with_the_package() -> None:
    model = resources.files("oxillama_jupyter") / "assets" / "oxillama-tiny.gguf"
    with model.open("rb") as file:
        assert file.read(4) == b"GGUF"
