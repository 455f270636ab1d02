"""The widget that an answer is written in, in JupyterLab, in a browser."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from browser.hostile import FOUND, HOSTILE
from browser.notebooks import (
    LIMIT,
    open_notebook,
    run_all,
    saved_outputs,
    wait_for_end,
    write_notebook,
)

if TYPE_CHECKING:
    from client.world import Server, World
    from playwright.sync_api import Page


@pytest.mark.timeout(200)
def test_stop_by_keyboard_ends_the_run_of_a_busy_kernel(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    write_notebook(world, "%%oxillama\nslow 600")
    open_notebook(page, scripted_lab)
    run_all(page)

    page.wait_for_selector(".oxillama-text:has-text('w3')", timeout=LIMIT)
    stop = page.get_by_role("button", name="Stop the answer")
    stop.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".oxillama-run", state="detached", timeout=LIMIT)
    wait_for_end(page)

    text, error = saved_outputs(page, world)
    assert "".join(text["data"]["text/markdown"]).startswith("w0 w1 w2 ")
    assert set(text["data"]) == {"text/markdown", "text/plain"}
    assert "cancelled" in "".join(error["traceback"])


@pytest.mark.timeout(200)
def test_a_message_is_never_html_and_never_an_action(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    words = "and so on " * 100  # so that there is time to look while they come
    write_notebook(world, f"%%oxillama\npace 60\n{HOSTILE}\n\nEnd of it. {words}")
    open_notebook(page, scripted_lab)
    run_all(page)

    page.wait_for_selector(".oxillama-text:has-text('End of it.')", timeout=LIMIT)
    live = page.evaluate(FOUND, ".oxillama-text")
    wait_for_end(page)
    page.wait_for_timeout(1500)  # for whatever the page would fetch now
    left = page.evaluate(FOUND, ".jp-CodeCell .jp-OutputArea .jp-RenderedMarkdown")

    for found in (live, left):
        assert found["elements"] == []
        assert found["handlers"] == []
        assert found["pwned"] is None
        assert "window.PWNED = 2" in found["text"]
    assert all(re.match(r"https?://|mailto:", link) for link in live["links"])
    active = [link for link in left["links"] if re.match(r"(?i)javascript|vbscript|data", link)]
    assert active == []


@pytest.mark.timeout(200)
def test_a_line_of_a_million_characters_does_not_freeze_the_page(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    write_notebook(world, "%%oxillama\nlong 1000000")
    open_notebook(page, scripted_lab)
    page.evaluate(
        """() => { window.longest = 0; let last = performance.now();
          const look = now => { window.longest = Math.max(window.longest, now - last); last = now;
            requestAnimationFrame(look); }; requestAnimationFrame(look); }"""
    )
    run_all(page)
    wait_for_end(page)
    page.wait_for_timeout(1000)

    assert page.evaluate("window.longest") < 5000
    (output,) = saved_outputs(page, world)
    assert "".join(output["data"]["text/plain"]) == "x" * 1_000_000


@pytest.mark.timeout(200)
def test_the_cell_does_not_collapse_when_text_replaces_the_widget(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    paragraphs = "\n\n".join(f"Paragraph {n} of the answer." for n in range(30))
    write_notebook(world, f"%%oxillama\npace 60\n{paragraphs}", "1 + 1")
    open_notebook(page, scripted_lab)
    run_all(page)
    page.wait_for_selector(".oxillama-text:has-text('Paragraph 15')", timeout=LIMIT)
    page.evaluate(
        """() => { window.heights = [];
          const panel = document.querySelector('.jp-WindowedPanel-outer');
          panel.scrollTop = 1e6; window.seen = panel.scrollTop;
          const look = () => {
            window.heights.push(document.querySelectorAll('.jp-Cell-outputWrapper')[1].offsetHeight);
            requestAnimationFrame(look); }; look(); }"""
    )
    wait_for_end(page)
    page.wait_for_timeout(1000)

    heights = page.evaluate("window.heights")
    assert min(heights) > heights[0] - 60  # the bar with the button
    assert page.evaluate("document.querySelector('.jp-WindowedPanel-outer').scrollTop >= seen - 60")
    area = page.locator(".jp-CodeCell .jp-OutputArea").nth(1)
    assert area.get_attribute("style") in {None, ""}
    assert page.locator(".oxillama-text").count() == 0


@pytest.mark.timeout(200)
def test_a_page_reloaded_at_the_end_shows_the_text(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    write_notebook(world, "%%oxillama\nslow 20")
    open_notebook(page, scripted_lab)
    run_all(page)
    wait_for_end(page)
    saved_outputs(page, world)

    open_notebook(page, scripted_lab, "second")
    page.wait_for_selector(".jp-RenderedMarkdown:has-text('w0 w1 w2')", timeout=LIMIT)
    assert page.locator(".jp-OutputArea:has-text('model not found')").count() == 0


@pytest.mark.timeout(200)
def test_a_page_reloaded_meanwhile_shows_the_text_when_the_kernel_has_time(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    write_notebook(world, "%%oxillama\nslow 120")
    open_notebook(page, scripted_lab)
    run_all(page)
    page.wait_for_selector(".oxillama-text:has-text('w3')", timeout=LIMIT)
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")

    page.reload()
    page.wait_for_selector(".jp-OutputArea:has-text('w118 w119')", timeout=LIMIT)
    assert page.get_by_role("button", name="Stop the answer").count() == 0


@pytest.mark.timeout(200)
def test_without_the_shared_module_it_is_plain_text_with_a_stop(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    page.route("**/oxillama/widgets/**", lambda route: route.abort())
    write_notebook(world, "%%oxillama\nslow 600")
    open_notebook(page, scripted_lab)
    run_all(page)

    page.wait_for_selector(".jp-OutputArea:has-text('w0 w1 w2 w3')", timeout=LIMIT)
    page.get_by_role("button", name="Stop the answer").click()
    wait_for_end(page)
    text, _ = saved_outputs(page, world)
    assert "".join(text["data"]["text/markdown"]).startswith("w0 w1 w2 ")


@pytest.mark.timeout(200)
def test_it_says_how_fast_the_text_comes_in_the_theme_s_colours(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    write_notebook(world, "%%oxillama\nslow 200")
    open_notebook(page, scripted_lab)
    run_all(page)
    page.wait_for_selector(".oxillama-figures:has-text('tokens/s')", timeout=LIMIT)

    colour = "e => getComputedStyle(document.querySelector('.oxillama-stop')).color"
    light = page.evaluate(colour)
    page.evaluate(
        "() => window.jupyterapp.commands.execute('apputils:change-theme',"
        " {theme: 'JupyterLab Dark'})"
    )
    page.wait_for_function(f"before => ({colour})() !== before", arg=light, timeout=LIMIT)
    page.get_by_role("button", name="Stop the answer").click()
    wait_for_end(page)


PARAGRAPHS = "\n\n".join(
    f"Paragraph {number} of a long answer. {' '.join(['word'] * 60)}" for number in range(40)
)
SEEN = """() => [
    ...document.querySelectorAll('.jp-CodeCell')[1].querySelectorAll('.jp-OutputArea-output')
  ]
  .filter(output => output.offsetParent && !output.querySelector('.oxillama-run'))
  .map(output => output.innerText)"""


@pytest.mark.timeout(200)
def test_a_kernel_restarted_in_mid_answer_leaves_the_text_so_far_and_attach_finishes_it(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    text = PARAGRAPHS
    write_notebook(
        world,
        f"%%oxillama\npace 300\n{text}",
        "%load_ext oxillama_jupyter\n%oxillama attach",
    )
    open_notebook(page, scripted_lab)
    page.evaluate(
        "async () => { const panel = window.jupyterapp.shell.currentWidget;"
        " for (const index of [0, 1]) { panel.content.activeCellIndex = index;"
        " const done = window.jupyterapp.commands.execute('notebook:run-cell');"
        " if (!index) await done; } }"
    )
    page.wait_for_selector(".oxillama-text:has-text('Paragraph 12')", timeout=LIMIT)
    assert "".join(page.evaluate(SEEN)) == ""  # the widget hides what it shows itself

    page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )
    so_far = "".join(
        "".join(output["data"].get("text/markdown", "")) for output in saved_outputs(page, world)
    )
    assert "Paragraph 5 " in so_far
    assert text.startswith(so_far)
    open_notebook(page, scripted_lab, "second")
    page.wait_for_selector(".oxillama-text:has-text('Paragraph 39 ')", timeout=LIMIT)

    page.evaluate(
        "() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 2;"
        " window.jupyterapp.commands.execute('notebook:run-cell'); }"
    )
    wait_for_end(page, 2)
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    saved = json.loads((world.root / "a.ipynb").read_text())["cells"][2]["outputs"]
    whole = "".join("".join(o["data"].get("text/markdown", "")) for o in saved)
    assert whole == text


@pytest.mark.timeout(200)
def test_at_its_end_a_long_answer_is_shown_once(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    text = PARAGRAPHS
    write_notebook(world, f"%%oxillama\npace 2000\n{text}")
    open_notebook(page, scripted_lab)
    run_all(page)
    wait_for_end(page)

    shown = "\n\n".join(filter(None, (part.strip() for part in page.evaluate(SEEN))))
    assert shown.split() == text.split()
    parts = [output["data"] for output in saved_outputs(page, world)]
    assert "".join("".join(data.get("text/markdown", "")) for data in parts) == text
