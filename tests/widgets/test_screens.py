"""The screens of all front ends but the widget's, and who gets which."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest
from magics.kernel import Kernel

from oxillama_jupyter.widgets.screens import (
    FinalScreen,
    NotebookScreen,
    TerminalScreen,
    bundle,
    kind_of_screen,
)
from oxillama_jupyter.widgets.view import State

if TYPE_CHECKING:
    from pathlib import Path

    from client.world import Server, World

LAB = {
    "JPY_SESSION_NAME": "/home/ada/a.ipynb",
    "JPY_PARENT_PID": "1",
    "OXILLAMA_URL": "http://127.0.0.1:8888/oxillama",
}
NBCLIENT = {"JPY_PARENT_PID": "1"}


class Displayed:
    """What goes to a front end."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[tuple[dict[str, str], dict[str, Any]]] = []
        monkeypatch.setattr("IPython.display.display", self._display)

    def _display(self, data: dict[str, str], **options: Any) -> None:
        self.calls.append((data, options))


@pytest.fixture
def displayed(monkeypatch: pytest.MonkeyPatch) -> Displayed:
    return Displayed(monkeypatch)


def test_a_notebook_shows_whole_texts_and_no_state_twice(displayed: Displayed) -> None:
    screen = NotebookScreen()

    screen.open(State())
    screen.show(State("Hel"))
    screen.show(State("Hello"))
    screen.close(State("Hello"))

    texts = [data["text/plain"] for data, _ in displayed.calls]
    assert texts == ["Hel", "Hello"]
    assert [options["update"] for _, options in displayed.calls] == [False, True]
    assert len({options["display_id"] for _, options in displayed.calls}) == 1


def test_a_notebook_shows_long_texts_less_often(displayed: Displayed) -> None:
    now = [0.0]
    screen = NotebookScreen(lambda: now[0])

    for _ in range(20):  # of a second
        screen.show(State("x" * 1_000_000 + "y" * len(displayed.calls)))
        now[0] += 0.05

    assert len(displayed.calls) == 1


def test_nothing_is_shown_of_a_run_without_text(
    displayed: Displayed, capsys: pytest.CaptureFixture[str]
) -> None:
    for screen in (NotebookScreen(), FinalScreen(), TerminalScreen()):
        screen.open(State())
        screen.close(State())

    assert displayed.calls == []
    assert capsys.readouterr().out == ""


def test_a_final_screen_shows_the_end_alone(displayed: Displayed) -> None:
    screen = FinalScreen()
    about = (("run_id", "run_1"),)

    screen.open(State())
    screen.show(State("Hel"))
    screen.close(State("Hello", "A note.", about))

    ((data, options),) = displayed.calls
    assert data == {
        "text/markdown": "Hello\n\n*A note.*",
        "text/plain": "Hello\n\n(A note.)",
    }
    assert options["metadata"] == {"oxillama": {"run_id": "run_1"}}


def test_a_terminal_gets_the_text_as_it_comes(capsys: pytest.CaptureFixture[str]) -> None:
    screen = TerminalScreen()

    screen.show(State("Hello "))
    first = capsys.readouterr().out
    screen.close(State("Hello world", "Interrupted."))

    assert first == "Hello "
    assert capsys.readouterr().out == "world\n(Interrupted.)\n"


def test_an_interrupt_while_text_is_shown_takes_effect_right_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[bool] = []

    def display(*_: object, update: bool, **__: object) -> None:
        shown.append(update)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("IPython.display.display", display)
    screen = NotebookScreen()
    for text in ("Hello", "Hello again"):
        with pytest.raises(KeyboardInterrupt):
            screen.show(State(text))

    assert shown == [False, True]


def test_what_no_page_could_lay_out_is_left_as_plain_text() -> None:
    assert set(bundle(State("word " * 1000))) == {"text/markdown", "text/plain"}
    assert set(bundle(State("x" * 1_000_000))) == {"text/plain"}
    assert set(bundle(State("line\n" * 100_000))) == {"text/plain"}


@pytest.mark.parametrize(
    ("environ", "can_be_asked", "kind"),
    [
        (LAB, True, "widget"),
        (LAB, False, "widget"),
        (LAB | {"OXILLAMA_WIDGETS": "0"}, True, "notebook"),
        ({"JPY_SESSION_NAME": "/a.ipynb", "JPY_PARENT_PID": "1"}, True, "notebook"),
        (LAB | {"JPY_SESSION_NAME": "/a-jvsc-0a1b.ipynb"}, True, "notebook"),
        (NBCLIENT, False, "final"),
        (NBCLIENT | {"OXILLAMA_WIDGETS": "1"}, False, "widget"),
        (NBCLIENT | {"PYTEST_CURRENT_TEST": "a.ipynb::Cell 0"}, False, "final"),
        (NBCLIENT, True, "notebook"),
        ({"VSCODE_PID": "1"}, True, "notebook"),
        ({}, False, "notebook"),
    ],
)
def test_a_front_end_gets_what_it_can_show(
    environ: dict[str, str], *, can_be_asked: bool, kind: str
) -> None:
    assert kind_of_screen(environ, can_be_asked=can_be_asked) == kind


def test_an_executed_notebook_has_answers_and_got_no_updates(
    world: World, server: Server, tmp_path: Path
) -> None:
    cells = ["%load_ext oxillama_jupyter", "%%oxillama\nslow 20"]
    code = f"""
import json, sys, nbclient, nbformat
cells = [nbformat.v4.new_code_cell(source) for source in {cells!r}]
book = nbformat.v4.new_notebook(cells=cells)
seen = []
class Client(nbclient.NotebookClient):
    def process_message(self, message, *rest):
        seen.append(message["msg_type"])
        return super().process_message(message, *rest)
Client(book).execute()
print(json.dumps([seen, book.cells[1].outputs]))
"""
    seen, outputs = json.loads(world.python(code, **server.kernel_env))

    assert "update_display_data" not in seen
    (output,) = outputs
    assert output["data"]["text/markdown"] == "".join(f"w{n} " for n in range(20))


def test_a_front_end_that_could_be_asked_gets_updates(world: World, server: Server) -> None:
    with Kernel(world, **server.kernel_env, OXILLAMA_WIDGETS="0") as kernel:
        assert len(kernel.run("%%oxillama\nslow 20").updates) > 3
