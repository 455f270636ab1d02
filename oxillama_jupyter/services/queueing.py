"""Whose run is next: fair between users, first come first served for each of them."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter, deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

__all__ = ["FairPlaces"]


class FairPlaces:
    """Places that users take and give back; a free one goes to whoever has the fewest.

    Among users with equally many it goes to the one who has waited longest since their last one, so
    that who asks a hundred times at once delays another's single question by at most one place.

    Args:
        count: How many places there are.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._held: Counter[str] = Counter()
        self._queues: dict[str, deque[asyncio.Future[None]]] = {}
        self._ticks = itertools.count(1)
        self._served: dict[str, int] = {}  # when each user who is here got a place last

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return sum(len(queue) for queue in self._queues.values())

    @asynccontextmanager
    async def place(self, user: str) -> AsyncGenerator[None]:
        """Wait for a place and hold it."""
        await self._take(user)
        try:
            yield
        finally:
            self._give_back(user)

    async def _take(self, user: str) -> None:
        if self._free:  # then nobody waits
            self._free -= 1
            self._serve(user)
            return
        turn = asyncio.get_running_loop().create_future()
        self._queues.setdefault(user, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give_back(user)  # it came in the same moment
            else:
                self._leave(user, turn)
            raise

    def _give_back(self, user: str) -> None:
        self._held[user] -= 1
        self._free += 1
        self._tidy(user)
        while self._free and self._queues:
            self._hand_on(min(self._queues, key=self._claim))

    def _hand_on(self, user: str) -> None:
        turn = self._queues[user].popleft()
        if not turn.cancelled():  # else it has given up, and does not know yet that it has left
            self._free -= 1
            self._serve(user)
            turn.set_result(None)
        self._tidy(user)

    def _claim(self, user: str) -> tuple[int, int]:
        """Who has the smallest is next."""
        return self._held[user], self._served.get(user, 0)

    def _serve(self, user: str) -> None:
        self._held[user] += 1
        self._served[user] = next(self._ticks)

    def _tidy(self, user: str) -> None:
        """Forget what is empty; a server lives long and has many users."""
        if not self._queues.get(user, True):
            del self._queues[user]
        if not self._held[user]:
            del self._held[user]
            if user not in self._queues:
                self._served.pop(user, None)

    def _leave(self, user: str, turn: asyncio.Future[None]) -> None:
        if turn in self._queues.get(user, ()):
            self._queues[user].remove(turn)
            self._tidy(user)
