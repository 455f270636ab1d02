"""`%oxillama fix` asks about the last error, and puts the corrected cell below."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from magics.kernel import Kernel

from oxillama_jupyter.magics.failures import MagicError
from oxillama_jupyter.magics.fix import fix_page

if TYPE_CHECKING:
    from client.world import Server, World

NEXT = "The corrected cell is the next one; it has not been run."


def asked(kernel: Kernel) -> str:
    """The last question of the notebook's thread."""
    shown = kernel.run("%oxillama show")
    question = shown.data("text/plain")[0].rpartition("You: ")[2]
    return re.split(r"\n\n\d+ Model: ", question)[0]


def test_the_corrected_cell_is_the_next_one_and_does_not_run(fresh: Kernel) -> None:
    fresh.run("ran = []")
    fresh.run("def share(n):\n    return 1 / n")
    fresh.run("ran.append(1)\nshare(0)")
    shown = fresh.run("%oxillama fix say:Because.⏎```python⏎ran.append(2)⏎share(1)⏎```⏎Done.")

    assert shown.status == "ok", shown.error
    (payload,) = shown.payload
    assert payload == {
        "source": "set_next_input",
        "text": "ran.append(2)\nshare(1)",
        "replace": False,
    }
    answer, note = shown.data("text/plain")
    assert answer.startswith("Because.\n```python\nran")
    assert note == NEXT
    assert fresh.value("ran") == "[1]"
    assert fresh.value("[n for n in globals() if 'oxillama_fix' in n]") == "[]"


def test_the_question_has_the_cell_and_the_notebooks_own_frames(fresh: Kernel) -> None:
    fresh.run("import json\ndef load(text):\n    return json.loads(text)")
    fresh.run("x = 1\nload('{')")
    fresh.run("%oxillama fix it worked yesterday")

    text = asked(fresh)
    assert re.search(r"The cell, In\[\d+\]:\n```python\nx = 1\nload\('\{'\)\n```\n", text)
    assert re.search(r"In\[\d+\], line 2, in <module>\n    load\('\{'\)", text)
    assert re.search(r"In\[\d+\], line 3, in load\n    return json\.loads\(text\)", text)
    assert "(3 frames of libraries and outer calls are left out)" in text
    assert "json.decoder.JSONDecodeError: Expecting property name" in text
    assert "decoder.py" not in text
    assert text.endswith("What the user says about it: it worked yesterday")


def test_long_cells_and_deep_errors_stay_small(fresh: Kernel) -> None:
    fresh.run("def f(n):\n    return f(n + 1)")
    fresh.run("# " + "long " * 4000 + "\nf(0)")
    fresh.run("%oxillama fix")
    text = asked(fresh)
    assert len(text) < 10_000
    assert "characters are left out" in text
    assert "frames of libraries and outer calls are left out" in text
    assert "RecursionError" in text


def test_a_cell_that_is_no_python(fresh: Kernel) -> None:
    fresh.run("y = (1 +")
    fresh.run("%oxillama fix")
    text = asked(fresh)
    assert "```python\ny = (1 +\n```" in text
    assert "SyntaxError" in text


def test_our_own_mistakes_are_not_fixed(fresh: Kernel) -> None:
    fresh.run("undefined_name")
    fresh.run("%oxillama thraeds")
    fresh.run("%oxillama fix")
    text = asked(fresh)
    assert "```python\nundefined_name\n```" in text
    assert "NameError: name 'undefined_name' is not defined" in text
    assert "thraeds" not in text


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("```py⏎a = 1⏎```⏎```python⏎b⏎```", "a = 1"),
        ("```⏎a⏎```", "a"),
        ("```text⏎no⏎```⏎~~~python⏎yes⏎~~~", "yes"),
        ("````python⏎s = '''⏎```⏎'''⏎````", "s = '''\n```\n'''"),
        ("Rename it.", None),
        ("```python⏎⏎```", None),
        ("```python⏎never closed", None),
    ],
)
def test_the_first_python_block_is_taken(fresh: Kernel, answer: str, code: str | None) -> None:
    fresh.run("1 / 0")
    shown = fresh.run(f"%oxillama fix say:{answer}")

    assert shown.status == "ok", shown.error
    assert [payload["text"] for payload in shown.payload] == ([code] if code else [])
    if code is None:
        assert shown.data("text/plain")[-1].startswith("There is no Python block in the answer")


def test_nothing_has_failed(world: World, server: Server) -> None:
    with Kernel(world, **server.kernel_env) as kernel:
        shown = kernel.run("%oxillama fix")
        assert shown.error == (
            "oxillama: No cell has failed in this kernel, so there is nothing to fix."
        )
        kernel.run("%oxillama thraeds")
        assert kernel.run("%oxillama fix").error == shown.error


def test_an_answer_that_fails_leaves_no_cell(fresh: Kernel) -> None:
    fresh.run("1 / 0")
    fresh.run("from oxillama_jupyter.magics import fix; was = fix._TASK; fix._TASK = 'fail 1'")
    fresh.run("fix._question = lambda *_: 'fail'")
    shown = fresh.run("%oxillama fix")
    assert shown.status == "error"
    assert shown.payload == []
    assert "signal 11" in shown.error


def test_an_ipython_that_keeps_no_errors() -> None:
    session: Any = SimpleNamespace(shell=SimpleNamespace(history_manager=object()))
    with pytest.raises(MagicError, match="needs a newer IPython"):
        fix_page(session, "")
