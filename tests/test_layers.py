"""The table "What may import what" of the architecture, held against the imports in the code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import oxillama_jupyter

ROOT = Path(oxillama_jupyter.__file__).parent
OURS = "oxillama_jupyter"
BASE = {"absent", "errors", "ids", "_version"}
# layer: what of ours it may import; which foreign packages it must not
LAYERS: dict[str, tuple[set[str], set[str]]] = {
    "schemas": ({"schemas"}, {"tornado", "jupyter_server", "traitlets", "sqlite3", "pydantic"}),
    "absent": (set(), {"tornado", "jupyter_server", "msgspec"}),
    "errors": (set(), {"tornado", "jupyter_server", "msgspec"}),
    "ids": (set(), {"tornado", "jupyter_server"}),
    "events": (set(), {"tornado", "jupyter_server", "sqlite3"}),
    "store": ({"store", "schemas", *BASE}, {"tornado", "jupyter_server", "traitlets", "llama_cpp"}),
    "engine": ({"engine", *BASE}, {"tornado", "jupyter_server", "sqlite3", "sqlite_utils"}),
    # A thread's file is the same whoever writes it: that module needs nothing of the kernel's.
    "services": (
        {
            "client.exports",
            "services",
            "schemas",
            "store",
            "events",
            "engine.protocol",
            "engine.pulls",
            *BASE,
        },
        {"tornado", "jupyter_server", "traitlets", "sqlite_utils", "llama_cpp", "openai"},
    ),
    "handlers": (
        {"handlers", "services", "schemas", "events", *BASE},
        {"sqlite3", "sqlite_utils", "llama_cpp", "openai"},
    ),
    "client": ({"client", *BASE}, {"tornado", "jupyter_server", "sqlite3"}),
    "magics": ({"magics", "client", "widgets", *BASE}, {"tornado", "jupyter_server", "sqlite3"}),
    "widgets": ({"widgets", "client", *BASE}, {"tornado", "jupyter_server", "sqlite3"}),
}
# Lines of `services` that name sqlite3: the type of the connection their operations get.
ALLOWED = {
    ("services/actions.py", "sqlite3"),
    ("services/progress.py", "sqlite3"),
    ("engine/adapters.py", "llama_cpp"),
    ("engine/batch.py", "llama_cpp"),  # the struct and the callback that a decode takes
    ("engine/encoder.py", "llama_cpp"),
    ("engine/llama.py", "llama_cpp"),
    ("engine/rpc.py", "llama_cpp"),
    ("engine/samplers.py", "llama_cpp"),
    ("engine/vocabulary.py", "llama_cpp"),
}


def modules() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def layer_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports anywhere, absolute."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            module = node.module or ""
            yield module
            if module == OURS:
                yield from (f"{OURS}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_module_imports_what_its_layer_may(path: Path) -> None:
    ours, foreign = LAYERS.get(layer_of(path), (None, set()))
    for module in imports(path):
        package, _, rest = module.partition(".")
        if package != OURS:
            assert package not in foreign or (name_of(path), package) in ALLOWED, module
        elif ours is not None and rest and not (ROOT / "__init__.py").samefile(path):
            allowed = {rest, rest.partition(".")[0]} & ours
            assert allowed or rest == "__version__", f"{name_of(path)} imports {module}"


def test_only_few_modules_import_llama_cpp() -> None:
    importers = {name_of(path) for path in modules() if "llama_cpp" in set(imports(path))}
    assert importers <= {
        "engine/adapters.py",
        "engine/batch.py",
        "engine/encoder.py",
        "engine/llama.py",
        "engine/rpc.py",
        "engine/samplers.py",
        "engine/vocabulary.py",
    }


def test_only_the_process_that_fetches_imports_huggingface_hub() -> None:
    hub = "huggingface_hub"
    importers = {
        name_of(path) for path in modules() if any(x.startswith(hub) for x in imports(path))
    }
    assert importers == {"engine/hub.py"}


def test_nobody_imports_the_composition_root() -> None:
    importers = {name_of(path) for path in modules() if f"{OURS}.extension" in set(imports(path))}
    assert importers <= {"__init__.py", "__main__.py"}


def test_only_the_composition_root_imports_the_part_that_makes_engines() -> None:
    part = f"{OURS}.enginetraits"
    importers = {name_of(path) for path in modules() if part in set(imports(path))}
    assert importers == {"extension.py"}
