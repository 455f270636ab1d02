"""Prompts arrive as they were typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from magics.kernel import Kernel

PROMPTS = {
    "typescript": "type A = { [k: string]: Array<{ x: number }> };\nconst f = (a: A) => `${a}`;\n",
    "json": '{"a": {"b": ["{", "}", "{{x}}", "\\n"]}, "c": null}',
    "latex": r"Explain $\frac{a}{b}$ and \begin{align} x &= \alpha_{1} \\ y \end{align} % done",
    "f-string": "f'{x!r:>{width}}' {x} {{x}} {undefined} %s %(a)s",
    "shell": "$HOME !ls -la $(pwd) `date` ~ * ? $PATH\n!rm -rf x\n%cd /\n?print\nprint??",
    "doctest": ">>> def f():\n...     return 1\n>>> f()\n1",
    "ipython": "In [1]: a = 1\nOut[1]: 1\n   ...: b",
    "indented": "    four spaces\n\tand a tab\n  two, and spaces at the end   \n\n\nlast",
    "magics": "%%bash\necho hi\n%%oxillama -t x\n%time",
    "quotes": "'''triple''' \"\"\"double\"\"\" \\'escaped\\' \\\\ back\\",
    "unicode": "日本語 עברית 🙂👩‍👩‍👧 e\u0301 \u2028 \u00a0 \ufeff |",
    "null": "a\0b \0\0 {x\0}\nc\0",
    "controls": "".join(map(chr, range(1, 32))) + "\x7f\x80\x9f",
    "feeds": "a\r\nb\x0bc\x0cd\x1ce\n\n",
    "html": "<script>alert('x')</script> <b>&amp;</b> &lt;",
    "long": "".join(f"{n:05d} {{x}} $\\n$ é\n" for n in range(200_000 // 16)),
}


@pytest.mark.parametrize("prompt", PROMPTS.values(), ids=PROMPTS)
def test_text_is_sent_byte_for_byte(fresh: Kernel, prompt: str) -> None:
    shown = fresh.run(f"%%oxillama -o answer\n{prompt}")

    assert shown.error == ""
    stored = (
        "[m.content[0].text.value for m in client.beta.threads.messages.list(answer.thread_id).data"
        " if m.role == 'user'][0]"
    )
    fresh.run("import warnings; warnings.simplefilter('ignore')")
    fresh.run("from oxillama_jupyter import connect; client = connect().openai")
    assert fresh.value(f"ascii({stored})") == ascii(prompt)
    assert fresh.value("ascii(answer.text)") == ascii(prompt)
    assert shown.data("text/plain") == [prompt]


@pytest.mark.parametrize("prompt", PROMPTS.values(), ids=PROMPTS)
def test_text_behind_context_is_sent_byte_for_byte(fresh: Kernel, prompt: str) -> None:
    fresh.run("number = 7")
    shown = fresh.run(f"%%oxillama -o answer --vars number\n{prompt}")

    assert shown.error == ""
    fresh.run("from oxillama_jupyter import connect")
    address = "f'/threads/{answer.thread_id}/messages'"
    parts = f"connect().get({address}, {{'order': 'asc', 'limit': 1}})['data'][0]['content']"
    assert fresh.value(f"ascii([part['text']['value'] for part in {parts}])") == ascii(
        ["Variable `number` (int):\n```text\n7\n```\n", prompt]
    )


def test_an_indented_magic_line_changes_nothing(fresh: Kernel) -> None:
    fresh.run("  %%oxillama -o answer  \n    def f():\n      pass")

    assert fresh.value("ascii(answer.text)") == ascii("    def f():\n      pass")


def test_a_call_from_code_sends_what_it_was_given(fresh: Kernel) -> None:
    code = "get_ipython().run_cell_magic('oxillama', '-o answer', '>>> {x}\\n')"

    assert fresh.run(code).status == "ok"
    assert fresh.value("answer") == ">>> {x}"
