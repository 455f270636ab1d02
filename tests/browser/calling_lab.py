"""A real JupyterLab with our extension, whose engine calls functions as the question says."""

from __future__ import annotations

from jupyterlab.labapp import main
from scripts import scripted

from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.extension import OxillamaApp

if __name__ == "__main__":
    OxillamaApp._engine = lambda _: ScriptedEngine(scripted)  # type: ignore[method-assign]
    main()
