"""The thread browser in JupyterLab: finding, reading and putting in order."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browser.browsed import NOW, Stock, browse, connection_to, run, serve
from browser.notebooks import LIMIT, open_notebook, value_of, wait_until

if TYPE_CHECKING:
    from browser.labs import LabWorld
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.timeout(240)
DAY = 86_400
LABEL = """() => { const node = document.activeElement;
  return node.getAttribute('aria-label') ?? node.innerText; }"""


@pytest.fixture
def stock(world: LabWorld) -> Stock:
    return Stock(world.root / "store.db")


def titles(page: Page) -> list[str]:
    return page.locator(".tb-thread .tb-title").all_inner_texts()


def wait_for_titles(page: Page, *expected: str) -> None:
    page.wait_for_function(
        """expected => JSON.stringify([...document.querySelectorAll('.tb-thread .tb-title')]
          .map(node => node.innerText)) === expected""",
        arg=json.dumps(expected, separators=(",", ":"), ensure_ascii=False),
        timeout=LIMIT,
    )


def named(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def open_thread(page: Page, title: str) -> None:
    page.locator(f".tb-thread:has(.tb-title:text-is('{title}'))").click()
    page.wait_for_selector(f".tb-view h3:has-text('{title}')", timeout=LIMIT)


def test_threads_are_found_by_words_and_filters(
    page: Page, world: LabWorld, hosts: set[str | None], stock: Stock
) -> None:
    stock.thread("Where do llamas live?", "In the Andes.", name="llamas", at=NOW, model="tiny")
    stock.thread("And alpacas?", "There too: llamas' cousins.", name="alpacas", at=NOW + 3 * DAY)
    book = "/w/fruit.ipynb"
    stock.thread("Quinces", "Sour.", at=NOW + 6 * DAY, model="big", status="failed", notebook=book)
    old = {"name": "old", "tag:fruit": "yes", "archived": "yes"}
    stock.thread("Medlars", at=NOW + 7 * DAY, **old)
    stock.close()
    browse(page, serve(world, stock), world)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    assert titles(page) == ["fruit.ipynb", "alpacas", "llamas"]
    search = page.get_by_label("Search in all messages")
    search.press_sequentially("llamas co", delay=20)
    wait_for_titles(page, "alpacas")
    assert sum("q=" in url for url in asked) <= 3  # not one a letter
    assert page.locator(".tb-preview mark").all_inner_texts() == ["llamas", "co"]
    page.locator(".tb-thread").click()
    page.wait_for_selector(".tb-message.found:has-text('cousins')", timeout=LIMIT)
    search.fill("llamas nowhere")
    page.wait_for_selector(".tb-count:has-text('No thread is like that.')")
    search.fill("")
    wait_for_titles(page, "fruit.ipynb", "alpacas", "llamas")

    page.get_by_role("button", name="Filters").click()

    def choose(label: str, value: str) -> None:
        page.locator(".tb-filters").get_by_label(label, exact=True).select_option(value)

    choose("Model", "tiny")
    wait_for_titles(page, "llamas")
    choose("Model", "")
    choose("Last answer", "failed")
    wait_for_titles(page, "fruit.ipynb")
    choose("Last answer", "")
    choose("Notebook", "/w/fruit.ipynb")
    wait_for_titles(page, "fruit.ipynb")
    named(page, "Clear the filters").click()
    choose("Shown", "yes")
    wait_for_titles(page, "old")
    choose("Shown", "all")
    choose("Tag", "fruit")
    wait_for_titles(page, "old")
    choose("Tag", "")
    day = page.evaluate("at => new Date(at * 1000).toLocaleDateString('sv')", NOW + 3 * DAY)
    page.get_by_label("From", exact=True).fill(day)
    page.get_by_label("To", exact=True).fill(day)
    wait_for_titles(page, "alpacas")
    traits = "[b.archived, b.since, b.until, b.tag]"
    wait_until(page, lambda: value_of(page, traits) == ["all", day, day, ""], "the kernel's traits")


def test_the_kernel_and_the_page_choose_the_same_thread(
    page: Page, world: LabWorld, hosts: set[str | None], stock: Stock
) -> None:
    first = stock.thread("one", "1", name="first")
    second = stock.thread("two", "2", name="second")
    stock.close()
    lab = serve(world, stock)
    browse(page, lab, world)

    open_thread(page, "first")
    assert value_of(page, "b.selected") == first
    value_of(page, "setattr(b, 'selected', 'second')")
    page.wait_for_selector(".tb-view h3:has-text('second')")
    assert value_of(page, "b.selected") == second
    assert page.locator(".tb-thread[aria-selected=true] .tb-title").inner_text() == "second"
    value_of(page, "setattr(b, 'selected', None)")
    page.wait_for_selector(".tb-none")
    value_of(page, "setattr(b, 'query', 'one')")
    wait_for_titles(page, "first")

    # A page that is opened again shows it without the kernel's model, a new kernel changes nothing.
    open_thread(page, "first")
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )
    open_notebook(page, lab, "second")
    page.wait_for_selector(".tb-thread", timeout=LIMIT)
    open_thread(page, "first")


def test_a_thread_is_renamed_tagged_archived_forked_and_exported(
    page: Page, world: LabWorld, hosts: set[str | None], stock: Stock, tmp_path: Path
) -> None:
    origin = stock.thread("one", "two", "three", "four", name="origin", model="tiny", keep="me")
    stock.thread("x", name="other")
    stock.close()
    lab = serve(world, stock)
    connection = connection_to(lab)
    metadata: Any = lambda: connection.get(f"/threads/{origin}")["metadata"]  # noqa: E731
    browse(page, lab, world, "%oxillama browse four")
    wait_for_titles(page, "origin")
    open_thread(page, "origin")

    named(page, "Rename the thread").click()
    name = page.get_by_label("Name of the thread")
    name.fill("other")
    name.press("Enter")
    page.wait_for_selector("[role=alert]:has-text('called that already')")
    name.fill("the sea: 1/2")
    name.press("Enter")
    page.wait_for_selector(".tb-view h3:has-text('the sea: 1/2')")
    page.get_by_label("New tag").fill("blue deep")
    page.get_by_label("New tag").press("Enter")
    page.wait_for_selector(".tb-tags .tb-tag:has-text('blue deep')")
    wait_for_titles(page, "the sea: 1/2")
    assert metadata() == {"name": "the sea: 1/2", "keep": "me", "tag:blue deep": "yes"}
    named(page, "Take the tag blue deep away").click()
    page.wait_for_selector(".tb-tags .tb-tag", state="detached")
    named(page, "Archive").click()
    page.wait_for_selector("button:text-is('Unarchive')")
    wait_for_titles(page)
    assert metadata() == {"name": "the sea: 1/2", "keep": "me", "archived": "yes"}
    named(page, "Unarchive").click()
    page.wait_for_selector("button:text-is('Archive')")

    export = connection.get(f"{connection.url}/threads/{origin}/export")
    for suffix in ("ipynb", "md", "jsonl"):
        with page.expect_download() as got:
            named(page, f"Export as .{suffix}").click()
        assert got.value.suggested_filename == f"the sea_ 1_2.{suffix}"
        text = Path(got.value.path()).read_text()
        assert "four" in text
        if suffix == "ipynb":
            assert json.loads(text)["metadata"]["oxillama"]["thread"] == export["thread"]

    named(page, "Insert a cell that goes on here").click()
    source = "window.jupyterapp.shell.currentWidget.content.widgets[2].model.sharedModel.source"
    assert page.evaluate(source) == '%%oxillama --thread "the sea: 1/2"\n'

    page.locator(".tb-message").nth(1).get_by_role("button", name="Fork the thread").click()
    page.wait_for_function("() => document.querySelectorAll('.tb-message').length === 2")
    fork = connection.threads(limit=1)["data"][0]
    assert fork["metadata"]["forked_from"] == origin
    assert "name" not in fork["metadata"]
    assert fork["message_count"] == 2
    named(page, "Open what it was forked from").click()
    page.wait_for_function("() => document.querySelectorAll('.tb-message').length === 4")


def test_deleting_can_be_undone_and_ends_in_time_at_once_or_with_the_page(
    page: Page, world: LabWorld, hosts: set[str | None], stock: Stock
) -> None:
    ids = {name: stock.thread(name, "answer", name=name, model="tiny") for name in "edcba"}
    stock.close()
    lab = serve(world, stock)
    connection = connection_to(lab)
    there = lambda: {one["id"] for one in connection.threads()["data"]}  # noqa: E731
    before = connection.get(f"{connection.url}/threads/{ids['a']}/export")
    browse(page, lab, world)

    open_thread(page, "a")
    named(page, "Delete the thread").click()
    wait_for_titles(page, "b", "c", "d", "e")
    wait_until(page, lambda: value_of(page, "b.selected") is None, "the kernel hears of it")
    assert there() == set(ids.values())
    named(page, "Undo the deletion of a").click()
    wait_for_titles(page, "a", "b", "c", "d", "e")
    after = connection.get(f"{connection.url}/threads/{ids['a']}/export")
    assert after | {"exported_at": 0} == before | {"exported_at": 0}

    open_thread(page, "b")
    named(page, "Delete the thread").click()
    named(page, "Delete b now").click()
    page.wait_for_selector(".tb-undo > div", state="detached")
    assert ids["b"] not in there()

    open_thread(page, "c")
    named(page, "Delete the thread").click()
    page.wait_for_selector(".tb-undo > div", state="detached", timeout=LIMIT)
    assert ids["c"] not in there()

    named(page, "Choose several threads").click()
    page.locator(".tb-thread").nth(1).click()
    page.locator(".tb-thread").nth(2).click()
    named(page, "Delete the chosen threads").click()
    wait_for_titles(page, "a")
    assert there() == {ids["a"], ids["d"], ids["e"]}
    page.goto("about:blank")
    wait_until(page, lambda: there() == {ids["a"]}, "only the first one is left")


def test_a_deletion_that_fails_says_so_and_keeps_the_thread(
    page: Page, world: LabWorld, hosts: set[str | None], stock: Stock
) -> None:
    stock.thread("one", name="kept")
    stock.close()
    browse(page, serve(world, stock), world)
    page.route("**/v1/threads/*", lambda route: route.abort())
    page.locator(".tb-thread").focus()
    page.keyboard.press("Delete")
    named(page, "Delete kept now").click()
    page.wait_for_selector(".tb-undo:has-text('Not deleted') [role=alert]")
    assert titles(page) == ["kept"]
    page.unroute("**/v1/threads/*")
    named(page, "Delete kept now").click()
    page.wait_for_selector(".tb-count:has-text('There are no threads yet.')")


def test_what_is_behind_an_answer(
    page: Page, world: LabWorld, hosts: set[str | None], stock: Stock
) -> None:
    stock.close()
    lab = serve(world, stock)
    connection = connection_to(lab)
    made = connection.post(
        "/threads/runs",
        {"assistant_id": "default", "thread": {"messages": [{"role": "user", "content": "hello"}]}},
    )
    path = f"/threads/{made['thread_id']}/runs/{made['id']}"
    wait_until(page, lambda: connection.get(path)["status"] == "completed", "an answer")
    answered = connection.get(path)
    imported = connection.post(f"{connection.url}/threads/import", export_with_calls())
    browse(page, lab, world)

    page.locator(".tb-thread").nth(1).click()
    named(page, "Details of this message").last.click()
    facts = page.locator(".tb-details .tb-facts")
    facts.wait_for()
    shown = facts.inner_text()
    assert "The model came to its end." in shown
    assert f"{answered['usage']['completion_tokens']} written" in shown
    assert "to the first token" in shown
    named(page, "JSON of the run").click()
    text = page.get_by_role("region", name="JSON of the run").inner_text()
    assert json.loads(text)["timings"] == answered["timings"]

    value_of(page, f"setattr(b, 'selected', {imported['id']!r})")
    page.wait_for_selector(".tb-message")
    named(page, "Runs of the thread").click()
    page.get_by_role("button", name=re.compile("Details of the run")).click()
    steps = page.get_by_role("list", name="Steps")
    steps.wait_for()
    shown = steps.inner_text()
    for part in ("delete_file", '"path": "a"', "run with other arguments by Ann", '"path": "b"'):
        assert part in shown
    for part in ("only b is old", "done <b>indeed</b>", "denied by Ann", "no output"):
        assert part in shown
    assert steps.locator("b").all_inner_texts() == ["2 calls"]
    assert "Failed: it <i>broke</i>" in page.locator(".tb-runs").inner_text()


def export_with_calls() -> dict[str, Any]:
    """A thread whose failed run has two calls, one edited and one denied."""
    common = {"created_at": NOW, "assistant_id": "default", "thread_id": "thread_1"}
    decided = {"by": "Ann", "at": NOW}
    edited = {**decided, "verdict": "edited", "reason": "only b is old"}
    edited["arguments"] = '{"path":"b"}'
    given = {"name": "delete_file", "arguments": '{"path":"a"}'}
    calls = [
        {
            "id": "call_1",
            "type": "function",
            "function": {**given, "output": "done <b>indeed</b>"},
            "decision": edited,
        },
        {
            "id": "call_2",
            "type": "function",
            "function": {**given, "output": None},
            "decision": {**decided, "verdict": "denied"},
        },
    ]
    message = {
        **common,
        "id": "msg_1",
        "object": "thread.message",
        "status": "completed",
        "role": "user",
        "content": [{"type": "text", "text": {"value": "Delete it.", "annotations": []}}],
    }
    run = {
        **common,
        "id": "run_1",
        "object": "thread.run",
        "status": "failed",
        "model": "tiny",
        "failed_at": NOW + 1,
        "last_error": {"code": "server_error", "message": "it <i>broke</i>"},
    }
    step = {
        **common,
        "id": "step_1",
        "object": "thread.run.step",
        "run_id": "run_1",
        "type": "tool_calls",
        "status": "completed",
        "completed_at": NOW + 1,
        "step_details": {"type": "tool_calls", "tool_calls": calls},
    }
    thread = {"id": "thread_1", "object": "thread", "created_at": NOW, "metadata": {}}
    return {"version": 1, "thread": thread, "messages": [message], "runs": [run], "steps": [step]}


def test_all_of_it_by_keyboard(
    page: Page, world: LabWorld, hosts: set[str | None], stock: Stock
) -> None:
    for number in range(30):
        stock.thread(f"question {number}", f"answer {number}", name=f"t{number}")
    stock.close()
    browse(page, serve(world, stock), world)
    focused = "() => document.activeElement.querySelector('.tb-title')?.innerText"

    def wait_for_focus(title: str) -> None:
        page.wait_for_function(f"title => ({focused})() === title", arg=title, timeout=LIMIT)

    page.get_by_label("Search in all messages").focus()
    page.keyboard.press("ArrowDown")
    wait_for_focus("t29")
    keys = (("ArrowDown", "t28"), ("End", "t0"), ("ArrowUp", "t1"), ("Home", "t29"))
    for key, title in keys:
        page.keyboard.press(key)
        wait_for_focus(title)
    page.keyboard.press("PageDown")
    page.wait_for_function(f"() => ({focused})() !== 't29'", timeout=LIMIT)
    page.keyboard.press("Home")
    wait_for_focus("t29")
    assert page.locator(".tb-thread[tabindex='0']").count() == 1
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector(".tb-view h3:has-text('t28')")
    assert page.evaluate(focused) == "t28"
    page.keyboard.press("Delete")
    page.wait_for_selector(".tb-undo:has-text('t28')")
    wait_for_focus("t27")

    page.get_by_role("button", name="Undo the deletion of t28").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".tb-thread:has-text('t28')")
    page.get_by_label("Search in all messages").focus()
    reached = set()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector(".tb-message")
    for _ in range(25):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(LABEL))
    assert {
        "Rename the thread",
        "New tag",
        "Archive",
        "Export as .ipynb",
        "Delete the thread",
        "Runs of the thread",
        "Messages",
        "Fork the thread at this message",
        "Details of this message",
    } <= reached


def test_the_command_says_what_to_look_for(
    page: Page, world: LabWorld, hosts: set[str | None], stock: Stock
) -> None:
    stock.thread("one", name="here", notebook=str(world.root / "a.ipynb"), **{"tag:x": "yes"})
    stock.thread("two", name="there", **{"tag:x": "yes"})
    stock.close()
    browse(page, serve(world, stock), world, "%oxillama browse --here --tag x")
    wait_for_titles(page, "here")
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    (output,) = json.loads((world.root / "a.ipynb").read_text())["cells"][1]["outputs"]
    assert "here" in "".join(output["data"]["text/markdown"])
    assert "there" not in "".join(output["data"]["text/markdown"])
    assert len(json.dumps(output)) < 5000
    run(page, 0)
