"""`%oxillama attach`: show a run that is there already, from its first event to its end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.client import runs
from oxillama_jupyter.client.failures import is_not_found
from oxillama_jupyter.client.threads import find
from oxillama_jupyter.client.tools import ToolError, tool_of
from oxillama_jupyter.magics.answering import Answering
from oxillama_jupyter.magics.approval import Approval
from oxillama_jupyter.magics.arguments import Options, parse
from oxillama_jupyter.magics.failures import MagicError
from oxillama_jupyter.magics.flags import FLAGS
from oxillama_jupyter.magics.pages import Page
from oxillama_jupyter.magics.toolbox import Toolbox, toolbox
from oxillama_jupyter.magics.waiting import Standstill, run_here
from oxillama_jupyter.widgets.screens import screen_for
from oxillama_jupyter.widgets.view import StreamView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oxillama_jupyter.client.connection import Connection
    from oxillama_jupyter.magics.session import Session

__all__ = ["ATTACH", "attach", "newest_run", "run_by_id"]

Json = dict[str, Any]  # a run, as the server sent it

ATTACH = tuple(flag for flag in FLAGS if flag.key in {"output", "tools", "yes"})
_WAITING = frozenset({*runs.LIVE, "requires_action"})


class _Shown(Page):
    """A page that has been shown already."""

    def show(self) -> None:
        """Nothing is left to be shown."""


def attach(session: Session, line: str) -> Page:
    """Follow a run as if this cell had asked; it never asks anything again.

    Args:
        session: The kernel's session.
        line: A run or a thread, then flags; without the first it is the newest run of the
            notebook's thread if that has not ended, else the newest one whose answer has not been
            shown whole.

    Raises:
        MagicError: There is none, or no whole answer.
    """
    target, rest = _target(line)
    options = parse(rest, "%oxillama attach")
    if replace(options, output=None, tools=None, yes=None) != Options():
        raise MagicError("%oxillama attach takes -o, --tools and --yes: the run is asked already.")
    run = session.with_server(lambda connection: _find_run(session, connection, target))
    offered = _toolbox(session, options, run)
    view = StreamView(screen_for(session.shell, lambda: session.connection))
    answering = Answering(session, options, offered, view)
    work = answering.run(lambda f: f.attach(run["thread_id"], run["id"]), Standstill())
    run_here(work)
    return _Shown("", "")


def _target(line: str) -> tuple[str, str]:
    """The name ahead of the flags, in quotes if it has spaces."""
    if line[:1] in {"'", '"'}:
        name, closed, rest = line[1:].partition(line[0])
        if not closed:
            raise MagicError(f"A quote is not closed in: %oxillama attach {line}")
        return name, rest.strip()
    name, _, rest = line.partition(" ")
    return ("", line) if name.startswith("-") else (name, rest.strip())


def _find_run(session: Session, connection: Connection, target: str) -> Json:
    if target.startswith("run_"):
        return run_by_id(session, connection, target)
    if target:
        thread = find(connection, target)
        if thread is None:
            raise MagicError(f"No thread is called {target!r}: %oxillama threads lists them.")
        return newest_run(connection, str(thread["id"]))
    current = session.threads.current(connection)
    run = newest_run(connection, current) if current is not None else None
    if run is not None and run["status"] in _WAITING:
        return run
    for run_id, followed in reversed(list(session.followed.items())):
        if not followed.whole:
            return connection.get(f"/threads/{followed.thread_id}/runs/{run_id}")
    if run is None:
        raise MagicError("This notebook has no thread yet: ask something in a %%oxillama cell.")
    if run["id"] in session.followed:
        raise MagicError(
            "Every answer of this notebook's thread has been shown whole;"
            f" %oxillama attach {run['id']} shows the last one again."
        )
    return run


def newest_run(connection: Connection, thread_id: str) -> Json:
    """The newest run of a thread.

    Raises:
        MagicError: It has none.
    """
    newest: list[Json] = connection.get(f"/threads/{thread_id}/runs", {"limit": 1})["data"]
    if not newest:
        raise MagicError("That thread has no runs yet.")
    return newest[0]


def run_by_id(session: Session, connection: Connection, run_id: str) -> Json:
    """The run with this id, found by its thread: this kernel's, then those that were used last.

    Raises:
        MagicError: None of them has it.
    """
    known = session.followed.get(run_id)
    threads = [known.thread_id] if known else []
    if not threads:
        current = session.threads.current(connection)
        threads = [current] if current is not None else []
        threads += [thread["id"] for thread in connection.threads(limit=100)["data"]]
    for thread_id in dict.fromkeys(threads):
        try:
            return connection.get(f"/threads/{thread_id}/runs/{run_id}")
        except Exception as error:
            if not is_not_found(error):
                raise
    raise MagicError(f"None of the newest threads has a run {run_id}: name its thread.")


def _toolbox(session: Session, options: Options, run: Json) -> Toolbox:
    """The functions named here, else those that this kernel offered, else those of the same form.

    After a restart the notebook's cells have defined them again. Only a function that would be
    offered exactly as the run's was is taken, and each call asks first.
    """
    namespace = session.shell.user_ns
    if options.tools:
        return toolbox(options.tools, options.yes or (), namespace)
    known = session.followed.get(run["id"])
    if known is None:
        return toolbox(_alike(namespace, run["tools"]), options.yes or (), namespace)
    return Toolbox(known.toolbox.tools, Approval(options.yes)) if options.yes else known.toolbox


def _alike(namespace: Mapping[str, Any], offered: list[Json]) -> list[str]:
    found = []
    for entry in offered:
        name = entry.get("function", {}).get("name", "")
        try:
            if name in namespace and tool_of(namespace[name]).definition == entry:
                found.append(name)
        except ToolError:
            continue
    return found
