from __future__ import annotations

import signal
from typing import Any

import pytest

from oxillama_jupyter.widgets.view import NotebookScreen, StreamView, TerminalScreen


class Recorder:
    def __init__(self) -> None:
        self.shown: list[tuple[str, str, dict[str, str]]] = []
        self.closed = 0

    def show(self, text: str, note: str, about: dict[str, str]) -> None:
        self.shown.append((text, note, about))

    def close(self) -> None:
        self.closed += 1


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def delta(text: str, message: str = "msg_1") -> dict[str, Any]:
    content = [{"index": 0, "type": "text", "text": {"value": text}}]
    return {"event": "thread.message.delta", "data": {"id": message, "delta": {"content": content}}}


def whole(text: str, message: str = "msg_1") -> dict[str, Any]:
    content = [{"type": "text", "text": {"value": text, "annotations": []}}]
    return {"event": "thread.message.completed", "data": {"id": message, "content": content}}


def run(status: str) -> dict[str, Any]:
    data = {"id": "run_1", "thread_id": "thread_1", "status": status}
    return {"event": f"thread.run.{status}", "data": data}


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_first_text_is_shown_at_once_and_the_rest_15_times_a_second(clock: Clock) -> None:
    screen = Recorder()
    view = StreamView(screen, clock=clock)

    view.feed(run("in_progress"))
    for number in range(1000):
        view.feed(delta(f"{number} "))
        clock.now += 0.001
    view.close()

    assert screen.shown[0][0] == "0 "
    assert screen.shown[-1][0] == "".join(f"{n} " for n in range(1000))
    assert len(screen.shown) <= 17
    assert screen.closed == 1


def test_long_texts_are_shown_less_often(clock: Clock) -> None:
    screen = Recorder()
    view = StreamView(screen, clock=clock)

    view.feed(delta("x" * 1_000_000))
    for _ in range(100):
        clock.now += 0.01
        view.feed(delta("y"))

    assert len(screen.shown) == 1


def test_the_end_is_exact_whatever_came_before(clock: Clock) -> None:
    screen = Recorder()
    view = StreamView(screen, clock=clock)

    view.feed(delta("Hello wor"))
    view.feed(whole("Hello world"))
    view.feed(run("completed"))
    view.close("A note.")

    about = {"run_id": "run_1", "thread_id": "thread_1"}
    assert screen.shown[-1] == ("Hello world", "A note.", about)
    assert (view.text, view.run["status"]) == ("Hello world", "completed")


def test_nothing_is_shown_twice(clock: Clock) -> None:
    screen = Recorder()
    view = StreamView(screen, clock=clock)

    view.feed(delta("Hi"))
    view.feed(whole("Hi"))
    view.close()

    assert len(screen.shown) == 1


def test_a_run_without_text_shows_nothing(clock: Clock) -> None:
    screen = Recorder()
    view = StreamView(screen, clock=clock)

    view.feed({"event": "thread.created", "data": {"id": "thread_1"}})
    view.feed({"event": "thread.run.step.created", "data": {"id": "step_1"}})
    view.close()

    assert screen.shown == []
    assert (view.thread_id, view.run_id) == ("thread_1", None)


def test_several_messages_of_a_run_are_paragraphs(clock: Clock) -> None:
    view = StreamView(None, clock=clock)

    view.feed(delta("One", "msg_1"))
    view.feed(delta("Two", "msg_2"))
    view.feed(delta("!", "msg_2"))
    view.close()

    assert view.text == "One\n\nTwo!"


def test_a_terminal_gets_the_text_as_it_comes(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    view = StreamView(TerminalScreen(), clock=clock)

    view.feed(delta("Hello "))
    first = capsys.readouterr().out
    clock.now += 1
    view.feed(delta("world"))
    view.close("Interrupted.")

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
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            screen.show("Hello", "", {})

    assert shown == [False, True]
