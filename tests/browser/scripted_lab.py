"""A real JupyterLab with our extension, whose engine says what the prompt asks for.

A prompt with `=>` or `(thinks)` in it is a script of turns, as in `scripts`; any other one as in
`client.scripted_server`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from client.scripted_server import reply
from jupyterlab.labapp import main
from scripts import scripted

from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.extension import OxillamaApp

if TYPE_CHECKING:
    from oxillama_jupyter.engine.protocol import GenerateRequest
    from oxillama_jupyter.engine.scripted import Reply


def says(request: GenerateRequest) -> Reply:
    asked = [str(message["content"]) for message in request.messages if message["role"] == "user"]
    script = "=>" in asked[-1] or "(thinks)" in asked[-1]
    return list(scripted(request)) if script else reply(request)


if __name__ == "__main__":
    OxillamaApp._engine = lambda _: ScriptedEngine(says, n_ctx=2_000_000)  # type: ignore[method-assign]
    main()
