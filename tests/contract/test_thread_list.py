"""`GET /oxillama/threads` narrowed, and what it can be narrowed to."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx2
import pytest
from openai import OpenAI


@pytest.fixture
def mark() -> str:
    """A word that no other test has."""
    return f"q{uuid4().hex}"


def thread_of(client: OpenAI, mark: str, **metadata: str) -> str:
    """A thread that was answered."""
    run = client.beta.threads.create_and_run_poll(
        assistant_id="default",
        thread={
            "messages": [{"role": "user", "content": f"the {mark}"}],
            "metadata": {"mark": mark, **metadata},
        },
        extra_body={"max_tokens": 1},
    )
    return run.thread_id


def ids(raw: httpx2.Client, mark: str, **query: Any) -> list[str]:  # any query
    """What is listed, and what is found by a word: the same."""
    both = []
    for words in ({}, {"q": mark}):
        params = {"metadata[mark]": mark, **words, **query}
        page = raw.get("oxillama/threads", params=params).raise_for_status().json()
        both.append([thread["id"] for thread in page["data"]])
    assert both[0] == both[1]
    return both[0]


def test_threads_that_are_put_away(client: OpenAI, raw: httpx2.Client, mark: str) -> None:
    here = thread_of(client, mark)
    away = thread_of(client, mark, archived="yes")
    assert ids(raw, mark) == [away, here]
    assert ids(raw, mark, archived="true") == [away]
    assert ids(raw, mark, archived="false") == [here]


def test_threads_by_model_and_by_the_newest_run(
    client: OpenAI, raw: httpx2.Client, mark: str
) -> None:
    thread = thread_of(client, mark)
    (run,) = client.beta.threads.runs.list(thread).data
    assert ids(raw, mark, model=run.model) == [thread]
    assert ids(raw, mark, model="nobody/nothing") == []
    assert ids(raw, mark, status=run.status) == [thread]
    assert ids(raw, mark, status="queued") == []


def test_threads_by_time(client: OpenAI, raw: httpx2.Client, mark: str) -> None:
    thread = thread_of(client, mark)
    params = {"metadata[mark]": mark}
    (listed,) = raw.get("oxillama/threads", params=params).json()["data"]
    moment = listed["updated_at"]
    assert ids(raw, mark, since=moment, until=moment) == [thread]
    assert ids(raw, mark, since=moment + 1) == []
    assert ids(raw, mark, until=moment - 1) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("archived", "perhaps"),
        ("status", "done"),
        ("since", "yesterday"),
        ("since", "-1"),
        ("until", "1e400"),
        ("until", str(2**64)),
    ],
)
def test_bad_filters(raw: httpx2.Client, name: str, value: str) -> None:
    answer = raw.get("oxillama/threads", params={name: value})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == name


def test_what_there_is_to_choose(client: OpenAI, raw: httpx2.Client, mark: str) -> None:
    thread = thread_of(client, mark, notebook=f"{mark}.ipynb", **{f"tag:{mark}": "yes"})
    (run,) = client.beta.threads.runs.list(thread).data
    values = raw.get("oxillama/threads/values").raise_for_status().json()
    assert mark in values["tags"]
    assert f"{mark}.ipynb" in values["notebooks"]
    assert run.model in values["models"]
    client.beta.threads.delete(thread)
    values = raw.get("oxillama/threads/values").json()
    assert mark not in values["tags"]
    assert f"{mark}.ipynb" not in values["notebooks"]
