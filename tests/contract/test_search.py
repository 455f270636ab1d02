"""Search as our own clients use it: while the user types, page by page, over the wire."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx2
import pytest
from openai import OpenAI


def search(raw: httpx2.Client, q: str, **query: Any) -> dict[str, Any]:  # any query
    answer = raw.get("oxillama/threads", params={"q": q, **query})
    return answer.raise_for_status().json()


@pytest.fixture
def word() -> str:
    """A word that no other test has."""
    return f"q{uuid4().hex}"


def thread_of(client: OpenAI, *texts: str, **metadata: str) -> str:
    messages: Any = [{"role": "user", "content": text} for text in texts]
    return client.beta.threads.create(messages=messages, metadata=metadata).id


def test_a_match_is_a_message_and_the_text_around_it(
    client: OpenAI, raw: httpx2.Client, word: str
) -> None:
    thread_id = thread_of(client, "Once", f"I said {word} there", "and no more")
    (found,) = search(raw, word)["data"]
    message = client.beta.threads.messages.retrieve(found["message_id"], thread_id=thread_id)
    assert found["id"] == thread_id
    assert message.content[0].text.value == found["preview"] == f"I said {word} there"


def test_a_list_names_no_message(client: OpenAI, raw: httpx2.Client, word: str) -> None:
    thread_of(client, word, mark=word)
    (listed,) = raw.get("oxillama/threads", params={"metadata[mark]": word}).json()["data"]
    assert listed["message_id"] is None


def test_each_letter_typed_finds_it(client: OpenAI, raw: httpx2.Client, word: str) -> None:
    thread_id = thread_of(client, f"the {word}", mark=word)
    for length in range(2, len(word) + 1):
        page = search(raw, f"the {word[:length]}", **{"metadata[mark]": word})
        assert [found["id"] for found in page["data"]] == [thread_id], length
    assert search(raw, f"the {word[:-1]} ")["data"] == []
    assert search(raw, f"{word[:-1]} the")["data"] == []
    assert len(search(raw, f"{word[:-1]}* the")["data"]) == 1


def test_the_newest_match_comes_first_and_pages_follow(
    client: OpenAI, raw: httpx2.Client, word: str
) -> None:
    ids = [thread_of(client, f"{word} {number}") for number in range(5)]
    for thread_id, text in ((ids[4], "nothing"), (ids[1], f"{word} again")):
        client.beta.threads.messages.create(thread_id, role="user", content=text)
    expected = [ids[1], ids[4], ids[3], ids[2], ids[0]]
    found: list[str] = []
    page = search(raw, word, limit=2)
    while page["has_more"]:
        found += [thread["id"] for thread in page["data"]]
        page = search(raw, word, limit=2, after=page["last_id"])
    assert found + [thread["id"] for thread in page["data"]] == expected


def test_metadata_narrow_a_search(client: OpenAI, raw: httpx2.Client, word: str) -> None:
    both = thread_of(client, word, book=word, tag="a")
    thread_of(client, word, book="other")
    thread_of(client, "hay", book=word)
    assert [x["id"] for x in search(raw, word, **{"metadata[book]": word})["data"]] == [both]
    assert search(raw, word, **{"metadata[book]": word, "metadata[tag]": "b"})["data"] == []


def test_a_cursor_of_another_search_is_refused(
    client: OpenAI, raw: httpx2.Client, word: str
) -> None:
    hay = thread_of(client, "hay")
    answer = raw.get("oxillama/threads", params={"q": word, "after": hay})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "after"


@pytest.mark.parametrize(
    "q",
    ['ab"', "ab(", "ab) OR (cd", "abcd)", "text:abcd", "a AND", "NEAR(ab", "ab^", "ÄÖÜß", "-ab"],
)
def test_nothing_typed_is_syntax(raw: httpx2.Client, q: str) -> None:
    for length in range(len(q) + 1):
        assert search(raw, q[:length])["object"] == "list"
