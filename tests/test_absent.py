"""Packages that are there, and are not found."""

from __future__ import annotations

import importlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from oxillama_jupyter.absent import absent

OPEN = """
import asyncio, sys
from pathlib import Path
from oxillama_jupyter.store.database import Database

async def main():
    database = await Database.open(Path(sys.argv[1]))
    await database.aclose()

asyncio.run(main())
print(*sorted({"sqlite_utils", "pandas", "numpy"} & sys.modules.keys()))
"""


def test_a_module_is_missing_for_one_thread_and_for_so_long_only() -> None:
    assert "this" not in sys.modules  # nobody imports that one
    with absent("this"), ThreadPoolExecutor(1) as pool:
        with pytest.raises(ModuleNotFoundError, match="not wanted"):
            importlib.import_module("this")
        assert pool.submit(importlib.util.find_spec, "this").result() is not None
    assert importlib.util.find_spec("this") is not None


def test_a_server_opens_its_store_without_pandas(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    done = subprocess.run(
        [sys.executable, "-c", OPEN, str(tmp_path / "a.db")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["sqlite_utils"]


def test_our_own_server_starts_without_a_grammar_of_iris() -> None:
    pytest.importorskip("rfc3987_syntax")
    code = (
        "import sys, oxillama_jupyter.__main__; print(*{'jsonschema', 'lark'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["jsonschema"]
