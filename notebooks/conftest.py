"""Gives the notebooks that nbval runs a Jupyter of their own.

Their kernels have no Jupyter server, so they start a private one. It must not see the threads of
whoever runs the tests, and it must end with them.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path

_FOLDER = Path(tempfile.mkdtemp(prefix="oxillama-notebooks-"))
for _kind in ("DATA", "RUNTIME", "CONFIG"):
    os.environ[f"JUPYTER_{_kind}_DIR"] = str(_FOLDER / _kind.lower())
for _name in ("BASE_URL", "API_KEY", "URL", "CERTIFICATE"):
    os.environ.pop(f"OXILLAMA_{_name}", None)
os.environ.pop("JPY_SESSION_NAME", None)


def pytest_sessionfinish() -> None:
    """Stop the private server, and wait until it has closed its files."""
    for state in (_FOLDER / "runtime").glob("oxillama-private-*.json"):
        pid = json.loads(state.read_text())["pid"]
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
            for _ in range(100):
                os.kill(pid, 0)
                time.sleep(0.1)
    shutil.rmtree(_FOLDER, ignore_errors=True)
