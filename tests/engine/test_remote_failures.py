"""Upstreams that refuse, fail, are not there, and come back."""

from __future__ import annotations

import asyncio
import logging
import socket
from pathlib import Path
from typing import Any

import pytest
from engine.helpers import ask, collect, text_of, until
from engine.upstreams import (
    QUICK,
    Exchange,
    Upstream,
    chunk,
    models,
    refusal,
    remote,
    saying,
    upstream,
)

from oxillama_jupyter.engine import remote as remote_module
from oxillama_jupyter.engine.patience import Patience
from oxillama_jupyter.engine.remote import RemoteEngine
from oxillama_jupyter.errors import (
    ContextLengthExceeded,
    EngineCrashed,
    EngineError,
    EngineUnavailable,
    InvalidRequest,
    ModelNotFound,
    QueueFull,
)

TOO_LONG = (ContextLengthExceeded, "messages", 1)


@pytest.mark.parametrize(
    ("status", "error", "kind", "param", "times"),
    [
        (400, {"message": "bad top_p", "param": "top_p"}, InvalidRequest, "top_p", 1),
        (422, {"message": "bad", "code": "context_length_exceeded"}, *TOO_LONG),
        (400, {"message": "bad", "type": "exceed_context_size_error"}, *TOO_LONG),
        (400, {"message": "bad", "param": "input_tokens", "code": 400}, *TOO_LONG),
        (404, {"message": "bad model", "code": 404}, ModelNotFound, "model", 1),
        (400, {"message": "bad model", "code": "model_not_found"}, ModelNotFound, "model", 1),
        (500, {"message": "bad luck"}, EngineError, None, 1),
        (418, {"message": "bad tea"}, EngineError, None, 1),
        (503, {"message": "bad time"}, EngineUnavailable, None, 4),
        (429, {"message": "bad hurry"}, QueueFull, None, 4),
    ],
)
async def test_refusals(
    status: int, error: Any, kind: type[Exception], param: str | None, times: int
) -> None:
    async with remote(refusal(status, error)) as (engine, server):
        with pytest.raises(kind, match="bad") as caught:
            await collect(engine, ask("hi"))
        assert engine.status().state == "ok"

    assert type(caught.value) is kind
    assert caught.value.param == param
    assert len(server.asked) == times


async def test_fastapis_complaints_are_passed_on() -> None:
    async def answer(exchange: Exchange) -> None:
        detail = [{"loc": ["body", "top_p"], "msg": "too large", "type": "x"}]
        await exchange.json(422, {"detail": detail})

    async with remote(answer) as (engine, _):
        with pytest.raises(InvalidRequest, match="too large") as caught:
            await collect(engine, ask("hi"))

    assert caught.value.param == "top_p"


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_is_told_and_never_shown(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = refusal(status, {"message": "Incorrect API key: hush-hush"})
    async with remote(echo, key=lambda: "hush-hush") as (engine, server):
        with pytest.raises(EngineUnavailable, match="remote_key_file") as caught:
            await collect(engine, ask("hi"))

    assert server.asked[0].headers["authorization"] == "Bearer hush-hush"
    assert "hush" not in str(caught.value)
    ours = [record.getMessage() for record in caplog.records if "oxillama" in record.name]
    assert ours
    assert not any("hush" in message for message in ours)


async def test_other_words_do_not_show_the_key_either() -> None:
    echo = refusal(500, {"message": "I was sent hush-hush"})
    async with remote(echo, key=lambda: "hush-hush") as (engine, _):
        with pytest.raises(EngineError, match=r"sent \*\*\*"):
            await collect(engine, ask("hi"))


async def test_nothing_of_openais_own_settings_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "for-openai-only")
    async with remote(saying("hi")) as (engine, server):
        await collect(engine, ask("hi"))

    for exchange in (*server.looks, *server.asked):
        assert "for-openai-only" not in str(exchange.headers)
        assert "authorization" not in exchange.headers


async def test_a_busy_upstream_is_asked_again_when_it_wants_to_be() -> None:
    busy = refusal(429, {"message": "busy"}, retry_after="0.3")
    async with remote(busy, saying("hello")) as (engine, server):
        began = asyncio.get_running_loop().time()
        deltas = await collect(engine, ask("hi"))
        took = asyncio.get_running_loop().time() - began

    assert text_of(deltas) == "hello"
    assert len(server.asked) == 2
    assert took >= 0.3


async def test_a_long_wait_is_the_clients() -> None:
    async with remote(refusal(429, {"message": "busy"}, retry_after="99")) as (engine, server):
        with pytest.raises(QueueFull) as caught:
            await collect(engine, ask("hi"))

    assert caught.value.retry_after == 99
    assert QueueFull("another").retry_after == 2
    assert len(server.asked) == 1


async def test_a_connection_that_breaks_before_the_answer_is_made_again() -> None:
    async def cut(exchange: Exchange) -> None:
        exchange.cut()

    async with remote(cut, saying("hello")) as (engine, server):
        assert text_of(await collect(engine, ask("hi"))) == "hello"

    assert len(server.asked) == 2


async def test_a_connection_that_breaks_in_the_answer_is_not() -> None:
    async def cut(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.event(chunk({"content": "so far"}))
        await asyncio.sleep(0.05)
        exchange.cut()

    async with remote(cut, saying("hello")) as (engine, server):
        deltas = engine.generate(ask("hi"))
        said = [await anext(deltas), await anext(deltas)]
        with pytest.raises(EngineCrashed, match="broke off"):
            await anext(deltas)
        assert text_of(await collect(engine, ask("hi"))) == "hello"

    assert text_of(said) == "so far"
    assert len(server.asked) == 2


async def test_a_connection_that_breaks_behind_the_answer_costs_only_its_usage() -> None:
    async def cut(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.event(chunk({"content": "all"}))
        await exchange.event(chunk({}, "stop"))
        await asyncio.sleep(0.05)
        exchange.cut()

    async with remote(cut) as (engine, _):
        deltas = await collect(engine, ask("hi"))

    assert (text_of(deltas), deltas[-1].finish_reason) == ("all", "stop")


@pytest.mark.parametrize("accepted", ["accepted", "not accepted"])
async def test_a_silent_upstream_is_given_up(accepted: str) -> None:
    async def silent(exchange: Exchange) -> None:
        if accepted == "accepted":
            await exchange.begin()
        await asyncio.sleep(100)

    patience = Patience(idle=0.2, backoff=0.01)
    async with remote(silent, patience=patience) as (engine, server):
        with pytest.raises(EngineError, match="silent"):
            await collect(engine, ask("hi"))
        assert engine.status().state == "ok"

    assert len(server.asked) == 1


# -- coming and going ----------------------------------------------------------------------------


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as some:
        return int(some.getsockname()[1])


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://user:hush@127.0.0.1:{}/v1", "connection was refused"),
        ("http://no-such-host.invalid/v1", "'no-such-host.invalid'"),
    ],
)
async def test_an_upstream_that_is_not_there(url: str, words: str) -> None:
    engine = RemoteEngine(url.format(free_port()), patience=QUICK)
    try:
        with pytest.raises(EngineUnavailable, match=words) as caught:
            await engine.start()
        with pytest.raises(EngineUnavailable, match=words):
            await collect(engine, ask("hi"))
        assert engine.status().state == "failed"
        assert [model.id for model in engine.models()] == ["remote"]
    finally:
        await engine.aclose()

    assert "hush" not in f"{caught.value} {engine.status()}"


async def test_plain_http_behind_https_is_a_tls_error() -> None:
    def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    engine = RemoteEngine(f"https://127.0.0.1:{port}/v1", patience=QUICK)
    with pytest.raises(EngineUnavailable, match="No secure connection"):
        await engine.start()
    await engine.aclose()
    server.close()
    await server.wait_closed()


async def test_an_upstream_that_goes_and_comes_back() -> None:
    first, second = Upstream(saying("before")), Upstream(saying("after"))
    await first.open()
    engine = RemoteEngine(first.url, patience=QUICK)
    try:
        await engine.start()
        assert text_of(await collect(engine, ask("hi"))) == "before"
        await first.close()
        with pytest.raises(EngineUnavailable, match="refused"):
            await collect(engine, ask("hi"))
        assert engine.status().state == "failed"
        assert engine.status().settings["failures"] == 1

        second.rebind(first.port)
        await second.open()
        await until(engine, "ok")  # type: ignore[arg-type]  # any engine
        assert text_of(await collect(engine, ask("hi"))) == "after"
    finally:
        await engine.aclose()
        await second.close()


async def test_a_key_may_change(tmp_path: Path) -> None:
    file = tmp_path / "key"

    async def guarded(exchange: Exchange) -> None:
        if exchange.headers.get("authorization") == "Bearer right":
            await models("small")(exchange)
        else:
            await exchange.json(401, {"error": {"message": "no"}})

    async with upstream(saying("hi")) as server:
        server.list_models = guarded
        engine = RemoteEngine(server.url, key=file.read_text, patience=QUICK)
        with pytest.raises(EngineUnavailable, match="cannot be read: No such file"):
            await engine.start()
        file.write_text("wrong\n")
        async with asyncio.timeout(20):
            while "refused the key" not in engine.status().detail:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        file.write_text("right\n")
        await until(engine, "ok")  # type: ignore[arg-type]  # any engine
        assert text_of(await collect(engine, ask("hi"))) == "hi"
        await engine.aclose()


@pytest.mark.parametrize("model_id", ["mine", None])
async def test_an_upstream_without_a_list_of_models(model_id: str | None) -> None:
    async with upstream(saying("hi")) as server:
        server.list_models = refusal(404, {})
        engine = RemoteEngine(server.url, model_id=model_id, patience=QUICK)
        if model_id is None:
            with pytest.raises(EngineUnavailable, match="ends in /v1"):
                await engine.start()
        else:
            await engine.start()
            assert text_of(await collect(engine, ask("hi", model=model_id))) == "hi"
            assert server.asked[0].body["model"] == model_id
        await engine.aclose()


async def test_the_default_model_is_the_one_that_is_set() -> None:
    async with upstream(saying("hi")) as server:
        server.list_models = models("one", "two")
        engine = RemoteEngine(server.url, model_id="two", patience=QUICK)
        await engine.start()
        await collect(engine, ask("hi"))
        assert [model.id for model in engine.models()] == ["two", "one"]
        assert server.asked[0].body["model"] == "two"
        await engine.aclose()

        other = RemoteEngine(server.url, model_id="three", patience=QUICK)
        with pytest.raises(EngineUnavailable, match=r"'three'.*one, two"):
            await other.start()
        await other.aclose()


async def test_a_list_of_nonsense_is_a_failure() -> None:
    async with upstream(saying("hi")) as server:
        for nonsense in ({"data": []}, {"data": [{"id": 5}]}, {"data": True}, {"data": 5}, [], "x"):
            server.list_models = lambda exchange, value=nonsense: exchange.json(200, value)
            engine = RemoteEngine(server.url, patience=QUICK)
            with pytest.raises(EngineUnavailable, match="lists no models"):
                await engine.start()
            await engine.aclose()


async def test_a_list_of_nonsense_does_not_end_the_looking() -> None:
    async with upstream(saying("hi")) as server:
        server.list_models = lambda exchange: exchange.json(200, {"data": True})
        engine = RemoteEngine(server.url, patience=QUICK)
        with pytest.raises(EngineUnavailable, match="lists no models"):
            await engine.start()
        server.list_models = models("small")
        await until(engine, "ok")  # type: ignore[arg-type]  # any engine
        await engine.aclose()


@pytest.mark.parametrize("name", ["make_client", "read_models"])
async def test_a_bug_of_ours_does_not_end_the_looking(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    looks = 0

    def broken(*_: Any, **__: Any) -> None:
        nonlocal looks
        looks += 1
        raise AttributeError("a bug")

    async with upstream(saying("hi")) as server:
        with monkeypatch.context() as patched:
            patched.setattr(remote_module, name, broken)
            engine = RemoteEngine(server.url, patience=QUICK)
            with pytest.raises(EngineUnavailable, match="log says which"):
                await engine.start()
            async with asyncio.timeout(20):
                while looks < 3:  # noqa: ASYNC110 - a bug tells nobody
                    await asyncio.sleep(0.01)
        await until(engine, "ok")  # type: ignore[arg-type]  # any engine
        await engine.aclose()
    assert caplog.text.count("AttributeError: a bug") == 1
