"""Servers for batches: one that writes down what it is asked, and a bad way to one."""

from __future__ import annotations

import socket
import threading
from ast import literal_eval
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from client.world import World

import oxillama_jupyter
from oxillama_jupyter.client.connection import connect

BATCH_SERVER = str(Path(__file__).with_name("batch_server.py"))


class Scripted:
    """A server whose engine is scripted, and what it has been asked."""

    def __init__(self, root: Path, *flags: str) -> None:
        root.mkdir(exist_ok=True)
        self.world = World(root)
        self._asked = root / "asked"
        self._asked.touch()
        self._taken = 0
        self.world.env["ASKED"] = str(self._asked)
        self.start(*flags)

    def start(self, *flags: str) -> None:
        self.server = self.world.serve(*flags, command=(BATCH_SERVER,))
        self.connection = connect(self.server.url, self.server.token)

    def asked(self) -> list[str]:
        """The questions that the engine has got since the last look, sorted."""
        lines = self._asked.read_text().splitlines()
        fresh, self._taken = lines[self._taken :], len(lines)
        return sorted(map(literal_eval, fresh))

    def live(self) -> int:
        return int(self.connection.engine()["live_runs"])

    def map(self, rows: Any, prompt: Any = "{{ input }}", **settings: Any) -> Any:
        settings = {"connection": self.connection, "progress": False} | settings
        return oxillama_jupyter.map(rows, prompt, **settings)


class Cutting:
    """A way to a server that is cut a few times.

    Args:
        url: The server.
        cuts: How often.
        at: Data with this in it is lost, and the connection with it.
    """

    def __init__(self, url: str, cuts: int, at: bytes = b"POST") -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname, parts.port)
        self._cuts = cuts
        self._at = at
        self._listener = socket.create_server(("127.0.0.1", 0))

    def __enter__(self) -> str:
        threading.Thread(target=self._accept, daemon=True).start()
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/"

    def __exit__(self, *_: object) -> None:
        assert self._cuts == 0
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._target)
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError), closing(source), closing(target):
            while data := source.recv(65536):
                if self._at in data and self._cuts:
                    self._cuts -= 1
                    for one in (source, target):  # closing alone waits for the other thread
                        one.shutdown(socket.SHUT_RDWR)
                    return
                target.sendall(data)
