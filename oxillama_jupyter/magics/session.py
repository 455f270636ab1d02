"""What the magics remember while the kernel lives: the connection, the notebook's thread."""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from oxillama_jupyter.client.connection import Connection, connect
from oxillama_jupyter.client.failures import explain, is_refused
from oxillama_jupyter.client.notebook import identity
from oxillama_jupyter.client.threads import NotebookThreads
from oxillama_jupyter.magics.failures import MagicError
from oxillama_jupyter.magics.literal import running_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from IPython.core.interactiveshell import InteractiveShell

    from oxillama_jupyter.magics.cell import Asker

__all__ = ["Session"]

T = TypeVar("T")


class Session:
    """The kernel's session with its server.

    Attributes:
        answers: What the cells with these numbers were answered; IPython does not keep displays.

    Args:
        shell: The shell; its variables tell which notebook this is.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self._connection: Connection | None = None
        self._threads: NotebookThreads | None = None
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

    def answered(self, text: str) -> None:
        """Keep what the running cell was answered."""
        number = running_number(self.shell)
        if number is not None:
            self.answers[number] = text

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
