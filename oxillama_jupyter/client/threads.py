"""The threads a notebook works with: its own one, and others by name.

What the kernel has to find again is kept in the threads' metadata:

- `name`: what a person calls it. Where several have one name, the one last used is meant.
- `notebook`: the notebook it was begun in.
- `default:<digest of a notebook>`: it is that notebook's own thread; one thread at a time says so.
- `tag:<word>`: `yes`, for each tag that a person gave it; a key each, so that a list finds it.
- `archived`: `yes` once it is put away.
- `forked_from`, `forked_at`: the thread it was forked from and the last message that both share;
  the server sets them, and keeps a fork from taking over `name` and `default:…`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oxillama_jupyter.client.notebook import digest

if TYPE_CHECKING:
    from oxillama_jupyter.client.connection import Connection

__all__ = ["NotebookThreads", "find", "is_thread_id"]

Json = dict[str, Any]  # a thread, as the server sent it

_ON = "yes"


def is_thread_id(name: str) -> bool:
    """Whether `name` is a thread's id, not a name that somebody gave it."""
    return name.startswith("thread_") and name[7:].isalnum()


class NotebookThreads:
    """The threads of one notebook.

    Args:
        notebook: The notebook's identity.
    """

    def __init__(self, notebook: str) -> None:
        self.notebook = notebook
        self._mark = f"default:{digest(notebook)}"
        self._known: str | None = None

    @property
    def metadata(self) -> dict[str, str]:
        """What marks a thread as this notebook's own one."""
        return {"notebook": self.notebook, self._mark: _ON}

    def metadata_named(self, name: str) -> dict[str, str]:
        """What marks a new thread with a name, begun in this notebook."""
        return {"name": name, "notebook": self.notebook}

    @property
    def known(self) -> str | None:
        """The id of the notebook's own thread, as far as it is known without asking."""
        return self._known

    def current(self, connection: Connection) -> str | None:
        """The id of the notebook's own thread, if there is one yet."""
        if self._known is None:
            threads = connection.threads(limit=1, metadata={self._mark: _ON})["data"]
            self._known = threads[0]["id"] if threads else None
        return self._known

    def remember(self, thread_id: str) -> None:
        """This is the notebook's own thread."""
        self._known = thread_id

    def forget(self) -> None:
        """Look for the notebook's own thread again: it may have been deleted elsewhere."""
        self._known = None

    def new(self, connection: Connection, name: str | None) -> Json:
        """Begin a new thread and make it the notebook's own one."""
        metadata = self.metadata | ({"name": name} if name else {})
        self._unmark(connection)
        thread = connection.post("/threads", {"metadata": metadata})
        self.remember(thread["id"])
        return thread

    def switch(self, connection: Connection, name: str) -> tuple[Json, bool]:
        """Make the named thread the notebook's own one.

        Returns:
            The thread, and whether it had to be made.
        """
        thread = find(connection, name)
        if thread is None:
            return self.new(connection, name), True
        self._unmark(connection)
        marked = (thread.get("metadata") or {}) | {self._mark: _ON}
        connection.post(f"/threads/{thread['id']}", {"metadata": marked})
        self.remember(thread["id"])
        return thread, False

    def _unmark(self, connection: Connection) -> None:
        for thread in connection.threads(metadata={self._mark: _ON})["data"]:
            rest = {key: value for key, value in thread["metadata"].items() if key != self._mark}
            connection.post(f"/threads/{thread['id']}", {"metadata": rest})


def find(connection: Connection, name: str) -> Json | None:
    """The thread with this name or id; None where no thread has the name.

    Raises:
        openai.NotFoundError: It is an id, and no thread has it.
    """
    if is_thread_id(name):
        return connection.get(f"/threads/{name}")
    threads = connection.threads(limit=1, metadata={"name": name})["data"]
    return threads[0] if threads else None
