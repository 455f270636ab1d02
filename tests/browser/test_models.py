"""The models in JupyterLab, in a browser: chosen, loaded, refused, fetched, with any name."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browser.hostile import FOUND
from browser.looks import check_none, settle, theme
from browser.notebooks import (
    LIMIT,
    open_notebook,
    run_all,
    saved_outputs,
    value_of,
    wait_until,
    write_notebook,
)
from conftest import EMBEDDED
from hub import Hub

from oxillama_jupyter.engine.fit import Wanted, estimate
from oxillama_jupyter.engine.gguf import read_header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from browser.labs import LabWorld
    from client.world import Server, World
    from playwright.sync_api import Locator, Page

MODELS = ".oxillama-models"
COST = estimate(read_header(EMBEDDED), Wanted()).total
WIDE = """selector => {
  const panel = document.querySelector(selector), edge = panel.getBoundingClientRect().right + 1;
  return [...panel.querySelectorAll('*')]
    .filter(one => one.getBoundingClientRect().right > edge)
    .map(one => one.outerHTML.slice(0, 200));
}"""
HOSTILE = [
    '<img src=x onerror="window.PWNED=1">',
    "[a](javascript:window.PWNED=2) ![b](http:evil.example)",
    "\u202efuggp\u202c \x1b[31mred",
    "x" * 200,
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for models."""
    models = tmp_path / "gguf"
    models.mkdir()
    return models


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as hub:
        yield hub


def serve(world: LabWorld, folder: Path, **traits: Any) -> Server:
    """A JupyterLab with the models of a folder."""
    return world.lab("embedded", model_dirs=[str(folder)], **traits)


def opened(page: Page, lab: Server, world: World, *sources: str) -> Locator:
    write_notebook(world, *(sources or ("%oxillama models",)))
    open_notebook(page, lab)
    run_all(page)
    page.wait_for_selector(f"{MODELS} h3", timeout=LIMIT)
    return page.locator(MODELS).first


def model(panel: Locator, name: str) -> Locator:
    """A model's entry in the list."""
    found: Locator = panel.locator(".ox-model").filter(
        has=panel.page.get_by_role("radio", name=name, exact=True)
    )
    return found


def shot(panel: Locator, name: str) -> None:
    """Keep a picture for who wants to look, in the folder that OXILLAMA_SHOTS names."""
    if folder := os.environ.get("OXILLAMA_SHOTS"):
        panel.screenshot(path=str(Path(folder) / f"models-{name}.png"))


@pytest.mark.timeout(250)
def test_models_are_chosen_loaded_and_unloaded(
    page: Page, world: LabWorld, folder: Path, hosts: set[str | None]
) -> None:
    for name in ("first", "second"):
        shutil.copy(EMBEDDED, folder / f"{name}.gguf")
    (folder / "cut.gguf").write_bytes(EMBEDDED.read_bytes()[:-1000])
    lab = serve(world, folder)
    source = "from oxillama_jupyter.widgets import Models\nmodels = Models()\nmodels"
    panel = opened(page, lab, world, source, "models.selected")

    model(panel, "oxillama-tiny").filter(has_text="● Loaded").wait_for(timeout=LIMIT)
    assert "default" in model(panel, "oxillama-tiny").inner_text()
    assert "cut off" in model(panel, "cut").inner_text()
    first = model(panel, "first")
    assert "○ Not loaded" in first.inner_text()
    assert re.search(r"Fits\. Needs about \d+ MB; [\d.,]+ [MG]B (free|left)", first.inner_text())

    first.get_by_role("button", name="Load first").click()
    first.filter(has_text="● Loaded").wait_for(timeout=LIMIT)
    panel.filter(has_text="2 of 4 loaded").wait_for(timeout=LIMIT)
    shot(panel, "loaded")
    first.get_by_role("button", name="Unload first").click()
    first.filter(has_text="○ Not loaded").wait_for(timeout=LIMIT)

    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    first.get_by_role("button", name="Copy first").click()
    first.filter(has_text="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "first"

    model(panel, "second").get_by_role("radio").check()
    wait_until(page, lambda: value_of(page, "models.selected") == "second", "the choice")
    page.evaluate(
        """() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 2;
          window.jupyterapp.commands.execute('notebook:run-cell'); }"""
    )
    page.wait_for_selector(".jp-OutputArea:has-text(\"'second'\")", timeout=LIMIT)
    (output,) = saved_outputs(page, world)
    assert "| second |" in "".join(output["data"]["text/markdown"])


@pytest.mark.timeout(200)
def test_what_does_not_fit_says_why_before_it_is_loaded(
    page: Page, world: LabWorld, folder: Path, hosts: set[str | None]
) -> None:
    for name in ("first", "second"):
        shutil.copy(EMBEDDED, folder / f"{name}.gguf")
    lab = serve(world, folder, model_memory=COST * 3 // 2)
    panel = opened(page, lab, world)

    first = model(panel, "first")
    first.filter(has_text="Fits once others give way.").wait_for(timeout=LIMIT)
    assert "these idle models are unloaded: oxillama-tiny" in first.inner_text()
    first.get_by_role("button", name="Load first").click()
    first.filter(has_text="● Loaded").wait_for(timeout=LIMIT)
    model(panel, "oxillama-tiny").filter(has_text="○ Not loaded").wait_for(timeout=LIMIT)


@pytest.mark.timeout(200)
def test_what_can_never_fit_cannot_be_loaded(
    page: Page, world: LabWorld, folder: Path, hosts: set[str | None]
) -> None:
    lab = serve(world, folder, model_memory=COST // 2)
    panel = opened(page, lab, world)

    only = model(panel, "oxillama-tiny")
    only.filter(has_text="Does not fit.").wait_for(timeout=LIMIT)
    assert re.search(r"needs about \d+ MB of memory \(weights \d+ MB, cache", only.inner_text())
    assert only.get_by_role("button", name="Load oxillama-tiny").is_disabled()
    assert "c.OxillamaApp.allow_pull = True" in panel.inner_text()  # how to turn that on
    assert panel.get_by_role("textbox").count() == 0
    shot(panel, "does-not-fit")


@pytest.mark.timeout(250)
def test_a_model_is_fetched_cancelled_resumed_and_refused(
    page: Page, world: LabWorld, folder: Path, hub: Hub, hosts: set[str | None]
) -> None:
    hub.add("org/tiny", {"tiny-Q8_0.gguf": EMBEDDED.read_bytes()})
    hub.add("org/big", {"big-Q8_0.gguf": bytes(24_000_000)})
    env = {
        "HF_ENDPOINT": hub.url,
        "HF_HUB_CACHE": str(world.root / "hub"),
        "HF_HUB_OFFLINE": "0",
        "NO_PROXY": "127.0.0.1,localhost",
    }
    lab = serve(world, folder, allow_pull=True, env=env)
    panel = opened(page, lab, world)
    name = panel.get_by_role("textbox", name="Model of the Hugging Face hub")

    name.fill("hf:org/none")
    name.press("Enter")
    panel.get_by_role("alert").filter(has_text="org/none").wait_for(timeout=LIMIT)
    hub.hold(8_000_000)
    name.fill("hf:org/big")
    name.press("Enter")
    big = panel.locator(".ox-pull").filter(has_text="hf:org/big")
    big.filter(has_text="Fetching").wait_for(timeout=LIMIT)
    wait_until(page, hub.holding.is_set, "the first part")
    page.wait_for_timeout(500)  # what comes within one moment is told once
    hub.go_on(15_000_000)
    part = "one => one.value / one.max"
    value = f"() => ({part})(document.querySelector('.ox-pull progress')) > 0.2"
    page.wait_for_function(value, timeout=LIMIT)
    assert big.get_by_role("progressbar").evaluate(part) < 0.9
    assert re.search(r"\d+ % · [\d.,]+ MB of 24 MB", big.inner_text())
    shot(panel, "fetching")
    big.get_by_role("button", name="Cancel hf:org/big").click()
    big.filter(has_text="Cancelled").wait_for(timeout=LIMIT)
    assert "what has come is kept" in big.inner_text()

    hub.hold(1_000_000)
    name.fill("hf:org/tiny")
    name.press("Enter")
    pull = panel.locator(".ox-pull").filter(has_text="hf:org/tiny")
    pull.get_by_role("button", name="Cancel hf:org/tiny").click(timeout=LIMIT)
    pull.filter(has_text="Cancelled").wait_for(timeout=LIMIT)
    hub.release()
    pull.get_by_role("button", name="Resume hf:org/tiny").click()
    pull.filter(has_text="Can be loaded as org/tiny:Q8_0").wait_for(timeout=LIMIT)
    fetched = model(panel, "org/tiny:Q8_0")
    fetched.get_by_role("button", name="Load org/tiny:Q8_0").click()
    fetched.filter(has_text="● Loaded").wait_for(timeout=LIMIT)


@pytest.mark.timeout(250)
def test_any_name_is_only_text_in_each_theme_wide_and_narrow(  # noqa: PLR0913, PLR0917 - fixtures
    page: Page,
    world: LabWorld,
    folder: Path,
    hub: Hub,
    axe: Callable[[str], list[Any]],
    hosts: set[str | None],
) -> None:
    for number, name in enumerate([*HOSTILE, "plain", "other"]):
        content = EMBEDDED.read_bytes()
        (folder / f"{name}.gguf").write_bytes(content[:-1000] if number in {0, 4} else content)
    env = {"HF_ENDPOINT": hub.url, "HF_HUB_CACHE": str(world.root / "hub")}
    page.set_viewport_size({"width": 1800, "height": 1900})
    lab = serve(world, folder, allow_pull=True, env=env)
    panel = opened(page, lab, world)
    name = panel.get_by_role("textbox", name="Model of the Hugging Face hub")
    name.fill("hf:<img src=x onerror=window.PWNED=3>/\u202ex")
    name.press("Enter")
    panel.get_by_role("alert").first.wait_for(timeout=LIMIT)

    found = page.evaluate(FOUND.replace("button,input,form,", ""), MODELS)
    assert found["elements"] == []
    assert found["links"] == []
    assert found["handlers"] == []
    assert found["pwned"] is None
    assert '<img src=x onerror="window.PWNED=1">' in found["text"]
    assert "\ufffdfuggp" in found["text"]
    assert "\u202e" not in found["text"]
    for colours in ("Light", "Dark"):
        theme(page, colours)
        for width in (1200, 360):
            panel.evaluate("(one, width) => { one.style.width = `${width}px`; }", width)
            settle(page)
            shot(panel, f"{colours.lower()}-{width}")
            check_none(page, WIDE, MODELS, (colours, width))
            assert axe(MODELS) == [], (colours, width)
    (output,) = saved_outputs(page, world)
    markdown = "".join(output["data"]["text/markdown"])
    assert "\x1b" not in markdown
    assert "<img" not in markdown.replace("\\<img", "")


@pytest.mark.timeout(200)
def test_the_keyboard_is_enough_and_a_lost_server_is_told(
    page: Page, world: LabWorld, folder: Path, hosts: set[str | None]
) -> None:
    shutil.copy(EMBEDDED, folder / "first.gguf")
    lab = serve(world, folder)
    panel = opened(page, lab, world)
    first = model(panel, "first")
    first.filter(has_text="Fits.").wait_for(timeout=LIMIT)
    first.get_by_role("radio").focus()
    page.keyboard.press("Space")
    assert first.get_by_role("radio").is_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    focus = "() => document.activeElement.getAttribute('aria-label')"
    assert page.evaluate(focus) == "Load first"
    page.keyboard.press("Enter")
    first.filter(has_text="● Loaded").wait_for(timeout=LIMIT)

    page.route("**/oxillama/models*", lambda route: route.abort())
    alert = panel.get_by_role("alert").filter(has_text="The server does not answer")
    alert.wait_for(timeout=LIMIT)
    assert first.is_visible()  # what was known stays
    page.unroute("**/oxillama/models*")
    panel.get_by_role("button", name="Ask now").click()
    alert.wait_for(state="detached", timeout=LIMIT)
