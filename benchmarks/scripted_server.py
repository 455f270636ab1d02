"""A headless server whose engine costs nothing: what is left is the server's own time.

python benchmarks/scripted_server.py TOKENS [jupyter options]
"""

from __future__ import annotations

import sys

from oxillama_jupyter import extension
from oxillama_jupyter.engine.scripted import ScriptedEngine


def main() -> None:
    """Start it; every answer is that many one-word pieces, as fast as they are taken."""
    words = [" word"] * int(sys.argv.pop(1))
    extension.OxillamaApp._engine = lambda _: ScriptedEngine(
        lambda _: iter(words), n_parallel=64
    )  # the one seam a benchmark needs
    extension.main()


if __name__ == "__main__":
    main()
