"""`--preview` shows what would be sent, to the token, and sends nothing."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from magics.kernel import Kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from client.world import World

MESSAGES = "len(connect().get(f'/threads/{answer.thread_id}/messages')['data'])"


def rows(plain: str) -> dict[str, str]:
    """The tables' first columns and what stands behind them."""
    lines = (re.split(r" {2,}", line.strip(), maxsplit=1) for line in plain.split("\n"))
    return {cells[0]: cells[1] for cells in lines if len(cells) == 2}


def test_every_part_is_counted(fresh: Kernel) -> None:
    fresh.run("from oxillama_jupyter import connect; n = 7")
    fresh.run("%%oxillama -o answer\none two three")
    shown = fresh.run(
        "%%oxillama -o other --vars n --above 1 --system 'be brief' --temperature 0.5 --preview\n"
        "Why  {n}?\n"
    )

    assert shown.status == "ok", shown.error
    (plain,) = shown.data("text/plain")
    table = rows(plain)
    cell = fresh.value("len(In) - 3")
    # An engine of the tests: a token is a word, and each message has one for its role.
    assert table["System"] == "2"
    assert table["History: 2 messages"] == "6"
    assert table["n"] == "6"
    assert table[f"In[{cell}]"] == "20"
    assert table["Prompt"] == "2"
    assert table["Template"] == "4"
    assert table["Total"] == "40 of 400,000"
    thread = fresh.value("answer.thread_id")
    assert f"To the model scripted, in thread {thread}." in plain
    assert '{\n  "instructions": "be brief",\n  "temperature": 0.5\n}' in plain
    assert plain.endswith("\nWhy  {n}?\n")
    assert fresh.value(MESSAGES) == "2"
    assert fresh.value("'other' in globals()") == "False"


def test_what_is_shown_is_what_is_sent(fresh: Kernel) -> None:
    fresh.run("from oxillama_jupyter import connect; n = 7")
    preview = fresh.run("%%oxillama --vars n --preview\nWhy?")
    fresh.run("%%oxillama -o answer --vars n\nWhy?")

    (plain,) = preview.data("text/plain")
    assert plain.endswith(fresh.value("answer.text"))
    total = fresh.value("answer.usage['prompt_tokens']")
    assert rows(plain)["Total"] == f"{total} of 400,000"


def test_markdown_keeps_the_text_in_its_fence(fresh: Kernel) -> None:
    shown = fresh.run("%%oxillama --preview\n```\n<script>\n```")
    (markdown,) = shown.data()
    assert markdown.endswith("````text\n```\n<script>\n```\n````")


def test_a_thread_that_is_gone(fresh: Kernel) -> None:
    fresh.run("%%oxillama -o answer\nHello")
    fresh.run("from oxillama_jupyter import connect")
    fresh.run("connect().openai.delete(f'/threads/{answer.thread_id}', cast_to=object)")
    shown = fresh.run("%%oxillama --preview\nHello")
    assert shown.status == "ok", shown.error
    shown = fresh.run("%%oxillama -t thread_0000 --preview\nHello")
    assert shown.error.startswith("oxillama: No thread found with id 'thread_0000'")


def test_a_named_thread_is_not_made(fresh: Kernel) -> None:
    shown = fresh.run("%%oxillama -t nobody --preview\nHello")
    assert "in a new thread." in shown.data("text/plain")[0]
    assert fresh.run("%oxillama show nobody").error.startswith("oxillama: No thread is called")


def test_settings_that_are_wrong(fresh: Kernel) -> None:
    shown = fresh.run("%%oxillama -m gpt-none --preview\nHello")
    assert shown.error.startswith("oxillama: The model 'gpt-none' does not exist")


@pytest.fixture(scope="module")
def real(world: World) -> Iterator[Kernel]:
    """A kernel of a server with the embedded model."""
    server = world.serve(command=("-m", "oxillama_jupyter"))
    with Kernel(world, **server.kernel_env) as kernel:
        yield kernel


def test_the_embedded_models_own_tokens(real: Kernel) -> None:
    real.run("numbers = list(range(1000))")
    shown = real.run("%%oxillama --vars numbers --max-tokens 1 --preview\nWhich is the first?")
    assert shown.status == "ok", shown.error
    table = rows(shown.data("text/plain")[0])
    assert real.run("%%oxillama -o answer --vars numbers --max-tokens 1\nWhich is the first?")

    total = int(table["Total"].split(" of ")[0].replace(",", ""))
    assert real.value("answer.usage['prompt_tokens']") == str(total)
    parts = [int(table[name]) for name in ("numbers", "Prompt", "Template")]
    assert sum(parts) == total
    assert parts[0] > 50
    assert parts[1] < 15


def test_what_is_too_long_is_shown_with_its_parts(real: Kernel) -> None:
    real.run("text = 'some words ' * 300")
    shown = real.run("%%oxillama --vars text --preview\n" + "Why? " * 5000)
    (plain,) = shown.data("text/plain")
    assert plain.startswith("Nothing was sent. This is too long, and would fail: ")
    assert int(rows(plain)["Prompt"].replace(",", "")) > 5000


def test_a_remote_engine_shows_the_text_alone(own_world: World) -> None:
    upstream = own_world.serve()
    own_world.env["OXILLAMA_REMOTE_API_KEY"] = upstream.token
    url = upstream.kernel_env["OXILLAMA_BASE_URL"]
    server = own_world.serve(f"--OxillamaApp.remote_url={url}", command=("-m", "oxillama_jupyter"))
    with Kernel(own_world, **server.kernel_env) as kernel:
        kernel.run("n = 7")
        shown = kernel.run("%%oxillama --vars n --temperature 0 --preview\nWhy?")

    assert shown.status == "ok", shown.error
    (plain,) = shown.data("text/plain")
    assert plain.startswith("Nothing was sent. The prompt cannot be shown: the model runs at ")
    assert '"temperature": 0.0' in plain
    assert plain.endswith("```text\n7\n```\n\nWhy?")


def test_settings_are_shown_whole(fresh: Kernel) -> None:
    fresh.run("import dataclasses\n@dataclasses.dataclass\nclass Point:\n    x: int\n    y: int")
    shown = fresh.run("%%oxillama --schema Point --preview\nWhere?")
    assert shown.status == "ok", shown.error
    (plain,) = shown.data("text/plain")
    settings = plain[plain.index("{\n") : plain.rindex("}\n") + 1]
    assert set(json.loads(settings)["response_format"]["json_schema"]["schema"]["properties"]) == {
        "x",
        "y",
    }
