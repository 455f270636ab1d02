"""Models for the real engine, and coroutine tests."""

from __future__ import annotations

import asyncio
import inspect
import os
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
from engine.helpers import Engines

from oxillama_jupyter.engine import process
from oxillama_jupyter.engine.local import LocalEngine

ROOT = Path(__file__).parents[2]


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run coroutine tests, each in an event loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


def _model_maker() -> ModuleType:
    spec = spec_from_file_location("benchmark_model", ROOT / "benchmarks" / "model.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def tagged_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Make small models with templates and control tokens of their own."""
    maker = _model_maker()
    folder = tmp_path_factory.mktemp("tagged")

    def make(template: str, control: tuple[str, ...]) -> Path:
        path = folder / f"{abs(hash((template, control)))}.gguf"
        made = maker.make_model(path, maker.SMALL, template=template, control=control)
        return Path(made)

    return make


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with random weights and a context of 16384 tokens."""
    maker = _model_maker()
    return Path(maker.make_model(tmp_path_factory.mktemp("model") / "small.gguf", maker.SMALL))


@pytest.fixture(scope="session")
def middling_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose prefill takes its time: seconds for its context."""
    maker = _model_maker()
    shape = maker.SMALL._replace(width=512, layers=6, heads=8, kv_heads=4, hidden=1536)
    return Path(maker.make_model(tmp_path_factory.mktemp("model") / "middling.gguf", shape))


@pytest.fixture(scope="session")
def embedded_model() -> Path:
    """The model that ships with the package."""
    return ROOT / "oxillama_jupyter" / "assets" / "oxillama-tiny.gguf"


@pytest.fixture
def local(small_model: Path, tmp_path: Path) -> Callable[..., LocalEngine]:
    """Make a real engine over a small model."""

    def make(model: Path = small_model, **options: object) -> LocalEngine:
        defaults = {"model_id": "small", "n_parallel": 2, "n_ctx": 512, "n_threads": 1}
        return LocalEngine(model, data_dir=tmp_path / "data", **(defaults | options))  # type: ignore[arg-type]

    return make


@pytest.fixture(params=["scripted", "local", "pool"])
def engines(
    request: pytest.FixtureRequest, local: Callable[..., LocalEngine], small_model: Path
) -> Engines:
    """All kinds of engine behind one maker."""
    return Engines(request.param, local, small_model)


@pytest.fixture
def worker_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Run this code in the engine's process before the real worker."""

    def use(code: str) -> None:
        script = tmp_path / "worker.py"
        script.write_text(
            "import os, signal, sys\n"
            "sys.path.insert(0, os.getcwd())\n"
            "from oxillama_jupyter.engine import llama, worker\n"
            f"{code}\n"
            "worker.main()\n"
        )
        monkeypatch.setattr(process, "worker_command", lambda: [sys.executable, os.fspath(script)])

    return use
