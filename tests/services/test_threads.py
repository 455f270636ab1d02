"""What a thread's end means for others."""

from __future__ import annotations

import pytest
from worlds import MakeWorld, run

from oxillama_jupyter.errors import NotFound


def test_the_engine_forgets_a_deleted_thread_and_no_other(world: MakeWorld) -> None:
    async def test() -> None:
        async with world() as here:
            job = await here.start()
            await here.ended(job)
            other = await here.thread()
            await here.threads.delete(job.run.thread_id)
            with pytest.raises(NotFound):
                await here.threads.delete(job.run.thread_id)
            assert list(here.engine.forgotten) == [job.run.thread_id]
            assert await here.threads.get(other)

    run(test)
