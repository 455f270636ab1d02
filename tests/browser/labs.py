"""The JupyterLab that the tests of a worker share, and the world of one test in it."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

from client.world import World, is_running

import oxillama_jupyter

if TYPE_CHECKING:
    from client.world import Server

TESTS = Path(__file__).parents[1]
LAB_EXTENSION = Path(oxillama_jupyter.__file__).parent / "labextension"
# Cells out of sight stay in the page, and nothing is asked of the network.
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
# What costs a page load a second of the machine's, and no test asks for.
_PAGE = {
    "buildAvailable": False,
    "buildCheck": False,
    "disabledExtensions": {"@jupyterlab/notebook-extension:export": True},
}


def write_settings(folder: Path, settings: dict[str, Any]) -> None:
    """Replace what users of JupyterLab have set."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in settings.items():
        file = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content))


class SharedLab:
    """A JupyterLab for one test after the other.

    Args:
        folder: Jupyter's directories are below it.
        root: The root folder, which has the tests' folders in it.
    """

    def __init__(self, folder: Path, root: Path) -> None:
        self._world = World(folder)
        self._root = root
        self._page = folder / "config" / "labconfig" / "page_config.json"
        self._settings = folder / "settings"
        self._server: Server | None = None

    def anew(self, world: World, start: dict[str, Any]) -> Server:
        """The server, with nothing of the tests before."""
        write_settings(self._settings, SETTINGS)
        self.disable()
        if self._server is None or not is_running(self._server.pid):
            self._server = self._start()
        server = self._server
        head = {"Authorization": f"token {server.token}", "Content-Type": "application/json"}
        urlopen(
            Request(f"{server.url}anew", json.dumps(start).encode(), head, method="POST"),
            timeout=60,
        ).close()
        return dataclasses.replace(server, folder=f"{world.root.relative_to(self._root)}/")

    def disable(self, *extensions: str) -> None:
        """Have pages that are opened from now on be without these extensions of JupyterLab."""
        disabled = _PAGE["disabledExtensions"] | dict.fromkeys(extensions, True)
        self._page.parent.mkdir(parents=True, exist_ok=True)
        self._page.write_text(json.dumps(_PAGE | {"disabledExtensions": disabled}))

    def close(self) -> None:
        self._world.close()

    def _start(self) -> Server:
        folder = self._world.root
        self._world.env |= {
            "PYTHONPATH": f"{TESTS.parent}:{TESTS}:{os.environ.get('PYTHONPATH', '')}",
            "JUPYTERLAB_SETTINGS_DIR": str(self._settings),
            "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
            "JUPYTER_PATH": str(folder / "own"),
        }
        # Lab's extension as it is in this tree, ahead of any that is installed; links are not
        # served.
        own = folder / "own" / "labextensions" / "oxillama-jupyter"
        shutil.copytree(LAB_EXTENSION, own, dirs_exist_ok=True)
        return self._world.serve(
            f"--ServerApp.root_dir={self._root}",
            "--LabApp.expose_app_in_browser=True",
            "--JupyterNotebookApp.expose_app_in_browser=True",
            command=(str(Path(__file__).with_name("lab_server.py")),),
        )


class LabWorld(World):
    """A test's world, which has the shared JupyterLab in it."""

    def __init__(self, root: Path, shared: SharedLab) -> None:
        super().__init__(root)
        self._shared = shared

    def lab(
        self, engine: str = "scripted", *, env: dict[str, str] | None = None, **traits: Any
    ) -> Server:
        """The JupyterLab, whose extension starts anew with this engine and these traits."""
        start = {"data": str(self.root / "data"), "engine": engine, "traits": traits}
        return self._shared.anew(self, start | {"env": env or {}})

    def disable(self, *extensions: str) -> None:
        """Have pages that are opened from now on be without these extensions of JupyterLab."""
        self._shared.disable(*extensions)
