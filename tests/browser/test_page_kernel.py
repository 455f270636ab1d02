"""Panels whose kernel comes late, or goes: what was chosen in the page stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from browser.bare import open_bare, show
from browser.notebooks import wait_until

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


def test_a_run_whose_id_came_late_is_followed_and_stopped_without_its_kernel(page: Page) -> None:
    asked: list[str] = []

    def server(path: str, _: Any) -> Any:
        asked.append(path)
        return {"id": "run_1", "status": "in_progress", "created_at": 1, "data": []}

    open_bare(page, server)
    # As `--bg` does: the output is there ahead of the run, and is replaced when that has an id.
    show(page, "run_cell_view", "run", thread_id="", run_id="")
    page.evaluate(
        """() => {
          const traits = { thread_id: '', run_id: '', status: 'in_progress', text: '', tokens: 0 };
          globalThis.model = kernel(traits);
          panel.connect(model);
          Object.assign(traits, { thread_id: 'thread_1', run_id: 'run_1' });
          model.hear('comm_live_update'); // the kernel is restarted
        }"""
    )
    page.get_by_role("button", name="Stop the answer").click()
    run = "v1/threads/thread_1/runs/run_1"
    wait_until(page, lambda: {run, f"{run}/cancel"} <= set(asked), "the run is asked for")
    assert not [path for path in asked if "//" in path]

    # No kernel was there at all: what the notebook says later counts.
    page.evaluate("ours().panel('other', { run_id: '' })")
    learnt = "ours().panel('other', { run_id: 'run_2' }).get('run_id')"
    assert page.evaluate(learnt) == "run_2"


def test_a_variable_that_no_kernel_describes_any_more_says_so(page: Page) -> None:
    open_bare(page, chat_server)
    show(page, "chat", "chat", thread="", model="", system="")
    page.evaluate(
        """() => {
          globalThis.model = kernel({ thread: '', draft: '', variables: ['scores'] });
          panel.connect(model);
        }"""
    )
    page.wait_for_function("model.sent.some((one) => one.ask === 'describe')")
    page.get_by_label("Your question").fill("What is it?")
    page.evaluate("model.hear('comm_live_update')")  # the kernel is restarted before it answers
    page.get_by_label("Goes with the question").get_by_text("not there").wait_for()
    page.get_by_role("button", name="Send").click()
    page.wait_for_selector("[role=alert]:has-text('No kernel listens here')")
    page.get_by_role("button", name="Do not attach scores").click()
    assert page.get_by_label("Goes with the question").count() == 0


def test_what_a_person_emptied_stays_empty_when_its_output_is_shown_again(page: Page) -> None:
    state = {"thread": "thread_1", "model": "chosen", "query": "old", "run_id": ""}
    open_bare(page, chat_server)
    show(page, "chat", "chat", **state)
    page.get_by_role("button", name="New conversation").click()
    page.wait_for_function("panel.get('thread') === ''")
    page.evaluate("() => { panel.set('model', ''); panel.set('query', ''); }")

    again = page.evaluate(
        """(state) => {
          const panel = ours().panel('chat', { ...state, run_id: 'run_1', more: 'new' });
          return ['thread', 'model', 'query', 'run_id', 'more'].map((name) => panel.get(name));
        }""",
        state,
    )
    assert again == ["", "", "", "run_1", "new"]  # only what was not known yet comes late
