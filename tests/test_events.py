from __future__ import annotations

import asyncio
from collections.abc import Sequence

from oxillama_jupyter.events import DONE, EventLog, encode_event


async def everything(log: EventLog, start: int = 0) -> list[Sequence[bytes]]:
    return [batch async for batch in log.read(start, idle=30)]


def test_an_event_is_one_line_of_name_and_one_of_data() -> None:
    frame = encode_event("thread.run.created", {"text": "a\nb\r\u2028🦙"})
    assert frame == 'event: thread.run.created\ndata: {"text":"a\\nb\\r\u2028🦙"}\n\n'.encode()


def test_a_finished_log_is_read_in_one_batch() -> None:
    frames = [encode_event("a", 1), DONE]
    assert asyncio.run(everything(EventLog(frames))) == [frames]


def test_an_empty_finished_log_ends_at_once() -> None:
    assert asyncio.run(everything(EventLog([]))) == []


def test_a_reader_may_begin_anywhere() -> None:
    frames = [b"0", b"1", b"2"]
    assert asyncio.run(everything(EventLog(frames), 1)) == [[b"1", b"2"]]
    assert asyncio.run(everything(EventLog(frames), 7)) == []


def test_every_reader_gets_everything_in_order() -> None:
    async def test() -> list[bytes]:
        log = EventLog()
        readers = [asyncio.create_task(everything(log, start)) for start in (0, 0, 2)]
        for number in range(5):
            log.append_frame(b"%d" % number)
            await asyncio.sleep(0)
        log.close()
        return [b"".join(b"".join(batch) for batch in await reader) for reader in readers]

    assert asyncio.run(test()) == [b"01234", b"01234", b"234"]


def test_a_lagging_reader_gets_what_it_missed_in_one_batch() -> None:
    async def test() -> list[Sequence[bytes]]:
        log = EventLog()
        log.append_frame(b"0")
        reader = log.read()
        seen = [await anext(reader)]
        for number in (1, 2, 3):
            log.append_frame(b"%d" % number)
        log.close()
        return seen + [batch async for batch in reader]

    assert asyncio.run(test()) == [[b"0"], [b"1", b"2", b"3"]]


def test_an_idle_log_gives_empty_batches() -> None:
    async def test() -> list[Sequence[bytes]]:
        log = EventLog()
        reader = log.read(idle=0.001)
        seen = [await anext(reader), await anext(reader)]
        log.append_frame(b"x")
        log.close()
        return seen + [batch async for batch in reader]

    assert asyncio.run(test()) == [(), (), [b"x"]]


def test_a_reader_that_is_cancelled_leaves_nothing_behind() -> None:
    async def test() -> None:
        log = EventLog()
        reader = asyncio.create_task(everything(log))
        await asyncio.sleep(0)
        reader.cancel()
        await asyncio.wait((reader,))
        assert reader.cancelled()
        assert not log._waiters
        log.append_frame(b"x")  # and wakes nobody

    asyncio.run(test())
