from __future__ import annotations

from typing import Any

import pytest

from oxillama_jupyter.widgets.view import State, StreamView


class Recorder:
    def __init__(self) -> None:
        self.opened: list[State] = []
        self.shown: list[State] = []
        self.closed: list[State] = []

    def open(self, state: State) -> None:
        self.opened.append(state)

    def show(self, state: State) -> None:
        self.shown.append(state)

    def close(self, state: State) -> None:
        self.closed.append(state)


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

    assert screen.shown[0].text == "0 "
    assert len(screen.shown) <= 16
    (last,) = screen.closed
    assert last.text == "".join(f"{n} " for n in range(1000))
    assert last.tokens == 1000


def test_the_screen_is_opened_when_the_run_is_known_and_once(clock: Clock) -> None:
    screen = Recorder()
    view = StreamView(screen, clock=clock)

    for status in ("queued", "in_progress", "requires_action", "in_progress"):
        view.feed(run(status))

    (opened,) = screen.opened
    assert dict(opened.about) == {"run_id": "run_1", "thread_id": "thread_1"}
    assert (opened.text, opened.status) == ("", "queued")


def test_the_end_is_exact_whatever_came_before(clock: Clock) -> None:
    screen = Recorder()
    view = StreamView(screen, clock=clock)

    view.feed(delta("Hello wor"))
    view.feed(whole("Hello world"))
    view.feed(run("completed"))
    view.close("A note.")

    about = (("run_id", "run_1"), ("thread_id", "thread_1"))
    assert screen.closed == [State("Hello world", "A note.", about, 1, "completed")]
    assert (view.text, view.run["status"]) == ("Hello world", "completed")


def test_a_run_without_text_shows_nothing(clock: Clock) -> None:
    screen = Recorder()
    view = StreamView(screen, clock=clock)

    view.feed({"event": "thread.created", "data": {"id": "thread_1"}})
    view.feed({"event": "thread.run.step.created", "data": {"id": "step_1"}})
    view.close()

    assert (screen.opened, screen.shown) == ([], [])
    assert screen.closed == [State(about=(("thread_id", "thread_1"),))]
    assert (view.thread_id, view.run_id) == ("thread_1", None)


def test_several_messages_of_a_run_are_paragraphs(clock: Clock) -> None:
    view = StreamView(None, clock=clock)

    view.feed(delta("One", "msg_1"))
    view.feed(delta("Two", "msg_2"))
    view.feed(delta("!", "msg_2"))
    view.close()

    assert view.text == "One\n\nTwo!"
