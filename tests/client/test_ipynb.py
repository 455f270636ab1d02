"""Threads as notebooks: valid, lossless, and an edit is noticed."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from exported import exports
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from oxillama_jupyter.client.exports import text_of_file
from oxillama_jupyter.client.ipynb import NoThread, from_notebook, to_notebook
from oxillama_jupyter.client.turns import fenced, turns

if TYPE_CHECKING:
    from exported import Export

FEW = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))


def message(number: int, role: str, text: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"msg_{number}",
        "object": "thread.message",
        "created_at": number,
        "thread_id": "thread_1",
        "status": "completed",
        "role": role,
        "content": [{"type": "text", "text": {"value": text, "annotations": []}}],
        "run_id": None,
        "attachments": [],
        "metadata": {},
    } | fields


@pytest.fixture
def export() -> Export:
    """Two turns, the first with a call."""
    function = {"name": "f", "arguments": '{"city":"Zürich"}', "output": "```\nwarm\n```"}
    calls = {
        "type": "tool_calls",
        "tool_calls": [{"id": "c", "type": "function", "function": function}],
    }
    step = {
        "id": "step_1",
        "object": "thread.run.step",
        "run_id": "run_1",
        "type": "tool_calls",
        "status": "completed",
        "step_details": calls,
    }
    return {
        "object": "thread.export",
        "version": 1,
        "exported_at": 9,
        "thread": {"id": "thread_1", "object": "thread", "created_at": 0, "metadata": {}},
        "messages": [
            message(1, "user", "One?"),
            message(2, "assistant", "1.", run_id="run_1"),
            message(3, "user", "Two?"),
            message(4, "assistant", "2."),
        ],
        "runs": [{"id": "run_1", "object": "thread.run", "created_at": 1}],
        "steps": [step],
    }


def questions(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if "".join(cell["source"])[:11] == "%%oxillama\n"]


@FEW
@given(export=exports())
def test_a_notebook_is_valid_and_holds_all_of_the_thread(export: Export) -> None:
    text = text_of_file(export, ".ipynb", "A thread")
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    assert notebook.metadata.kernelspec.name == "python3"

    found = from_notebook(json.loads(text))
    assert found.whole
    for kind in ("thread", "messages", "runs", "steps"):
        assert found.export[kind] == export[kind]


@FEW
@given(export=exports())
def test_a_front_end_may_save_it(export: Export) -> None:
    """With outputs cleared, line ends of its own, and sources as one string."""
    notebook = nbformat.reads(text_of_file(export, ".ipynb", "t"), as_version=4)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], 7
        cell["source"] = cell["source"].replace("\r\n", "\n").replace("\r", "\n") + "\n"
    notebook["cells"].insert(0, nbformat.v4.new_markdown_cell("A note of mine"))
    notebook["cells"].append(nbformat.v4.new_code_cell("1 + 1"))

    found = from_notebook(json.loads(nbformat.writes(notebook)))
    assert found.whole
    assert found.export["messages"] == export["messages"]


@FEW
@given(export=exports(), data=st.data())
def test_an_edit_is_noticed_where_it_is(export: Export, data: st.DataObject) -> None:
    notebook = json.loads(text_of_file(export, ".ipynb", "t"))
    cells = [c for c in notebook["cells"] if c["metadata"]["oxillama"]["kind"] == "turn"]
    assume(cells)
    place = data.draw(st.integers(0, len(cells) - 1))
    before = [m for c in cells[:place] for m in c["metadata"]["oxillama"]["messages"]]
    cell = cells[place]
    head = "%%oxillama --temperature 0\n" if cell["cell_type"] == "code" else ""
    cell["source"] = [head, "Something else\n", "entirely"]

    found = from_notebook(notebook)
    assert not found.whole
    assert found.export["messages"] == before
    assert found.edited is not None
    assert found.edited["role"] == cell["metadata"]["oxillama"]["messages"][0]["role"]
    assert found.edited["content"][0]["text"]["value"] == "Something else\nentirely"
    assert found.behind == sum(c["cell_type"] == "code" for c in cells[place + 1 :])


def test_what_a_person_sees(export: Export) -> None:
    cells = to_notebook(export, "My thread")["cells"]
    shown = [(cell["cell_type"], "".join(cell["source"])) for cell in cells]

    assert shown == [
        ("markdown", "# My thread"),
        ("code", "%load_ext oxillama_jupyter"),
        ("code", "%%oxillama\nOne?"),
        (
            "markdown",
            (
                '**Tool call** `f`\n\n```json\n{\n  "city": "Zürich"\n}\n```\n\n'
                "Output:\n\n````\n```\nwarm\n```\n````"
            ),
        ),
        ("code", "%%oxillama\nTwo?"),
    ]
    assert [cell["id"] for cell in cells[2:]] == ["msg_1", "step_1", "msg_3"]
    assert cells[2]["outputs"][0]["data"]["text/markdown"] == ["1."]


def test_an_answer_is_nothing_but_text_for_the_page_that_opens_it(export: Export) -> None:
    evil = "![x](https://evil.example/?q=1) <img src=x onerror=alert(1)>"
    export["messages"][1]["content"][0]["text"]["value"] = evil
    notebook = to_notebook(export, "Thread")
    data = notebook["cells"][2]["outputs"][0]["data"]
    assert "<img" not in "".join(data["text/markdown"])
    assert "![" not in "".join(data["text/markdown"])
    assert "".join(data["text/plain"]) == evil


def test_flags_are_no_edit(export: Export) -> None:
    notebook = to_notebook(export, "t")
    questions(notebook)[0]["source"] = ["%%oxillama -o x --seed 1\n", "One?"]

    assert from_notebook(notebook).whole


def test_cells_that_are_gone_new_or_moved(export: Export) -> None:
    notebook = to_notebook(export, "t")
    first, second = questions(notebook)

    gone = deepcopy(notebook)
    gone["cells"].remove(second)
    found = from_notebook(gone)
    assert (found.whole, found.edited) == (False, None)
    assert [m["id"] for m in found.export["messages"]] == ["msg_1", "msg_2"]
    assert [run["id"] for run in found.export["runs"]] == ["run_1"]

    gone = deepcopy(notebook)
    gone["cells"].remove(first)
    found = from_notebook(gone)
    assert found.export["messages"] == found.export["runs"] == found.export["steps"] == []
    assert found.edited is not None
    assert found.edited["content"][0]["text"]["value"] == "Two?"

    new = deepcopy(notebook)
    new["cells"].append(nbformat.v4.new_code_cell("%%oxillama\nThree?"))
    found = from_notebook(new)
    assert (found.whole, found.behind) == (False, 0)
    assert len(found.export["messages"]) == 4
    assert found.edited is not None
    assert found.edited["content"][0]["text"]["value"] == "Three?"

    twice = deepcopy(notebook)  # as a front end copies a cell: with its metadata
    twice["cells"].append(deepcopy(first))
    found = from_notebook(twice)
    assert found.edited is not None
    assert len(found.export["messages"]) == 4


def test_a_changed_answer_in_the_metadata_is_noticed(export: Export) -> None:
    notebook = to_notebook(export, "t")
    own = questions(notebook)[1]["metadata"]["oxillama"]
    own["messages"][1]["content"][0]["text"]["value"] = "3."

    assert not from_notebook(notebook).whole


def test_an_edited_question_keeps_its_images(export: Export) -> None:
    image = {"type": "image_file", "image_file": {"file_id": "file-1"}}
    export["messages"][2]["content"].append(image)
    notebook = to_notebook(export, "t")
    questions(notebook)[1]["source"] = "%%oxillama\nAnd now?"
    found = from_notebook(notebook)

    assert found.edited is not None
    assert found.edited["content"][1:] == [image]


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ([], "is not a notebook"),
        ({"worksheets": []}, "is not a notebook"),
        ({"cells": [], "metadata": {}}, "none that %oxillama export has written"),
        ({"cells": [], "metadata": {"oxillama": {"version": 2}}}, "a newer version"),
        ({"cells": [], "metadata": {"oxillama": {"version": 1}}}, "is damaged"),
        (
            {"cells": [], "metadata": {"oxillama": {"version": 1, "thread": {"id": "x"}}}},
            "is damaged",
        ),
    ],
)
def test_other_files(value: Any, what: str) -> None:
    with pytest.raises(NoThread, match=what):
        from_notebook(value)


def test_odd_cells_are_passed_over(export: Export) -> None:
    notebook = to_notebook(export, "t")
    odd = [None, {}, {"source": None}, {"source": 3, "metadata": {"oxillama": 5}}]
    odd += [{"source": "", "metadata": {"oxillama": {"kind": "turn", "messages": [{}]}}}]
    notebook["cells"][3:3] = odd

    assert from_notebook(notebook).whole


@FEW
@given(export=exports())
def test_every_message_and_call_is_in_a_turn_once(export: Export) -> None:
    items = [
        item["id"]
        for turn in turns(export)
        for item in ([turn.question] if turn.question else []) + turn.items
    ]
    calls = [step["id"] for step in export["steps"] if step["type"] == "tool_calls"]
    messages = [message["id"] for message in export["messages"]]

    assert sorted(items) == sorted(messages + calls)
    assert [item for item in items if item.startswith("msg_")] == messages


@given(text=st.text(alphabet="`ab\n", max_size=30))
def test_a_fence_is_longer_than_any_in_it(text: str) -> None:
    block = fenced(text)
    fence = block.partition("\n")[0]

    assert fence not in text
    assert block == f"{fence}\n{text}\n{fence}"
