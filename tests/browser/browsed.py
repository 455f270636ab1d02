"""Stores with many threads, and a thread browser over them in a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from browser.notebooks import LIMIT, open_notebook, write_notebook

from oxillama_jupyter.client.connection import Connection
from oxillama_jupyter.client.discovery import from_root
from oxillama_jupyter.ids import new_id
from oxillama_jupyter.schemas.messages import Message, TextContent, TextValue
from oxillama_jupyter.schemas.runs import Run
from oxillama_jupyter.schemas.threads import Thread
from oxillama_jupyter.store import messages, threads
from oxillama_jupyter.store.database import _connect
from oxillama_jupyter.store.rows import encode

if TYPE_CHECKING:
    from pathlib import Path

    from browser.labs import LabWorld
    from client.world import Server, World
    from playwright.sync_api import Page

NOW = 1_790_000_000
_RUN = "INSERT INTO runs(id, thread_id, status, owner, lease, payload) VALUES (?, ?, ?, '', 0, ?)"


class Stock:
    """A store that a server is going to have, filled before it starts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._conn, _ = _connect(str(path))
        self._conn.execute("BEGIN")

    def thread(
        self, *texts: str, at: int = NOW, model: str = "", status: str = "", **own: str
    ) -> str:
        """A thread with questions and answers, by turns; the answers are of runs of a model."""
        thread = Thread(id=new_id("thread"), created_at=at, metadata=own)
        threads.insert(self._conn, thread, at)
        run_id = new_id("run") if model else None
        if run_id:
            run = Run(
                id=run_id,
                created_at=at,
                thread_id=thread.id,
                assistant_id="default",
                status=status or "completed",
                model=model,
            )
            self._conn.execute(_RUN, (run.id, thread.id, run.status, encode(run)))
        made = [
            Message(
                id=new_id("msg"),
                created_at=at,
                thread_id=thread.id,
                status="completed",
                completed_at=at,
                role="assistant" if place % 2 else "user",
                content=[TextContent(TextValue(text, []))],
                run_id=run_id if place % 2 else None,
            )
            for place, text in enumerate(texts)
        ]
        messages.insert(self._conn, thread.id, made, at)
        return thread.id

    def close(self) -> None:
        """Write it."""
        self._conn.execute("COMMIT")
        self._conn.close()


def serve(world: LabWorld, stock: Stock) -> Server:
    """A JupyterLab with a scripted engine, over such a store."""
    return world.lab(db_path=str(stock.path))


def connection_to(server: Server) -> Connection:
    """The kernel's way to it, for a test."""
    return Connection(from_root(server.url, server.token, "arguments"))


def browse(page: Page, lab: Server, world: World, code: str = "", *more: str) -> None:
    """Open a notebook, and a thread browser in its second cell."""
    code = code or "from oxillama_jupyter.widgets import ThreadBrowser\nb = ThreadBrowser()\nb"
    write_notebook(world, code, *more)
    open_notebook(page, lab)
    run(page, 0)
    run(page, 1)
    page.wait_for_selector(".tb-thread, .tb-count:has-text('thread')", timeout=LIMIT)


def run(page: Page, cell: int) -> None:
    """Run one cell, and wait for its end."""
    page.evaluate(
        """async cell => {
          const { content, sessionContext } = window.jupyterapp.shell.currentWidget;
          content.activeCellIndex = cell; content.deselectAll();
          await window.jupyterapp.commands.execute('notebook:run-cell'); }""",
        cell,
    )
