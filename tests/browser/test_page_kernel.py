"""Panels whose kernel comes late, or goes: what was chosen in the page stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from browser.bare import open_bare, show

if TYPE_CHECKING:
    from playwright.sync_api import Page

THREAD = {"id": "thread_1", "metadata": {}, "created_at": 1}


def chat_server(path: str, _: Any) -> Any:
    return THREAD if path == "v1/threads/thread_1" else {"data": [], "has_more": False}


def test_what_is_chosen_before_the_kernel_comes_is_kept(page: Page) -> None:
    open_bare(page, chat_server)
    show(page, "chat", "chat", thread="", model="", system="")
    box = page.get_by_label("Your question")
    box.fill("a long question")
    page.wait_for_function("panel.get('draft') === 'a long question'")
    page.evaluate("panel.set('model', 'chosen')")
    page.evaluate(
        """() => {
          const traits = { thread: 'thread_1', model: '', system: '', draft: '', variables: [] };
          globalThis.model = kernel(traits);
          panel.connect(model);
        }"""
    )
    page.wait_for_function("panel.get('thread') === 'thread_1'")  # what nobody has chosen here
    assert box.input_value() == "a long question"
    traits = page.evaluate("model.traits")
    assert traits["draft"] == "a long question"
    assert traits["model"] == "chosen"

    # Once told, it is the kernel's again.
    page.evaluate("() => { panel.connect(null); model.traits.model = 'other'; }")
    page.evaluate("panel.connect(model)")
    assert page.evaluate("panel.get('model')") == "other"
