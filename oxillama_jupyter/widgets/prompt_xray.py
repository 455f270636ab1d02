"""`PromptXray`: the prompt that a model has got, token by token.

Import it only where it is used: `anywidget` and `ipywidgets` come with it.
"""

from __future__ import annotations

from typing import ClassVar

import traitlets

from oxillama_jupyter.client.connection import running
from oxillama_jupyter.client.previews import prompt_of_run
from oxillama_jupyter.widgets.calls import visible
from oxillama_jupyter.widgets.panel import Panel
from oxillama_jupyter.widgets.prompt_picture import pictured

__all__ = ["PromptXray"]

_SECONDS = 3.0  # that the picture may take: the page has its own way to the prompt


class PromptXray(Panel):
    """The exact prompt of a run: its tokens, what was cached, what was left out and why.

    Attributes:
        thread_id: The thread.
        run_id: The run that sent it; without one it is what a next run would send.
        settings: For a next run: what its request would have, as the API names it, such as
            `{"instructions": "Be brief.", "max_prompt_tokens": 2000}`.

    Example:
        >>> import oxillama_jupyter  # doctest: +SKIP
        >>> answer = oxillama_jupyter.ask("Hello!")  # doctest: +SKIP
        >>> PromptXray(thread_id=answer.thread_id, run_id=answer.run_id)  # doctest: +SKIP
    """

    _kept: ClassVar[tuple[str, ...]] = ("thread_id", "run_id", "settings")

    widget = traitlets.Unicode("prompt_xray").tag(sync=True)
    thread_id = traitlets.Unicode("").tag(sync=True)
    run_id = traitlets.Unicode("").tag(sync=True)
    settings = traitlets.Dict().tag(sync=True)

    def picture(self) -> dict[str, str]:
        """The messages and their tokens as a table, as far as the server tells them at once."""
        what = f"run {self.run_id}" if self.run_id else f"a next run of thread {self.thread_id}"
        plain = {"text/plain": f"The prompt of {visible(what)}"}
        try:
            connection = running()
            if connection is None or not self.thread_id:
                return plain
            prompt = prompt_of_run(
                connection, self.thread_id, self.run_id, self.settings, timeout=_SECONDS
            )
        except Exception as error:  # noqa: BLE001  # the page will say it too; a picture is extra
            return {"text/plain": f"{plain['text/plain']}: {visible(str(error))[:300]}"}
        return pictured(prompt)
