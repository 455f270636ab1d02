"""Calls as a person sees them: whole, and with nothing hidden."""

from __future__ import annotations

import json
from typing import Any

import pytest

from oxillama_jupyter.widgets.calls import call_line, call_text, calls_block
from oxillama_jupyter.widgets.view import State, StreamView


def test_a_short_call_is_a_line() -> None:
    arguments = '{"city": "Zürich", "days": 3, "deep": {"a": [null]}}'
    assert call_text("f", arguments) == 'f(city="Zürich", days=3, deep={"a": [null]})'
    assert call_text("f", "") == "f()"


def test_long_texts_are_shown_line_by_line() -> None:
    code = "import os\nos.remove('x')"
    assert call_text("run", json.dumps({"code": code, "n": 1})) == (
        'run(\n    code="""\n    import os\n    os.remove(\'x\')\n    """,\n    n=1,\n)'
    )
    many = {f"key_{number}": "v" * 30 for number in range(50)}
    assert call_text("f", json.dumps(many)).count("v" * 30) == 50


@pytest.mark.parametrize("hidden", ["\x1b[2K\r", "\x9b1A", "\u202e", "\u200b", "\b\b"])
def test_what_a_screen_would_not_show_is_escaped(hidden: str) -> None:
    for text in (f"rm{hidden}ls", f"rm{hidden}\nls"):
        shown = call_text("f", json.dumps({"command": text, hidden: 1}))
        assert hidden not in shown
        assert all(char.isprintable() or char == "\n" for char in shown)
    assert hidden not in call_text(f"f{hidden}", f"no json{hidden}")


def call(output: str, **decision: str) -> dict[str, Any]:
    function = {"name": "f", "arguments": '{"a": 1}', "output": output}
    return {"id": "call_1", "function": function} | ({"decision": decision} if decision else {})


def test_a_line_says_what_ran_and_what_came_of_it() -> None:
    assert call_line(call("x\ny")) == "f(a=1) → x y"
    assert call_line(call("x", verdict="approved", by="Ada")) == "f(a=1) → x"
    assert call_line(call("x", verdict="denied", by="Ada")) == "f(a=1) was denied"
    edited = call("x", verdict="edited", by="Ada", arguments='{"a": 2}')
    assert call_line(edited) == "f(a=2) (edited) → x"
    assert len(call_line(call("y" * 900))) < 250


def test_a_result_cannot_leave_its_code_span() -> None:
    assert calls_block([call("x"), call("`<b>` ``")]) == (
        "`f(a=1) → x`  \n``` f(a=1) → `<b>` `` ```"
    )


def test_the_view_shows_calls_between_texts_and_leaves_them_out_of_the_text() -> None:
    shown: list[str] = []

    class Screen:
        def open(self, state: State) -> None: ...

        def show(self, state: State) -> None:
            shown.append(state.text)

        close = show

    view = StreamView(Screen())

    def message(number: int, text: str) -> dict[str, Any]:
        content = [{"type": "text", "text": {"value": text}}]
        data = {"id": f"msg_{number}", "content": content}
        return {"event": "thread.message.completed", "data": data}

    view.feed(message(1, "Before."))
    step = {"id": "step_1", "type": "tool_calls", "step_details": {"tool_calls": [call("x")]}}
    view.feed({"event": "thread.run.step.completed", "data": step})
    view.feed(message(2, "After."))
    view.close()

    assert shown[-1] == "Before.\n\n`f(a=1) → x`\n\nAfter."
    assert view.text == "Before.\n\nAfter."
