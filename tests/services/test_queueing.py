"""Fair places: who is next when several users wait."""

from __future__ import annotations

import asyncio

from oxillama_jupyter.services.queueing import FairPlaces


class Crowd:
    """Tasks that hold a place until they are told to go."""

    def __init__(self, count: int) -> None:
        self.places = FairPlaces(count)
        self.served: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.leave: dict[str, asyncio.Event] = {}

    async def come(self, *names: str) -> None:
        """Let tasks ask for a place, one after the other; the first letter is the user."""
        for name in names:
            self.leave[name] = asyncio.Event()
            self.tasks[name] = asyncio.create_task(self._stay(name))
            await asyncio.sleep(0)

    async def _stay(self, name: str) -> None:
        async with self.places.place(name[0]):
            self.served.append(name)
            await self.leave[name].wait()

    async def go(self, *names: str) -> None:
        for name in names:
            self.leave[name].set()
            await self.tasks[name]
            await asyncio.sleep(0)

    async def go_all(self) -> None:
        """Let everybody go in the order in which they were served."""
        position = 0
        while position < len(self.served):
            await self.go(self.served[position])
            position += 1


def test_one_user_is_served_in_order() -> None:
    async def main() -> None:
        crowd = Crowd(2)
        await crowd.come("a1", "a2", "a3", "a4")
        assert crowd.served == ["a1", "a2"]
        assert crowd.places.waiting == 2
        await crowd.go_all()
        assert crowd.served == ["a1", "a2", "a3", "a4"]
        assert crowd.places.waiting == 0

    asyncio.run(main())


def test_a_single_question_passes_a_hundred_of_somebody_else() -> None:
    async def main() -> None:
        crowd = Crowd(1)
        await crowd.come(*(f"a{number}" for number in range(100)), "b0")
        await crowd.go_all()
        assert crowd.served.index("b0") == 1

    asyncio.run(main())


def test_users_take_turns() -> None:
    async def main() -> None:
        crowd = Crowd(1)
        await crowd.come("a0", "a1", "a2", "b0", "b1", "c0")
        await crowd.go_all()
        assert crowd.served == ["a0", "b0", "c0", "a1", "b1", "a2"]

    asyncio.run(main())


def test_who_holds_fewest_is_next() -> None:
    async def main() -> None:
        crowd = Crowd(3)
        await crowd.come("a0", "a1", "b0", "a2", "b1", "b2")
        await crowd.go("a0")
        assert crowd.served[3:] == ["a2"]  # one each: a has waited longer
        await crowd.go("a1")
        assert crowd.served[4:] == ["b1"]
        await crowd.go_all()
        assert set(crowd.served) == {"a0", "a1", "a2", "b0", "b1", "b2"}

    asyncio.run(main())


def test_who_gives_up_leaves_no_gap() -> None:
    async def main() -> None:
        crowd = Crowd(1)
        await crowd.come("a0", "b0", "b1", "c0")
        crowd.tasks["b0"].cancel()
        crowd.tasks["c0"].cancel()
        await asyncio.sleep(0)
        assert crowd.places.waiting == 1
        await crowd.go_all()
        assert crowd.served == ["a0", "b1"]
        await crowd.come("d0")
        assert crowd.served[-1] == "d0"
        await crowd.go("d0")

    asyncio.run(main())


def test_who_gives_up_in_the_moment_of_their_turn_is_passed_over() -> None:
    async def main() -> None:
        crowd = Crowd(1)
        await crowd.come("a0", "b0", "c0")
        crowd.tasks["b0"].cancel()
        await crowd.go("a0")
        assert crowd.served == ["a0", "c0"]
        await crowd.go("c0")
        assert crowd.places.waiting == 0

    asyncio.run(main())


def test_a_place_that_comes_with_the_cancellation_is_passed_on() -> None:
    async def main() -> None:
        crowd = Crowd(1)
        await crowd.come("a0", "b0", "c0")
        crowd.leave["a0"].set()
        await asyncio.sleep(0)  # a0 runs and hands its place to b0, who has not run yet
        crowd.tasks["b0"].cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert crowd.served == ["a0", "c0"]
        await crowd.go("a0", "c0")

    asyncio.run(main())
