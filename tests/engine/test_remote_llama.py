"""The remote engine before a real upstream: llama-cpp-python's own server."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest
from engine.helpers import ask, collect, started, text_of
from engine.upstreams import items, tool

from oxillama_jupyter.engine.local import LocalEngine
from oxillama_jupyter.engine.patience import Patience
from oxillama_jupyter.engine.protocol import Constraint
from oxillama_jupyter.engine.remote import RemoteEngine
from oxillama_jupyter.engine.tuning import Tuning
from oxillama_jupyter.errors import EngineCrashed, EngineError, EngineUnavailable

SCRIPT = Path(__file__).with_name("llama_server.py")
QUESTION = ask("What is your name?", logit_bias={}, max_tokens=12)


@pytest.fixture(scope="module")
def server(embedded_model: Path) -> Iterator[str]:
    """Its base URL; it wants the key `upstream-key` and has a context of 512 tokens."""
    command = [sys.executable, str(SCRIPT), str(embedded_model), "512"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        finally:
            process.kill()


def engine_of(server: str, key: str = "upstream-key") -> RemoteEngine:
    patience = Patience(backoff=0.01, connect=30.0)
    return RemoteEngine(server, key=lambda: f"{key}\n", n_parallel=1, patience=patience)


async def test_it_says_what_the_local_engine_says(
    server: str, embedded_model: Path, tmp_path: Path
) -> None:
    async with started(engine_of(server)) as engine:
        assert [model.id for model in engine.models()] == ["tiny"]
        deltas = await collect(engine, QUESTION)
    options = {"model_id": "tiny", "n_threads": 1, "tuning": Tuning(use_extra_bufts=False)}
    async with started(LocalEngine(embedded_model, data_dir=tmp_path, **options)) as local:
        expected = await collect(local, QUESTION)

    assert text_of(deltas) == text_of(expected)
    assert deltas[0].prompt is not None
    assert deltas[-1].finish_reason == expected[-1].finish_reason
    assert deltas[-1].usage.completion_tokens == expected[-1].usage.completion_tokens


async def test_a_wrong_key_is_named_and_not_shown(server: str) -> None:
    engine = engine_of(server, "open-sesame")
    with pytest.raises(EngineUnavailable, match="OXILLAMA_REMOTE_API_KEY") as caught:
        async with started(engine):
            pass

    assert "sesame" not in caught.value.message


async def test_a_forced_call_is_made(server: str) -> None:
    request = ask("look", logit_bias={}, tools=[tool("look")], must_call=("look",), max_tokens=30)
    async with started(engine_of(server)) as engine:
        deltas = await collect(engine, request)

    (call,) = items(deltas)
    assert (call.index, call.name) == (0, "look")
    assert call.id.startswith("call_")
    assert call.arguments
    assert 0 < deltas[-1].usage.completion_tokens <= 30


async def test_json_is_json_or_said_to_be_cut(server: str) -> None:
    request = ask("hi", logit_bias={}, constraint=Constraint("json_object"), max_tokens=10)
    async with started(engine_of(server)) as engine:
        deltas = await collect(engine, request)
        schema = Constraint("json_schema", '{"type":"object"}')
        with pytest.raises(EngineError, match="response_format"):  # it knows no schemas
            await collect(engine, ask("hi", logit_bias={}, constraint=schema))

    assert text_of(deltas).startswith("{")
    assert deltas[-1].finish_reason == "length"


async def test_a_prompt_that_is_too_long_breaks_its_stream(server: str) -> None:
    async with started(engine_of(server)) as engine:
        with pytest.raises(EngineCrashed, match="its log may say why"):
            await collect(engine, ask("hello " * 800, logit_bias={}))
        assert text_of(await collect(engine, QUESTION))


async def test_an_abort_frees_the_upstream(server: str) -> None:
    bias = dict.fromkeys(range(4), -100.0)  # whatever ends an answer is among the first
    async with started(engine_of(server)) as engine:
        async with aclosing(engine.generate(ask("hi", logit_bias=bias, max_tokens=None))) as deltas:
            async for delta in deltas:
                if delta.text:
                    break
        async with asyncio.timeout(60):
            assert text_of(await collect(engine, QUESTION))
