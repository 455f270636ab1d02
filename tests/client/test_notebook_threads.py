from __future__ import annotations

from typing import TYPE_CHECKING

import openai
import pytest

from oxillama_jupyter.client.connection import Connection, connect
from oxillama_jupyter.client.threads import NotebookThreads, find, is_thread_id

if TYPE_CHECKING:
    from client.world import World


@pytest.fixture
def connection(here: World) -> Connection:
    server = here.serve()
    return connect(server.url, server.token)


def test_a_notebook_finds_its_thread_again(connection: Connection) -> None:
    made = NotebookThreads("/n/a.ipynb").new(connection, None)
    NotebookThreads("/n/b.ipynb").new(connection, None)

    assert NotebookThreads("/n/a.ipynb").current(connection) == made["id"]
    assert NotebookThreads("/n/c.ipynb").current(connection) is None
    assert made["metadata"]["notebook"] == "/n/a.ipynb"


def test_the_last_new_one_is_it_whatever_happens_to_the_others(connection: Connection) -> None:
    threads = NotebookThreads("/n/a.ipynb")
    first, second = threads.new(connection, "one"), threads.new(connection, "two")
    message = {"role": "user", "content": "newer activity"}
    connection.post(f"/threads/{first['id']}/messages", message)

    assert NotebookThreads("/n/a.ipynb").current(connection) == second["id"]


def test_switching_makes_marks_and_comes_back(connection: Connection) -> None:
    a, b = NotebookThreads("/n/a.ipynb"), NotebookThreads("/n/b.ipynb")
    own = a.new(connection, None)

    shared, made = a.switch(connection, "shared")
    _, made_again = b.switch(connection, "shared")

    assert (made, made_again) == (True, False)
    assert NotebookThreads("/n/a.ipynb").current(connection) == shared["id"]
    assert NotebookThreads("/n/b.ipynb").current(connection) == shared["id"]
    a.switch(connection, own["id"])
    assert NotebookThreads("/n/a.ipynb").current(connection) == own["id"]
    assert NotebookThreads("/n/b.ipynb").current(connection) == shared["id"]
    named = find(connection, "shared")
    assert named is not None
    assert named["metadata"]["notebook"] == "/n/a.ipynb"


def test_ids_and_names_are_told_apart(connection: Connection) -> None:
    assert is_thread_id("thread_01jd3k9x")
    assert not is_thread_id("thread_of mine")
    assert not is_thread_id("threads")
    assert find(connection, "nobody's") is None
    with pytest.raises(openai.NotFoundError):
        find(connection, "thread_01jd3k9x")
