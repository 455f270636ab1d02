from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from browser.labs import LabWorld, SharedLab
from browser.notebooks import LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from client.world import Server
    from playwright.sync_api import Browser, Page

TUTORIALS = Path(__file__).parents[2] / "notebooks"
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # A page on a busy machine can be too slow for once. In CI such a test is tried once more, as
    # JupyterLab's own are; the summary lists it, for it may be right (`RERUN`).
    if os.environ.get("CI") == "true":
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.flaky(reruns=1))


def chromium() -> str | None:
    """The browser of this machine."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="session")
def shared_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedLab]:
    """One JupyterLab for all tests of this worker, with the folder that theirs are in."""
    lab = SharedLab(tmp_path_factory.mktemp("lab"), tmp_path_factory.getbasetemp())
    yield lab
    lab.close()


@pytest.fixture
def world(tmp_path: Path, shared_lab: SharedLab) -> Iterator[LabWorld]:
    """Jupyter's directories of this test alone; all servers in them end with it."""
    world = LabWorld(tmp_path, shared_lab)
    yield world
    world.close()


@pytest.fixture
def lab(world: LabWorld, request: pytest.FixtureRequest) -> Server:
    """A JupyterLab in a folder with the tutorials in it; slow enough to see it write.

    A test's parameter is another engine than the slow one.
    """
    for notebook in TUTORIALS.glob("*.ipynb"):
        content = json.loads(notebook.read_text("utf-8"))
        for cell in content["cells"]:
            if cell["cell_type"] == "code":
                cell |= {"outputs": [], "execution_count": None}
        (world.root / notebook.name).write_text(json.dumps(content))
    return world.lab(getattr(request, "param", "paced"))


@pytest.fixture(scope="module")  # no longer: Playwright keeps an event loop running meanwhile
def browser() -> Iterator[Browser]:
    """Headless Chromium; where there is none, these tests are skipped, but never in CI."""
    program = chromium()
    if program is None:
        problem = "no Chromium: these tests need one (apt-get install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(problem)
        pytest.skip(problem)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page, with nothing of other tests."""
    context = browser.new_context(viewport={"width": 1200, "height": 1600})
    context.set_default_timeout(LIMIT)
    yield context.new_page()
    context.close()


@pytest.fixture
def scripted_lab(world: LabWorld) -> Server:
    """A JupyterLab whose engine says what it is told to."""
    return world.lab()


@pytest.fixture
def hosts(page: Page) -> Iterator[set[str | None]]:
    """Where the page's requests go; never away from this machine."""
    hosts: set[str | None] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
    yield hosts
    assert hosts <= {"127.0.0.1", None}


@pytest.fixture
def axe(page: Page) -> Callable[[str], list[Any]]:
    """Look for what people with assistive technology could not use; serious faults and worse."""
    script = (
        Path(__file__).parents[1] / "clients" / "node" / "node_modules" / "axe-core" / "axe.min.js"
    )
    if not script.exists():
        problem = "no axe-core (npm ci --prefix tests/clients/node)"
        if os.environ.get("CI") == "true":
            pytest.fail(problem)
        pytest.skip(problem)

    def look(selector: str) -> list[Any]:
        page.evaluate(script.read_text("utf-8"))
        return page.evaluate(
            """async selector => (await axe.run(selector)).violations
              .filter(fault => ['serious', 'critical'].includes(fault.impact))
              .map(fault => [fault.id, fault.nodes.map(node => node.html.slice(0, 200))])""",
            selector,
        )

    return look
