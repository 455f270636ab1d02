"""The field for a call's arguments takes the focus once, however often the page looks again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from browser.bare import open_bare, show
from browser.notebooks import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Page

RUN = {"id": "run_1", "thread_id": "thread_1", "status": "requires_action", "created_at": 1}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}


def test_a_field_that_is_edited_leaves_the_focus_where_somebody_takes_it(page: Page) -> None:
    asked: list[str] = []

    def server(path: str, _: Any) -> Any:
        if "/decisions" in path:
            asked.append(path)
            time.sleep(0.1)  # as long as the question stays open
            return {"status": "requires_action", "calls": [CALL]}
        return RUN if path.endswith("run_1") else {"data": []}

    open_bare(page, server)
    show(page, "run_cell_view", "run", thread_id="thread_1", run_id="run_1")
    page.get_by_role("button", name="Edit the arguments of f").click()
    page.wait_for_function("document.activeElement.matches('.oxillama-edit')")
    page.get_by_label("Arguments, as JSON").fill('{"a": 2}')
    page.get_by_label("Elsewhere").focus()
    before = len(asked)
    wait_until(page, lambda: len(asked) > before + 2, "the decisions are asked for again")
    assert page.evaluate("document.activeElement.id") == "elsewhere"
    assert page.get_by_label("Arguments, as JSON").input_value() == '{"a": 2}'
