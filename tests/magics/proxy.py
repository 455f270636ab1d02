"""A link to a server that can be cut in the middle of anything."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit

__all__ = ["Proxy"]


class Proxy:
    """Passes everything on to a server, until it is cut; new connections are passed on again.

    Args:
        url: The server's.

    Attributes:
        requests: The first lines of the requests that were passed on.
        down: While it is true, new connections are closed at once.
    """

    def __init__(self, url: str) -> None:
        self._target = (urlsplit(url).hostname, urlsplit(url).port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._links: list[tuple[socket.socket, socket.socket]] = []
        self.requests: list[str] = []
        self.down = False
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}{urlsplit(url).path}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """Break every connection that there is, as a network does."""
        links, self._links = self._links, []
        for pair in links:
            _end(pair)

    def close(self) -> None:
        self.down = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if self.down:
                    near.close()
                    continue
                pair = (near, socket.create_connection(self._target))
                self._links.append(pair)
                threading.Thread(target=self._pass, args=(pair,), daemon=True).start()

    def _pass(self, pair: tuple[socket.socket, socket.socket]) -> None:
        near, far = pair
        back = threading.Thread(target=self._pump, args=(far, near, pair), daemon=True)
        back.start()
        self._pump(near, far, pair)
        back.join()
        near.close()
        far.close()

    def _pump(
        self, source: socket.socket, sink: socket.socket, pair: tuple[socket.socket, socket.socket]
    ) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                found = re.match(rb"(?:GET|POST) \S+", data)
                if found:
                    self.requests.append(found[0].decode())
                sink.sendall(data)
        _end(pair)


def _end(pair: tuple[socket.socket, socket.socket]) -> None:
    for link in pair:
        with suppress(OSError):
            link.shutdown(socket.SHUT_RDWR)
