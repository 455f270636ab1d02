"""How fast Stop is: from the click in a real JupyterLab until the run and its cell have ended.

    python benchmarks/widgets.py [--times 10] [--json FILE]

The kernel is blocked meanwhile, by the cell that is stopped or by another one. Wants what the
browser tests want (`pip install -e '.[test]'`, Debian's `chromium`).
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent / "tests"
sys.path.insert(0, str(TESTS))

from browser.notebooks import open_notebook, write_notebook  # noqa: E402
from browser.stops import (  # noqa: E402
    CELL,
    SLEEPS,
    WRITES,
    run_cell,
    stop,
    wait_until_it_writes,
)
from client.world import World  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Page

GOAL = 300  # milliseconds
STARS = "document.querySelectorAll('.jp-CodeCell')[3].querySelector('.jp-InputPrompt').innerText"
KERNEL = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
WHAT = {
    "server": "the server has cancelled the run",
    "gone": "the button is gone",
    "ended": "the cell has ended",
}


def own_cell(page: Page, times: int) -> list[dict[str, float]]:
    """Stop the cell that blocks the kernel, so many times."""
    found = []
    for _ in range(times + 1):
        run_cell(page, 1)
        wait_until_it_writes(page, 1)
        found.append(stop(page, 1))
    return found[1:]  # the first one loads modules


def other_cell(page: Page, times: int) -> list[dict[str, float]]:
    """Stop runs in the background while another cell blocks the kernel."""
    found = []
    for _ in range(times):
        run_cell(page, 2)
        run_cell(page, 3)
        wait_until_it_writes(page, 2)
        found.append(stop(page, 2, ends=False))
        page.evaluate(f"() => {KERNEL}.interrupt()")
        page.wait_for_function(f"() => {STARS} !== '[*]:'")
    return found


def report(title: str, took: list[dict[str, float]], names: tuple[str, ...]) -> dict[str, Any]:
    """Print a table; return its figures."""
    print(f"\n{title}, {len(took)} times, in ms")
    found = {}
    for name in names:
        values = [one[name] for one in took]
        median, worst = statistics.median(values), max(values)
        found[name] = {"median_ms": median, "worst_ms": worst, "to_goal": worst / GOAL}
        share = f"{worst / GOAL:.2f} of {GOAL}"
        print(f"  {WHAT[name]:<32} median {median:4.0f}  worst {worst:4.0f}  worst is {share}")
    return found


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        raise SystemExit("no Chromium (apt-get install chromium)")
    with tempfile.TemporaryDirectory() as folder, closing(World(Path(folder))) as world:
        extension = TESTS.parent / "oxillama_jupyter" / "labextension"
        shutil.copytree(extension, f"{folder}/own/labextensions/oxillama-jupyter")
        world.env |= {
            "JUPYTER_PATH": f"{folder}/own",
            "JUPYTERLAB_WORKSPACES_DIR": f"{folder}/workspaces",
            "PYTHONPATH": f"{TESTS.parent}:{TESTS}",
        }
        lab = world.serve(
            f"--ServerApp.root_dir={folder}",
            "--LabApp.expose_app_in_browser=True",
            command=(str(HERE / "scripted_lab.py"),),
        )
        write_notebook(world, CELL, f"%%oxillama --bg\n{WRITES}", SLEEPS)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1200, "height": 1600})
            open_notebook(page, lab)
            run_cell(page, 0)
            own = own_cell(page, options.times)
            other = other_cell(page, options.times)
            browser.close()
    found = {
        "own_cell": report("Stop of the cell that blocks the kernel", own, tuple(WHAT)),
        "other_cell": report(
            "Stop while another cell blocks the kernel", other, ("server", "gone")
        ),
    }
    if options.json:
        options.json.write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
