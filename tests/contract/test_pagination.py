"""The same rules of paging on every list, driven by the SDK's own pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import openai
import pytest
from openai import OpenAI

Listing = Callable[..., Any]
COUNT = 7


def messages(client: OpenAI) -> tuple[list[str], Listing]:
    texts: Any = [{"role": "user", "content": str(i)} for i in range(COUNT)]
    thread = client.beta.threads.create(messages=texts)

    def listing(**query: Any) -> Any:
        return client.beta.threads.messages.list(thread.id, **query)

    return [message.id for message in listing(order="asc", limit=100).data], listing


def runs(client: OpenAI) -> tuple[list[str], Listing]:
    thread = client.beta.threads.create()

    def listing(**query: Any) -> Any:
        return client.beta.threads.runs.list(thread.id, **query)

    create = client.beta.threads.runs.create_and_poll
    settings: Any = {"thread_id": thread.id, "assistant_id": "default"}
    made = [create(**settings, extra_body={"max_tokens": 1}).id for _ in range(COUNT)]
    return made, listing


@pytest.fixture(scope="module", params=[messages, runs])
def place(request: pytest.FixtureRequest, shared_server: Any) -> tuple[list[str], Listing]:
    """Ids in ascending order, and the list they are in."""
    made: tuple[list[str], Listing] = request.param(shared_server.client)
    return made


def ids(page: Any) -> list[str]:  # a page of the SDK
    return [entry.id for entry in page.data]


Place = tuple[list[str], Listing]


def test_the_newest_come_first(place: Place) -> None:
    made, listing = place
    assert ids(listing()) == made[::-1]
    assert ids(listing(order="desc")) == made[::-1]
    assert ids(listing(order="asc")) == made


@pytest.mark.parametrize("limit", [1, 2, 3, COUNT, COUNT + 1])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_the_sdk_pages_through_everything_once(place: Place, limit: int, order: str) -> None:
    made, listing = place
    expected = made if order == "asc" else made[::-1]
    assert [entry.id for entry in listing(limit=limit, order=order)] == expected


@pytest.mark.parametrize(("limit", "more"), [(COUNT - 1, True), (COUNT, False), (100, False)])
def test_has_more_is_exact(place: Place, limit: int, *, more: bool) -> None:
    _, listing = place
    assert listing(limit=limit).has_more is more


def test_after_begins_just_behind_its_id(place: Place) -> None:
    made, listing = place
    assert ids(listing(order="asc", after=made[2], limit=2)) == made[3:5]
    assert ids(listing(order="desc", after=made[2], limit=2)) == [made[1], made[0]]
    assert ids(listing(order="asc", after=made[-1])) == []


def test_before_ends_just_ahead_of_its_id(place: Place) -> None:
    made, listing = place
    assert ids(listing(order="asc", before=made[4], limit=2)) == made[2:4]
    assert ids(listing(order="desc", before=made[2], limit=2)) == [made[4], made[3]]
    assert ids(listing(order="asc", before=made[0])) == []


def test_both_cursors_bound_a_page(place: Place) -> None:
    made, listing = place
    assert ids(listing(order="asc", after=made[1], before=made[4])) == made[2:4]


def test_a_cursor_of_another_list_is_refused(place: Place, shared_server: Any) -> None:
    _, listing = place
    foreign = shared_server.client.beta.threads.create().id
    for name in ("after", "before"):
        with pytest.raises(openai.BadRequestError) as caught:
            listing(**{name: foreign})
        assert caught.value.param == name


def test_an_empty_list_has_no_ids(client: OpenAI) -> None:
    page: Any = client.beta.threads.messages.list(client.beta.threads.create().id)
    assert (page.data, page.first_id, page.last_id, page.has_more) == ([], None, None, False)


def test_a_deleted_message_does_not_disturb_the_others(client: OpenAI) -> None:
    made, listing = messages(client)
    thread_id = listing().data[0].thread_id
    client.beta.threads.messages.delete(made[3], thread_id=thread_id)
    left = made[:3] + made[4:]
    assert [entry.id for entry in listing(limit=2, order="asc")] == left
