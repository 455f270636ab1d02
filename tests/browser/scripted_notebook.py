"""A real Jupyter Notebook 7 with our extension, whose engine says what the prompt asks for."""

from __future__ import annotations

from client.scripted_server import reply
from notebook.app import main

from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.extension import OxillamaApp

if __name__ == "__main__":
    OxillamaApp._engine = lambda _: ScriptedEngine(reply, n_ctx=2_000_000)  # type: ignore[method-assign]
    main()
