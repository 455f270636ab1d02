"""A notebook from elsewhere, opened and looked at: what its outputs say is not obeyed."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from browser.notebooks import LIMIT, open_notebook, write_notebook

if TYPE_CHECKING:
    from client.world import Server, World
    from playwright.sync_api import Page

MIME = "application/vnd.oxillama.panel+json"
EVIL = "window.PWNED = 1; export const PROTOCOL = 1; export const show = () => () => {};"


def output(data: dict[str, Any], **about: str) -> dict[str, Any]:
    metadata = {"oxillama": about} if about else {}
    return {"output_type": "display_data", "data": data, "metadata": metadata}


@pytest.mark.timeout(200)
def test_an_opened_notebook_loads_nothing_of_its_own_and_asks_no_other_route(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    folder = getattr(scripted_lab, "folder", "")  # where the test's root is in the server's
    (world.root / "evil" / "widgets").mkdir(parents=True)
    for name in ("evil.js", "evil/widgets/run_cell_view.js"):
        (world.root / name).write_text(EVIL)
    run = f"../../../api/contents/{folder}evil.js?x="
    prefixes = {"prefix": f"files/{folder}evil", "openai_prefix": "api"}
    state = {**prefixes, "thread_id": "..", "run_id": run}
    up, encoded = f"../../files/{folder}evil", f"..%2f..%2ffiles%2f{folder}evil"
    names = ["run_cell_view", up, encoded, "chat", "prompt_xray"]
    outputs = [
        output({MIME: {"widget": name, "panel_id": name, "state": state}, "text/plain": name})
        for name in names
    ]
    outputs.append(output({"text/markdown": "```\nx\n```"}, run_id=run, thread_id=".."))
    write_notebook(world, "")
    notebook = json.loads((world.root / "a.ipynb").read_text())
    notebook["cells"][1]["outputs"] = outputs
    (world.root / "a.ipynb").write_text(json.dumps(notebook))
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    open_notebook(page, scripted_lab)
    page.wait_for_selector(".oxillama-code button", state="attached", timeout=LIMIT)
    refused = ".jp-OutputArea:has-text('The server has no such route.')"
    page.wait_for_selector(refused, timeout=LIMIT)
    page.wait_for_timeout(1500)

    assert page.evaluate("window.PWNED") is None
    assert [url for url in asked if re.search(r"/files/|/contents/.*evil", url)] == []
    found = page.evaluate(
        "async url => (await fetch(url)).status", f"{scripted_lab.url}files/{folder}evil.js"
    )
    assert found == 200  # it was there to be had
