"""Cells and panels in Jupyter Notebook 7, in a browser."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from browser.notebooks import (
    LIMIT,
    open_in_notebook7,
    run_all,
    saved_outputs,
    wait_for_end,
    write_notebook,
)
from openai import OpenAI

if TYPE_CHECKING:
    from client.world import Server, World
    from playwright.sync_api import Page

RUNNING = ".jp-InputPrompt:has-text('[*]')"
# What of a widget's view is ours, not the widget manager's that needs the kernel's model.
OURS = ".jp-OutputArea-output > .oxillama-panel"


@pytest.mark.timeout(200)
def test_an_answer_is_written_while_its_cell_runs(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    words = " ".join(f"word{number}" for number in range(120))
    write_notebook(world, f"%%oxillama\npace 40\n{words}")
    open_in_notebook7(page, scripted_lab)
    run_all(page)

    page.wait_for_selector(".oxillama-text:has-text('word3')", timeout=LIMIT)
    assert page.locator(RUNNING).count() == 1
    assert "word119" not in page.locator(".oxillama-text").inner_text()
    wait_for_end(page)
    (answer,) = saved_outputs(page, world)
    assert "".join(answer["data"]["text/markdown"]) == words


@pytest.mark.timeout(200)
def test_stop_ends_the_run_of_a_busy_kernel(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    write_notebook(world, "%%oxillama\nslow 600")
    open_in_notebook7(page, scripted_lab)
    run_all(page)

    page.wait_for_selector(".oxillama-text:has-text('w3')", timeout=LIMIT)
    page.get_by_role("button", name="Stop the answer").click()
    page.wait_for_selector(".oxillama-run", state="detached", timeout=LIMIT)
    wait_for_end(page)
    text, error = saved_outputs(page, world)
    assert "".join(text["data"]["text/markdown"]).startswith("w0 w1 w2 ")
    assert "cancelled" in "".join(error["traceback"])


@pytest.mark.timeout(200)
def test_a_panel_is_shown_live_and_again_without_a_kernel_s_model(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    thread_id, run_id, other = runs_of(scripted_lab)
    write_notebook(
        world,
        "from oxillama_jupyter.widgets import PromptXray\n"
        f"xray = PromptXray(thread_id={thread_id!r}, run_id={run_id!r})\nxray",
        f"xray.run_id = {other!r}",
    )
    open_in_notebook7(page, scripted_lab)
    page.evaluate(RUN, [0, 1])
    page.wait_for_selector(f"{OURS} .ox-scroller:has-text('one two three')", timeout=LIMIT)
    page.evaluate(RUN, [2])  # the kernel's model is connected to it
    page.wait_for_selector(f"{OURS} .ox-scroller:has-text('four five')", timeout=LIMIT)

    (output,) = saved_outputs(page, world)
    assert "| user | one two three |" in "".join(output["data"]["text/markdown"])
    page.evaluate(RESTART)
    forget_models(world)
    open_in_notebook7(page, scripted_lab)
    page.wait_for_selector(f"{OURS} .ox-scroller:has-text('one two three')", timeout=LIMIT)
    assert "four five" not in page.locator(OURS).inner_text()
    assert page.get_by_role("button", name="Make the prompt again").is_visible()


RUN = """async indices => {
  for (const index of indices) {
    window.jupyterapp.shell.currentWidget.content.activeCellIndex = index;
    await window.jupyterapp.commands.execute('notebook:run-cell');
  }
}"""
RESTART = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"


def runs_of(server: Server) -> tuple[str, str, str]:
    """A thread and two runs on it."""
    client = OpenAI(base_url=f"{server.url}v1", api_key=server.token)
    thread_id = client.beta.threads.create().id
    ids = []
    for text in ("one two three", "four five"):
        client.beta.threads.messages.create(thread_id, role="user", content=text)
        run = client.beta.threads.runs.create_and_poll(thread_id=thread_id, assistant_id="default")
        ids.append(run.id)
    return thread_id, ids[0], ids[1]


def forget_models(world: World) -> None:
    """Take what widget managers keep out of the notebook; what is left is ours."""
    path = world.root / "a.ipynb"
    content: dict[str, Any] = json.loads(path.read_text())
    content["metadata"].pop("widgets", None)
    path.write_text(json.dumps(content))
