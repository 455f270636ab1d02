"""A notebook in a page: written, opened, run, looked at."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

if TYPE_CHECKING:
    from collections.abc import Callable

    from client.world import Server, World
    from playwright.sync_api import Page

LIMIT = 60_000  # milliseconds


def write_notebook(world: World, *sources: str) -> None:
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": source,
        }
        for number, source in enumerate(["%load_ext oxillama_jupyter", *sources])
    ]
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": spec}, "cells": cells}
    (world.root / "a.ipynb").write_text(json.dumps(content))


def open_notebook(
    page: Page, lab: Server, workspace: str = "first", notebook: str = "a.ipynb"
) -> None:
    """Open it in an empty workspace, and wait for its kernel, which starts while the page loads."""
    path = f"{lab.folder}{notebook}"
    start_kernel(lab, path)
    place = f"lab/workspaces/{lab.folder.replace('/', '-')}{workspace}"
    page.goto(f"{lab.url}{place}/tree/{path}?token={lab.token}&reset")
    wait_for_kernel(page)


def start_kernel(server: Server, path: str) -> None:
    """Have a notebook have a kernel, if it has none."""
    name = path.rpartition("/")[2]
    session = {"path": path, "name": name, "type": "notebook", "kernel": {"name": "python3"}}
    head = {"Authorization": f"token {server.token}", "Content-Type": "application/json"}
    request = Request(f"{server.url}api/sessions", json.dumps(session).encode(), head)
    urlopen(request, timeout=LIMIT / 1000).close()


def open_in_notebook7(page: Page, server: Server) -> None:
    """As `open_notebook`, in Jupyter Notebook."""
    page.goto(f"{server.url}notebooks/{server.folder}a.ipynb?token={server.token}")
    wait_for_kernel(page)


def wait_for_kernel(page: Page) -> None:
    page.wait_for_function(
        "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status"
        " === 'idle'",
        timeout=LIMIT,
    )


def wait_until(page: Page, condition: Callable[[], object], what: str) -> None:
    """Wait for what is not in the page, which goes on meanwhile."""
    deadline = time.monotonic() + LIMIT / 1000
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        page.wait_for_timeout(50)


def run_all(page: Page) -> None:
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")


def wait_for_end(page: Page, cell: int = 1) -> None:
    page.wait_for_function(
        f"""() => {{ const cell = document.querySelectorAll('.jp-CodeCell')[{cell}];
            return /\\[\\d+\\]/.test(cell.querySelector('.jp-InputPrompt').innerText)
              && !cell.querySelector('.oxillama-run'); }}""",
        timeout=LIMIT,
    )


def saved_cells(page: Page, world: World) -> list[dict[str, Any]]:
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    saved: list[dict[str, Any]] = json.loads((world.root / "a.ipynb").read_text())["cells"]
    return saved


def saved_outputs(page: Page, world: World) -> list[dict[str, Any]]:
    outputs: list[dict[str, Any]] = saved_cells(page, world)[1]["outputs"]
    return outputs


def value_of(page: Page, expression: str) -> Any:  # JSON of any shape
    """What a Python expression is worth in the notebook's kernel."""
    text = page.evaluate(
        """async code => {
          const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
          let text = '';
          const asked = kernel.requestExecute({ code, store_history: false });
          asked.onIOPub = message => { text += message.content.text ?? ''; };
          await asked.done; return text; }""",
        f"import json; print(json.dumps({expression}))",
    )
    return json.loads(text)
