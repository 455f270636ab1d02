"""What cells tell the model beside their prompt, read back from the server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from client.world import Server, World
    from magics.kernel import Kernel

READ = """
import json
from oxillama_jupyter import connect
def sent():
    path = f"/threads/{answer.thread_id}/messages"
    (message,) = [m for m in connect().get(path, {"limit": 2})["data"] if m["role"] == "user"]
    return json.dumps([[p["text"]["value"] for p in message["content"]], message["metadata"]])
"""


@pytest.fixture
def reading(fresh: Kernel) -> Kernel:
    assert fresh.run(READ).status == "ok"
    return fresh


def sent(kernel: Kernel) -> tuple[list[str], dict[str, str]]:
    parts, metadata = json.loads(kernel.value("sent()"))
    return parts, metadata


def run(kernel: Kernel, code: str) -> int:
    """Run a cell; give its number."""
    shown = kernel.run(code)
    assert shown.status == "ok", shown.error
    return int(kernel.value("len(In) - 2"))  # its own cell is the last one


def ask(kernel: Kernel, flags: str, prompt: str = "Why?") -> tuple[list[str], dict[str, str]]:
    run(kernel, f"%%oxillama -o answer {flags}\n{prompt}")
    return sent(kernel)


def test_without_flags_the_message_is_the_prompt(reading: Kernel) -> None:
    assert ask(reading, "") == (["Why?"], {})


def test_variables_come_ahead_in_order(reading: Kernel) -> None:
    run(reading, "import pandas as pd; df = pd.DataFrame({'a': [1, 2]}); cfg = {'b': '```'}")
    parts, metadata = ask(reading, "--vars cfg,df", "Why?  \n")

    assert parts[0] == "Variable `cfg` (dict):\n````text\n1 entries:\n'b': '```'\n````\n"
    assert parts[1].startswith("Variable `df` (pandas.DataFrame):\n```text\n2 rows, 1 columns\n")
    assert parts[2:] == ["Why?  \n"]
    assert metadata == {"context": "vars cfg, df"}
    assert reading.value("answer.text") == "\n".join(parts)


def test_the_models_own_prompt_is_the_whole_message(reading: Kernel) -> None:
    run(reading, "n = 1")
    parts, _ = ask(reading, "--vars n", "x")
    assert reading.value("answer.text").endswith("```\n\nx")
    assert len(parts) == 2


def test_a_variable_that_cannot_be_described_is_one_line(reading: Kernel) -> None:
    run(
        reading,
        "class Bad:\n    def __repr__(self): raise RuntimeError('no\\ntext')\n"
        "bad = Bad(); half = '\\ud800'; n = 1",
    )
    parts, _ = ask(reading, "--vars bad,half,n")
    assert parts[0] == "Variable `bad` (Bad) could not be described: RuntimeError: no text\n"
    assert "\\ud800" in parts[1]
    assert "7" not in parts[2]


def test_a_class_of_the_users_own(reading: Kernel) -> None:
    run(
        reading,
        "import oxillama_jupyter\nclass Mine: pass\n"
        "@oxillama_jupyter.describer(Mine)\ndef _(value): return 'it is mine'\nmine = Mine()",
    )
    parts, _ = ask(reading, "--vars mine")
    assert parts[0] == "Variable `mine` (Mine):\n```text\nit is mine\n```\n"


def test_cells_by_number(reading: Kernel) -> None:
    first = run(reading, "print('one'); 1 + 1")
    second = run(reading, "x = 3")
    question = run(reading, "%%oxillama -t other\nWhat is  {x}?")
    failed = reading.run("import sys; print('\\x1b[31mred', file=sys.stderr); 1 / 0")
    assert failed.status == "error"
    last = question + 2  # the value of a number is a cell too
    parts, metadata = ask(reading, f"--cells {last},{first},{second},{question}")

    assert parts[0] == (
        f"Cell In[{first}]:\n```python\nprint('one'); 1 + 1\n```\n\n"
        f"Output of In[{first}]:\n```text\none\n2\n```\n"
    )
    assert parts[1] == f"Cell In[{second}]:\n```python\nx = 3\n```\n"
    assert parts[2] == (
        f"Cell In[{question}], a question to a model:\n```text\nWhat is  {{x}}?\n```\n\n"
        f"Answer to In[{question}]:\n```text\nWhat is  {{x}}?\n```\n"
    )
    assert parts[3].endswith("```text\nred\nZeroDivisionError: division by zero\n```\n")
    assert parts[4:] == ["Why?"]
    assert metadata == {"context": f"cells {first}, {second}, {question}, {last}"}


def test_cells_above(reading: Kernel) -> None:
    reading.run("a = 'first'")
    reading.run("")
    reading.run("b = 'second'")
    shown = reading.run("%%oxillama -o answer --above 2\nWhy?")
    assert shown.status == "ok", shown.error
    parts, _ = sent(reading)

    assert ["a = 'first'" in part for part in parts] == [True, False, False]
    assert ["b = 'second'" in part for part in parts] == [False, True, False]


def test_cells_and_variables_together_each_once(reading: Kernel) -> None:
    number = run(reading, "c = 5")
    parts, metadata = ask(reading, f"--above 1000 --cells {number}:{number} --vars c")
    assert sum("```python\nc = 5\n```" in part for part in parts) == 1
    assert parts[0].startswith("Variable `c`")
    assert metadata["context"].startswith("vars c; cells 1, 2, ")
    assert len(metadata["context"]) <= 512


def test_expressions_are_expanded_only_with_the_flag(reading: Kernel) -> None:
    run(reading, "n = 2")
    prompt = 'a {n} {{ {"k": {"n": n}}["k"] }} {{"{{"}} $n'
    assert ask(reading, "", prompt)[0] == [prompt]
    assert ask(reading, "--expand", prompt)[0] == ["a {n} {'n': 2} {{ $n"]


def test_the_expression_sees_what_the_next_cell_would(reading: Kernel) -> None:
    run(reading, "def double(n): return n * factor\nfactor = 2")
    assert ask(reading, "--expand", "{{ [double(i) for i in range(factor)] }}")[0] == ["[0, 2]"]


ERRORS: dict[str, Any] = {
    "%%oxillama --vars dff\nx": "--vars: there is no variable 'dff' here. Did you mean df",
    "%%oxillama --vars a;b\nx": "--vars takes names of variables with commas between them, not",
    "%%oxillama --vars\nx": "--vars takes names of variables with commas between them, but nothing",
    "%%oxillama --above 0\nx": "--above takes a whole number of at least 1, not '0'.",
    "%%oxillama --cells 9999\nx": "--cells: no cell In[9999] has run in this kernel; the last one",
    "%%oxillama --cells 5:3\nx": "--cells takes numbers of cells as in In[3], such as 3:5 (3, 4",
    "%%oxillama --cells 1:99999999999\nx": "--cells takes numbers of cells as in In[3]",
    "%%oxillama --cells a\nx": "--cells takes numbers of cells as in In[3]",
    "%%oxillama --expand\n{{ dfe.x }}": "--expand: {{ dfe.x }} failed with AttributeError: 'int'",
    "%%oxillama --expand\n{{ ''  }}": "--expand: nothing is left of the prompt.",
}


@pytest.mark.parametrize("code", ERRORS)
def test_a_mistake_is_one_line(fresh: Kernel, code: str) -> None:
    fresh.run("dfe = 1")
    shown = fresh.run(code)

    assert shown.status == "error"
    assert shown.error.startswith(f"oxillama: {ERRORS[code]}")
    assert "\n" not in shown.error
    assert len(shown.outputs) == 1


TERMINAL = """
import json
from IPython.terminal.interactiveshell import TerminalInteractiveShell
shell = TerminalInteractiveShell.instance()
for code in {cells!r}:
    shell.run_cell(code, store_history=True)
from oxillama_jupyter import connect
path = f"/threads/{{shell.user_ns['answer'].thread_id}}/messages"
page = connect().get(path, {{"order": "asc"}})
print("\\n" + json.dumps([p["text"]["value"] for p in page["data"][0]["content"]]))
print(json.dumps(shell.rl_next_input))
"""


def test_a_terminal_has_it_all(world: World, server: Server) -> None:
    cells = [
        "%load_ext oxillama_jupyter",
        "print('one'); 1 + 1",
        "%%oxillama -t first\nHello",
        "%%oxillama -t second -o answer --cells 2:3\nWhy?",
        "1 / 0",
        "%oxillama fix say:```python⏎1 / 1⏎```",
    ]
    *_, parts, following = world.python(
        TERMINAL.format(cells=cells), **server.kernel_env
    ).splitlines()

    first, second, prompt = json.loads(parts)
    assert first.endswith(
        "```python\nprint('one'); 1 + 1\n```\n\nOutput of In[2]:\n```text\none\n2\n```\n"
    )
    assert second.endswith("```text\nHello\n```\n\nAnswer to In[3]:\n```text\nHello\n```\n")
    assert prompt == "Why?"
    assert json.loads(following) == "1 / 1"
