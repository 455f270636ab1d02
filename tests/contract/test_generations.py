"""What clients wait for: listed with the engine, and stopped by somebody else."""

from __future__ import annotations

import threading
from typing import Any

import openai
import pytest
from servers import Server, until

LONG = "word " * 2000  # four seconds
BODIES: dict[str, dict[str, Any]] = {
    "v1/chat/completions": {"messages": [{"role": "user", "content": LONG}]},
    "v1/responses": {"input": LONG},
}


def live(server: Server) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.raw.get("oxillama/engine").json()["runs"]
    return found


def stop(server: Server, generation_id: str) -> Any:  # a response
    return server.raw.post(f"oxillama/generations/{generation_id}/cancel")


@pytest.mark.parametrize("path", BODIES)
def test_a_stream_that_is_stopped_says_so_and_gives_its_place_back(
    scripted: Server, path: str
) -> None:
    body = {"model": "scripted", "stream": True, **BODIES[path]}
    with scripted.raw.stream("POST", path, json=body) as answer:
        pieces = answer.iter_bytes()
        got = [next(pieces)]
        (one,) = until(lambda: live(scripted), "the generation", timeout=10)
        assert one["id"] in "".join(piece.decode() for piece in got)
        assert (one["foreground"], one["thread_id"]) == (True, "")
        assert (one["model"], one["status"]) == ("scripted", "in_progress")
        stopped = stop(scripted, one["id"]).json()
        assert stopped == one | {"status": "cancelled"}
        assert live(scripted) == []
        got += pieces
    last = b"".join(got)[-3000:].decode()
    assert "was stopped by a user of this server" in last
    assert "generation_stopped" in last
    assert stop(scripted, one["id"]).status_code == 404
    assert scripted.health()["engine"]["running"] == 0


def test_a_client_that_waits_for_the_whole_is_told_and_does_not_ask_again(
    scripted: Server,
) -> None:
    refused: list[openai.APIStatusError] = []

    def ask() -> None:
        with pytest.raises(openai.APIStatusError) as caught:
            scripted.client.chat.completions.create(
                model="scripted", messages=[{"role": "user", "content": LONG}], n=3
            )
        refused.append(caught.value)

    client = threading.Thread(target=ask)
    client.start()
    (one,) = until(lambda: live(scripted), "the generation", timeout=10)
    assert stop(scripted, one["id"]).status_code == 200
    client.join(timeout=20)
    assert refused[0].status_code == 410
    assert refused[0].code == "generation_stopped"
    assert scripted.health()["engine"]["running"] == 0


def test_embeddings_are_stopped_too(shared_server: Server) -> None:
    refused: list[openai.APIStatusError] = []

    def ask() -> None:
        with pytest.raises(openai.APIStatusError) as caught:
            shared_server.client.embeddings.create(
                model="oxillama-tiny", input=["word " * 200] * 2048
            )
        refused.append(caught.value)

    client = threading.Thread(target=ask)
    client.start()
    (one,) = until(lambda: live(shared_server), "the embeddings", timeout=10)
    assert (one["model"], one["status"]) == ("oxillama-tiny", "in_progress")
    assert stop(shared_server, one["id"]).status_code == 200
    client.join(timeout=20)
    assert refused[0].code == "generation_stopped"
    assert live(shared_server) == []
    few = shared_server.client.embeddings.create(model="oxillama-tiny", input="word")
    assert len(few.data) == 1


def test_text_completions_are_stopped_too_and_runs_are_not_stopped_here(
    scripted: Server,
) -> None:
    thread = {"messages": [{"role": "user", "content": LONG}]}
    run = scripted.client.beta.threads.create_and_run(assistant_id="default", thread=thread)  # type: ignore[arg-type]
    assert stop(scripted, run.id).status_code == 404
    scripted.client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)
    until(lambda: not live(scripted), "the run's end")
    assert scripted.client.completions.create(model="scripted", prompt="One").choices
    assert stop(scripted, "cmpl-1").json()["error"]["type"] == "invalid_request_error"


def test_a_response_that_was_stopped_is_kept_as_failed(scripted: Server) -> None:
    body = {"model": "scripted", "stream": True, "input": LONG}
    with scripted.raw.stream("POST", "v1/responses", json=body) as answer:
        pieces = answer.iter_bytes()
        got = [next(pieces)]
        (one,) = until(lambda: live(scripted), "the generation", timeout=10)
        stop(scripted, one["id"])
        got += pieces
    assert b"event: response.failed" in b"".join(got)
    kept = scripted.client.responses.retrieve(one["id"])
    assert kept.status == "failed"
    assert kept.output_text.startswith("word word")
