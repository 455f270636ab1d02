"""`%oxillama` and `%%oxillama`: which code runs for which line."""

from __future__ import annotations

import os
import threading
from importlib import import_module
from typing import TYPE_CHECKING

from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand

from oxillama_jupyter.magics.arguments import filled, parse, with_flags
from oxillama_jupyter.magics.commands import run_command
from oxillama_jupyter.magics.completion import install
from oxillama_jupyter.magics.failures import MagicError
from oxillama_jupyter.magics.literal import typed_text
from oxillama_jupyter.magics.session import Session
from oxillama_jupyter.widgets.screens import kind_of_screen

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from oxillama_jupyter.client.answer import Answer
    from oxillama_jupyter.magics.arguments import Options

__all__ = ["OxillamaMagics"]


@magics_class
class OxillamaMagics(Magics):
    """The magics of one kernel.

    Args:
        shell: The kernel's shell.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self._session = Session(shell)
        install(shell, self._session)
        if hasattr(shell, "kernel"):
            # The SDK takes most of a second to load: it is there when the first cell asks. Python's
            # import locks make that safe, and a thread that is no daemon is waited for at exit.
            threading.Thread(target=_warm, name="oxillama-warm").start()

    async def ask(self, options: Options, text: str) -> Answer:
        """Ask in an async cell; raises as a cell does."""
        with self._session.one_line_errors():
            return await self._session.asker.ask_async(options, text)

    @no_var_expand
    @line_cell_magic
    @with_flags
    def oxillama(self, line: str, cell: str | None = None) -> None:
        """Ask a model, and keep the conversation.

        `%%oxillama` with flags, and the prompt below it: ask, see the answer as it is written.
        `%oxillama` with a command: `%oxillama help` lists them.
        """
        with self._session.one_line_errors():
            if cell is None:
                run_command(self._session, line).show()
                return
            options = filled(parse(line), self._session.shell.user_ns)
            text = typed_text(self._session.shell, line, cell)
            if not text.strip():
                raise MagicError("The cell has no prompt: write it below the %%oxillama line.")
            self._session.asker.ask(options, text)


def _warm() -> None:
    import_module("openai")
    if kind_of_screen(os.environ, can_be_asked=True) == "widget":
        import_module("oxillama_jupyter.widgets.run_screen")
