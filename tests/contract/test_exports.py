from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from openai import OpenAI

from oxillama_jupyter.client.exports import text_of_file


@pytest.fixture
def thread_id(client: OpenAI) -> str:
    """A thread with a message and a run that answered it."""
    messages: Any = [{"role": "user", "content": "Zürich \u2028 \U0001f600\nHello"}]
    run = client.beta.threads.create_and_run_poll(
        assistant_id="default",
        thread={"messages": messages, "metadata": {"name": "n"}},
        extra_body={"max_tokens": 2},
    )
    return run.thread_id


def test_an_export_is_what_the_routes_give(
    client: OpenAI, raw: httpx2.Client, thread_id: str
) -> None:
    export = raw.get(f"oxillama/threads/{thread_id}/export").raise_for_status().json()
    path = f"v1/threads/{thread_id}"
    (run,) = export["runs"]
    assert (export["object"], export["version"]) == ("thread.export", 1)
    assert export["thread"] == raw.get(path).json()
    assert export["messages"] == raw.get(f"{path}/messages?order=asc").json()["data"]
    assert run == raw.get(f"{path}/runs/{run['id']}").json()
    assert export["steps"] == raw.get(f"{path}/runs/{run['id']}/steps?order=asc").json()["data"]
    assert len(export["messages"]) == 2


def test_json_lines_hold_the_same_objects(raw: httpx2.Client, thread_id: str) -> None:
    path = f"oxillama/threads/{thread_id}/export"
    export = raw.get(path).json()
    answer = raw.get(path, params={"format": "jsonl"}).raise_for_status()
    lines = [json.loads(line) for line in answer.content.split(b"\n") if line]
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert lines == [export["thread"], *export["messages"], *export["runs"], *export["steps"]]
    assert [line["object"] for line in lines] == [
        "thread",
        "thread.message",
        "thread.message",
        "thread.run",
        "thread.run.step",
    ]


def test_files_are_those_that_the_magics_write(raw: httpx2.Client, thread_id: str) -> None:
    path = f"oxillama/threads/{thread_id}/export"
    export = raw.get(path).json()
    markdown = raw.get(path, params={"format": "md"}).raise_for_status()
    notebook = raw.get(path, params={"format": "ipynb"}).raise_for_status()
    export["exported_at"] = notebook.json()["metadata"]["oxillama"]["exported_at"]
    assert markdown.text == text_of_file(export, ".md", "n")
    assert notebook.text == text_of_file(export, ".ipynb", "n")
    assert markdown.headers["content-disposition"] == f'attachment; filename="{thread_id}.md"'
    assert notebook.headers["content-disposition"] == f'attachment; filename="{thread_id}.ipynb"'


def test_bad_exports(raw: httpx2.Client, thread_id: str) -> None:
    unknown = raw.get(f"oxillama/threads/{thread_id}/export", params={"format": "pdf"})
    assert unknown.status_code == 400
    assert unknown.json()["error"]["param"] == "format"
    assert raw.get("oxillama/threads/thread_x/export").status_code == 404
