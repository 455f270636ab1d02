"""A real Jupyter server with our extension, whose engine says what the prompt asks for.

A prompt `slow N` is answered with N words, one every 50 ms; `think N` with reasoning ahead of the
same; `wait` with nothing for ten seconds; `fail` with a failure; `pace N` with the words below that
line, N a second; `long N` with a line of N characters; one with `say:` in it with what follows, `⏎`
for line feeds; any other one with itself.
"""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING

from oxillama_jupyter.engine.parts import Reasoning
from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.errors import EngineCrashed
from oxillama_jupyter.extension import OxillamaApp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from oxillama_jupyter.engine.parts import Part
    from oxillama_jupyter.engine.protocol import GenerateRequest
    from oxillama_jupyter.engine.scripted import Reply


def reply(request: GenerateRequest) -> Reply:
    text = str(request.messages[-1]["content"])
    word, _, rest = text.partition(" ")
    if word in {"slow", "think", "wait", "fail"}:
        return special(word, int(rest or 1))
    if word == "pace":
        first, _, below = text.partition("\n")
        return paced(int(first.split()[1]), below)
    if word == "long":
        return ["x" * int(rest)]
    return [text.rpartition("say:")[2].replace("⏎", "\n")]


async def paced(per_second: int, text: str) -> AsyncIterator[str]:
    start = time.monotonic()
    for number, word in enumerate(re.findall(r"\s*\S+|\s+$", text)):
        # No word waits for its own: timers are coarser than a fast model.
        await asyncio.sleep(max(0.0, start + number / per_second - time.monotonic()))
        yield word


async def special(word: str, count: int) -> AsyncIterator[str | Part]:
    if word == "fail":
        yield "Half an "
        raise EngineCrashed("The engine's process died (signal 11).")
    if word == "wait":
        await asyncio.sleep(10)
    if word == "think":
        for piece in ("Hm, ", "let me ", "think."):
            yield Reasoning(piece)
            await asyncio.sleep(0.5)
    for number in range(count):
        await asyncio.sleep(0.05)
        yield f"w{number} "


if __name__ == "__main__":
    OxillamaApp._engine = lambda _: ScriptedEngine(reply, n_ctx=400_000)  # type: ignore[method-assign]
    OxillamaApp.launch_instance()
