"""A JupyterLab with our extension, whose engine writes what the browser tests ask of it."""

from __future__ import annotations

from client.scripted_server import reply
from jupyterlab.labapp import main

from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.extension import OxillamaApp

if __name__ == "__main__":
    OxillamaApp._engine = lambda _: ScriptedEngine(reply, n_ctx=2_000_000)
    main()
