"""Two ways to ask a store for something: by the store's own functions, and over HTTP as clients do.

Both know what is in it, so that they can pick any thread and any message.
"""

from __future__ import annotations

import http.client
import json
import random
from abc import ABC, abstractmethod
from typing import Any
from urllib.parse import urlencode, urlsplit

from store_stock import PER_NOTEBOOK, Stock
from wire import Target

from oxillama_jupyter.schemas.base import PageQuery
from oxillama_jupyter.schemas.messages import CreateMessage
from oxillama_jupyter.schemas.runs import CreateRun, MessageQuery, Run
from oxillama_jupyter.schemas.threads import ThreadQuery
from oxillama_jupyter.store import messages, runs, threads
from oxillama_jupyter.store.database import Connection, Database

__all__ = ["Inside", "Served", "Side"]

_NEW = "every new message has tenth words of its own"


class Side(ABC):
    """One of the two stores, however it is asked.

    Args:
        stock: What is in it.
    """

    def __init__(self, stock: Stock) -> None:
        self._stock = stock
        self._chance = random.Random(1)

    def thread(self, low: float = 0.0, high: float = 1.0) -> str:
        """Any thread between these shares of them, oldest first."""
        count = len(self._stock.threads)
        return self._stock.threads[self._chance.randrange(int(low * count), int(high * count))]

    def message(self, thread_id: str) -> str:
        """Any message of a thread."""
        return self._chance.choice(self._stock.messages[thread_id])

    def notebook(self) -> dict[str, str]:
        """What any notebook's threads have in common."""
        number = self._chance.randrange(len(self._stock.threads) // PER_NOTEBOOK)
        return {"notebook": f"work/{number}.ipynb"}

    def number(self) -> int:
        """Any message's own number."""
        return self._chance.randrange(len(self._stock.threads) * 10)

    @abstractmethod
    async def list_threads(self, **query: Any) -> None:
        """A page of threads."""

    @abstractmethod
    async def list_messages(self, thread_id: str, **query: Any) -> None:
        """A page of a thread's messages."""

    @abstractmethod
    async def list_runs(self, thread_id: str) -> None:
        """A page of a thread's runs."""

    @abstractmethod
    async def retrieve(self, thread_id: str, message_id: str) -> None:
        """A thread and a message of it."""

    @abstractmethod
    async def append(self, thread_id: str) -> None:
        """A new message."""

    @abstractmethod
    async def run(self, thread_id: str) -> None:
        """A run, from its beginning to its end."""


class Inside(Side):
    """By the store's functions, in its thread.

    Args:
        stock: What is in it.
        db: Its connection.
    """

    def __init__(self, stock: Stock, db: Database) -> None:
        super().__init__(stock)
        self._db = db

    async def list_threads(self, **query: Any) -> None:
        await self._db.read(threads.page, ThreadQuery(**query))

    async def list_messages(self, thread_id: str, **query: Any) -> None:
        await self._db.read(messages.page, thread_id, MessageQuery(**query))

    async def list_runs(self, thread_id: str) -> None:
        await self._db.read(runs.page, thread_id, PageQuery())

    async def retrieve(self, thread_id: str, message_id: str) -> None:
        await self._db.read(threads.get, thread_id)
        await self._db.read(messages.get, thread_id, message_id)

    async def append(self, thread_id: str) -> None:
        await self._db.write(messages.create, thread_id, CreateMessage(role="user", content=_NEW))

    async def run(self, thread_id: str) -> None:
        body = CreateRun(assistant_id="default")
        begun = await self._db.write(
            runs.begin, thread_id, body, owner="benchmark", lease=2**40, expires_in=600
        )
        begun.run.status = "completed"
        await self._db.write(_conclude, begun.run)


def _conclude(conn: Connection, run: Run) -> bool:
    return runs.save(conn, run, expected=frozenset({"queued"}))


class Served(Side):
    """Over HTTP, on one connection that stays open; the client's own time is next to nothing.

    Args:
        stock: What is in it.
        target: The server.
    """

    def __init__(self, stock: Stock, target: Target) -> None:
        super().__init__(stock)
        self._http = http.client.HTTPConnection(urlsplit(target.url).netloc)
        self._headers = {"Authorization": f"Bearer {target.key}"}

    async def list_threads(self, **query: Any) -> None:
        pairs = {f"metadata[{key}]": value for key, value in query.pop("metadata", {}).items()}
        self._get("/oxillama/threads", query | pairs)

    async def list_messages(self, thread_id: str, **query: Any) -> None:
        self._get(f"/v1/threads/{thread_id}/messages", query)

    async def list_runs(self, thread_id: str) -> None:
        self._get(f"/v1/threads/{thread_id}/runs", {})

    async def retrieve(self, thread_id: str, message_id: str) -> None:
        self._get(f"/v1/threads/{thread_id}", {})
        self._get(f"/v1/threads/{thread_id}/messages/{message_id}", {})

    async def append(self, thread_id: str) -> None:
        self._ask("POST", f"/v1/threads/{thread_id}/messages", {"role": "user", "content": _NEW})

    async def run(self, thread_id: str) -> None:
        body = {"assistant_id": "default", "stream": True}
        self._ask("POST", f"/v1/threads/{thread_id}/runs", body)

    def _get(self, path: str, query: dict[str, Any]) -> None:
        self._ask("GET", f"{path}?{urlencode(query)}")

    def _ask(self, method: str, path: str, body: Any = None) -> None:
        data = None if body is None else json.dumps(body)
        self._http.request(method, path, data, self._headers)
        answer = self._http.getresponse()
        text = answer.read()
        if answer.status != http.client.OK:
            raise OSError(f"{method} {path}: {answer.status} {text.decode()}")
