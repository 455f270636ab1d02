"""`%oxillama chat`, in a real kernel: with a widget where there are some, else a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from magics.kernel import Kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from client.world import Server, World

MIME = "application/vnd.oxillama.panel+json"


@pytest.fixture
def widgets(world: World, server: Server) -> Iterator[Kernel]:
    """A kernel whose front end shows widgets."""
    name = {"JPY_SESSION_NAME": "/home/ada/chats.ipynb", "OXILLAMA_WIDGETS": "1"}
    with Kernel(world, **server.kernel_env, **name) as kernel:
        yield kernel


def opened(kernel: Kernel, line: str) -> dict[str, Any]:
    """The state of the panel that this shows."""
    shown = kernel.run(line)
    assert shown.status == "ok", shown.error
    (panel,) = shown.data(MIME)
    assert panel["widget"] == "chat"  # type: ignore[index]
    return panel["state"]  # type: ignore[index,return-value]


def test_it_opens_on_the_notebook_s_thread_which_cells_go_on_in(widgets: Kernel) -> None:
    thread = opened(widgets, "%oxillama chat")["thread"]
    assert thread.startswith("thread_")
    widgets.run("%%oxillama -o answer\nHello")
    assert widgets.run("answer.thread_id").data("text/plain") == [repr(thread)]
    again = widgets.run("%oxillama chat")
    assert again.data(MIME)[0]["state"]["thread"] == thread  # type: ignore[index]
    assert "> Hello" in again.data("text/markdown")[0]

    widgets.run(
        "from oxillama_jupyter import connect\nfrom oxillama_jupyter.client.threads import delete"
    )
    widgets.run(f"delete(connect(), {thread!r})")
    fresh = opened(widgets, "%oxillama chat")["thread"]
    assert fresh.startswith("thread_")
    assert fresh != thread


def test_it_opens_on_a_thread_by_name_and_the_notebook_s_own_stays(widgets: Kernel) -> None:
    own = opened(widgets, "%oxillama chat")["thread"]
    named = opened(widgets, "%oxillama chat --thread 'a plan'")["thread"]
    assert named != own
    assert opened(widgets, "%oxillama chat -t 'a plan'")["thread"] == named
    assert opened(widgets, "%oxillama chat")["thread"] == own


def test_elsewhere_it_says_how_to_ask(fresh: Kernel) -> None:
    (text,) = fresh.run("%oxillama chat").data("text/plain")
    assert "a %%oxillama cell asks in the same conversation" in text
    assert "\n" not in text
    (text,) = fresh.run("%oxillama chat --thread plan").data("text/plain")
    assert "%%oxillama -t plan" in text


def test_what_it_does_not_take_is_said(fresh: Kernel) -> None:
    shown = fresh.run("%oxillama chat plan")
    assert shown.status == "error"
    assert "%oxillama chat takes [-t/--thread NAME], not 'plan'" in shown.error
