"""`%oxillama engine`: what the engine is doing, how fast it was, and with which settings."""

from __future__ import annotations

from typing import Any

from oxillama_jupyter.client.engine_tables import engine_tables
from oxillama_jupyter.magics.pages import Page, note, table

__all__ = ["engine_page"]


def engine_page(report: dict[str, Any]) -> Page:
    """Lay out what `GET /oxillama/engine` said."""
    first, *others = engine_tables(report)
    page = table(*first)
    for one in others:
        page += table(*one)
    return page if report["turns"] else page + note("No turn has ended yet.")
