"""The widget's kernel side, and its screen; with a comm that keeps what it would send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import comm
import pytest
from comm.base_comm import BaseComm

from oxillama_jupyter.widgets import run_screen
from oxillama_jupyter.widgets.prefixes import prefixes
from oxillama_jupyter.widgets.run_cell import RunCell
from oxillama_jupyter.widgets.run_screen import RunScreen, finished
from oxillama_jupyter.widgets.view import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oxillama_jupyter.client.connection import Connection

Message = tuple[str, Any]
ABOUT = (("run_id", "run_1"), ("thread_id", "thread_1"))
ENV = {
    "OXILLAMA_BASE_URL": "http://127.0.0.1:8888/user/ada/v1",
    "OXILLAMA_URL": "http://127.0.0.1:8888/user/ada/oxillama",
}


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Message]]:
    """All that goes to the page, comms and displays, in order."""
    sent: list[Message] = []

    class Comm(BaseComm):
        def publish_msg(self, msg_type: str, data: Any = None, *_: Any, **__: Any) -> None:
            sent.append((msg_type, data))

    def display(data: dict[str, Any], **options: Any) -> None:
        sent.append(("update" if options.get("update") else "display", data | options))

    monkeypatch.setattr(comm, "create_comm", Comm)
    monkeypatch.setattr("IPython.display.display", display)
    run_screen._ended.clear()
    yield sent
    run_screen._ended.clear()


def pieces(wire: list[Message]) -> list[list[Any]]:
    return [data["content"] for kind, data in wire if kind == "comm_msg" and "content" in data]


def page(wire: list[Message]) -> str:
    """What a page has of the text after these messages, as `loader.js` reads them."""
    units = b""
    for offset, text, _ in pieces(wire):
        assert offset * 2 <= len(units)
        units = units[: offset * 2] + text.encode("utf-16-le")
    return units.decode("utf-16-le")


def test_only_what_is_new_is_sent(wire: list[Message]) -> None:
    cell = RunCell()

    cell.grow("Hello", 1)
    cell.grow("Hello 🦙🦙", 3)
    cell.grow("Hello 🦙🦙 world", 4)

    assert pieces(wire) == [[0, "Hello", 1], [5, " 🦙🦙", 3], [10, " world", 4]]
    assert page(wire) == cell.text == "Hello 🦙🦙 world"


def test_a_text_that_has_changed_is_sent_anew(wire: list[Message]) -> None:
    cell = RunCell()

    cell.grow("Hello wor", 2)
    cell.grow("Hi", 3)

    assert page(wire) == "Hi"


def test_a_page_that_has_missed_something_gets_it(wire: list[Message]) -> None:
    cell = RunCell()
    cell.grow("🦙 Hello world", 3)
    wire.clear()

    for length in (3, 0, 500, -5, 1):
        cell._handle_custom_msg({"resync": length}, [])

    whole = "🦙 Hello world"
    assert [piece[:2] for piece in pieces(wire)] == [
        [3, whole[2:]],
        [0, whole],
        [14, ""],
        [0, whole],
        [0, whole],  # not from the middle of a character
    ]


@pytest.mark.parametrize("content", [None, [], "stop", {}, {"resync": "x"}, {"stop": ""}, 5])
def test_a_page_that_talks_nonsense_gets_nothing(wire: list[Message], content: object) -> None:
    stopped: list[bool] = []
    cell = RunCell(lambda: stopped.append(True))
    wire.clear()

    cell._handle_custom_msg(content, [])

    assert (wire, stopped) == ([], [])


def test_the_text_is_in_the_state_but_not_in_updates(wire: list[Message]) -> None:
    cell = RunCell(run_id="run_1")

    cell.grow("Hello", 1)
    cell.status = "completed"

    updates = [data["state"] for kind, data in wire if data.get("method") == "update"]
    assert updates == [{"status": "completed"}]
    assert cell.get_state()["text"] == "Hello"
    assert repr(cell) == "RunCell(run_id='run_1', status='completed')"


def test_a_widget_is_one_comm_of_a_few_thousand_bytes(wire: list[Message]) -> None:
    RunCell()

    ((kind, data),) = wire
    assert kind == "comm_open"
    assert len(str(data)) < 6_000


def test_a_screen_is_a_widget_and_in_the_end_text(wire: list[Message]) -> None:
    clock = Clock()
    screen = RunScreen(ENV, clock=clock)

    screen.open(State(about=ABOUT, status="queued"))
    for number in range(1, 400):
        clock.now += 1 / 15
        screen.show(State("word " * number, about=ABOUT, tokens=number))
    screen.close(State("word " * 400, "A note.", ABOUT, 400, "completed"))

    kinds = [kind for kind, _ in wire]
    assert kinds[:2] == ["comm_open", "display"]
    assert set(kinds[2:-1]) == {"comm_msg"}
    assert page(wire) == "word " * 400
    assert len(pieces(wire)) < 60
    state = wire[0][1]["state"]
    assert (state["run_id"], state["thread_id"]) == ("run_1", "thread_1")
    assert (state["openai_prefix"], state["prefix"]) == ("v1", "oxillama")
    kind, last = wire[-1]
    assert kind == "update"
    assert last["display_id"] == wire[1][1]["display_id"]
    assert last["text/markdown"] == "word " * 400 + "\n\n*A note.*"
    assert last["text/plain"].startswith("word word")
    assert len(last["text/plain"]) < 300
    assert last["metadata"] == {"oxillama": dict(ABOUT)}


def outputs(wire: list[Message]) -> list[str]:
    """The Markdown that a notebook has after these messages, in order."""
    found: dict[str, str] = {}
    for kind, data in wire:
        if kind in {"display", "update"}:
            found[data["display_id"]] = data.get("text/markdown", "")
    return [text for text in found.values() if text]


def test_paragraphs_of_a_long_answer_are_in_the_notebook_before_its_end(
    wire: list[Message],
) -> None:
    clock = Clock()
    screen = RunScreen(ENV, clock=clock)
    paragraphs = [f"Paragraph {number}. {'word ' * 100}\n\n" for number in range(20)]
    text = "".join(paragraphs)

    screen.open(State(about=ABOUT, status="queued"))
    for end in range(0, len(text), 40):
        clock.now += 0.1
        screen.show(State(text[:end], about=ABOUT))
        assert len(text[:end]) - len("".join(outputs(wire))) < 3_000 + len(paragraphs[0]) + 40
        assert text.startswith("".join(outputs(wire)))
    screen.close(State(text, "A note.", ABOUT, 1, "completed"))

    assert "".join(outputs(wire)) == f"{text}\n\n*A note.*"
    assert 2 < len(outputs(wire)) < 6
    displays = [data for kind, data in wire if kind == "display"]
    assert all(data["metadata"] == {"oxillama": dict(ABOUT)} for data in displays)
    assert wire[-1][0] == "update"
    assert wire[-1][1]["display_id"] == displays[0]["display_id"]
    assert wire[-1][1]["text/plain"] == ""


def test_a_slow_answer_leaves_what_it_has_after_a_while(wire: list[Message]) -> None:
    clock = Clock()
    screen = RunScreen(ENV, clock=clock)

    screen.show(State("One.\n\nTwo", about=ABOUT))
    assert outputs(wire) == []
    clock.now += 20
    screen.show(State("One.\n\nTwo.", about=ABOUT))
    assert outputs(wire) == ["One.\n\n"]
    screen.close(State("One.\n\nTwo.", about=ABOUT))
    assert outputs(wire) == ["One.\n\n", "Two."]


def test_paragraphs_that_turn_out_to_be_others_are_taken_back(wire: list[Message]) -> None:
    clock = Clock()
    screen = RunScreen(ENV, clock=clock)

    screen.show(State("One.\n\nTwo", about=ABOUT))
    clock.now += 20
    screen.show(State("One.\n\nTwo.", about=ABOUT))
    screen.close(State("Another text.", about=ABOUT))

    assert outputs(wire) == ["Another text."]


@pytest.mark.parametrize(
    ("text", "done"),
    [
        ("", ""),
        ("a\n\n", ""),
        ("a\n\nb\n\nc", "a\n\nb\n\n"),
        ("a\n\n    of a list, or code", ""),
        ("- a\n\n  b\n\n- c", "- a\n\n  b\n\n"),
        ("```\na\n\nb", ""),
        ("```py\na\n\nb\n```\n\nc", "```py\na\n\nb\n```\n\n"),
        ("````\n```\n\na", ""),
        ("~~~\n```\n\na\n~~~\n\nb", "~~~\n```\n\na\n~~~\n\n"),
        ("$$\nx\n\ny", ""),
        ("$$\nx\n$$\n\ny", "$$\nx\n$$\n\n"),
    ],
)
def test_markdown_is_parted_between_paragraphs_only(text: str, done: str) -> None:
    assert text[: finished(text)] == done


def test_short_answers_are_left_as_plain_text_too(wire: list[Message]) -> None:
    screen = RunScreen(ENV)

    screen.open(State(about=ABOUT))
    screen.close(State("Hello", "", ABOUT, 1, "completed"))

    assert wire[-1][1]["text/plain"] == "Hello"


def test_slow_text_waits_no_longer_than_two_seconds(wire: list[Message]) -> None:
    clock = Clock()
    screen = RunScreen(ENV, clock=clock)
    shown = []

    for number in range(1000, 1100):
        clock.now += 0.5
        screen.show(State("x" * number))
        shown.append(len(page(wire)))

    assert all(number - length <= 4 for number, length in enumerate(shown, 1000))
    assert len(pieces(wire)) <= 26


def test_a_run_that_was_never_known_shows_what_there_is(wire: list[Message]) -> None:
    RunScreen(ENV).close(State())
    assert wire == []

    RunScreen(ENV).close(State(note="Interrupted."))
    ((kind, data),) = wire
    assert kind == "display"
    assert data["text/plain"] == "(Interrupted.)"


def test_the_page_stops_a_run_while_it_is_on(wire: list[Message]) -> None:
    posted: list[str] = []

    class Server:
        post = staticmethod(posted.append)

    screen = RunScreen(ENV, lambda: cast("Connection", Server))
    screen.open(State(about=ABOUT))
    cell = screen._cell
    assert cell is not None

    cell._handle_custom_msg({"stop": True}, [])
    screen.close(State("Hel", "", ABOUT, 1, "cancelled"))
    cell._handle_custom_msg({"stop": True}, [])

    assert posted == ["/threads/thread_1/runs/run_1/cancel"]


def test_the_newest_widgets_stay_for_pages_that_were_reloaded(wire: list[Message]) -> None:
    for _ in range(20):
        screen = RunScreen(ENV)
        screen.open(State(about=ABOUT))
        screen.close(State("Hello", "", ABOUT, 1, "completed"))

    assert len([kind for kind, _ in wire if kind == "comm_close"]) == 12
    assert [cell.text for cell in run_screen._ended] == ["Hello"] * 8


@pytest.mark.parametrize(
    ("base_url", "url", "found"),
    [
        ("http://127.0.0.1:1/v1", "http://127.0.0.1:1/oxillama", ("v1", "oxillama")),
        ("http://127.0.0.1:1/user/ada/v1", "http://x/user/ada/llm", ("v1", "llm")),
        ("http://127.0.0.1:1/v1", "http://127.0.0.1:1/my/llm", ("v1", "my/llm")),
        ("", "", ("v1", "oxillama")),
    ],
)
def test_the_routes_are_below_the_base_of_the_page(
    base_url: str, url: str, found: tuple[str, str]
) -> None:
    assert prefixes({"OXILLAMA_BASE_URL": base_url, "OXILLAMA_URL": url}) == found
