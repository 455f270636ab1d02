"""What `jupyter oxillama` understands beside Jupyter's own flags."""

from __future__ import annotations

import json
import subprocess
import sys


def test_autotune_measures_again() -> None:
    words = ["-m", "oxillama_jupyter", "--allow-root", "--autotune", "--show-config-json"]
    shown = subprocess.run(
        [sys.executable, *words], check=True, capture_output=True, timeout=60, encoding="utf-8"
    )
    assert json.loads(shown.stdout)["OxillamaApp"] == {"autotune": "again"}
