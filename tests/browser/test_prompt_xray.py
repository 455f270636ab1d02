"""Prompt X-ray in JupyterLab: what it shows is what the model got, and harms nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from browser.hostile import FOUND, HOSTILE
from browser.looks import check_none, settle, theme
from browser.notebooks import LIMIT, open_notebook, run_all, write_notebook
from openai import OpenAI

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from browser.labs import LabWorld
    from client.world import Server, World
    from playwright.sync_api import Page

Json = dict[str, Any]
REAL = pytest.mark.parametrize("lab", ["embedded"], indirect=True)
# The text of all tokens in the page, where bytes and hidden characters are written out.
TEXT = r"""() => {
  const bytes = [];
  for (const token of document.querySelectorAll('.ox-scroller [data-token]')) {
    for (const node of token.childNodes) {
      const written = node.className === 'ox-code' ? node.textContent : '';
      const number = parseInt(/[0-9a-f]+/.exec(written.slice(2)), 16);
      if (written.startsWith('\\x')) bytes.push(number);
      else bytes.push(...new TextEncoder().encode(
        written ? String.fromCodePoint(number) : node.textContent));
    }
  }
  return new TextDecoder('utf-8', {ignoreBOM: true}).decode(new Uint8Array(bytes));
}"""
SPILLING = """() => [...document.querySelectorAll('.oxillama-panel, .oxillama-panel *')]
  .filter(node => node.scrollWidth > node.clientWidth + 1 && node.clientWidth
    && !['hidden', 'clip'].includes(getComputedStyle(node).overflowX)
    && getComputedStyle(node).display !== 'inline' && !node.closest('.oxillama-hidden-label'))
  .map(node => node.outerHTML.slice(0, 200))"""
TALL = """() => {
  document.querySelector('.ox-scroller').style.height = '20000px';
  document.querySelector('.ox-scroller').scrollIntoView();
}"""
WATCH = """() => {
  window.longest = 0;
  new PerformanceObserver(list => list.getEntries().forEach(entry => {
    window.longest = Math.max(window.longest, entry.duration);
  })).observe({type: 'longtask'});
}"""


def client_of(server: Server) -> OpenAI:
    return OpenAI(base_url=f"{server.url}v1", api_key=server.token)


def asked(client: OpenAI, *texts: str, thread_id: str = "", **settings: Any) -> tuple[str, str]:
    """A thread, and the last of its runs, one for each text."""
    thread_id = thread_id or client.beta.threads.create().id
    run_id = ""
    for text in texts:
        client.beta.threads.messages.create(thread_id, role="user", content=text)
        run = client.beta.threads.runs.create_and_poll(
            thread_id=thread_id,
            assistant_id="default",
            extra_body={"max_tokens": 8, **settings},
        )
        assert run.status in {"completed", "incomplete"}, run.last_error
        run_id = run.id
    return thread_id, run_id


def prompt_of(server: Server, thread_id: str, run_id: str) -> Json:
    address = f"{server.url}oxillama/threads/{thread_id}/runs/{run_id}/prompt"
    headers = {"Authorization": f"token {server.token}"}
    answer = httpx2.get(address, headers=headers, trust_env=False, timeout=60)
    return answer.raise_for_status().json()


def show(page: Page, server: Server, world: World, **traits: object) -> None:
    given = ", ".join(f"{name}={value!r}" for name, value in traits.items())
    importing = "from oxillama_jupyter.widgets import PromptXray"
    write_notebook(world, f"{importing}\nPromptXray({given})")
    open_notebook(page, server)
    run_all(page)
    page.wait_for_selector(".oxillama-prompt-xray [data-token], .oxillama-notice", timeout=LIMIT)


def shown(page: Page, selector: str) -> str:
    return page.locator(selector).inner_text()


@REAL
@pytest.mark.timeout(200)
def test_the_tokens_are_the_prompt_and_the_cache_s_end_is_marked(
    page: Page, lab: Server, world: World, hosts: set[str | None]
) -> None:
    thread_id, run_id = asked(client_of(lab), f"Look: {HOSTILE[:900]} 日本語 😀", "And of Spain?")
    prompt = prompt_of(lab, thread_id, run_id)
    cached, count = prompt["cached_tokens"], prompt["prompt_tokens"]
    assert 0 < cached < count
    show(page, lab, world, thread_id=thread_id, run_id=run_id)
    page.evaluate(TALL)
    page.wait_for_function(
        f"() => document.querySelectorAll('.ox-scroller [data-token]').length === {count}",
        timeout=LIMIT,
    )

    assert page.evaluate(TEXT) == prompt["text"]
    assert page.locator(".ox-scroller .cached").count() == cached
    assert page.locator(".ox-scroller .new").count() == count - cached
    assert page.locator(".ox-boundary ~ .ox-chunk .cached").count() == 0
    figures = shown(page, ".ox-figures")
    assert f"{cached:,} cached, {count - cached:,} new" in figures
    assert "tokens/s" in figures
    assert "as many tokens as the run counted" in shown(page, ".oxillama-prompt-xray")
    special = page.locator(".ox-scroller .special").all_inner_texts()
    assert set(special) == {"<|im_start|>", "<|im_end|>"}


@REAL
@pytest.mark.timeout(200)
def test_what_is_left_out_is_told_with_the_reason(
    page: Page, lab: Server, world: World, hosts: set[str | None]
) -> None:
    client = client_of(lab)
    texts = ("What is the capital of France?", "Forget it. " * 60, "And of Spain?")
    thread_id, run_id = asked(client, *texts, max_prompt_tokens=256)
    show(page, lab, world, thread_id=thread_id, run_id=run_id)

    prompt = prompt_of(lab, thread_id, run_id)
    dropped = sum(message["dropped"] for message in prompt["messages"])
    assert dropped
    assert page.locator(".ox-outline .dropped").count() == dropped
    told = shown(page, ".ox-left-out")
    assert "left out: with" in told
    assert "more than the 256 tokens" in told
    page.evaluate(TALL)
    assert "Forget it." not in shown(page, ".ox-scroller")

    strategy = {"type": "last_messages", "last_messages": 1}
    _, run_id = asked(client, "And now?", thread_id=thread_id, truncation_strategy=strategy)
    show(page, lab, world, thread_id=thread_id, run_id=run_id)
    assert "6 older messages are not read" in shown(page, ".ox-left-out")


@pytest.mark.timeout(200)
def test_messages_are_text_with_nothing_hidden_and_do_nothing(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    hidden = "\u202egnp\u202c \u200bzero \ufeff \U000e0041 \x1b[31m \x07 a\u00a0b \t."
    thread_id, run_id = asked(client_of(scripted_lab), f"{HOSTILE} {hidden} \u0639\u0631\u0628")
    show(page, scripted_lab, world, thread_id=thread_id, run_id=run_id)
    page.evaluate(TALL)
    page.get_by_label("Search in the prompt").fill("PWNED")
    page.wait_for_selector(".ox-search:has-text('1 of')", timeout=LIMIT)
    page.wait_for_timeout(500)  # for whatever the page would fetch now

    for selector in (".ox-scroller", ".ox-preview", ".ox-detail"):
        found = page.evaluate(FOUND, selector)
        assert found["elements"] == found["links"] == found["handlers"] == []
        assert found["pwned"] is None
    assert page.evaluate(TEXT) == prompt_of(scripted_lab, thread_id, run_id)["text"]
    text = page.evaluate("() => document.querySelector('.oxillama-prompt-xray').textContent")
    assert "window.PWNED = 2" in text
    for char in "\u202e\u202c\u200b\ufeff\U000e0041\x1b\x07\u00a0":
        assert char not in text
    for written in (r"\u202e", r"\u200b", r"\u{e0041}", r"\u001b", r"\u00a0"):
        assert written in text


@pytest.mark.timeout(200)
def test_a_long_prompt_is_smooth_and_comes_as_it_is_looked_at(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    client = client_of(scripted_lab)
    lines = [" ".join(f"w{line}x{word}" for word in range(12)) for line in range(5000)]
    messages = [
        {"role": "user", "content": "\n".join(lines[at : at + 1000])} for at in range(0, 5000, 1000)
    ]
    thread_id = client.beta.threads.create(messages=messages).id  # type: ignore[arg-type]
    _, run_id = asked(client, "ok", thread_id=thread_id)
    page.add_init_script(f"({WATCH})()")
    asked_for: list[str] = []
    page.on("request", lambda request: asked_for.append(request.url))
    show(page, scripted_lab, world, thread_id=thread_id, run_id=run_id)
    page.evaluate("() => { window.longest = 0; }")  # Lab's own start is none of ours

    scroller = page.locator(".ox-scroller")
    for _ in range(12):
        scroller.hover()
        page.mouse.wheel(0, 3000)
        page.wait_for_timeout(60)
    box = page.get_by_label("Search in the prompt")
    box.fill("w4999x11")
    page.wait_for_selector(".ox-scroller .hit", timeout=LIMIT)
    assert page.locator(".ox-scroller .hit").inner_text().strip() == "w4999x11"
    assert page.locator(".ox-scroller .hit").is_visible()
    page.get_by_role("button", name="user w0x0").first.click()
    page.wait_for_selector("[data-token='1'].hit", timeout=LIMIT)
    page.wait_for_function("() => document.querySelector('.ox-rest') === null", timeout=LIMIT)

    count = prompt_of(scripted_lab, thread_id, run_id)["prompt_tokens"]
    assert count > 60_000
    assert page.evaluate("window.longest") < 3000
    assert page.evaluate("document.querySelectorAll('.oxillama-panel *').length") < 12_000
    assert len([url for url in asked_for if "/prompt?" in url]) == 7


@pytest.mark.timeout(200)
def test_keys_alone_reach_everything(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    thread_id, run_id = asked(client_of(scripted_lab), "one two three", "four two")
    show(page, scripted_lab, world, thread_id=thread_id, run_id=run_id)
    page.get_by_role("button", name="Make the prompt again").focus()

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the first message
    page.wait_for_selector("[data-token='1'].hit")
    assert page.locator(".hit").all_inner_texts() == ["one", " two", " three"]
    while page.evaluate("document.activeElement.type") != "search":
        page.keyboard.press("Tab")
    page.keyboard.type("two")
    page.wait_for_selector(".ox-search:has-text('1 of 3')")
    page.keyboard.press("Enter")
    page.wait_for_selector(".ox-search:has-text('2 of 3')")
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector(".ox-search:has-text('1 of 3')")
    while not page.evaluate("document.activeElement.classList.contains('ox-scroller')"):
        page.keyboard.press("Tab")
    page.keyboard.press("Home")
    page.wait_for_selector(".ox-detail:has-text('token 1')")
    assert "special" in shown(page, ".ox-detail")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(".ox-detail:has-text('token 3')")
    detail = shown(page, ".ox-detail")
    assert "·two" in detail
    assert "in user message 1" in detail
    assert "20 74 77 6f" in detail
    page.keyboard.press("End")
    page.wait_for_selector(".ox-detail:has-text('four two')")
    assert page.locator("[data-current]").inner_text() == " two"


@pytest.mark.timeout(200)
def test_without_a_run_it_is_what_a_next_one_would_send(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    client = client_of(scripted_lab)
    thread_id, _ = asked(client, "one two three")
    settings = {"instructions": "Be brief.", "temperature": 0.25}
    show(page, scripted_lab, world, thread_id=thread_id, settings=settings)

    text = shown(page, ".oxillama-prompt-xray")
    assert "what a next run would send" in text
    assert "not sent yet" in text
    assert shown(page, ".ox-scroller").replace("\n", "").endswith("three")
    page.locator(".ox-settings summary").click()
    assert "0.25" in shown(page, ".ox-settings")
    assert "Be brief." in shown(page, ".ox-outline")
    client.beta.threads.messages.create(thread_id, role="user", content="more of it")
    page.get_by_role("button", name="Make the prompt again").click()
    page.wait_for_selector(".ox-scroller:has-text('more of it')", timeout=LIMIT)


@pytest.mark.timeout(200)
def test_where_the_engine_sees_no_prompt_the_server_says_so(
    page: Page, world: LabWorld, hosts: set[str | None]
) -> None:
    upstream = world.serve()
    env = {"OXILLAMA_REMOTE_API_KEY": upstream.token}
    remote = world.lab("embedded", remote_url=f"{upstream.url}v1", env=env)
    thread_id, run_id = asked(client_of(remote), "hello")
    show(page, remote, world, thread_id=thread_id, run_id=run_id)

    assert "prompt" in shown(page, ".oxillama-prompt-xray .oxillama-notice")
    assert page.get_by_role("button", name="Make the prompt again").is_visible()


@REAL
@pytest.mark.timeout(200)
def test_it_is_readable_in_both_themes_wide_and_narrow(  # noqa: PLR0913, PLR0917
    page: Page,
    lab: Server,
    world: World,
    hosts: set[str | None],
    axe: Callable[[str], list[Any]],
    tmp_path: Path,
) -> None:
    poem = "Roses are red,\n\tviolets are \u202eblue. " + "and so on " * 40
    client = client_of(lab)
    given: Json = {"instructions": "Be brief, and kind.", "seed": 7, "max_tokens": 40}
    thread_id, _ = asked(client, "What is the capital of France?", poem, **given)
    _, run_id = asked(client, "And of Spain?", thread_id=thread_id, **given)
    show(page, lab, world, thread_id=thread_id, run_id=run_id)
    page.locator(".ox-settings summary").click()
    page.get_by_role("button", name="To the new tokens").click()
    for colours in ("Light", "Dark"):
        theme(page, colours)
        for width in (1200, 360):
            page.evaluate(
                "width => document.querySelector('.oxillama-panel').parentElement"
                ".style.width = `${width}px`",
                width,
            )
            page.set_viewport_size({"width": width + 500, "height": 1600})
            page.hover(".ox-scroller .new >> nth=2")
            settle(page)
            check_none(page, SPILLING, None, (colours, width))
            assert axe(".oxillama-panel") == [], (colours, width)
            page.screenshot(path=tmp_path / f"prompt_xray-{colours}-{width}.png")
