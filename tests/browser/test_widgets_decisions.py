"""Calls that a run waits for where the kernel's own cell does not show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from browser.looks import check_looks
from browser.notebooks import LIMIT, open_notebook, run_all, wait_for_end, write_notebook
from browser.test_approval import CALL, WEATHER, outputs_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from client.world import Server, World
    from playwright.sync_api import Page

ANOTHER = ".oxillama-another"


def asked(*cities: str) -> str:
    calls = " & ".join(f'get_weather {{"city": "{city}"}}' for city in cities)
    return f"%%oxillama --tools get_weather\nSee. => {calls} | It is $outputs."


@pytest.mark.timeout(200)
def test_the_plain_view_approves_and_denies_by_keyboard(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    page.route("**/oxillama/widgets/**", lambda route: route.abort())
    write_notebook(world, WEATHER, asked("Paris", "<b>Bonn</b>"))
    open_notebook(page, scripted_lab)
    run_all(page)
    page.wait_for_selector(f"{CALL}:has-text('Bonn')", timeout=LIMIT)
    assert page.locator(f"{CALL} b").count() == 0

    first, second = (page.locator(CALL).nth(place) for place in range(2))
    first.get_by_role("button", name="Approve: run get_weather").press("Enter")
    first.get_by_text("Approved:").wait_for(timeout=LIMIT)
    second.get_by_role("button", name="Deny: do not run get_weather").press("Enter")
    wait_for_end(page, 2)
    text = outputs_of(page, world, 2)
    assert '`get_weather(city="Paris") → sunny in Paris`' in text
    assert '`get_weather(city="<b>Bonn</b>") was denied`' in text


@pytest.mark.timeout(300)
def test_a_retry_offers_the_functions_again_and_says_who_can_run_them(
    page: Page,
    scripted_lab: Server,
    world: World,
    hosts: set[str | None],
    axe: Callable[[str], list[Any]],
) -> None:
    write_notebook(world, WEATHER, f"{asked('Paris')}".replace("--tools", "--yes --tools"))
    open_notebook(page, scripted_lab)
    run_all(page)
    retry = page.get_by_role("button", name="Retry: ask the same again, beside this answer").first
    retry.press("Enter")
    another = page.locator(ANOTHER)
    card = another.locator(CALL)
    card.get_by_role("button", name="Approve: run get_weather").press("Enter")
    card.get_by_text("Approved").wait_for(timeout=LIMIT)
    another.get_by_text("follows this answer:").wait_for(timeout=LIMIT)
    check_looks(page, axe, ANOTHER)
    another.get_by_role("button", name="Follow this answer in a new cell").press("Enter")
    another.get_by_text("It is sunny in Paris.").wait_for(timeout=LIMIT)
    wait_for_end(page, 3)
    assert "sunny in Paris" in outputs_of(page, world, 3)

    # Where nothing runs, nobody has to be there who could.
    retry.press("Enter")
    card.get_by_role("button", name="Deny: do not run get_weather").press("Enter")
    another.get_by_text("The user denied this call; the function did not run.").wait_for(
        timeout=LIMIT
    )
