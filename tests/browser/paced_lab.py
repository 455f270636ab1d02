"""A real JupyterLab with our extension and the embedded model, at the pace of a bigger one.

The embedded model answers within a few hundredths of a second; nobody can see it write. Here every
word of its answers takes a while.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import msgspec
from jupyterlab.labapp import main

from oxillama_jupyter.engine.local import LocalEngine

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from oxillama_jupyter.engine.protocol import Delta, GenerateRequest

    Generate = Callable[[LocalEngine, GenerateRequest], AsyncGenerator[Delta, None]]

SECONDS = 0.25
_WORD = re.compile(r"\s*\S+|\s+")


def paced(generate: Generate) -> Generate:
    """The same, word by word."""

    async def pace(engine: LocalEngine, request: GenerateRequest) -> AsyncGenerator[Delta, None]:
        async for delta in generate(engine, request):
            for word in _WORD.findall(delta.text):
                await asyncio.sleep(SECONDS)
                yield msgspec.structs.replace(delta, text=word, finish_reason=None, usage=None)
            if not delta.text or delta.finish_reason is not None:
                yield msgspec.structs.replace(delta, text="")

    return pace


if __name__ == "__main__":
    LocalEngine.generate = paced(LocalEngine.generate)  # type: ignore[method-assign]
    main()
