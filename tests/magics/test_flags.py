"""Every flag of `%%oxillama`: what it takes, what it refuses, and that it arrives at the server."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from oxillama_jupyter.client.connection import connect
from oxillama_jupyter.magics.arguments import parse
from oxillama_jupyter.magics.failures import MagicError
from oxillama_jupyter.magics.flags import FLAGS
from oxillama_jupyter.schemas.runs import CreateRun, SamplingOptions

if TYPE_CHECKING:
    from client.world import Server
    from magics.kernel import Kernel


@dataclass(frozen=True)
class Case:
    """What a flag takes, as typed and as it arrives; and what it must refuse."""

    good: dict[str, Any]
    bad: tuple[str, ...]


def numbers(good: float, *bad: float) -> Case:
    """A number, and those just beyond what is allowed; never anything that is no number."""
    return Case({str(good): good}, (*map(str, bad), "hot", "nan", "inf", ""))


def counts(good: int, *bad: int) -> Case:
    return Case({str(good): good}, (*map(str, bad), "1.5", "many", ""))


BIG = 2**31
# A flag that takes a value has a line here.
CASES = {
    "thread": Case({"side {track}": "side {track}"}, ("", " ")),
    "model": Case({"scripted": "scripted"}, ("", " ")),
    "output": Case({"answer": "answer", "ä1": "ä1"}, ("1a", "class", "a.b", "")),
    "preset": Case(
        {"careful.v2": "careful.v2"}, ("", ".", "..", "a/b", "../x", "a b", ".x", "a\0")
    ),
    "system": Case({'Be "brief"': 'Be "brief"'}, ("", "\n")),
    "schema": Case({"Person": "Person", "a.B": "a.B"}, ("", "list[int]", "a.", "class", "a..b")),
    "tools": Case(
        {"f": ("f",), "f, a.g": ("f", "a.g"), "f,ä1": ("f", "ä1")},
        ("", "f,", "a-b", "f g", "1f", "*", "class"),
    ),
    "yes": Case({"f,a.g": ("f", "a.g")}, ("", "f,,g", "*", "a.")),
    "vars": Case({"df": ("df",), "a, b,a": ("a", "b")}, ("", "a,", "a b", "a.b", "class")),
    "above": counts(3, 0, -1),
    "cells": Case(
        {"3:5,8": (3, 4, 5, 8), "8,3,8": (8, 3)},
        ("", "0", "5:3", ":3", "3:", "a", "1:99999999999", "3-5"),
    ),
    "temperature": numbers(0.5, -0.1, 2.1),
    "max_tokens": counts(7, 0, -1, BIG),
    "seed": counts(2**32 - 2, -1, 2**32 - 1),
    "stop": Case(
        {"END": ["END"], "[INST]": ["[INST]"], '["\\n", "a b"]': ["\n", "a b"], "3": ["3"]},
        ("", "[1]", '["a", ""]'),
    ),
    "top_p": numbers(0.9, -0.1, 1.1),
    "top_k": counts(0, -1, BIG),
    "min_p": numbers(0.05, -0.1, 1.1),
    "repeat_penalty": numbers(1.1, 0, 2.1),
    "frequency_penalty": numbers(-0.5, -2.1, 2.1),
    "presence_penalty": numbers(-2, -2.1, 2.1),
    "repeat_last_n": counts(-1, -2, BIG),
    "logit_bias": Case(
        {"42=-100,7=0.5": {"42": -100.0, "7": 0.5}, '{"3": 4}': {"3": 4.0}},
        ("42", "=", "a=1", "1=b", "1=101", "-1=0", f"{BIG}=0", "1=nan", '{"1": []}', "[]", "{", ""),
    ),
    "reasoning_effort": Case({"low": "low", "none": "none"}, ("huge", "LOW", "")),
    "truncation": Case(
        {
            "auto": {"type": "auto", "last_messages": None},
            "3": {"type": "last_messages", "last_messages": 3},
        },
        ("0", "-1", "middle", ""),
    ),
    "max_prompt_tokens": counts(256, 255, BIG),
    "typical_p": numbers(0.9, -0.1, 1.1),
    "top_n_sigma": numbers(1.5, -1.1),
    "xtc_probability": numbers(0.5, -0.1, 1.1),
    "xtc_threshold": numbers(0.2, -0.1, 1.1),
    "dynatemp_range": numbers(0.3, -0.1),
    "dynatemp_exponent": numbers(2, -0.1),
    "mirostat": counts(2, -1, 3),
    "mirostat_tau": numbers(4, -0.1),
    "mirostat_eta": numbers(0.2, -0.1, 1.1),
    "dry_multiplier": numbers(0.8, -0.1),
    "dry_base": numbers(1.5, 0.9),
    "dry_allowed_length": counts(3, 0, BIG),
    "dry_penalty_last_n": counts(64, -2, BIG),
    "dry_sequence_breakers": Case(
        {";": [";"], '["\\n", "x"]': ["\n", "x"]}, ("", "y" * 41, "[null]")
    ),
    "adaptive_target": numbers(0.4, -1.1, 1.1),
    "adaptive_decay": numbers(0.5, -0.1, 1.0),
    "min_keep": counts(2, -1, BIG),
}
BY_KEY = {flag.key: flag for flag in FLAGS}
IN_RUNS = [flag.key for flag in FLAGS if flag.field is not None]
GOOD = [(key, text) for key, case in CASES.items() for text in case.good]
BAD = [(key, text) for key, case in CASES.items() for text in case.bad]


def typed(key: str, text: str) -> str:
    """The flag and its value; with `=`, as values need it that begin with a dash."""
    return f"{BY_KEY[key].names[-1]}={shlex.quote(text)}"


def test_every_flag_that_takes_a_value_has_good_and_bad_ones_here() -> None:
    assert {flag.key for flag in FLAGS if flag.convert is not None} == set(CASES)
    assert all(case.good and case.bad for case in CASES.values())


def test_every_sampling_field_of_a_run_is_a_flag() -> None:
    others = {"model", "instructions", "temperature", "top_p", "reasoning_effort"}
    others |= {"truncation_strategy", "max_prompt_tokens"}
    fields = {flag.field for flag in FLAGS if flag.field is not None}

    assert fields == set(SamplingOptions.__struct_fields__) | others


def test_no_two_flags_have_one_name_and_all_fit_into_the_help() -> None:
    names = [name for flag in FLAGS for name in flag.names]
    assert len(names) == len(set(names))
    assert [flag.label for flag in FLAGS if not 0 < len(flag.does) <= 60] == []


@pytest.mark.parametrize(("key", "text"), GOOD)
def test_a_good_value(key: str, text: str) -> None:
    options, flag, value = parse(typed(key, text)), BY_KEY[key], CASES[key].good[text]
    if flag.field is None:
        assert getattr(options, key) == value
        return

    body = {"assistant_id": "default", **options.settings}
    run = msgspec.convert(json.loads(json.dumps(body)), CreateRun, strict=False)
    found = json.loads(msgspec.json.encode(getattr(run, flag.field)))
    assert found == value
    assert set(options.settings) == {flag.field}


@pytest.mark.parametrize(("key", "text"), BAD)
def test_a_bad_value_is_refused_with_the_flag_and_what_it_takes(key: str, text: str) -> None:
    flag = BY_KEY[key]
    with pytest.raises(MagicError) as caught:
        parse(typed(key, text))

    assert str(caught.value) == f"{flag.label} takes {flag.takes}, not {text!r}."


@pytest.mark.parametrize("key", [key for key in IN_RUNS if CASES[key].bad[-2:] != ()])
def test_no_number_is_refused_that_the_server_takes(key: str) -> None:
    for text in CASES[key].bad:
        try:
            value = json.loads(text)
        except ValueError:
            continue
        if not isinstance(value, int | float) or key == "truncation":
            continue
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({"assistant_id": "default", BY_KEY[key].field: value}, CreateRun)


@pytest.mark.parametrize("key", CASES)
def test_in_a_kernel_a_bad_value_is_one_line(kernel: Kernel, key: str) -> None:
    flag, text = BY_KEY[key], CASES[key].bad[0]
    shown = kernel.run(f"%%oxillama {typed(key, text)}\nHi")
    missing = kernel.run(f"%%oxillama {flag.names[0]}\nHi")

    assert shown.status == "error"
    assert shown.error == f"oxillama: {flag.label} takes {flag.takes}, not {text!r}."
    assert len(shown.outputs) == 1
    nothing = f"oxillama: {flag.label} takes {flag.takes}, but nothing was given."
    assert missing.error == ("" if flag.bare is not None else nothing)


@pytest.mark.parametrize(("key", "text"), [pair for pair in GOOD if pair[0] in IN_RUNS])
def test_in_a_kernel_it_arrives_at_the_run(
    kernel: Kernel, server: Server, key: str, text: str
) -> None:
    shown = kernel.run(f"%%oxillama -o answer {typed(key, text)}\nHi")
    assert shown.error == ""

    run = stored_run(kernel, server)
    assert run[BY_KEY[key].field] == CASES[key].good[text]


def test_what_is_not_given_is_not_sent(kernel: Kernel, server: Server) -> None:
    kernel.run("%%oxillama -o answer\nHi")
    run = stored_run(kernel, server)

    given = {name for name in SamplingOptions.__struct_fields__ if run.get(name) is not None}
    assert given - {"seed"} == set()


def stored_run(kernel: Kernel, server: Server) -> dict[str, Any]:
    """The run of the variable `answer`, as the server tells it."""
    thread_id, run_id = kernel.value("answer.thread_id + ' ' + answer.run_id").split()
    return connect(server.url, server.token).get(f"/threads/{thread_id}/runs/{run_id}")


# -- the line as a whole ---------------------------------------------------------------------------

LINES = {
    "--temp 1": "There is no flag --temp. Did you mean --temperature? %oxillama help",
    "--temprature=1": "There is no flag --temprature. Did you mean --temperature?",
    "--qqq": "There is no flag --qqq. %oxillama help lists them all.",
    "-temperature 1": "There is no flag -temperature. Did you mean --temperature?",
    "-output=x": "There is no flag -output. Did you mean --output?",
    "-z": "There is no flag -z.",
    "0.5": "'0.5' on the first line of the cell is no flag: the prompt belongs below it",
    "--stop '": "A quote is not closed in: %%oxillama --stop '",
    "--frequency-penalty -1e0": (
        "--frequency-penalty takes a number from -2 to 2, but nothing was given."
        " A value that begins with a dash is written --frequency-penalty=VALUE."
    ),
}


@pytest.mark.parametrize("line", LINES)
def test_a_line_that_is_wrong(line: str) -> None:
    with pytest.raises(MagicError) as caught:
        parse(line)

    assert str(caught.value).startswith(LINES[line])


def test_flags_that_may_be_repeated_add_up_and_others_take_the_last() -> None:
    line = '--stop a --stop \'["b", "\\n"]\' --top-k 3 --top-k=4 -o x -oy --frequency-penalty -1'
    options = parse(line)

    assert options.settings == {"stop": ["a", "b", "\n"], "top_k": 4, "frequency_penalty": -1.0}
    assert options.output == "y"
    assert parse("").settings == {}, "one line's values do not stay for the next"
    assert parse("--stop c").settings == {"stop": ["c"]}


def test_what_the_server_refuses_is_its_line(kernel: Kernel) -> None:
    line = " ".join(f"--stop {number}" for number in range(17))
    shown = kernel.run(f"%%oxillama {line}\nHi")

    assert shown.status == "error"
    assert "'stop'" in shown.error
    assert "\n" not in shown.error
