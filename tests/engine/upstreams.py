"""OpenAI-compatible servers for the remote engine: scripted ones, which can fail in every way."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from oxillama_jupyter.engine.parts import items_of
from oxillama_jupyter.engine.patience import Patience
from oxillama_jupyter.engine.protocol import Delta, Engine, GenerateRequest, Sampling
from oxillama_jupyter.engine.remote import RemoteEngine
from oxillama_jupyter.errors import OxillamaError

Json = dict[str, Any]
QUICK = Patience(backoff=0.01, longest_backoff=0.05, idle=20.0, refresh=30.0)


class Exchange:
    """One request and the answer to it."""

    def __init__(self, path: str, headers: dict[str, str], body: Json, out: Any) -> None:
        self.path = path
        self.headers = headers
        self.body = body
        self._out = out

    async def json(self, status: int, value: Any, **headers: str) -> None:
        """Answer with JSON; names of headers have underscores."""
        await self.raw(status, json.dumps(value), "application/json", **headers)

    async def raw(self, status: int, text: str, kind: str, **headers: str) -> None:
        more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        head = f"HTTP/1.1 {status} Whatever\r\ncontent-type: {kind}\r\n{more}"
        length = len(text.encode())
        self._out.write(
            f"{head}content-length: {length}\r\nconnection: close\r\n\r\n{text}".encode()
        )
        await self._out.drain()

    async def begin(self) -> None:
        """Take the request; events follow."""
        self._out.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
            b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n"
        )
        await self._out.drain()

    async def event(self, data: Any) -> None:
        """Send one event: JSON, or text as it is."""
        text = data if isinstance(data, str) else json.dumps(data)
        frame = f"data: {text}\n\n".encode()
        self._out.write(b"%x\r\n%b\r\n" % (len(frame), frame))
        await self._out.drain()

    async def done(self) -> None:
        """End as OpenAI does."""
        await self.event("[DONE]")
        self._out.write(b"0\r\n\r\n")
        await self._out.drain()

    def cut(self) -> None:
        """Let the connection break."""
        self._out.transport.abort()


Answer = Callable[[Exchange], Awaitable[None]]


class Upstream:
    """Answers each `POST /chat/completions` with the next of these; the last one again and again.

    Attributes:
        asked: The exchanges so far, those for models not among them.
        left: Set when a client goes away before its answer is whole.
        list_models: Answers `GET /models`.
    """

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self.asked: list[Exchange] = []
        self.looks: list[Exchange] = []
        self.left = asyncio.Event()
        self.list_models: Answer = models("small")
        self._server: asyncio.Server | None = None
        self._serving: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    def rebind(self, port: int) -> None:
        """Take the port of one that was closed."""
        self._socket.close()
        self._socket = socket.create_server(("127.0.0.1", port))

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._accept, sock=self._socket)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            for task, writer in self._serving.items():
                task.cancel()
                writer.close()  # a task that has not begun will not do it
            await asyncio.gather(*self._serving, return_exceptions=True)
            await asyncio.sleep(0)
        self._socket.close()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving[task] = writer
        task.add_done_callback(self._serving.pop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            fields = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
            raw = dict(line.split(": ", 1) for line in head[1:] if ": " in line)
            fields |= {k.lower(): v for k, v in raw.items()}
            body = await reader.readexactly(int(fields.get("content-length", 0)))
            path = head[0].split()[1].removeprefix("/v1")
            exchange = Exchange(path, fields, json.loads(body or b"{}"), writer)
            await self._or_leave(self._answer(exchange), reader)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _or_leave(self, answer: Awaitable[None], reader: asyncio.StreamReader) -> None:
        answering = asyncio.ensure_future(answer)
        leaving = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                self.left.set()
        finally:
            for task in (answering, leaving):
                task.cancel()
            await asyncio.gather(answering, leaving, return_exceptions=True)
        if not answering.cancelled():
            answering.result()

    async def _answer(self, exchange: Exchange) -> None:
        if exchange.path == "/models":
            self.looks.append(exchange)
            await self.list_models(exchange)
            return
        self.asked.append(exchange)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        await answer(exchange)


@asynccontextmanager
async def upstream(*answers: Answer) -> AsyncIterator[Upstream]:
    """Serve these answers."""
    server = Upstream(*answers)
    await server.open()
    try:
        yield server
    finally:
        await server.close()


@asynccontextmanager
async def remote(*answers: Answer, **options: Any) -> AsyncIterator[tuple[RemoteEngine, Upstream]]:
    """Serve these answers, with a started engine in front of them."""
    async with upstream(*answers) as server:
        engine = RemoteEngine(server.url, **({"patience": QUICK} | options))
        try:
            await engine.start()
            yield engine, server
        finally:
            await engine.aclose()


# -- answers -----------------------------------------------------------------------------------


def models(*names: str, **fields: Any) -> Answer:
    """A list of models."""

    async def answer(exchange: Exchange) -> None:
        data = [{"id": name, "object": "model", "created": 5, **fields} for name in names]
        await exchange.json(200, {"object": "list", "data": data})

    return answer


def refusal(status: int, error: Any, **headers: str) -> Answer:
    """An error in OpenAI's envelope."""

    async def answer(exchange: Exchange) -> None:
        await exchange.json(status, {"error": error}, **headers)

    return answer


def chunk(delta: Json | None = None, reason: str | None = None, **fields: Any) -> Json:
    """One chunk."""
    choice = {"index": 0, "delta": delta or {}, "finish_reason": reason}
    return {"id": "c", "object": "chat.completion.chunk", "choices": [choice], **fields}


def usage(prompt: int, completion: int, **details: Any) -> Json:
    """The chunk with the counts."""
    counts = {"prompt_tokens": prompt, "completion_tokens": completion, **details}
    return {"id": "c", "object": "chat.completion.chunk", "choices": [], "usage": counts}


def events(*data: Any) -> Answer:
    """A whole answer."""

    async def answer(exchange: Exchange) -> None:
        await exchange.begin()
        for event in data:
            await exchange.event(event)
        await exchange.done()

    return answer


def saying(*texts: str) -> Answer:
    """A plain answer."""
    pieces = (chunk({"content": text}) for text in texts)
    return events(chunk({"role": "assistant"}), *pieces, chunk({}, "stop"), usage(7, len(texts)))


def fragment(name: str | None, arguments: Any = None, **fields: Any) -> Json:
    """A piece of a call."""
    function = {"name": name, "arguments": arguments}
    return {**fields, "function": {k: v for k, v in function.items() if v is not None}}


def calls(*fragments: Json) -> Json:
    """A chunk of pieces of calls."""
    return chunk({"tool_calls": list(fragments)})


def tool(name: str) -> Json:
    """A function on offer."""
    return {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}


def items(deltas: list[Delta]) -> list[Any]:
    """What an answer adds up to."""
    return items_of(part for delta in deltas for part in delta.all_parts)


# -- an engine behind HTTP ---------------------------------------------------------------------


class ServedEngine(RemoteEngine):
    """A remote engine whose upstream is another engine, by HTTP, in the same process."""

    def __init__(self, inner: Engine, **options: Any) -> None:
        self._inner = inner
        self._upstream_server = Upstream(self._chat)
        super().__init__(self._upstream_server.url, patience=QUICK, **options)

    async def start(self) -> None:
        await self._inner.start()
        await self._upstream_server.open()
        await super().start()

    async def aclose(self) -> None:
        await super().aclose()
        await self._inner.aclose()
        await self._upstream_server.close()

    async def _chat(self, exchange: Exchange) -> None:
        begun = False
        try:
            async for delta in self._inner.generate(_request(exchange.body)):
                if not begun:
                    begun = True
                    await exchange.begin()
                for event in _events(delta):
                    await exchange.event(event)
        except OxillamaError as error:
            error_body = {"message": error.message, "param": error.param, "code": error.code}
            await exchange.json(error.status, {"error": error_body})
        else:
            await exchange.done()


def _request(body: Json) -> GenerateRequest:
    names = {field.name for field in msgspec.structs.fields(Sampling)}
    sampling = {name: value for name, value in body.items() if name in names}
    sampling["stop"] = tuple(sampling.get("stop", ()))
    biases = sampling.get("logit_bias", {})
    sampling["logit_bias"] = {int(token): bias for token, bias in biases.items()}
    return GenerateRequest(body["messages"], body["model"], sampling=Sampling(**sampling))


def _events(delta: Delta) -> list[Json]:
    found = [chunk({"content": delta.text})] if delta.text else []
    if delta.finish_reason is not None:
        found.append(chunk({}, delta.finish_reason))
    if delta.usage is not None:
        found.append(usage(delta.usage.prompt_tokens, delta.usage.completion_tokens))
    return found
