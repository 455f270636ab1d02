"""A real Jupyter server with our extension, which writes down what its scripted engine is asked.

A prompt `slow N` is answered with N words, one every 50 ms; `fail` with a failure; `flaky N` with
failures for the first N times; any other one with itself. `ASKED` is the file of questions.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.errors import EngineCrashed
from oxillama_jupyter.extension import OxillamaApp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from oxillama_jupyter.engine.protocol import GenerateRequest
    from oxillama_jupyter.engine.scripted import Reply

ASKED = Path(os.environ["ASKED"])
TIMES: Counter[str] = Counter()


def reply(request: GenerateRequest) -> Reply:
    text = str(request.messages[-1]["content"])
    TIMES[text] += 1
    with ASKED.open("a") as file:
        file.write(f"{text!r}\n")
    word, _, rest = text.partition(" ")
    if word == "slow":
        return slow(int(rest.split()[0]))
    if word == "fail" or (word == "flaky" and TIMES[text] <= int(rest.split()[0])):
        return broken()
    return [text]


async def slow(count: int) -> AsyncIterator[str]:
    for number in range(count):
        await asyncio.sleep(0.05)
        yield f"w{number} "


async def broken() -> AsyncIterator[str]:
    yield "Half an "
    raise EngineCrashed("The engine's process died (signal 11).")


if __name__ == "__main__":
    OxillamaApp._engine = lambda _: ScriptedEngine(reply, n_parallel=4, n_ctx=400_000)  # type: ignore[method-assign]
    OxillamaApp.launch_instance()
