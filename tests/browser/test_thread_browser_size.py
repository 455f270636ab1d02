"""The thread browser with 10,000 threads, with a thread of 5,000 messages, and with huge texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from browser.browsed import NOW, Stock, browse, serve

if TYPE_CHECKING:
    from browser.labs import LabWorld
    from playwright.sync_api import Page

pytestmark = pytest.mark.timeout(300)
THREADS, MESSAGES = 10_000, 5_000
FROZEN = 2000  # milliseconds; machines that test are busy
WATCH = """() => { window.long = []; window.most = 0;
  new PerformanceObserver(list => window.long.push(...list.getEntries().map(one => one.duration)))
    .observe({ type: 'longtask' });
  const look = () => { const root = document.querySelector('.oxillama-panel');
    window.most = Math.max(window.most, root ? root.querySelectorAll('*').length : 0);
    requestAnimationFrame(look); }; look(); }"""
# The text of a message in the middle of what is in sight.
SEEN = """() => { const frame = document.querySelector('.tb-messages').getBoundingClientRect();
  return document.elementsFromPoint(frame.x + 60, frame.y + 120)
    .find(one => one.matches('.tb-message')).querySelector('.tb-text').innerText; }"""
# Scrolls an element as a wheel does, some pixels each frame, until it is there or a time is over.
SCROLL = """([selector, step, time, goal]) => new Promise(done => {
  const node = document.querySelector(selector); const end = performance.now() + time;
  const go = () => { node.scrollTop += step;
    if (performance.now() > end || node.scrollTop > goal) done(node.scrollTop);
    else requestAnimationFrame(go); };
  go(); })"""


def test_ten_thousand_threads(page: Page, world: LabWorld, hosts: set[str | None]) -> None:
    stock = Stock(world.root / "store.db")
    for number in range(THREADS):
        stock.thread(f"question {number}", "answer", at=NOW + number, name=f"t{number}")
    stock.close()
    browse(page, serve(world, stock), world)
    page.evaluate(WATCH)

    where = page.evaluate(SCROLL, [".tb-list", 600, 60_000, 100_000])
    assert where > 100_000  # pixels
    shown = page.locator(".tb-thread .tb-title").first.inner_text()
    assert int(shown[1:]) < THREADS - 1000
    assert page.evaluate("window.most") < 1500
    assert max(page.evaluate("window.long"), default=0) < FROZEN

    page.locator(".tb-thread").first.focus()
    page.keyboard.press("End")
    page.wait_for_function(
        "() => document.activeElement.querySelector('.tb-title')?.innerText === 't0'",
        timeout=120_000,
    )
    assert page.locator(".tb-count").inner_text() == "10,000 threads"
    page.keyboard.press("Home")
    page.wait_for_function(
        "() => document.activeElement.querySelector('.tb-title')?.innerText === 't9999'"
    )
    assert page.evaluate("window.most") < 1500
    assert max(page.evaluate("window.long"), default=0) < FROZEN


def test_a_thread_of_five_thousand_messages(
    page: Page, world: LabWorld, hosts: set[str | None]
) -> None:
    stock = Stock(world.root / "store.db")
    rest = "of it.\n\n- a\n- b\n\n```\ncode\n```"
    texts = [f"Message **{number}** {rest}" for number in range(MESSAGES)]
    texts[2500] += " quincunx"
    stock.thread(*texts, name="long")
    stock.close()
    browse(page, serve(world, stock), world)
    page.evaluate(WATCH)

    page.locator(".tb-thread").click()
    page.wait_for_selector(".tb-message:has-text('Message 4999 of it.')")
    last = MESSAGES
    for _ in range(4):
        page.evaluate(SCROLL, [".tb-messages", -120, 1500])
        page.wait_for_timeout(300)
        found = page.evaluate(SEEN)
        now = int(found.split()[1])
        assert now < last
        last = now
    assert last < MESSAGES - 100

    page.get_by_role("button", name="Go to the first message").click()
    page.wait_for_selector(".tb-message:has-text('Message 0 of it.')")
    for _ in range(3):
        page.evaluate(SCROLL, [".tb-messages", 150, 1500])
    assert page.locator(".tb-message").count() <= 400
    page.get_by_role("button", name="Go to the last message").click()
    page.wait_for_selector(".tb-message:has-text('Message 4999 of it.')")

    page.get_by_label("Search in all messages").fill("quincunx")
    page.wait_for_selector(".tb-preview mark")
    page.locator(".tb-thread").click()
    page.wait_for_selector(".tb-message.found:has-text('quincunx')")
    place = page.locator(".tb-message.found").bounding_box()
    frame = page.locator(".tb-messages").bounding_box()
    assert place
    assert frame
    assert frame["y"] <= place["y"] < frame["y"] + frame["height"]
    assert page.evaluate("window.most") < 12_000
    assert max(page.evaluate("window.long"), default=0) < FROZEN


def test_what_is_read_stays_where_it_is_when_more_comes(
    page: Page, world: LabWorld, hosts: set[str | None]
) -> None:
    stock = Stock(world.root / "store.db")
    stock.thread(*(f"Message {number}.\n\nand so on\n\nand so on" for number in range(300)))
    stock.close()
    browse(page, serve(world, stock), world)
    page.route("**/messages?*", lambda route: (page.wait_for_timeout(400), route.continue_()))
    page.locator(".tb-thread").click()
    page.wait_for_selector(".tb-message:has-text('Message 299.')")
    page.evaluate("document.querySelector('.tb-messages').scrollTop = 500")
    page.wait_for_timeout(150)
    top = (
        "name => [...document.querySelectorAll('.tb-message')]"
        ".find(one => one.innerText.includes(name + '.')).getBoundingClientRect().top"
    )
    name = page.evaluate(
        """() => { const frame = document.querySelector('.tb-messages').getBoundingClientRect();
          return [...document.querySelectorAll('.tb-message')].find(
            one => one.getBoundingClientRect().top > frame.top + 50)
            .querySelector('.tb-text').innerText.match(/Message \\d+/)[0]; }"""
    )
    before, count = page.evaluate(top, name), page.locator(".tb-message").count()
    page.wait_for_function(f"() => document.querySelectorAll('.tb-message').length > {count}")
    page.wait_for_timeout(300)
    assert abs(page.evaluate(top, name) - before) < 40


def test_huge_texts_do_not_freeze_the_page(
    page: Page, world: LabWorld, hosts: set[str | None]
) -> None:
    stock = Stock(world.root / "store.db")
    stock.thread("x" * 1_000_000, "word " * 200_000, "`" * 100_000, "[" * 100_000, "**a" * 30_000)
    stock.close()
    browse(page, serve(world, stock), world)
    page.evaluate(WATCH)
    page.locator(".tb-thread").click()
    page.wait_for_selector(".tb-message >> nth=4")
    page.wait_for_timeout(500)
    page.locator(".tb-messages").evaluate("node => { node.scrollTop = 0; }")
    page.wait_for_timeout(500)
    whole = page.get_by_role("button", name="Show the whole message")
    assert whole.count() == 5
    whole.first.click()
    page.wait_for_timeout(500)
    assert max(page.evaluate("window.long"), default=0) < 2000
