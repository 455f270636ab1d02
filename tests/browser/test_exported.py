"""An exported notebook in JupyterLab: it runs, and an edit there is all that an import notices."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from browser.notebooks import LIMIT, open_notebook, run_all

from oxillama_jupyter.client.connection import connect
from oxillama_jupyter.client.exports import fetch, text_of_file
from oxillama_jupyter.client.ipynb import from_notebook

if TYPE_CHECKING:
    from client.world import Server, World
    from playwright.sync_api import Page

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
CODE = "window.jupyterapp.shell.currentWidget.content.widgets.filter(c => c.model.type === 'code')"
ENDED = (
    f"() => {CODE}.every(cell =>"
    " /\\[\\d+\\]/.test(cell.promptNode?.innerText ?? cell.inputArea.promptNode.innerText))"
)
SAVE = "() => window.jupyterapp.commands.execute('docmanager:save')"


def text(value: str, *annotations: dict[str, Any]) -> dict[str, Any]:
    return {"type": "text", "text": {"value": value, "annotations": list(annotations)}}


@pytest.mark.timeout(400)
@pytest.mark.parametrize("lab", ["embedded"], indirect=True)
def test_it_runs_and_an_edit_is_noticed(page: Page, lab: Server, world: World) -> None:
    connection = connect(lab.url, lab.token)
    places = {"text": "x", "start_index": 0, "end_index": 1}
    cited = {"type": "file_path", **places, "file_path": {"file_id": "f"}, "score": 1.5}
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
    messages = [
        {"role": "user", "content": [text("Zürich \u2028 \r\n🦙\r{x}"), image]},
        {"role": "assistant", "content": [text("x = $y$ <b>", cited)]},
        {"role": "user", "content": [text("Hello!")]},
    ]
    thread = connection.post(f"{connection.url}/threads/import", {"messages": messages})
    export = fetch(connection, thread["id"])
    file = world.root / "exported.ipynb"
    file.write_text(text_of_file(export, ".ipynb", "A thread"), "utf-8")

    open_notebook(page, lab, "first", "exported.ipynb")
    shown = page.evaluate(f"() => {CODE}.map(cell => cell.outputArea.node.innerText)")
    assert "x = " in shown[1]
    run_all(page)
    page.wait_for_function(ENDED, timeout=LIMIT)
    page.evaluate(SAVE)
    saved = json.loads(file.read_text("utf-8"))
    assert saved["cells"][-1]["execution_count"] == 3
    found = from_notebook(saved)
    assert found.whole
    assert found.export["messages"] == export["messages"]

    page.evaluate(f"() => {CODE}[2].model.sharedModel.setSource('%%oxillama\\nGoodbye!')")
    page.evaluate(SAVE)
    found = from_notebook(json.loads(file.read_text("utf-8")))
    assert found.edited is not None
    assert found.edited["content"] == [text("Goodbye!")]
    assert found.export["messages"] == export["messages"][:2]
