"""The threads a notebook works with: its own one, and others by name.

What the kernel has to find again is kept in the threads' metadata:

- `name`: what a person calls it. Where several have one name, the one last used is meant.
- `notebook`: the notebook it was begun in.
- `default:<digest of a notebook>`: it is that notebook's own thread; one thread at a time says so.
- `tag:<word>`: `yes`, for each tag that a person gave it; a key each, so that a list finds it.
- `archived`: `yes` once it is put away.
- `forked_from`, `forked_at`: the thread it was forked from and the last message that both share;
  the server sets them, and keeps a fork from taking over `name` and `default:…`. A copy of an
  edited file whose thread is on this server, but not as it was, has the first one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from oxillama_jupyter.client.notebook import digest
from oxillama_jupyter.errors import InvalidRequest

if TYPE_CHECKING:
    from oxillama_jupyter.client.connection import Connection

__all__ = [
    "ARCHIVED",
    "NotebookThreads",
    "change",
    "delete",
    "find",
    "fork",
    "is_thread_id",
    "listed",
    "tag_key",
    "tags_of",
]

Json = dict[str, Any]  # a thread, as the server sent it

_ON = "yes"
_DEFAULT = "default:"
_TAG = "tag:"
ARCHIVED = "archived"
_PAIRS = 16  # the most that metadata may have
_PAGES = 20  # of a hundred threads each, looked through for those that are not put away


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
        self._mark = f"{_DEFAULT}{digest(notebook)}"
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

    def met(self, thread_id: str) -> None:
        """A question of the notebook went there; another thread chosen since stays."""
        if self._known is None:
            self._known = thread_id

    def forget(self) -> None:
        """Look for the notebook's own thread again: it may have been deleted elsewhere."""
        self._known = None

    def new(self, connection: Connection, name: str | None) -> Json:
        """Begin a new thread and make it the notebook's own one."""
        metadata = self.metadata | ({"name": name} if name else {})
        thread = connection.post("/threads", {"metadata": metadata})
        self._unmark(connection, but=thread["id"])
        self._known = thread["id"]
        return thread

    def switch(self, connection: Connection, name: str) -> tuple[Json, bool]:
        """Make the named thread the notebook's own one.

        Returns:
            The thread, and whether it had to be made.
        """
        thread = find(connection, name)
        if thread is None:
            return self.new(connection, name), True
        return self.take(connection, thread, {}), False

    def take(self, connection: Connection, thread: Json, changes: dict[str, str | None]) -> Json:
        """Make a thread the notebook's own one, and change its metadata on the way."""
        marked = change(connection, thread, changes | {self._mark: _ON})
        self._unmark(connection, but=thread["id"])
        self._known = thread["id"]
        return marked

    def _unmark(self, connection: Connection, but: str = "") -> None:
        for thread in connection.threads(metadata={self._mark: _ON})["data"]:
            if thread["id"] != but:
                change(connection, thread, {self._mark: None})


def find(connection: Connection, name: str) -> Json | None:
    """The thread with this name or id; None where no thread has the name.

    Raises:
        openai.NotFoundError: It is an id, and no thread has it.
    """
    if is_thread_id(name):
        return connection.get(f"/threads/{name}")
    threads = connection.threads(limit=1, metadata={"name": name})["data"]
    return threads[0] if threads else None


def listed(
    connection: Connection, q: str | None, metadata: dict[str, str], *, archived: bool | None
) -> tuple[list[Json], bool]:
    """The newest threads, twenty at most, and whether there are more.

    Args:
        connection: The server.
        q: Words that must all be in a message.
        metadata: Values that they must have.
        archived: Only those that are put away, only those that are not, or, if None, both.
    """
    if archived is not False:
        put_away = {ARCHIVED: _ON} if archived else {}
        page = connection.threads(q, metadata=metadata | put_away)
        return page["data"], page["has_more"]
    found: list[Json] = []
    after, most = None, 20
    for _ in range(_PAGES):
        page = connection.threads(q, limit=100, after=after, metadata=metadata)
        found += [one for one in page["data"] if ARCHIVED not in one["metadata"]]
        if len(found) > most or not page["has_more"]:
            return found[:most], len(found) > most
        after = page["last_id"]
    return found, True


def tag_key(word: str) -> str:
    """The key of a tag in a thread's metadata."""
    return _TAG + word


def tags_of(thread: Json) -> list[str]:
    """A thread's tags, in order."""
    keys = thread.get("metadata") or {}
    return sorted(key.removeprefix(_TAG) for key in keys if key.startswith(_TAG))


def change(connection: Connection, thread: Json, changes: dict[str, str | None]) -> Json:
    """Change a thread's metadata; None takes a key away.

    Returns:
        The thread as it is then.

    Raises:
        InvalidRequest: There is no room for more.
    """
    metadata = (thread.get("metadata") or {}) | changes
    kept = {key: value for key, value in metadata.items() if value is not None}
    if len(kept) > _PAIRS:
        raise InvalidRequest(
            f"Thread {thread['id']} has {_PAIRS} tags and other metadata, the most there can be: "
            "take one away first."
        )
    return connection.post(f"/threads/{thread['id']}", {"metadata": kept})


def fork(
    connection: Connection, thread: Json, message_id: str | None, metadata: dict[str, str]
) -> Json:
    """A new thread with this one's messages up to one of them, and with its tags.

    Args:
        connection: The server.
        thread: The thread.
        message_id: The last message of the fork; None for the last there is.
        metadata: The fork's own, beside where it comes from.
    """
    own = {"name", ARCHIVED, "forked_from", "forked_at"}  # the last two are the server's
    kept = {
        key: value
        for key, value in (thread.get("metadata") or {}).items()
        if key not in own and not key.startswith(_DEFAULT)
    }
    body: Json = {"metadata": kept | metadata}
    if message_id is not None:
        body["message_id"] = message_id
    return connection.post(f"{connection.url}/threads/{thread['id']}/fork", body)


def delete(connection: Connection, thread_id: str) -> None:
    """Delete a thread with everything in it; its active run is cancelled first."""
    options = cast("Any", {"max_retries": 0})
    connection.openai.delete(f"/threads/{thread_id}", cast_to=object, options=options)
