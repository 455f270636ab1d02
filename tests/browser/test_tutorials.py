"""Each tutorial as its reader runs it: in JupyterLab, all cells, with the results it shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from browser.notebooks import LIMIT, open_notebook, run_all

if TYPE_CHECKING:
    from client.world import Server
    from playwright.sync_api import Page

TUTORIALS = sorted(path.name for path in (Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
IGNORED = {"nbval-ignore-output", "raises-exception"}
DONE = """() => {
  const cells = window.jupyterapp.shell.currentWidget.content.widgets;
  return cells.every(cell => cell.model.type !== 'code' || cell.model.executionCount !== null);
}"""
OUTPUTS = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter(cell => cell.model.type === 'code')
  .map(cell => cell.outputArea.model.toJSON())"""


def results(outputs: list[dict[str, Any]]) -> list[str]:
    """What a cell's last line and its prints gave, as nbval compares it."""
    printed = "".join(
        "".join(output["text"]) for output in outputs if output["output_type"] == "stream"
    )
    values = [
        "".join(output["data"]["text/plain"])
        for output in outputs
        if output["output_type"] == "execute_result"
    ]
    return [*([printed] if printed else []), *values]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("lab", ["embedded"], indirect=True, ids=["lab"])
@pytest.mark.parametrize("name", TUTORIALS)
def test_it_runs_in_jupyterlab(page: Page, lab: Server, name: str) -> None:
    hosts: set[str | None] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
    open_notebook(page, lab, "tutorial", name)
    run_all(page)
    page.wait_for_function(DONE, timeout=3 * LIMIT)

    written = json.loads((Path(__file__).parents[2] / "notebooks" / name).read_text("utf-8"))
    cells = [cell for cell in written["cells"] if cell["cell_type"] == "code"]
    for cell, outputs in zip(cells, page.evaluate(OUTPUTS), strict=True):
        tags = set(cell["metadata"].get("tags", ()))
        errors = [output["evalue"] for output in outputs if output["output_type"] == "error"]
        source = "".join(cell["source"])
        assert bool(errors) == ("raises-exception" in tags), (source, errors)
        if not tags & IGNORED:
            assert results(outputs) == results(cell["outputs"]), source
    assert hosts <= {"127.0.0.1", None}
