"""A server that is fuzzed: the objects its requests name, one request, and how it is afterwards.

Objects come in sets: a thread whose run has ended, a thread whose run waits for tool outputs. A
set is made when it is first asked for, and again after a request that used it up.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from fuzz_values import Ref, encode
from servers import Server, until

__all__ = ["Request", "World"]

Ids = dict[str, str]
_ENDED = {"requires_action", "cancelled", "failed", "completed", "incomplete", "expired"}
_ACTIVE = "SELECT thread_id, id FROM runs WHERE active"
_MOST_CHUNKS = 500  # of a stream, before its reader leaves


@dataclass(frozen=True)
class Request:
    """One request.

    Attributes:
        method: Its method.
        path: Its path with `{kind}` where an id belongs.
        objects: Which set of objects it names.
        ids: Ids that take the place of the right ones, by kind.
        query: Pairs of its query string.
        body: JSON with `Raw` and `Ref` in it.
        headers: More of its headers.
        spends: Whether a success uses its objects up.
    """

    method: str
    path: str
    objects: str = "done"
    ids: Ids = field(default_factory=dict)
    query: list[tuple[str, Any]] = field(default_factory=list)
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    spends: bool = False


class World:
    """A server and what is in it.

    Args:
        server: It; its engine is a scripted one.
        patience: Seconds that it may let any client wait.
    """

    def __init__(self, server: Server, patience: float) -> None:
        self.server = server
        self._patience = patience
        self._sets: dict[str, Ids] = {}
        self._makers: dict[str, Callable[[], Ids]] = {
            "done": lambda: self._run("Hello!"),
            "waiting": lambda: self._run("Let me see. => get_weather {} | It is $outputs."),
            "common": self._common,
        }

    # -- objects -------------------------------------------------------------------------------

    def id(self, kind: str, objects: str) -> str:
        """The id of an object of this kind, of that set where it has one."""
        for name in (objects, "common"):
            ids = self._sets.get(name) or self._sets.setdefault(name, self._makers[name]())
            if kind in ids:
                return ids[kind]
        return f"{kind}_x"

    def _post(self, path: str, body: Any) -> Any:
        return self.server.raw.post(path, json=body).raise_for_status().json()

    def _get(self, path: str) -> Any:
        return self.server.raw.get(path).raise_for_status().json()

    def _run(self, question: str) -> Ids:
        """A thread with a run that has gone as far as it can by itself."""
        tools = [{"type": "function", "function": {"name": "get_weather"}}]
        thread = {"messages": [{"role": "user", "content": question}]}
        body = {"assistant_id": "default", "thread": thread, "tools": tools}
        run = self._post("v1/threads/runs", body)
        path = f"v1/threads/{run['thread_id']}"
        until(lambda: self._get(f"{path}/runs/{run['id']}")["status"] in _ENDED, "a run's end")
        run = self._get(f"{path}/runs/{run['id']}")
        action = run["required_action"] or {"submit_tool_outputs": {"tool_calls": []}}
        calls = [call["id"] for call in action["submit_tool_outputs"]["tool_calls"]]
        return {
            "thread": run["thread_id"],
            "run": run["id"],
            "message": self._get(f"{path}/messages?order=asc")["data"][0]["id"],
            "step": self._get(f"{path}/runs/{run['id']}/steps")["data"][0]["id"],
            "call": calls[0] if calls else "call_x",
        }

    def _common(self) -> Ids:
        """What belongs to no thread."""
        chat = {"model": "scripted", "messages": [{"role": "user", "content": "Hi"}], "store": True}
        background = {"model": "scripted", "background": True, "stream": False}
        hello = {"role": "user", "content": "Hello!"}
        conversation = self._post("v1/conversations", {"items": [hello]})["id"]
        return {
            "chat": self._post("v1/chat/completions", chat)["id"],
            "conversation": conversation,
            "response": self._post("v1/responses", {**background, "input": "Hi"})["id"],
            "item": self._get(f"v1/conversations/{conversation}/items")["first_id"],
            "assistant": self._post("v1/assistants", {"model": "scripted"})["id"],
            "key": self._post("oxillama/keys", {"name": uuid4().hex})["id"],
            "model": "scripted",
        }

    # -- one request ---------------------------------------------------------------------------

    def send(self, request: Request) -> int:
        """Send it; say what is wrong with the answer, by an assertion; return its status."""

        def ref(kind: str) -> str:
            return self.id(kind, request.objects)

        kinds = [part.partition("}")[0] for part in request.path.split("{")[1:]]
        path = request.path.format_map({kind: request.ids.get(kind) or ref(kind) for kind in kinds})
        pairs = [(name, ref(v.kind) if isinstance(v, Ref) else v) for name, v in request.query]
        status = self._exchange(
            request.method,
            f"{path}?{urlencode(pairs)}" if pairs else path,
            encode(request.body, ref),
            request.headers,
        )
        changes = request.method not in {"GET", "HEAD", "OPTIONS", "POST"} or request.spends
        if status < 300 and changes:
            self._sets.pop(request.objects, None)
            self._sets.pop("common", None)
        return status

    def _exchange(self, method: str, path: str, content: bytes, headers: dict[str, str]) -> int:
        with self.server.raw.stream(
            method, path, content=content, headers=headers, timeout=self._patience
        ) as answer:
            for _ in takewhile(lambda pair: pair[0] < _MOST_CHUNKS, enumerate(answer.iter_bytes())):
                pass
        assert answer.status_code < 500, answer.text
        faults = self.server.oracle.take()
        assert not faults, faults
        return answer.status_code

    # -- afterwards ----------------------------------------------------------------------------

    def settle(self) -> None:
        """See that the server lives, and that every run ends, or lets itself be ended."""
        assert self.server.raw.get("api/status", timeout=self._patience).status_code == 200
        until(self._idle, "the end of all runs")
        health = self.server.health()
        assert (health["status"], health["runs"]) == ("ok", 0)
        assert (health["engine"]["running"], health["engine"]["waiting"]) == (0, 0)
        self._sets.clear()
        self.server.check()

    def _idle(self) -> bool:
        with sqlite3.connect(f"file:{self.server.database}?mode=ro", uri=True) as conn:
            active = conn.execute(_ACTIVE).fetchall()
        conn.close()
        for thread, run in active:
            self.server.raw.post(f"v1/threads/{thread}/runs/{run}/cancel")
        return not active and self.server.health()["runs"] == 0
