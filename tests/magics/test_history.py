"""Cells as they are told: what is cut is said, and no text leaves its fence."""

from __future__ import annotations

from oxillama_jupyter.magics.cells import Cell, fenced, middle_cut, without_ansi


def test_a_fence_is_longer_than_those_inside() -> None:
    assert fenced("a", "python") == "```python\na\n```"
    assert fenced("a\n") == "```text\na\n```"
    assert fenced("```x\n````\n") == "`````text\n```x\n````\n`````"


def test_the_middle_is_cut_and_said() -> None:
    assert middle_cut("abc", 3) == "abc"
    text = middle_cut("a" * 600 + "b" * 600, 400)
    assert text == f"{'a' * 300}\n… (cut: 800 of 1,200 characters are left out)\n{'b' * 100}"


def test_colours_and_overwritten_progress_are_left_out() -> None:
    assert without_ansi("\x1b[31mred\x1b[0m \x1b]8;;x\x07link") == "red link"
    assert without_ansi("10%\r50%\r100%\nok\r\n") == "100%\nok\r\n"


def test_cells_and_questions_have_headings() -> None:
    code = Cell(3, "x = 1\nx", "1")
    assert code.text == (
        "Cell In[3]:\n```python\nx = 1\nx\n```\n\nOutput of In[3]:\n```text\n1\n```"
    )
    question = Cell(4, "%%oxillama -t t\nWhy?", "Because.")
    assert question.text == (
        "Cell In[4], a question to a model:\n```text\nWhy?\n```\n\n"
        "Answer to In[4]:\n```text\nBecause.\n```"
    )
    assert "Output" not in Cell(5, "%%oxillamas\nx", " \n").text
    long = Cell(6, "x" * 10_000, "y" * 10_000).text
    assert "2,000 of 10,000" in long
    assert "6,000 of 10,000" in long
