"""What the magics remember while the kernel lives: the connection, the notebook's thread."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from oxillama_jupyter.client.connection import Connection, connect
from oxillama_jupyter.client.failures import explain, is_refused
from oxillama_jupyter.client.notebook import identity
from oxillama_jupyter.client.threads import NotebookThreads
from oxillama_jupyter.magics.failures import MagicError
from oxillama_jupyter.magics.literal import running_number

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

    from IPython.core.interactiveshell import InteractiveShell

    from oxillama_jupyter.magics.cell import Asker
    from oxillama_jupyter.magics.toolbox import Toolbox

__all__ = ["Cancelled", "Followed", "Session"]

T = TypeVar("T")


@dataclass
class Followed:
    """A run that this kernel has followed.

    Attributes:
        thread_id: Its thread.
        toolbox: The functions that it was offered here.
        whole: Whether its answer has been shown to its end.
    """

    thread_id: str
    toolbox: Toolbox
    whole: bool


class Cancelled(NamedTuple):
    """A run that an interrupt has cancelled, and the thread that is still about it."""

    thread_id: str
    run_id: str | None
    work: threading.Thread


class Session:
    """The kernel's session with its server.

    Args:
        shell: The shell; its variables tell which notebook this is.

    Attributes:
        answers: What the cells with these numbers were answered; IPython does not keep displays.
        followed: The runs that were followed here, by id, the newest last.
        cancelled: The last one that was interrupted, until it has let go of its thread.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self._connection: Connection | None = None
        self._threads: NotebookThreads | None = None
        self.followed: dict[str, Followed] = {}
        self.cancelled: Cancelled | None = None
        self.answers: dict[int, str] = {}

    @property
    def connection(self) -> Connection:
        """The connection; made when it is first needed."""
        if self._connection is None:
            self._connection = connect()
        return self._connection

    @property
    def connected(self) -> Connection | None:
        """The connection, if there is one already."""
        return self._connection

    @cached_property
    def asker(self) -> Asker:
        """What asks for cells and commands; one for all, for it knows what was interrupted."""
        from oxillama_jupyter.magics.cell import Asker

        return Asker(self)

    @property
    def number(self) -> int | None:
        """The running cell's number, for `answers`; None where IPython does not keep the cell."""
        return running_number(self.shell)

    @property
    def threads(self) -> NotebookThreads:
        """The notebook's threads."""
        if self._threads is None:
            config = getattr(getattr(self.shell, "kernel", None), "config", {})
            file = config.get("IPKernelApp", {}).get("connection_file") if config else None
            self._threads = NotebookThreads(identity(os.environ, self.shell.user_ns, file))
        return self._threads

    def with_server(self, action: Callable[[Connection], T]) -> T:
        """Do something with the server; if a private one has ended since, with a new one."""
        connection = self.connection
        try:
            return action(connection)
        except Exception as error:
            if connection.source != "private server" or not is_refused(error):
                raise
        self._connection = None
        return action(self.connection)

    @contextmanager
    def one_line_errors(self) -> Iterator[None]:
        """Turn what can go wrong with the server into one readable line."""
        try:
            yield
        except MagicError:
            raise
        except KeyboardInterrupt:
            raise MagicError("Interrupted.") from None
        except Exception as error:
            line = explain(error, self._connection)
            if line is None:
                raise
            raise MagicError(line) from None
