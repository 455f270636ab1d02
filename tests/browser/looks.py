"""A widget in both themes and at two widths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

_FITS = """selector => [...document.querySelectorAll(selector)]
  .every(one => one.scrollWidth <= one.clientWidth + 1)"""


def theme(page: Page, name: str) -> None:
    """Change JupyterLab's theme: `Light` or `Dark`."""
    page.evaluate(
        "theme => { window.jupyterapp.commands.execute('apputils:change-theme', {theme}); }",
        f"JupyterLab {name}",
    )
    light = str(name == "Light").lower()
    page.wait_for_selector(f"body[data-jp-theme-light='{light}']", state="attached")
    page.wait_for_timeout(500)  # its styles come a moment later


def check_looks(page: Page, axe: Callable[[str], list[Any]], selector: str) -> None:
    """Nothing overflows, and nobody is kept from using it."""
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    for name in ("Light", "Dark"):
        theme(page, name)
        for width in (1200, 480):
            page.set_viewport_size({"width": width, "height": 1200})
            page.wait_for_timeout(300)
            assert page.evaluate(_FITS, selector), (name, width)
            assert axe(selector) == [], (name, width)
    page.set_viewport_size({"width": 1200, "height": 1600})
    theme(page, "Light")
