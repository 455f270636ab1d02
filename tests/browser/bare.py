"""A page with our modules in it and nothing behind it: a test says what server and kernel say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import oxillama_jupyter

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page, Route

    # Gets a request's path and body; its answer is JSON.
    Says = Callable[[str, Any], Any]

PACKAGE = Path(oxillama_jupyter.__file__).parent
HOME = "http://127.0.0.1:8888/"  # nothing is asked there: all requests are answered here
_CONFIG = {"baseUrl": "/", "token": "", "oxillama": {"openai_prefix": "v1", "prefix": "oxillama"}}
_MARKUP = f"""<!doctype html><html lang="en"><title>A page</title>
<script id="jupyter-config-data" type="application/json">{json.dumps(_CONFIG)}</script>
<main id="place"></main><input id="elsewhere" aria-label="Elsewhere">"""
# `kernel(traits)` is a widget's model: what the kernel was sent is in `sent`, and `hear` is what
# the page hears of it.
_KERNEL = """
globalThis.kernel = (traits) => {
  const heard = new Map();
  return {
    traits, sent: [],
    get: (name) => traits[name],
    set: (name, value) => { traits[name] = value; },
    save_changes() {},
    send(message) { this.sent.push(message); },
    on: (name, done) => heard.set(name, [...(heard.get(name) ?? []), done]),
    hear: (name, ...what) => heard.get(name)?.forEach((done) => done(...what)),
  };
};
globalThis.ours = () => globalThis[Symbol.for('oxillama.page.1')];
"""
_SHOW = """async ([widget, id, state]) => {
  const module = await import(`/oxillama/widgets/${widget}.js`);
  globalThis.panel = ours().panel(id, state);
  globalThis.leave = module.show(panel, document.getElementById('place'), ours());
}"""


class Refusal(Exception):
    """The server's answer is an error; 0 means that there is none."""

    def __init__(self, status: int = 0) -> None:
        super().__init__(status)
        self.status = status


class Later(Exception):
    """The answer comes when the test says so; `held` of `open_bare` has it until then."""


def open_bare(page: Page, says: Says, held: list[Route] | None = None) -> None:
    """Open such a page.

    Args:
        page: The browser's.
        says: The server.
        held: Gets what is to be answered later.
    """

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(HOME)
        if path in {"", "remoteEntry.js"} or path.startswith("oxillama/widgets/"):
            _serve(route, path)
            return
        body = route.request.post_data
        try:
            said = says(path, json.loads(body) if body else None)
        except Refusal as error:
            if error.status:
                route.fulfill(status=error.status, json={"error": {"message": "no"}})
            else:
                route.abort()
        except Later:
            assert held is not None
            held.append(route)
        else:
            route.fulfill(json=said)

    page.add_init_script(_KERNEL)
    page.route("**/*", answer)
    page.goto(HOME)


def _serve(route: Route, path: str) -> None:
    if not path:
        route.fulfill(content_type="text/html", body=_MARKUP)
    elif path == "remoteEntry.js":
        route.fulfill(path=PACKAGE / "labextension" / "static" / path)
    else:
        route.fulfill(path=PACKAGE / "widgets" / "static" / path.rpartition("/")[2])


def show(page: Page, widget: str, panel_id: str, **state: Any) -> None:
    """Show a panel there; it is `panel` in the page, and `leave` ends that."""
    page.evaluate(_SHOW, [widget, panel_id, state])
