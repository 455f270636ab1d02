"""The prompt's X-ray on the kernel's side: what a notebook keeps of it, and what others see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from openai import OpenAI

from oxillama_jupyter.widgets.panel import MIME
from oxillama_jupyter.widgets.prompt_xray import PromptXray

if TYPE_CHECKING:
    from pathlib import Path

    from client.world import Server

HOSTILE = (
    "<img src=x onerror=alert(1)> | [a](javascript:b) `c` \u202e\x1b[31m ![d](http://e.example/f)"
)


@pytest.fixture
def client(server: Server, monkeypatch: pytest.MonkeyPatch) -> OpenAI:
    """A client of the server that this kernel's environment names."""
    for name, value in server.kernel_env.items():
        monkeypatch.setenv(name, value)
    return OpenAI(base_url=f"{server.url}v1", api_key=server.token)


def asked(client: OpenAI, *texts: str, **settings: Any) -> tuple[str, str]:
    """A thread of these messages, and its run."""
    messages: Any = [{"role": "user", "content": text} for text in texts]
    thread_id = client.beta.threads.create(messages=messages).id
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread_id, assistant_id="default", extra_body=settings
    )
    return thread_id, run.id


def test_a_notebook_keeps_ids_and_what_was_chosen(client: OpenAI) -> None:
    thread_id, run_id = asked(client, "one two")
    xray = PromptXray(thread_id=thread_id, run_id=run_id)
    data, _ = xray._repr_mimebundle_()

    assert data[MIME]["widget"] == "prompt_xray"
    assert data[MIME]["state"] == {
        "openai_prefix": "v1",
        "prefix": "oxillama",
        "thread_id": thread_id,
        "run_id": run_id,
        "settings": {},
    }
    assert repr(xray) == f"PromptXray(thread_id={thread_id!r}, run_id={run_id!r}, settings={{}})"


def test_the_picture_is_a_table_of_the_messages(client: OpenAI) -> None:
    thread_id, run_id = asked(client, "one two three", instructions="Be brief.")
    picture = PromptXray(thread_id=thread_id, run_id=run_id).picture()

    assert picture["text/markdown"].splitlines() == [
        "A prompt of 7 tokens (0 cached, 7 new), of 399,999 allowed, sent.",
        "",
        "| Message |  | Tokens |",
        "| --- | --- | ---: |",
        "| system | Be brief. | 2 |",
        "| user | one two three | 3 |",
        "| Template |  | 2 |",
    ]
    assert "user      one two three  3" in picture["text/plain"]


def test_the_picture_tells_what_was_left_out(client: OpenAI) -> None:
    long = "and so on " * 100
    thread_id, _ = asked(client, "first")
    for text in (long, "last"):
        client.beta.threads.messages.create(thread_id, role="user", content=text)
    settings = {"max_prompt_tokens": 256}
    picture = PromptXray(thread_id=thread_id, settings=settings).picture()["text/markdown"]

    assert "would be sent" in picture
    assert [line for line in picture.splitlines() if "left out" in line] == [
        f"| user | {' '.join(long.split())[:60]} | left out |"
    ]
    newest = {"truncation_strategy": {"type": "last_messages", "last_messages": 1}}
    picture = PromptXray(thread_id=thread_id, settings=newest).picture()["text/markdown"]
    assert "| 3 older |  | not read |" in picture


def test_the_picture_of_many_messages_is_short(client: OpenAI) -> None:
    thread_id, run_id = asked(client, *(f"message {number}" for number in range(60)))
    picture = PromptXray(thread_id=thread_id, run_id=run_id).picture()["text/markdown"]

    assert "| 40 more |  | 80 |" in picture
    assert "message 59" in picture
    assert "message 39" not in picture


def test_nothing_of_a_message_acts_in_the_picture(client: OpenAI) -> None:
    thread_id, run_id = asked(client, HOSTILE)
    picture = PromptXray(thread_id=thread_id, run_id=run_id).picture()

    (line,) = [line for line in picture["text/markdown"].splitlines() if "onerror" in line]
    assert line.startswith(r"| user | &lt;img src=x onerror=alert(1)&gt; \| \[a\]\(javascript:b)")
    assert r"\`c\` \\u202e" in line
    for text in picture.values():
        assert text.replace("\n", "").isprintable()


def test_where_nothing_answers_it_says_what_it_would_show(
    client: OpenAI, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    picture = PromptXray(thread_id="thread_x", run_id="run_x").picture()
    assert picture["text/plain"].startswith("The prompt of run run_x: ")
    assert "No thread found" in picture["text/plain"]
    assert "text/markdown" not in picture
    for name in ("OXILLAMA_BASE_URL", "OXILLAMA_API_KEY", "OXILLAMA_URL"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))  # nor does a private server run
    picture = PromptXray(thread_id="thread_x").picture()
    assert picture == {"text/plain": "The prompt of a next run of thread thread_x"}
