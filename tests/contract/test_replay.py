"""What was recorded over HTTP is answered again by a server that has no model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx2
import openai
import pytest
from conftest import StartServer
from openai import OpenAI
from servers import Server
from wire import events, last, order

MODEL = "oxillama-tiny"
# There is nothing to load, and no byte to load it into.
NO_MODEL = ("--OxillamaApp.model=/nowhere/none.gguf", "--OxillamaApp.model_memory=1")
ANIMAL: dict[str, Any] = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "legs": {"type": "integer"}},
    "required": ["name", "legs"],
    "additionalProperties": False,
}
WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather now",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "maxLength": 20}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}
PLIM = "Turn this into JSON: name is Plim, legs is 4."


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


# -- what two servers may not have in common -----------------------------------------------------

_ID = re.compile(rb"\b((?:asst|call|chatcmpl|cmpl|fc|msg|resp|run|step|thread)[_-])(\w{20,})")
_TIME = re.compile(rb'("(?:created|\w+_at)": ?)\d+(?:\.\d+)?')
_WAITED = re.compile(rb'("timings":\{"queue":)[\d.e-]+(,"prompt":[\d.e-]+,"first_token":)[\d.e-]+')
_COMMENT = re.compile(rb"^:.*\n\n", re.MULTILINE)  # a sign of life in a long pause


class Mask:
    """Takes out of answers what is another one in each run, and nothing else.

    - ids: numbered in the order in which they come, so that what belongs together still does;
    - `created` and all that ends with `_at`, where it is a number and not null;
    - how long a run has waited for its turn: `queue` and `first_token` of its `timings`;
    - comments in streams;
    - how the chunks of several choices lie between each other: each choice has its own in order.
    """

    def __init__(self) -> None:
        self._ids: dict[bytes, bytes] = {}

    def __call__(self, content: bytes) -> bytes:
        content = _ID.sub(self._number, content)
        content = _TIME.sub(rb"\1<time>", content)
        content = _WAITED.sub(rb"\1<seconds>\2<seconds>", content)
        return _by_choice(_COMMENT.sub(b"", content))

    def _number(self, found: re.Match[bytes]) -> bytes:
        return self._ids.setdefault(found[0], b"%s<%d>" % (found[1], len(self._ids) + 1))


def _by_choice(content: bytes) -> bytes:
    """Put a stream's chunks in the order of their choices; those without one stay the last."""
    if not content.startswith(b"data: ") or b'"index":1' not in content:
        return content
    frames = content.split(b"\n\n")
    places = [re.search(rb'"choices":\[\{"index":(\d+)', frame) for frame in frames]
    ranks = [int(place[1]) if place else len(frames) for place in places]
    ordered = sorted(zip(ranks, range(len(frames)), frames, strict=True))
    return b"\n\n".join(frame for *_, frame in ordered)


class Tape:
    """Asks a server, and keeps all its answers as they were."""

    def __init__(self, raw: httpx2.Client) -> None:
        self._raw = raw
        self.answers: dict[str, bytes] = {}

    def ask(self, name: str, path: str, body: dict[str, Any] | None = None) -> httpx2.Response:
        method = "GET" if body is None else "POST"
        answer = self._raw.request(method, path, json=body)
        assert answer.status_code == 200, answer.text
        self.answers[name] = answer.content
        return answer


def everything(raw: httpx2.Client) -> dict[str, bytes]:
    """The same questions to any server, on all surfaces; the answers by names."""
    tape = Tape(raw)
    _chat(tape)
    _run(tape)
    _responses(tape)
    tape.ask("embeddings", "v1/embeddings", {"model": MODEL, "input": ["a cat", "a dog"]})
    packed = {"model": MODEL, "input": "a cat", "encoding_format": "base64"}
    tape.ask("packed embeddings", "v1/embeddings", packed)
    scored = {"prompt": "Once upon", "max_tokens": 4, "logprobs": 1, "echo": True}
    tape.ask("completion", "v1/completions", {"model": MODEL, "temperature": 0, **scored})
    return tape.answers


def _chat(tape: Tape) -> None:
    hello = {"model": MODEL, "messages": [user("Hello!")]}
    streamed = {"stream": True, "stream_options": {"include_usage": True}, "logprobs": True}
    path = "v1/chat/completions"
    tape.ask("chat", path, {**hello, "temperature": 0, **streamed})
    # Nothing but the tape could give the same answers to these twice: there is no seed.
    wild = {**hello, "temperature": 2, "max_tokens": 12}
    tape.ask("two choices", path, {**wild, "n": 2})
    tape.ask("two choices again", path, {**wild, "n": 2, "stream": True})


def _run(tape: Tape) -> None:
    """A run that calls a function, and goes on when it has the output."""
    asked = {"messages": [user("How is the weather in Paris?")]}
    thread = tape.ask("thread", "v1/threads", asked).json()["id"]
    settings = {"assistant_id": "default", "tools": [WEATHER], "temperature": 0}
    forced = {**settings, "tool_choice": "required", "parallel_tool_calls": False}
    paths = f"v1/threads/{thread}/runs"
    waiting = last(
        events(tape.ask("run", paths, {**forced, "stream": True}).content),
        "thread.run.requires_action",
    )
    (call,) = waiting["required_action"]["submit_tool_outputs"]["tool_calls"]
    output = {"tool_call_id": call["id"], "output": '{"temperature": 21}'}
    path = f"{paths}/{waiting['id']}"
    body = {"tool_outputs": [output], "stream": True}
    tape.ask("run with outputs", f"{path}/submit_tool_outputs", body)
    tape.ask("ended run", path)
    tape.ask("steps", f"{path}/steps?order=asc")
    tape.ask("messages", f"v1/threads/{thread}/messages?order=asc")
    tape.ask("events", f"oxillama/threads/{thread}/runs/{waiting['id']}/events")
    tape.ask("prompt", f"oxillama/threads/{thread}/runs/{waiting['id']}/prompt?limit=10000")
    question = {"additional_messages": [user("And in Rome?")]}
    tape.ask("prompt to come", f"oxillama/threads/{thread}/prompt", {**settings, **question})


def _responses(tape: Tape) -> None:
    format_ = {"type": "json_schema", "name": "animal", "schema": ANIMAL, "strict": True}
    body = {"model": MODEL, "input": PLIM, "temperature": 0, "text": {"format": format_}}
    first = tape.ask("response", "v1/responses", body).json()
    again = {"input": "Once more.", "previous_response_id": first["id"], "stream": True}
    tape.ask("response in a stream", "v1/responses", {**body, **again})


# -- record once, replay once --------------------------------------------------------------------


class Both(NamedTuple):
    recorded: dict[str, bytes]
    replayed: dict[str, bytes]
    server: Server


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """All answers with a model and without one, and the server that has none."""
    folder = tmp_path_factory.mktemp("replay")
    cassettes = f"--OxillamaApp.cassettes={folder / 'cassettes'}"
    with Server(folder / "live", "--OxillamaApp.mode=record", cassettes) as live:
        assert live.health()["engine"]["mode"] == "record"
        recorded = everything(live.raw)
    options = ("--OxillamaApp.mode=replay", cassettes, *NO_MODEL)
    with Server(folder / "none", *options) as server:
        yield Both(recorded, everything(server.raw), server)


@pytest.fixture
def replay(both: Both) -> Iterator[Server]:
    yield both.server
    both.server.check()


@pytest.fixture
def client(replay: Server) -> OpenAI:
    return replay.client


def test_all_bytes_are_as_they_were(both: Both) -> None:
    before, after = Mask(), Mask()
    recorded = {name: before(answer) for name, answer in both.recorded.items()}
    replayed = {name: after(answer) for name, answer in both.replayed.items()}

    assert recorded == replayed


def test_the_answers_are_worth_it(both: Both) -> None:
    """A tape of failures and empty texts would be equal too."""
    recorded = both.recorded
    assert order(events(recorded["run"]))[-2:] == ["thread.run.requires_action", "done"]
    assert order(events(recorded["run with outputs"]))[-2:] == ["thread.run.completed", "done"]
    assert b"Plim" in recorded["response"]
    assert b"response.completed" in recorded["response in a stream"]
    assert recorded["chat"].count(b"data: ") > 5
    assert recorded["chat"].endswith(b"data: [DONE]\n\n")
    assert recorded["two choices"] != recorded["two choices again"]
    assert b"get_weather" in recorded["prompt"]
    assert b"And in Rome?" in recorded["prompt to come"]


def test_there_was_no_engine(both: Both, replay: Server) -> None:
    health = replay.health()

    assert both.recorded.keys() == both.replayed.keys()
    assert replay.children() == []
    assert (health["status"], health["engine"]["mode"]) == ("ok", "replay")
    assert health["engine"]["pid"] in {0, None}
    assert health["detail"].startswith("replaying ")
    assert health["detail"].endswith("/cassettes; no model runs")
    assert health["model"] == MODEL
    assert replay.raw.get("oxillama/engine").json()["status"]["mode"] == "replay"


# -- what is not recorded ------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True])
def test_a_missing_cassette_is_an_error(client: OpenAI, *, stream: bool) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        client.chat.completions.create(
            model=MODEL,
            messages=[{"role": "user", "content": "Hello!"}],
            temperature=0.5,
            logprobs=True,
            stream=stream,
        )
    assert caught.value.status_code == 424
    assert caught.value.code == "cassette_missing"
    told = caught.value.message
    assert "Nothing is recorded for this request to be answered: model 'oxillama-tiny'" in told
    assert "asked 'Hello!', hash " in told
    assert re.search(r"The nearest that is, \w{20}-generate-hello\.json, differs: ", told)
    assert "sampling.temperature is 0.5 here and 0 there" in told
    assert "OXILLAMA_MODE=record records what is missing." in told


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("v1/embeddings", {"input": "a cow"}, "to be embedded: model 'oxillama-tiny', asked 'a c"),
        ("v1/completions", {"prompt": "Twice upon"}, "to be answered"),
        ("v1/responses", {"input": "Twice upon"}, "to be answered"),
        (
            "oxillama/threads/prompt",
            {"assistant_id": "default", "thread": {"messages": [user("Twice upon")]}},
            "to be rendered: model 'oxillama-tiny', asked 'Twice upon', hash ",
        ),
    ],
    ids=["embeddings", "completions", "responses", "prompt"],
)
def test_so_it_is_on_every_surface(
    replay: Server, path: str, body: dict[str, Any], words: str
) -> None:
    answer = replay.raw.post(path, json={"model": MODEL, **body})

    assert answer.status_code == 424
    error = answer.json()["error"]
    assert (error["type"], error["code"]) == ("invalid_request_error", "cassette_missing")
    assert f"Nothing is recorded for this request {words}" in error["message"]


def test_a_run_without_a_cassette_fails_and_says_which(client: OpenAI, replay: Server) -> None:
    asked: Any = {"messages": [user("How is the weather in Parma?")]}
    run = client.beta.threads.create_and_run_poll(
        assistant_id="default",
        thread=asked,
        temperature=0,
        tools=[WEATHER],  # type: ignore[list-item]  # a plain dict
        tool_choice="required",
        parallel_tool_calls=False,
    )

    assert run.status == "failed"
    assert run.last_error is not None
    told = run.last_error.message
    assert "asked 'How is the weather in Parma?', hash " in told
    assert re.search(
        r"The nearest that is, \w{20}-generate-how-is-the-weather-in-paris\.json", told
    )
    assert "messages[0].content from character 26 on is 'ma?' here and 'is?' there." in told
    thread = client.beta.threads.create(**asked)
    streamed = replay.raw.post(
        f"v1/threads/{thread.id}/runs", json={"assistant_id": "default", "stream": True}
    )
    failed = last(events(streamed.content), "thread.run.failed")
    assert "Parma" in failed["last_error"]["message"]


# -- the mode of a server ------------------------------------------------------------------------


def test_the_environment_sets_the_mode(start_server: StartServer) -> None:
    environ = {"OXILLAMA_MODE": "replay", "OXILLAMA_CASSETTES": "taped"}
    server = start_server(*NO_MODEL, env=environ)
    health = server.health()

    assert (health["status"], health["engine"]["mode"]) == ("failed", "replay")
    assert f"There is nothing to replay in {server.folder / 'work' / 'taped'}: " in health["detail"]
    (model,) = server.client.models.list().data
    answer = server.raw.post("v1/embeddings", json={"model": model.id, "input": "a cat"})
    assert answer.status_code == 503
    assert "OXILLAMA_MODE=record records it." in answer.json()["error"]["message"]
    assert server.client.beta.threads.create().id


def test_a_mode_that_does_not_exist_is_said(start_server: StartServer) -> None:
    server = start_server(env={"OXILLAMA_MODE": "repaly"}, ready=False)

    for path in ("v1/models", "oxillama/health"):
        answer = server.raw.get(path)
        assert answer.status_code == 503
        message = answer.json()["error"]["message"]
        assert message == "OXILLAMA_MODE takes live, record or replay, not 'repaly'."
    assert server.children() == []


def test_without_a_mode_the_model_is_live(server: Server) -> None:
    assert server.health()["engine"]["mode"] == "live"
