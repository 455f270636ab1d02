"""The commands of `%oxillama`: each takes the session and the words behind it, and gives a page."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from oxillama_jupyter.client.probe import is_loopback
from oxillama_jupyter.client.threads import find
from oxillama_jupyter.magics.attach import attach
from oxillama_jupyter.magics.engine import engine_page
from oxillama_jupyter.magics.failures import MagicError, did_you_mean
from oxillama_jupyter.magics.flags import FLAGS
from oxillama_jupyter.magics.pages import Page, note, table, title_of
from oxillama_jupyter.magics.preset_pages import preset_page
from oxillama_jupyter.magics.pull import pull_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from oxillama_jupyter.client.connection import Connection
    from oxillama_jupyter.magics.session import Session

__all__ = ["COMMANDS", "run_command"]

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_SHOWN_MESSAGES = 100


@dataclass(frozen=True)
class Command:
    """A command.

    Attributes:
        takes: What may stand behind it, for the help.
        does: What it is for, for the help.
        run: The command; the text behind its name may be empty.
    """

    takes: str
    does: str
    run: Callable[[Session, str], Page]


def run_command(session: Session, line: str) -> Page:
    """Run the command that `line` names; without one, tell how things are.

    Raises:
        MagicError: There is no such command.
    """
    word, _, rest = line.strip().partition(" ")
    if not word:
        return _status(session, "")
    command = COMMANDS.get(word)
    if command is not None:
        return command.run(session, rest.strip())
    if word.startswith("-"):
        raise MagicError("Flags belong to a question: write %%oxillama, and the prompt below it.")
    raise MagicError(
        f"There is no command {word!r}.{did_you_mean(word, COMMANDS)}"
        f" Commands: {', '.join(COMMANDS)}. A question goes into a %%oxillama cell."
    )


def _status(session: Session, _: str) -> Page:
    state = session.with_server(lambda connection: connection.health())
    connection = session.connection
    current = session.with_server(session.threads.current)
    detail = f" ({state['detail']})" if state.get("detail") else ""
    thread = "none yet: the first %%oxillama cell begins one"
    if current is not None:
        found = find(connection, current)
        thread = title_of(found) if found else current
    rows = [
        ("Server", f"{connection.source}, {connection.base_url}"),
        ("Version", str(state.get("version"))),
        ("Engine", f"{state['status']}{detail}"),
        ("Model", str(state.get("model"))),
        ("This notebook's thread", thread),
    ]
    return table(("oxillama", ""), rows)


def _threads(session: Session, query: str) -> Page:
    page = session.with_server(lambda connection: connection.threads(query or None))
    if not page["data"]:
        return note(f"No thread has {query!r} in it." if query else "There are no threads yet.")
    current = session.threads.current(session.connection)
    rows = [
        (
            "→" if thread["id"] == current else "",
            title_of(thread),
            str(thread["message_count"]),
            _ago(thread["updated_at"]),
            thread["preview"],
        )
        for thread in page["data"]
    ]
    heads = ("", "Thread", "Messages", "Last", "Found" if query else "Begins")
    shown = table(heads, rows)
    return shown + note("There are more; add words to search for.") if page["has_more"] else shown


def _ago(moment: int) -> str:
    seconds = max(0, int(time.time()) - moment)
    if seconds < _MINUTE:
        return "just now"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min ago"
    if seconds < _DAY:
        return f"{seconds // _HOUR} h ago"
    return time.strftime("%Y-%m-%d", time.localtime(moment))


def _thread(session: Session, name: str) -> Page:
    if not name:
        current = session.with_server(session.threads.current)
        if current is None:
            return note("This notebook has no thread yet: its first `%%oxillama` cell begins one.")
        return note(f"This notebook's thread is {_called(find(session.connection, current))}.")
    thread, made = session.with_server(lambda connection: session.threads.switch(connection, name))
    if made:
        return note(
            f"There was no thread {_called(thread)}: it is new, and now this notebook's own."
        )
    return note(f"This notebook's thread is now {_called(thread)}.")


def _new(session: Session, name: str) -> Page:
    thread = session.with_server(lambda connection: session.threads.new(connection, name or None))
    called = f" {_called(thread)}" if name else ""
    return note(f"This notebook has a new thread{called}; the model starts afresh.")


def _called(thread: dict[str, Any] | None) -> str:
    return f"`{title_of(thread)}`" if thread else "gone"


def _show(session: Session, name: str) -> Page:
    thread_id = session.with_server(lambda connection: _thread_to_show(session, connection, name))
    order = {"order": "desc", "limit": _SHOWN_MESSAGES}
    page = session.connection.get(f"/threads/{thread_id}/messages", order)
    if not page["data"]:
        return note("This thread has no messages yet.")
    shown = [_message(message) for message in reversed(page["data"])]
    if page["has_more"]:
        shown.insert(0, note(f"The last {_SHOWN_MESSAGES} messages:"))
    return Page("\n\n".join(x.markdown for x in shown), "\n\n".join(x.plain for x in shown))


def _thread_to_show(session: Session, connection: Connection, name: str) -> str:
    if not name:
        current = session.threads.current(connection)
        if current is None:
            raise MagicError("This notebook has no thread yet: ask something in a %%oxillama cell.")
        return current
    thread = find(connection, name)
    if thread is None:
        raise MagicError(f"No thread is called {name!r}: %oxillama threads lists them.")
    return str(thread["id"])


def _message(message: dict[str, Any]) -> Page:
    parts = [part["text"]["value"] for part in message["content"] if part["type"] == "text"]
    text = "\n\n".join(parts)
    who = "You" if message["role"] == "user" else "Model"
    quoted = "\n".join(f"> {line}" for line in text.split("\n")) if who == "You" else text
    broken = " (not finished)" if message["status"] == "incomplete" else ""
    return Page(f"**{who}**{broken}\n\n{quoted}", f"{who}{broken}: {text}")


def _models(session: Session, _: str) -> Page:
    models = session.with_server(lambda connection: connection.get(f"{connection.url}/models"))
    rows = [
        (
            model["id"],
            "answers when a cell names none" if model["default"] else "",
            f"failed: {model['detail']}" if model["state"] == "failed" else model["state"],
            f"{model['size'] / 1e6:.0f} MB" if model["size"] else "",
        )
        for model in models["data"]
    ]
    return table(("Model", "", "State", "Size"), rows)


def _engine(session: Session, _: str) -> Page:
    report = session.with_server(lambda connection: connection.engine())
    return engine_page(report)


def _env(session: Session, _: str) -> Page:
    session.with_server(lambda connection: connection.health())
    connection = session.connection
    os.environ["OPENAI_BASE_URL"] = connection.base_url
    os.environ["OPENAI_API_KEY"] = connection.api_key
    shown = (
        "`OPENAI_BASE_URL` and `OPENAI_API_KEY` are set: a plain `OpenAI()` talks to this server."
    )
    from urllib.request import getproxies

    host = urlsplit(connection.base_url).hostname or ""
    proxies = getproxies()
    if is_loopback(connection.base_url) and set(proxies) - {"no"}:
        # Other clients would send what is meant for this machine to the proxy.
        direct = [name for name in proxies.get("no", "").split(",") if name and name != host]
        os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join([*direct, host])
        shown += f" `NO_PROXY` has `{host}` now."
    return note(shown)


def _help(_: Session, __: str) -> Page:
    flags = table(
        ("%%oxillama", ""),
        [(f"{'  '.join(flag.names)} {flag.metavar}", f"{flag.does}") for flag in FLAGS],
    )
    commands = table(
        ("%oxillama", ""),
        [("", "how things are")]
        + [(f"{name} {command.takes}".strip(), command.does) for name, command in COMMANDS.items()],
    )
    first = (
        "A `%%oxillama` cell sends the text below its first line to the model, exactly as it is, "
        "and shows the answer. The notebook's cells are one conversation, a thread; the server "
        "keeps it when the kernel or the server ends."
    )
    return note(first) + flags + commands


COMMANDS = {
    "threads": Command("[QUERY]", "the newest threads, or those with all these words", _threads),
    "thread": Command("[NAME]", "go on in another thread; made if there is none", _thread),
    "new": Command("[NAME]", "begin a new thread for this notebook", _new),
    "show": Command("[NAME]", "read this notebook's thread, or another", _show),
    "preset": Command(
        "[save NAME FLAGS | show NAME | delete NAME]", "flags under a name, for -p", preset_page
    ),
    "attach": Command("[RUN|THREAD]", "go on with a run's answer, wherever it was left", attach),
    "models": Command("", "the models that can answer", _models),
    "pull": Command("MODEL", "fetch hf:owner/repo:QUANT from the Hugging Face hub", pull_page),
    "engine": Command("", "what the engine is doing, how fast, and with which settings", _engine),
    "env": Command("", "let a plain OpenAI() talk to this server", _env),
    "help": Command("", "this page", _help),
}
