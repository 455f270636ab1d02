"""The models' widget in the kernel: what it leaves in a notebook, and what is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from magics.kernel import Kernel

from oxillama_jupyter.client.connection import connect
from oxillama_jupyter.widgets.models import Models
from oxillama_jupyter.widgets.panel import MIME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from client.world import Server, World

    from oxillama_jupyter.client.connection import Connection

HOSTILE = "<img src=x onerror=alert(1)> ![b](http://evil.example) | \x1b[31m\u202e`x`"


@pytest.fixture(scope="module")
def connection(server: Server) -> Iterator[Connection]:
    found = connect(f"{server.url}v1", server.token)
    yield found
    found.openai.close()


@pytest.fixture(scope="module")
def kernel(world: World, server: Server) -> Iterator[Kernel]:
    with Kernel(world, **server.kernel_env, OXILLAMA_WIDGETS="1") as kernel:
        yield kernel


def test_the_picture_is_a_table_of_the_models(connection: Connection) -> None:
    picture = Models(connection).picture()

    assert picture["text/markdown"].splitlines() == [
        "| Model |  | State | Size | Needs | Context |",
        "| --- | --- | --- | --- | --- | --- |",
        "| scripted | default | loaded |  |  | 400,000 tokens |",
    ]
    assert picture["text/plain"].splitlines()[1].split() == [
        *("scripted", "default", "loaded", "400,000", "tokens")
    ]


def test_names_of_others_are_text(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    report: dict[str, Any] = connection.get(f"{connection.url}/models")
    report["data"][0] |= {"id": HOSTILE, "state": "failed", "detail": HOSTILE, "size": 2 * 10**9}
    models = Models(connection)
    monkeypatch.setattr(models, "report", lambda: report)
    markdown = models.picture()["text/markdown"]

    head, rule, row = markdown.splitlines()
    assert row.count(" | ") == rule.count(" | ") == head.count(" | ") == 5
    assert "<img" not in markdown.replace("\\<img", "")
    assert "![b](" not in markdown
    assert "\x1b" not in markdown
    assert "\u202e" not in markdown
    assert "2.0 GB" in row


def test_what_is_chosen_is_kept_in_the_notebook(connection: Connection) -> None:
    models = Models(connection, selected="scripted")

    data, _ = models._repr_mimebundle_()
    assert data[MIME]["state"]["selected"] == "scripted"
    assert repr(models) == "Models(selected='scripted')"


def test_without_a_server_there_is_a_sentence() -> None:
    gone = Models(connect("http://127.0.0.1:9/v1", "none"))

    assert gone.picture() == {"text/plain": "Models(selected=''): the server does not answer."}


def test_the_command_opens_it_where_widgets_are_shown(kernel: Kernel) -> None:
    (output,) = kernel.run("%oxillama models").updates

    assert output["data"][MIME]["widget"] == "models"
    assert "scripted" in output["data"]["text/markdown"]
