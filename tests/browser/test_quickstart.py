"""The tutorial as a beginner meets it: in JupyterLab, in a browser."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from browser.notebooks import LIMIT, open_notebook, run_all

if TYPE_CHECKING:
    from client.world import Server, World
    from playwright.sync_api import Page

NOTEBOOK = "01_quickstart.ipynb"
CELLS = """() => {
  const panel = window.jupyterapp.shell.currentWidget;
  return panel.content.widgets.filter(cell => cell.model.type === 'code').map(cell => ({
    source: cell.model.sharedModel.getSource(),
    prompt: cell.promptNode?.innerText ?? cell.inputArea.promptNode.innerText,
    text: cell.outputArea.node.querySelector('.oxillama-text')?.innerText
      ?? [...cell.outputArea.node.querySelectorAll('.jp-OutputArea-output')]
        .map(output => output.innerText).join('\\n'),  // and not the bar below
    errors: cell.outputArea.model.toJSON().filter(output => output.output_type === 'error'),
  }));
}"""


def cells(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(CELLS)
    return found


@pytest.mark.timeout(400)
def test_it_runs_and_text_appears_before_the_cell_has_finished(
    page: Page, lab: Server, world: World
) -> None:
    hosts: set[str | None] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
    open_notebook(page, lab, "first", NOTEBOOK)
    number = next(n for n, cell in enumerate(cells(page)) if "My name is" in cell["source"])

    run_all(page)
    seen = page.wait_for_function(
        f"() => {{ const cell = ({CELLS})()[{number}];"
        " const text = cell.text.trim().replace('Loading widget...', '');"
        " return cell.prompt.includes('*') && text ? text : null; }",
        timeout=LIMIT,
        polling=20,
    ).json_value()
    page.wait_for_function(
        f"() => ({CELLS})().every(cell => /\\[\\d+\\]/.test(cell.prompt))", timeout=LIMIT
    )

    ran = cells(page)
    assert [cell["errors"] for cell in ran] == [[]] * len(ran)
    whole = ran[number]["text"].strip()
    assert whole.startswith(seen)
    assert len(seen) < len(whole)
    assert hosts <= {"127.0.0.1", None}

    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    saved = json.loads((world.root / NOTEBOOK).read_text("utf-8"))
    (output,) = next(
        cell["outputs"] for cell in saved["cells"] if "My name is" in "".join(cell["source"])
    )
    assert set(output["data"]) == {"text/markdown", "text/plain"}
    assert "".join(output["data"]["text/markdown"]).strip() == whole
    assert set(output["metadata"]["oxillama"]) == {"run_id", "thread_id", "event"}

    open_notebook(page, lab, "second", NOTEBOOK)
    assert cells(page)[number]["text"].strip() == whole


@pytest.mark.timeout(400)
def test_the_thread_goes_on_after_a_restart_of_the_kernel(page: Page, lab: Server) -> None:
    open_notebook(page, lab, "first", NOTEBOOK)
    setup = (
        "const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;"
        "const run = async code => { const future = kernel.requestExecute({code});"
        " const outputs = []; future.onIOPub = m => outputs.push(m.content); await future.done;"
        " return outputs; };"
    )
    load = "await run('%load_ext oxillama_jupyter');"
    ask = (
        "await run('%%oxillama -o a --max-tokens 1\\nHello!');"
        " return await run('print(a.thread_id)');"
    )
    before = page.evaluate(f"async () => {{ {setup} {load} {ask} }}")
    page.evaluate(f"async () => {{ {setup} await kernel.restart(); }}")
    after = page.evaluate(f"async () => {{ {setup} {load} {ask} }}")

    def thread(outputs: list[dict[str, Any]]) -> str:
        return next(str(output["text"]) for output in outputs if "text" in output)

    assert thread(before).startswith("thread_")
    assert thread(after) == thread(before)
