"""`Chat`: a conversation with a model, beside the notebook.

Import it only where it is used: `anywidget` and `ipywidgets` come with it.

The page talks with its server by itself. The kernel is asked for two things only: which variables
there are, and the description of one that a person has picked. A page's request is
`{"id": n, "ask": "variables"}` or `{"id": n, "ask": "describe", "name": …}`; the answer has the
same `id`, and `variables`, `described` or `error`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets

from oxillama_jupyter.client.connection import running
from oxillama_jupyter.client.inert import inert
from oxillama_jupyter.client.notebook import identity
from oxillama_jupyter.client.threads import is_thread_id
from oxillama_jupyter.client.turns import text_of
from oxillama_jupyter.client.variables import listed, variable
from oxillama_jupyter.widgets.panel import Panel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Chat"]

_PICTURED = 6  # messages
_LONGEST = 2000  # characters of each
_SECONDS = 1.0


class Chat(Panel):
    """A conversation: a thread, read and gone on with.

    Args:
        thread: The thread's id, or its name; a new one begins with the first question.
        model: The model that answers; the server's own choice where none is named.
        system: Instructions for the model.
        variables: Names of variables that go with the next question.
        namespace: Where the variables are; the notebook's own where not given.

    Attributes:
        thread: The thread's id.
        model: The model's name.
        system: Instructions for the model.
        draft: What is typed and not sent.
        variables: The names of those that go with the next question.
        notebook: The notebook that new threads are of.

    Example:
        >>> chat = Chat(system="Answer in one sentence.")  # doctest: +SKIP
        >>> chat.attach("df")  # doctest: +SKIP
    """

    _kept: ClassVar[tuple[str, ...]] = ("thread", "model", "system")

    widget = traitlets.Unicode("chat").tag(sync=True)
    thread = traitlets.Unicode("").tag(sync=True)
    model = traitlets.Unicode("").tag(sync=True)
    system = traitlets.Unicode("").tag(sync=True)
    draft = traitlets.Unicode("").tag(sync=True)
    variables = traitlets.List(traitlets.Unicode()).tag(sync=True)
    notebook = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        thread: str = "",
        *,
        model: str = "",
        system: str = "",
        variables: Iterable[str] = (),
        namespace: Mapping[str, Any] | None = None,
        **traits: Any,  # those of `Panel`
    ) -> None:
        self._namespace = namespace
        of = {"notebook": _notebook(), **traits}
        super().__init__(thread=thread, model=model, system=system, **of)
        self.attach(*variables)
        self.on_msg(self._receive)

    def attach(self, *names: str) -> None:
        """Let variables go with the next question, as `--vars` describes them.

        Raises:
            NameError: There is no such variable; none is attached then.
        """
        known = self._variables()
        for name in names:
            if name not in known:
                raise NameError(f"There is no variable {name!r} to attach.")
        self.variables = list(dict.fromkeys([*self.variables, *names]))

    def detach(self, *names: str) -> None:
        """Take variables back; all of them, if none is named."""
        gone = set(names or self.variables)
        self.variables = [name for name in self.variables if name not in gone]

    def picture(self) -> dict[str, str]:
        """The last messages, as they are now; only the head where no server tells them soon."""
        try:
            shown = [_shown(message) for message in _last(self.thread)]
        except Exception:  # noqa: BLE001 - a notebook's output must not depend on a server's mood
            shown = []
        plain = [repr(self), *(f"{who}: {text}" for who, text in shown)]
        if not shown:
            return {"text/plain": plain[0]}
        quoted = (f"**{who}**\n\n{_quote(text)}" for who, text in shown)
        return {"text/markdown": inert("\n\n".join(quoted)), "text/plain": "\n\n".join(plain)}

    def _variables(self) -> Mapping[str, Any]:
        if self._namespace is not None:
            return self._namespace
        shell = _shell()
        return shell.user_ns if shell is not None else {}

    def _receive(self, _: Chat, content: Any, __: Any) -> None:
        """Answer the page; `content` is whatever it has sent."""
        if not isinstance(content, dict) or "ask" not in content:
            return
        answer: dict[str, Any] = {"id": content.get("id")}
        if content["ask"] == "variables":
            hidden = [] if self._namespace is not None else _hidden()
            answer["variables"] = listed(self._variables(), hidden)
        elif content["ask"] == "describe":
            answer |= self._described(content.get("name"))
        self.send(answer)

    def _described(self, name: object) -> dict[str, Any]:
        known = self._variables()
        if not isinstance(name, str) or name not in known:
            return {"error": f"There is no variable {name!r} any more."}
        try:
            described = variable(name, known[name])
        except Exception as error:  # noqa: BLE001  # whatever the user's object raises
            return {"error": f"It raises {type(error).__name__} when it is looked at."}
        return {"described": {"name": name, "text": described.text}}


def _shell() -> Any:  # an `InteractiveShell`, where there is one
    from IPython.core.getipython import get_ipython

    return get_ipython()


def _hidden() -> list[str]:
    return list(getattr(_shell(), "user_ns_hidden", ()))


def _notebook() -> str:
    """The notebook's identity, where a server has told it the kernel."""
    return identity(os.environ, {}, None) if os.environ.get("JPY_SESSION_NAME") else ""


def _last(thread_id: str) -> list[dict[str, Any]]:
    """The thread's newest messages, in order; none where nobody is asked."""
    connection = running() if is_thread_id(thread_id) else None
    if connection is None:
        return []
    options: Any = {"params": {"limit": _PICTURED}, "timeout": _SECONDS, "max_retries": 0}
    page: Any = connection.openai.get(
        f"/threads/{thread_id}/messages", cast_to=object, options=options
    )
    return list(reversed(page["data"]))


def _shown(message: dict[str, Any]) -> tuple[str, str]:
    text = text_of(message)
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]} …"
    return ("You" if message["role"] == "user" else "Model"), text


def _quote(text: str) -> str:
    """A quotation: what is opened in it, such as a block of code, ends with it."""
    return "\n".join(f"> {line}" for line in text.splitlines() or [""])
