"""The commands of `%oxillama`: each takes the session and the words behind it, and gives a page."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from oxillama_jupyter.client.threads import find
from oxillama_jupyter.magics.attach import ATTACH, attach
from oxillama_jupyter.magics.browse import BROWSE_COMMANDS
from oxillama_jupyter.magics.chat import CHAT
from oxillama_jupyter.magics.command import Command
from oxillama_jupyter.magics.engine import ENGINE
from oxillama_jupyter.magics.failures import MagicError, did_you_mean
from oxillama_jupyter.magics.files import FILE_COMMANDS
from oxillama_jupyter.magics.fix import fix_page
from oxillama_jupyter.magics.flags import FLAGS
from oxillama_jupyter.magics.opening import opened
from oxillama_jupyter.magics.pages import Page, note, table, title_of
from oxillama_jupyter.magics.preset_pages import preset_page
from oxillama_jupyter.magics.pull import pull_page
from oxillama_jupyter.magics.threads import THREAD_COMMANDS
from oxillama_jupyter.magics.xray import xray_page

if TYPE_CHECKING:
    from oxillama_jupyter.magics.session import Session
    from oxillama_jupyter.widgets.panel import Panel

__all__ = ["COMMANDS", "run_command"]


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
    page = table(("Model", "", "State", "Size"), rows)

    def panel() -> Panel:
        from oxillama_jupyter.widgets.models import Models

        return Models(session.connection)

    return opened(session, page, panel)


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
    if connection.direct and set(proxies) - {"no"}:
        # Other clients would send what is meant for this machine to the proxy.
        direct = [name for name in proxies.get("no", "").split(",") if name and name != host]
        os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join([*direct, host])
        shown += f" `NO_PROXY` has `{host}` now."
    return note(shown)


def _help(_: Session, __: str) -> Page:
    flags = table(
        ("%%oxillama", ""),
        [(f"{'  '.join(flag.names)} {flag.metavar}".strip(), f"{flag.does}") for flag in FLAGS],
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
    **THREAD_COMMANDS,
    **BROWSE_COMMANDS,
    **FILE_COMMANDS,
    "preset": Command(
        "[save NAME FLAGS | show NAME | delete NAME]",
        "flags under a name, for -p",
        preset_page,
        tuple(flag for flag in FLAGS if flag.field is not None),
        ("save|show|delete", "preset"),
    ),
    "attach": Command(
        "[RUN|THREAD]",
        "go on with a run's answer, wherever it was left",
        attach,
        ATTACH,
        ("thread",),
    ),
    "xray": Command(
        "[RUN|THREAD]",
        "the exact prompt of a run, token by token: what was cached, and what was left out",
        xray_page,
        completes=("thread",),
    ),
    "chat": CHAT,
    "models": Command("", "the models that can answer", _models),
    "pull": Command("MODEL", "fetch hf:owner/repo:QUANT from the Hugging Face hub", pull_page),
    "fix": Command("[HINT]", "explain the last error, and put a corrected cell below", fix_page),
    "engine": ENGINE,
    "env": Command("", "let a plain OpenAI() talk to this server", _env),
    "help": Command("", "this page", _help),
}
