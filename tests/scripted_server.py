"""A real Jupyter server with our extension, whose engine says what the question has written."""

from __future__ import annotations

import os

from scripts import scripted

from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.extension import OxillamaApp

DELAY = float(os.environ.get("SCRIPT_DELAY", "0.002"))

if __name__ == "__main__":
    OxillamaApp._engine = lambda _: ScriptedEngine(scripted, delay=DELAY)  # type: ignore[method-assign]
    OxillamaApp.launch_instance()
