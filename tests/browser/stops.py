"""How long Stop takes: measured in the page, from the click on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from browser.notebooks import LIMIT

if TYPE_CHECKING:
    from playwright.sync_api import Page

WRITES = "slow 6000"  # what the scripted engine answers for five minutes
CELL = f"%%oxillama -o answer\n{WRITES}"
SLEEPS = "import time\ntime.sleep(600)"
_RUN = """index => {
  const { content } = window.jupyterapp.shell.currentWidget;
  content.deselectAll();
  content.activeCellIndex = index;
  window.jupyterapp.commands.execute('notebook:run-cell');
}"""
# Milliseconds until the server has answered, the button is gone and, where it is to, the cell ends.
_STOP = """([index, ends]) => {
  const cell = document.querySelectorAll('.jp-CodeCell')[index];
  const button = cell.querySelector('.oxillama-stop');
  const prompt = cell.querySelector('.jp-InputPrompt');
  const began = performance.now();
  const took = {};
  performance.clearResourceTimings(); // a browser keeps 250 of them
  button.click();
  return new Promise((done) => {
    const look = () => {
      const now = performance.now() - began;
      if (!button.isConnected || !button.offsetParent) took.gone ??= now;
      if (!ends || /\\[\\d+\\]/.test(prompt.innerText)) took.ended ??= now;
      const [answer] = performance.getEntriesByType('resource')
        .filter((one) => one.name.endsWith('/cancel') && one.startTime >= began);
      if (answer) took.server ??= answer.responseEnd - began;
      if (took.gone && took.ended && took.server) done(took);
      else setTimeout(look, 0);
    };
    look();
  });
}"""


def run_cell(page: Page, index: int) -> None:
    """Run a cell, without waiting for its end."""
    page.evaluate(_RUN, index)


def wait_until_it_writes(page: Page, index: int) -> None:
    """Wait for text of the answer that a cell's widget shows."""
    cell = f"document.querySelectorAll('.jp-CodeCell')[{index}]"
    shown = f"{cell}.querySelector('.oxillama-run .oxillama-text')"
    page.wait_for_function(f"() => {shown}?.innerText.includes('w1 w2')", timeout=LIMIT)


def stop(page: Page, index: int, *, ends: bool = True) -> dict[str, float]:
    """Press Stop; milliseconds until `server`, `gone` and, if the cell `ends` by it, `ended`."""
    took: dict[str, float] = page.evaluate(_STOP, [index, ends])
    return took


def kernel_value(page: Page, expression: str) -> Any:  # JSON
    """What an idle kernel says to an expression."""
    code = f"import json; print(json.dumps({expression}))"
    said = page.evaluate(
        """async code => {
          const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
          const future = kernel.requestExecute({ code, store_history: false });
          let text = '';
          future.onIOPub = (one) => one.header.msg_type === 'stream' && (text += one.content.text);
          await future.done;
          return text;
        }""",
        code,
    )
    return json.loads(said)
