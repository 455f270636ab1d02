"""Names to choose from while somebody types: threads, tags, models.

Whoever types must not wait, and must not find that a key has started a server. So a server is
asked only if there is one already, in a thread of its own; the caller waits for a moment, and is
given what was known before if the answer comes later.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, cast

from oxillama_jupyter.client.connection import running
from oxillama_jupyter.client.threads import ARCHIVED, tags_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from oxillama_jupyter.client.connection import Connection

__all__ = ["Names"]

Json = dict[str, Any]  # as the server sent it

_WAIT = 0.12  # seconds that a key may take
_FRESH = 4.0  # seconds for which what was asked is taken as true
_TIMEOUT = 3.0  # seconds after which nobody waits for this answer any more
_THREADS = 100


class Names:
    """The names that a server has.

    Args:
        connected: The connection that the kernel has already, if it has one.
    """

    def __init__(self, connected: Callable[[], Connection | None]) -> None:
        self._connected = connected
        self._found: Connection | None = None
        self._known: dict[str, tuple[float, list[Json]]] = {}
        self._asking: dict[str, threading.Thread] = {}

    def threads(self, *, archived: bool | None = False) -> list[str]:
        """The names of the newest threads: put away or not, or both for None."""
        found = self._objects("threads")
        return list(
            dict.fromkeys(
                thread["metadata"]["name"]
                for thread in found
                if "name" in thread["metadata"]
                and archived in {None, ARCHIVED in thread["metadata"]}
            )
        )

    def thread_ids(self) -> list[str]:
        """The ids of the newest threads."""
        return [thread["id"] for thread in self._objects("threads")]

    def tags(self) -> list[str]:
        """The tags of the newest threads."""
        return sorted({tag for thread in self._objects("threads") for tag in tags_of(thread)})

    def models(self) -> list[str]:
        """The models that can answer."""
        return [model["id"] for model in self._objects("models")]

    def _objects(self, kind: str) -> list[Json]:
        moment, objects = self._known.get(kind, (float("-inf"), []))
        if time.monotonic() - moment < _FRESH:
            return objects
        work = self._asking.get(kind)
        if work is None or not work.is_alive():
            work = threading.Thread(
                target=self._ask, args=(kind,), name="oxillama-names", daemon=True
            )
            self._asking[kind] = work
            work.start()
        work.join(_WAIT)
        return self._known.get(kind, (0.0, []))[1]

    def _ask(self, kind: str) -> None:
        objects: list[Json] = []
        try:
            connection = self._connection()
            if connection is not None:
                objects = _listed(connection, kind)
        except Exception:  # noqa: BLE001  # no names to choose from is all that comes of it
            objects = self._known.get(kind, (0.0, objects))[1]
        self._known[kind] = (time.monotonic(), objects)

    def _connection(self) -> Connection | None:
        connected = self._connected()
        if connected is not None:
            return connected
        if self._found is None:
            self._found = running()
        return self._found


def _listed(connection: Connection, kind: str) -> list[Json]:
    params = {"limit": _THREADS} if kind == "threads" else {}
    options = cast("Any", {"params": params, "max_retries": 0, "timeout": _TIMEOUT})
    answer = connection.openai.get(f"{connection.url}/{kind}", cast_to=object, options=options)
    return cast("list[Json]", cast("Json", answer)["data"])
