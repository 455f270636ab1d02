"""A widget in both themes and at two widths."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from browser.notebooks import LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

_TOO_WIDE = """selector => [...document.querySelectorAll(selector)]
  .filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.outerHTML.slice(0, 200))"""
_COLOUR = "() => getComputedStyle(document.body).getPropertyValue('--jp-layout-color1')"
_SETTLED = """async () => {
  const frame = () => new Promise(done => requestAnimationFrame(done));
  await frame();
  await frame();
  await Promise.all(document.getAnimations()
    .filter(one => one.playState === 'running' && one.effect.getComputedTiming().endTime < 5000)
    .map(one => one.finished.catch(() => {})));
}"""


def settle(page: Page) -> None:
    """Wait until the page is laid out, and nothing in it is on its way to somewhere."""
    page.evaluate(_SETTLED)


def theme(page: Page, name: str) -> None:
    """Change JupyterLab's theme: `Light` or `Dark`."""
    light = str(name == "Light").lower()
    there = f"body[data-jp-theme-light='{light}']"
    if page.locator(there).count() == 0:
        before = page.evaluate(_COLOUR)
        page.evaluate(
            "theme => { window.jupyterapp.commands.execute('apputils:change-theme', {theme}); }",
            f"JupyterLab {name}",
        )
        page.wait_for_selector(there, state="attached", timeout=LIMIT)
        # Its styles come a moment later.
        page.wait_for_function(f"before => ({_COLOUR})() !== before", arg=before, timeout=LIMIT)
    settle(page)


def check_none(page: Page, script: str, argument: Any, where: Any = None) -> None:
    """Nothing is found by a script, once what follows a change of the layout has been done."""
    with suppress(Exception):  # what is found then says more
        page.wait_for_function(
            f"argument => ({script})(argument).length === 0", arg=argument, timeout=5000
        )
    assert page.evaluate(script, argument) == [], where


def check_looks(page: Page, axe: Callable[[str], list[Any]], selector: str) -> None:
    """Nothing overflows, and nobody is kept from using it."""
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    for name in ("Light", "Dark"):
        theme(page, name)
        for width in (1200, 480):
            page.set_viewport_size({"width": width, "height": 1200})
            settle(page)
            check_none(page, _TOO_WIDE, selector, (name, width))
            assert axe(selector) == [], (name, width)
    page.set_viewport_size({"width": 1200, "height": 1600})
    theme(page, "Light")
