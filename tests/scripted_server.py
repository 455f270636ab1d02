"""A real Jupyter server with our extension, whose engine says what the question has written."""

from __future__ import annotations

from scripts import scripted

from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.extension import OxillamaApp

if __name__ == "__main__":
    OxillamaApp._engine = lambda _: ScriptedEngine(scripted, delay=0.002)  # type: ignore[method-assign]
    OxillamaApp.launch_instance()
