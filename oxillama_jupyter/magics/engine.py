"""`%oxillama engine`: what the engine is doing, how fast it was, and with which settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oxillama_jupyter.client.engine_tables import engine_tables
from oxillama_jupyter.magics.command import Command, Usage
from oxillama_jupyter.magics.failures import MagicError
from oxillama_jupyter.magics.flag import Flag
from oxillama_jupyter.magics.opening import opened
from oxillama_jupyter.magics.pages import Page, note, table

if TYPE_CHECKING:
    from oxillama_jupyter.magics.session import Session
    from oxillama_jupyter.widgets.panel import Panel

__all__ = ["ENGINE"]

_AUTOTUNE = Flag(("--autotune",), "", "", "measure anew which settings are fastest", None)
_USAGE = Usage("engine", ("[MODEL]",), (_AUTOTUNE,))


def _engine(session: Session, line: str) -> Page:
    words = _USAGE.parse(line)
    if _AUTOTUNE.key in words.flags:
        return _tune(session, words.name)
    if words.name:
        raise MagicError("A model belongs to --autotune; without it, all of the engine is shown.")
    report = session.with_server(lambda connection: connection.engine())

    def panel() -> Panel:
        from oxillama_jupyter.widgets.engine_monitor import EngineMonitor

        return EngineMonitor(session.connection)

    return opened(session, _page(report), panel)


def _page(report: dict[str, Any]) -> Page:
    """Lay out what `GET /oxillama/engine` said."""
    first, *others = engine_tables(report)
    page = table(*first)
    for one in others:
        page += table(*one)
    return page if report["turns"] else page + note("No turn has ended yet.")


def _tune(session: Session, name: str) -> Page:
    """Have the server measure a model's settings anew, and say where to look."""
    body = {"model": name} if name else {}
    model = session.with_server(
        lambda connection: connection.post(f"{connection.url}/models/autotune", body)
    )
    return note(
        f"The settings of {model['id']} are measured anew, while nobody generates; that takes some "
        "minutes. %oxillama engine shows how far it is, and then what was found."
    )


ENGINE = Command(
    _USAGE.takes,
    "what the engine is doing, how fast, and with which settings, or measure these anew",
    _engine,
    _USAGE.flags,
    ("model",),
)
