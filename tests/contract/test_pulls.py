"""Pulls over HTTP: a real server fetches from a stand-in for the hub, and then serves the model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from conftest import EMBEDDED
from hub import Hub
from servers import Server, until

CONTENT = EMBEDDED.read_bytes()


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with Hub() as hub:
        yield hub


@pytest.fixture(scope="module")
def puller(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that may pull, from that hub."""
    folder = tmp_path_factory.mktemp("puller")
    env = {
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(folder / "hf"),
        "HF_HUB_CACHE": str(folder / "hf" / "hub"),
        "HF_HUB_OFFLINE": "0",
        "HF_TOKEN": "hf_secret_of_the_server",
        "NO_PROXY": "127.0.0.1,localhost",
    }
    with Server(folder, "--OxillamaApp.allow_pull=True", env=env) as server:
        yield server
        assert "hf_secret" not in server.log.text
        assert "secret-of-the-cdn" not in server.log.text


@pytest.fixture
def repo(hub: Hub, puller: Server, request: pytest.FixtureRequest) -> Iterator[str]:
    """A repository of the test's own."""
    name = f"org/{request.node.name.replace('_', '-')[:60]}"
    hub.add(name, {"tiny-Q8_0.gguf": CONTENT, "tiny-Q4_K_M.gguf": b"?"})
    hub.requests.clear()
    yield name
    hub.release()
    puller.check()


def ask(server: Server, model: str) -> httpx2.Response:
    return server.raw.post("oxillama/models/pull", json={"model": model})


def pull(server: Server, model: str) -> dict[str, Any]:
    return dict(ask(server, model).raise_for_status().json())


def get(server: Server, pull_id: str) -> dict[str, Any]:
    return dict(server.raw.get(f"oxillama/models/pulls/{pull_id}").raise_for_status().json())


def ended(server: Server, pull_id: str) -> dict[str, Any]:
    def over() -> dict[str, Any] | None:
        found = get(server, pull_id)
        return found if found["ended_at"] is not None else None

    return until(over, "the pull's end")


def cancel(server: Server, pull_id: str) -> httpx2.Response:
    return server.raw.post(f"oxillama/models/pulls/{pull_id}/cancel")


def events(response: httpx2.Response) -> Iterator[dict[str, Any]]:
    for line in response.iter_lines():
        if line.startswith("data: {"):
            yield json.loads(line.removeprefix("data: "))


def following(server: Server, model: str) -> Any:  # the SDK's context manager
    body = {"model": model, "stream": True}
    return server.raw.stream("POST", "oxillama/models/pull", json=body)


def models(server: Server) -> list[str]:
    return [model.id for model in server.client.models.list()]


def test_a_pulled_model_answers(hub: Hub, puller: Server, repo: str) -> None:
    assert f"{repo}:Q8_0" not in models(puller)
    hub.hold(1_000_000)
    found = []
    with following(puller, f"hf:{repo}:q8_0") as response:
        for event in events(response):
            found.append(event)
            hub.release()

    assert found[0]["status"] == "in_progress"
    assert found[0]["files"] == [{"name": "tiny-Q8_0.gguf", "size": len(CONTENT)}]
    assert found[0]["bytes_total"] == len(CONTENT)
    done = [event["bytes_done"] for event in found]
    assert done == sorted(done)
    assert done[-1] == len(CONTENT)
    assert (found[-1]["status"], found[-1]["served_as"]) == ("completed", f"{repo}:Q8_0")
    assert found[-1] == get(puller, found[0]["id"])
    assert f"{repo}:Q8_0" in models(puller)
    load = puller.raw.post("oxillama/models/load", json={"model": f"{repo}:Q8_0"})
    assert load.raise_for_status().json()["state"] == "loaded"
    run = puller.client.beta.threads.create_and_run_poll(
        assistant_id="default",
        model=f"{repo}:Q8_0",
        thread={"messages": [{"role": "user", "content": "What is your name?"}]},
        extra_body={"max_tokens": 8, "temperature": 0},
    )
    assert run.status in {"completed", "incomplete"}, run.last_error
    assert run.model == f"{repo}:Q8_0"


def test_a_second_pull_fetches_nothing(hub: Hub, puller: Server, repo: str) -> None:
    first = ended(puller, pull(puller, f"hf:{repo}:Q8_0")["id"])
    second = ended(puller, pull(puller, f"hf:{repo}:Q8_0")["id"])

    assert (first["status"], second["status"]) == ("completed", "completed")
    assert first["id"] != second["id"]
    assert len(hub.downloads()) == 1
    listed = puller.raw.get("oxillama/models/pulls").json()["data"]
    assert [one["id"] for one in listed[:2]] == [second["id"], first["id"]]


def test_two_clients_join_one_pull_that_goes_on_without_them(
    hub: Hub, puller: Server, repo: str
) -> None:
    hub.hold(1_000_000)
    with ThreadPoolExecutor(2) as pool:
        ids = {one["id"] for one in pool.map(lambda _: pull(puller, f"hf:{repo}:Q8_0"), range(2))}
    with following(puller, f"hf:{repo}:q8_0") as response:
        joined = next(events(response))
    assert hub.holding.wait(60)
    hub.release()

    assert ids == {joined["id"]}
    assert ended(puller, joined["id"])["status"] == "completed"
    assert len(hub.downloads()) == 1


def test_cancel_in_mid_download_and_go_on_later(hub: Hub, puller: Server, repo: str) -> None:
    hub.hold(2_000_000)
    one = pull(puller, f"hf:{repo}:Q8_0")
    assert hub.holding.wait(60)
    blobs = puller.folder / "hf" / "hub" / f"models--{repo.replace('/', '--')}" / "blobs"
    sizes = lambda: [part.stat().st_size for part in blobs.glob("*.incomplete")]  # noqa: E731
    until(lambda: sum(sizes()) > 1_000_000, "the first bytes")
    children = {child.pid for child in puller.children()}
    answer = cancel(puller, one["id"]).raise_for_status().json()

    assert (answer["status"], answer["served_as"]) == ("cancelled", None)
    assert len(children - {child.pid for child in puller.children()}) == 1
    again = cancel(puller, one["id"])
    assert again.status_code == 400
    assert "status 'cancelled'" in again.json()["error"]["message"]
    hub.release()
    hub.requests.clear()
    two = pull(puller, f"hf:{repo}:Q8_0")
    assert 0 < two["bytes_done"]
    assert ended(puller, two["id"])["status"] == "completed"
    (request,) = hub.downloads()
    assert request.range is not None
    assert int(request.range[len("bytes=") : -1]) > 1_000_000


def test_a_client_that_leaves_does_not_end_it(hub: Hub, puller: Server, repo: str) -> None:
    hub.hold(1_000_000)
    with following(puller, f"hf:{repo}:Q8_0") as response:
        first = next(events(response))
    hub.release()

    assert ended(puller, first["id"])["status"] == "completed"


def test_a_damaged_file_fails_the_pull(hub: Hub, puller: Server, repo: str) -> None:
    hub.add(repo, {"tiny-Q8_0.gguf": CONTENT}, sha256="1" * 64)
    with following(puller, f"hf:{repo}") as response:
        *_, last = events(response)

    assert last["status"] == "failed"
    assert last["last_error"]["code"] == "wrong_checksum"
    assert f"{repo}:Q8_0" not in models(puller)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("hf:org/none", (404, None, "no repository org/none")),
        ("hf:org/known:Q2_K", (404, "model_not_found", "It has Q4_K_M")),
        ("gpt-4o", (400, "invalid_value", "hf:owner/repo")),
    ],
)
def test_what_cannot_be_pulled_is_refused_at_once(
    puller: Server, hub: Hub, model: str, expected: tuple[int, str | None, str]
) -> None:
    hub.add("org/known", {"tiny-Q4_K_M.gguf": b"?"})
    status, code, says = expected
    for stream in (False, True):
        body = {"model": model, "stream": stream}
        answer = puller.raw.post("oxillama/models/pull", json=body)

        assert answer.status_code == status
        error = answer.json()["error"]
        assert (error["param"], error["code"]) == ("model", code)
        assert says in error["message"]
    puller.check()


def test_unknown_pulls(puller: Server) -> None:
    assert puller.raw.get("oxillama/models/pulls/pull_none").status_code == 404
    assert cancel(puller, "pull_none").status_code == 404
    puller.check()


def test_without_permission_nothing_is_fetched(server: Server) -> None:
    answer = ask(server, "hf:org/tiny")

    assert answer.status_code == 403
    assert "OxillamaApp.allow_pull" in answer.json()["error"]["message"]
    listed = server.raw.get("oxillama/models/pulls").json()
    assert listed["data"] == []
    assert "OxillamaApp.allow_pull" in listed["refusal"]


def test_a_server_that_stops_ends_its_pulls(hub: Hub, tmp_path: Path) -> None:
    hub.add("org/slow", {"slow-Q8_0.gguf": CONTENT})
    hub.hold(1_000_000)
    env = {"HF_ENDPOINT": hub.url, "HF_HUB_CACHE": str(tmp_path / "hub"), "NO_PROXY": "127.0.0.1"}
    options = ("--OxillamaApp.allow_pull=True",)
    with Server(tmp_path / "ends", *options, env=env) as server:
        pull(server, "hf:org/slow")
        assert hub.holding.wait(60)
        server.stop()  # sees that no process is left behind
    with Server(tmp_path / "dies", *options, env=env) as server:
        pull(server, "hf:org/slow")
        server.kill()  # sees the same
    hub.release()
