"""A notebook in a page: written, opened, run, looked at."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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


def path_in_lab(lab: Server, workspace: str, notebook: str = "a.ipynb") -> str:
    """Where JupyterLab opens a notebook in an empty workspace."""
    place = f"lab/workspaces/{lab.folder.replace('/', '-')}{workspace}"
    return f"{place}/tree/{lab.folder}{notebook}?token={lab.token}&reset"


def open_notebook(page: Page, lab: Server, workspace: str = "first") -> None:
    page.goto(f"{lab.url}{path_in_lab(lab, workspace)}")
    wait_for_kernel(page)


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
