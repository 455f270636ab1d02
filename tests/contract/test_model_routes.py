"""Several models on one server: listed, used by the SDK, loaded, unloaded, broken."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from conftest import EMBEDDED
from openai import OpenAI
from servers import Server, until

from oxillama_jupyter.engine.fit import Wanted, estimate
from oxillama_jupyter.engine.gguf import read_header

COST = estimate(read_header(EMBEDDED), Wanted()).total
Ask = Callable[[str], tuple[int, Any]]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models, a damaged one, and one in a Hugging Face cache."""
    folder = tmp_path_factory.mktemp("models")
    for name in ("first.gguf", "deep/second.gguf"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(EMBEDDED, folder / name)
    (folder / "cut.gguf").write_bytes(EMBEDDED.read_bytes()[:-1000])
    snapshot = folder / ".hub" / "models--org--tiny" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    blob = folder / ".hub" / "models--org--tiny" / "blob"
    shutil.copy(EMBEDDED, blob)
    (snapshot / "tiny-Q8_0.gguf").symlink_to(blob)
    return folder


@pytest.fixture(scope="module")
def many(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose memory is enough for two of them."""
    options = (f"--OxillamaApp.model_dirs={models}", f"--OxillamaApp.model_memory={2 * COST}")
    env = {"HF_HUB_CACHE": str(models / ".hub")}
    with Server(tmp_path_factory.mktemp("many"), *options, env=env) as server:
        yield server


@pytest.fixture
def sdk(many: Server) -> Iterator[OpenAI]:
    yield many.client
    many.check()


def states(server: Server) -> dict[str, str]:
    answer = server.raw.get("oxillama/models").raise_for_status().json()
    return {model["id"]: model["state"] for model in answer["data"]}


def post(server: Server, verb: str, model: str) -> httpx2.Response:
    return server.raw.post(f"oxillama/models/{verb}", json={"model": model})


def run(client: OpenAI, model: str | None, **extra: Any) -> Any:
    return client.beta.threads.create_and_run_poll(
        assistant_id="default",
        model=model,
        thread={"messages": [{"role": "user", "content": "What is your name?"}]},
        extra_body={"max_tokens": 8, "temperature": 0} | extra,
    )


def test_all_models_that_can_be_served_are_listed(sdk: OpenAI) -> None:
    ids = [model.id for model in sdk.models.list()]

    assert ids[0] == "oxillama-tiny"
    assert set(ids) == {"oxillama-tiny", "first", "second", "org/tiny:Q8_0"}
    assert sdk.models.retrieve("org/tiny:Q8_0").id == "org/tiny:Q8_0"


def test_our_own_list_says_how_they_are(many: Server, sdk: OpenAI) -> None:
    found = {one["id"]: one for one in many.raw.get("oxillama/models").json()["data"]}
    default, broken = found["oxillama-tiny"], found["cut"]

    assert next(iter(found)) == "oxillama-tiny"
    assert default["default"]
    assert default["object"] == "oxillama.model"
    assert default["parameters"] > 10**6
    assert default["size"] == EMBEDDED.stat().st_size
    assert default["memory"] == COST
    assert default["context"] == read_header(EMBEDDED).n_ctx_train
    assert broken["fits"] is None
    assert broken["state"] == "failed"
    assert "cut off" in broken["detail"]
    assert {one["id"]: one["state"] for one in many.health()["engine"]["models"]} == states(many)


def test_the_sdk_uses_them_side_by_side(many: Server, sdk: OpenAI) -> None:
    post(many, "load", "oxillama-tiny").raise_for_status()
    answers = {}
    for model in (None, "first"):
        done = run(sdk, model)
        assert done.status in {"completed", "incomplete"}, done.last_error
        assert done.model == (model or "oxillama-tiny")
        (message,) = sdk.beta.threads.messages.list(done.thread_id, limit=1).data
        answers[model] = message.content[0].text.value

    assert answers[None] == answers["first"] != ""
    assert states(many)["oxillama-tiny"] == states(many)["first"] == "loaded"


def test_an_assistant_may_have_a_model_of_its_own(sdk: OpenAI) -> None:
    assistant = sdk.beta.assistants.create(model="second")
    thread = sdk.beta.threads.create(messages=[{"role": "user", "content": "Hello"}])
    done = sdk.beta.threads.runs.create_and_poll(
        thread_id=thread.id, assistant_id=assistant.id, extra_body={"max_tokens": 2}
    )

    assert done.model == "second"
    assert done.status in {"completed", "incomplete"}


def test_the_model_used_longest_ago_gives_way(many: Server, sdk: OpenAI) -> None:
    for model in ("first", "second", "org/tiny:Q8_0"):
        assert run(sdk, model).status in {"completed", "incomplete"}
    assert states(many) == {
        "oxillama-tiny": "available",
        "first": "available",
        "second": "loaded",
        "org/tiny:Q8_0": "loaded",
        "cut": "failed",
    }
    assert many.health()["status"] == "ok"  # the default comes back when it is asked

    assert run(sdk, None).status in {"completed", "incomplete"}


def test_models_are_loaded_and_unloaded_by_hand(many: Server, sdk: OpenAI) -> None:
    loaded = post(many, "load", "first").raise_for_status().json()
    assert (loaded["id"], loaded["state"]) == ("first", "loaded")
    assert loaded["pid"] in {child.pid for child in many.children()}
    unloaded = post(many, "unload", "first").raise_for_status().json()
    assert (unloaded["id"], unloaded["state"]) == ("first", "available")
    assert loaded["pid"] not in {child.pid for child in many.children()}


def test_the_list_says_what_would_give_way(many: Server, sdk: OpenAI) -> None:
    for model in ("first", "second"):
        post(many, "load", model).raise_for_status()
    answer = many.raw.get("oxillama/models").json()
    found = {one["id"]: one for one in answer["data"]}

    assert answer["memory"]["budget"] == answer["memory"]["taken"] == 2 * COST
    assert answer["memory"]["strict"]
    assert found["first"]["fits"] is None
    assert found["oxillama-tiny"]["fits"]
    assert found["oxillama-tiny"]["gives_way"] == ["first"]


@pytest.mark.parametrize("verb", ["load", "unload"])
def test_what_cannot_be_loaded_is_an_error(many: Server, sdk: OpenAI, verb: str) -> None:
    assert post(many, verb, "nobody").status_code == 404
    assert post(many, verb, "").status_code == 400
    assert many.raw.post(f"oxillama/models/{verb}", json={}).status_code == 400
    assert many.connect().post(f"oxillama/models/{verb}", json={}).status_code in {401, 403}
    if verb == "load":
        answer = post(many, verb, "cut")
        assert answer.status_code == 503
        assert "cut off" in answer.json()["error"]["message"]


def test_a_busy_model_is_not_unloaded(many: Server, sdk: OpenAI, endless: dict[str, Any]) -> None:
    post(many, "load", "oxillama-tiny").raise_for_status()
    with many.held():
        busy = sdk.beta.threads.create_and_run(
            assistant_id="default", extra_body={**endless, "max_tokens": 2}
        )
        until(lambda: many.health()["engine"]["waiting"] or None, "the run to reach the engine")
        answer = post(many, "unload", "oxillama-tiny")
        assert answer.status_code == 400
        assert "generating" in answer.json()["error"]["message"]
    sdk.beta.threads.runs.poll(busy.id, thread_id=busy.thread_id)


def test_a_run_with_a_damaged_or_unknown_model_is_refused(sdk: OpenAI) -> None:
    for model, said in (("nobody", "does not exist here"), ("cut", "it is cut off")):
        with pytest.raises(openai.NotFoundError, match=said) as caught:
            run(sdk, model)
        assert caught.value.code == "model_not_found"


def test_a_model_dropped_into_the_folder_is_found_when_it_is_asked_for(
    many: Server, sdk: OpenAI, models: Path
) -> None:
    shutil.copy(EMBEDDED, models / "late.gguf")
    try:
        until(lambda: "late" in states(many), "the new file")
        assert run(sdk, "late").status in {"completed", "incomplete"}
    finally:
        (models / "late.gguf").unlink()


def test_a_model_that_does_not_fit_is_refused_with_figures_and_the_server_goes_on(
    start_server: Callable[..., Server],
) -> None:
    server = start_server("--OxillamaApp.model_memory=1000000")
    health = server.health()
    assert health["status"] == "failed"
    assert "needs about" in health["detail"]
    assert "OxillamaApp.model_memory" in health["detail"]
    thread = server.client.beta.threads.create(messages=[{"role": "user", "content": "Hi"}])
    done = server.client.beta.threads.runs.create_and_poll(
        thread_id=thread.id, assistant_id="default"
    )

    assert done.status == "failed"
    assert "needs about" in done.last_error.message
    (model,) = server.raw.get("oxillama/models").json()["data"]
    assert not model["fits"]
    assert "needs about" in model["lack"]


def test_the_default_model_may_be_one_of_the_folder(
    start_server: Callable[..., Server], models: Path
) -> None:
    server = start_server("--OxillamaApp.model=second", f"--OxillamaApp.model_dirs={models}")

    assert server.health()["model"] == "second"
    assert server.health()["status"] == "ok"
    assert next(iter(server.client.models.list())).id == "second"
    assert run(server.client, None).model == "second"


@pytest.mark.parametrize("body", [{}, {"model": "oxillama-tiny"}])
def test_settings_of_a_small_model_are_not_worth_measuring(
    many: Server, sdk: OpenAI, body: dict[str, str]
) -> None:
    answer = many.raw.post("oxillama/models/autotune", json=body)
    assert answer.status_code == 400
    assert "'oxillama-tiny' is so small" in answer.json()["error"]["message"]


def test_settings_of_no_model_cannot_be_measured(many: Server, sdk: OpenAI) -> None:
    answer = post(many, "autotune", "missing")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "model_not_found"
