"""What a deleted thread leaves on disk, and what a server that starts again finds there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from servers import Server, until

StartServer = Callable[..., Server]


def _saved(server: Server) -> list[Path]:
    return sorted((server.folder / "data" / "oxillama" / "vault").rglob("*.kv"))


def _thread_with_a_run(server: Server, words: str) -> str:
    runs = server.client.beta.threads.create_and_run_poll(
        assistant_id="default",
        thread={"messages": [{"role": "user", "content": words}]},
        extra_body={"max_tokens": 4},
    )
    return runs.thread_id


def test_a_deleted_thread_leaves_nothing_on_disk(start_server: StartServer) -> None:
    server = start_server()
    first, second = (_thread_with_a_run(server, f"{word} " * 100) for word in ("one", "two"))
    until(lambda: len(_saved(server)) == 2, "both threads to be saved")
    before = set(_saved(server))
    assert server.client.beta.threads.delete(first).deleted
    (kept,) = _saved(server)
    assert kept in before

    server.stop()
    assert _saved(server) == [kept]
    server.start()
    assert server.client.beta.threads.delete(second).deleted
    assert _saved(server) == []


def test_the_vault_can_be_turned_off(start_server: StartServer) -> None:
    server = start_server("--OxillamaApp.vault_bytes=0")
    _thread_with_a_run(server, "one " * 100)
    server.stop()

    assert _saved(server) == []


def test_a_thread_goes_on_after_the_server_started_again(start_server: StartServer) -> None:
    server = start_server()
    thread_id = _thread_with_a_run(server, "one two three " * 60)
    server.stop()
    server.start()
    run: Any = server.client.beta.threads.runs.create_and_poll(
        thread_id=thread_id,
        assistant_id="default",
        additional_messages=[{"role": "user", "content": "go on"}],
        extra_body={"max_tokens": 4},
    )
    usage = run.usage.to_dict()

    assert usage["prompt_tokens"] > 100
    assert usage["prompt_token_details"]["cached_tokens"] > 0.8 * usage["prompt_tokens"]
