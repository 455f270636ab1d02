"""Panels as outputs of a notebook, which may change while the page still gets what shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from browser.bare import open_bare
from browser.notebooks import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Page

# What our extension of JupyterLab gets from it, and a renderer of its.
_RENDERER = """async () => {
  class Widget {
    node = document.createElement('div');
    isDisposed = false;
    dispose() { this.isDisposed = true; }
  }
  await import('/remoteEntry.js');
  const extension = globalThis._JUPYTERLAB['oxillama-jupyter'];
  const lumino = { loaded: true, get: async () => () => ({ Widget }) };
  extension.init({ '@lumino/widgets': { 2: lumino } });
  const { default: found } = (await extension.get('./mimeExtension'))();
  globalThis.renderer = found.rendererFactory.createRenderer();
  document.getElementById('place').append(renderer.node);
  globalThis.output = (run_id) => {
    const state = { thread_id: run_id && 'thread_1', run_id };
    const data = { widget: 'run_cell_view', panel_id: 'run', state };
    return { data: { 'application/vnd.oxillama.panel+json': data, 'text/plain': 'plain' } };
  };
}"""


def test_an_output_that_changes_while_its_module_comes_is_shown_once(page: Page) -> None:
    stopped: list[str] = []

    def server(path: str, _: Any) -> Any:
        if path.endswith("/cancel"):
            stopped.append(path)
        return {"id": "run_1", "status": "in_progress", "created_at": 1, "data": []}

    open_bare(page, server)
    page.evaluate(_RENDERER)
    # The first `--bg` of a page: both outputs come before the module does.
    page.evaluate(
        "() => Promise.all([output(''), output('run_1')].map(one => renderer.renderModel(one)))"
    )
    assert page.locator(".oxillama-run").count() == 1
    page.get_by_role("button", name="Stop the answer").click()
    wait_until(page, lambda: stopped, "the run is stopped")
    assert stopped == ["v1/threads/thread_1/runs/run_1/cancel"]

    # The view that is there is the one that ends.
    page.evaluate("() => renderer.renderModel(output('run_2'))")
    assert page.locator(".oxillama-run").count() == 1
    page.evaluate("() => renderer.dispose()")
    assert page.locator(".oxillama-run").count() == 0
