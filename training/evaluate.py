"""Marks a GGUF on held-out prompts through llama.cpp: `python training/evaluate.py [GGUF]`.

Every answer is greedy and counts only if the whole text is exactly right. Names, words, keys,
functions and sums are never those of the training text. Each skill is asked twice: in wording of
the training text ("plain") and in wording kept out of it ("new"). Prints a table; `--card` also
puts it into the model card.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from tinylm.exam import EXAM, Question, distance_question, skill_question
from tinylm.runner import Runner

ASSETS = Path(__file__).resolve().parent.parent / "oxillama_jupyter" / "assets"
MODEL = ASSETS / "oxillama-tiny.gguf"
CARD = ASSETS / "MODEL_CARD.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
DISTANCES = (100, 300, 600, 1000, 1500, 1900)
NEVER_TOLD = -1000
LONGEST = 2048  # more than the file advertises, to see what happens there


@dataclass(frozen=True)
class Task:
    """One row of the table in one wording: a skill by name, or a distance in tokens."""

    model: Path
    row: str | int
    number: int
    new_wording: bool
    verbose: bool


@dataclass
class Mark:
    """How a model did in one skill and wording."""

    skill: str
    new_wording: bool
    right: int
    asked: int


def _questions(runner: Runner, task: Task) -> list[Question]:
    row, new = task.row, task.new_wording
    if isinstance(row, str):
        return [skill_question(row, index, new_wording=new) for index in range(task.number)]

    def count(text: str) -> int:
        return len(runner.tokenize(text))

    return [
        distance_question(abs(row), index, count, told=row > 0, new_wording=new)
        for index in range(task.number)
    ]


def mark(task: Task) -> Mark:
    """Put the questions of one row to the model."""
    runner = Runner(task.model, context=LONGEST)
    asked = _questions(runner, task)
    right = 0
    for question in asked:
        answer, _ = runner.chat(question.messages, question.tools)
        right += answer == question.expected
        if task.verbose and answer != question.expected:
            last = question.messages[-1]["content"]
            sys.stderr.write(f"{question.skill}: {last[-160:]!r}\n  wanted {question.expected!r}\n")
            sys.stderr.write(f"  got    {answer!r}\n")
    runner.close()
    return Mark(asked[0].skill, task.new_wording, right, len(asked))


def table(marks: list[Mark]) -> str:
    """Write the marks as a Markdown table, a column for each wording."""
    lines = ["| skill | n | plain wording | new wording |", "|---|---|---|---|"]
    skills = list(dict.fromkeys(one.skill for one in marks))
    for skill in skills:
        shares = {one.new_wording: one.right / one.asked for one in marks if one.skill == skill}
        number = next(one.asked for one in marks if one.skill == skill)
        lines.append(f"| {skill} | {number} | {shares[False]:.0%} | {shares[True]:.0%} |")
    return "\n".join(lines)


def refresh_card(text: str) -> None:
    """Put a table between the markers of the model card."""
    card = CARD.read_text(encoding="utf-8")
    before, rest = card.split(BEGIN)
    after = rest.split(END)[1]
    CARD.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def main() -> None:
    """Ask, mark and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, nargs="?", default=MODEL)
    parser.add_argument("--number", type=int, default=100, help="questions per skill")
    parser.add_argument("--json", type=Path, help="write the marks to this file")
    parser.add_argument("--card", action="store_true", help="put the table into the model card")
    parser.add_argument("--only", default="", help="skills whose name contains this")
    parser.add_argument("--verbose", action="store_true", help="show the wrong answers")
    parser.add_argument("--jobs", type=int, default=2, help="processes, one thread each")
    options = parser.parse_args()
    begun = time.monotonic()
    rows: list[str | int] = [row for row in EXAM if options.only in row]
    if not options.only or options.only == "recall":
        rows += [*DISTANCES, NEVER_TOLD]
    tasks = [
        Task(options.model, row, options.number, new, options.verbose)
        for row in rows
        for new in (False, True)
    ]
    with ProcessPoolExecutor(options.jobs) as pool:
        marks = list(pool.map(mark, tasks))
    text = table(marks)
    print(text)
    sys.stderr.write(f"{time.monotonic() - begun:.0f} s\n")
    if options.json:
        options.json.write_text(json.dumps([asdict(one) for one in marks], indent=1) + "\n")
    if options.card:
        refresh_card(text)


if __name__ == "__main__":
    main()
