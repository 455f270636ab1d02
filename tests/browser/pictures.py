"""Takes the pictures in `docs/`: the widgets in a real JupyterLab, with the embedded model.

    python tests/browser/pictures.py docs

Not a test; to be run, and its pictures to be looked at, when the widgets look different.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS.parent), str(TESTS)]

from browser.conftest import CHROMIUM_FLAGS, chromium  # noqa: E402
from browser.labs import SETTINGS, write_settings  # noqa: E402
from browser.notebooks import LIMIT, open_notebook, run_all, write_notebook  # noqa: E402
from client.world import Server, World  # noqa: E402
from openai import OpenAI  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

SUBJECTS = {
    "Rivers of the Alps": "teaching",
    "Reading group": "teaching",
    "Titration, group 2": "lab",
    "Titration, group 1": "lab",
    "Grant draft": "",
    "Names for the new probe": "lab",
    "Letter to the editor": "",
    "Exam questions": "teaching",
    "Survey answers": "lab",
    "Minutes of Monday": "",
}
CELLS = {
    "answer": "%%oxillama -t Mira --temperature 0 -o answer\n"
    "Hello! My name is Mira. I live in Lund and I like rowing.",
    "thread_browser": "from oxillama_jupyter.widgets import *\nThreadBrowser(thread='Mira')",
    "chat": "Chat(thread=answer.thread_id)",
    "prompt_xray": "PromptXray(thread_id=answer.thread_id, run_id=answer.run_id)",
    "engine_monitor": "EngineMonitor()",
    "models": "Models()",
}
DARK = {"thread_browser", "engine_monitor"}
OUTPUT = ".jp-Cell-outputWrapper"
VIEWPORT: Any = {"width": 1300, "height": 1500}
HIDE_LEFT = "() => window.jupyterapp.commands.execute('application:toggle-left-area')"
READY = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .every(cell => cell.model.type !== 'code' || cell.model.executionCount !== null)"""


def fill(server: Server) -> None:
    """Make threads that look like somebody's."""
    client = OpenAI(base_url=f"{server.url}v1", api_key=server.token)
    for name, tag in SUBJECTS.items():
        metadata = {"name": name} | ({f"tag:{tag}": "yes"} if tag else {})
        thread: Any = {"messages": [{"role": "user", "content": "Hello!"}], "metadata": metadata}
        client.beta.threads.create_and_run_poll(assistant_id="default", thread=thread)


@contextmanager
def asked(server: Server) -> Iterator[None]:
    """Three people ask all the time."""
    client, over = OpenAI(base_url=f"{server.url}v1", api_key=server.token), threading.Event()

    def ask(number: int) -> None:
        while not over.is_set():
            story: Any = {"role": "user", "content": f"Tell me a story about {number} llamas."}
            client.chat.completions.create(model="oxillama-tiny", messages=[story], max_tokens=200)

    with ThreadPoolExecutor(3) as pool:
        asking = [pool.submit(ask, number) for number in range(2, 5)]
        try:
            yield
        finally:
            over.set()
    for one in asking:
        one.result()


def take(page: Page, names: dict[str, str], folder: Path) -> None:
    """Take each cell's output, in its theme."""
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        change = "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})"
        page.evaluate(change, theme)
        page.wait_for_timeout(1500)
        for index, name in enumerate(names, 1):
            if (name in DARK) == theme.endswith("Dark"):
                output = page.locator(f".jp-CodeCell >> nth={index}").locator(OUTPUT)
                output.scroll_into_view_if_needed()
                page.wait_for_timeout(2500)  # figures and pictures of it come from the server
                output.screenshot(path=folder / f"{name}.png")


def main() -> int:
    """Take them all."""
    if len(sys.argv) != 2:
        sys.stderr.write("usage: python tests/browser/pictures.py FOLDER\n")
        return 2
    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, closing(World(Path(name))) as world:
        write_settings(world.root / "settings", SETTINGS)
        world.env["JUPYTERLAB_SETTINGS_DIR"] = str(world.root / "settings")
        flags = [f"--ServerApp.root_dir={world.root}", "--LabApp.expose_app_in_browser=True"]
        server = world.serve(*flags, command=("-m", "jupyterlab"))
        fill(server)
        write_notebook(world, *CELLS.values())
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
            page = browser.new_page(
                viewport={"width": 1300, "height": 1500}, device_scale_factor=1.5
            )
            open_notebook(page, server)
            page.evaluate(
                "() => window.jupyterapp.commands.execute('application:toggle-left-area')"
            )
            run_all(page)
            page.wait_for_function(READY, timeout=2 * LIMIT)
            with asked(server):
                take(page, CELLS, folder)
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
