"""A real JupyterLab, with Jupyter Notebook 7, whose extension starts anew whenever a test asks.

A server takes seconds to start, so the tests of a worker share one. Each gets it without kernels,
and with the store, the engine and the settings that it asks for: `POST /anew`, see `Start`.
"""

from __future__ import annotations

import asyncio
import os
import re
from typing import TYPE_CHECKING, Any

import msgspec
from client.scripted_server import reply
from jupyter_server.base.handlers import APIHandler
from jupyter_server.extension.application import ExtensionApp
from jupyterlab.labapp import main
from scripts import scripted
from tornado.web import authenticated

from oxillama_jupyter import enginetraits
from oxillama_jupyter.engine.local import LocalEngine
from oxillama_jupyter.engine.parts import Reasoning
from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.extension import OxillamaApp

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterable

    from oxillama_jupyter.engine.parts import Part
    from oxillama_jupyter.engine.protocol import Delta, GenerateRequest
    from oxillama_jupyter.engine.scripted import Reply

SECONDS = 0.25
_WORD = re.compile(r"\s*\S+|\s+")
_PARTS = ("_watching", "_executor", "_recovery", "_response_jobs", "_pulls", "_models", "_database")


class Start(msgspec.Struct):
    """How the extension starts.

    Attributes:
        data: The folder for the store and whatever else is kept.
        engine: `scripted`, which says what the prompt asks for; `embedded`, the model that comes
            with the package; or `paced`, the same at the pace of a bigger one.
        traits: Of `OxillamaApp`; the others are as when the server started.
        env: Variables for the server's environment.
    """

    data: str
    engine: str
    traits: dict[str, Any]
    env: dict[str, str]


class Life:
    """The lives of the extension, one after the other."""

    def __init__(self, app: OxillamaApp) -> None:
        self._app = app
        self._env = dict(os.environ)
        self._traits = {name: getattr(app, name) for name in ours(app)}

    async def begin(self, start: Start) -> None:
        """End all kernels and this life, and begin another one."""
        app, gate = self._app, self._app._gate
        await app.serverapp.kernel_manager.shutdown_all(now=True)
        gate._open.clear()
        gate._services = None
        await app.stop_extension()
        for name in _PARTS:
            app.__dict__.pop(name, None)
        os.environ.clear()
        os.environ.update(self._env | {"JUPYTER_DATA_DIR": start.data} | start.env)
        store = {"db_path": f"{start.data}/oxillama.db"}
        for name, value in (self._traits | store | start.traits).items():
            setattr(app, name, value)
        choose(app, start.engine)
        await app._start_jupyter_server_extension(app.serverapp)


def ours(app: OxillamaApp) -> set[str]:
    """The traits that no other application has."""
    return app.traits(config=True).keys() - ExtensionApp.class_traits().keys()


class Anew(APIHandler):
    def initialize(self, life: Life) -> None:
        self._life = life

    @authenticated
    async def post(self) -> None:
        await self._life.begin(msgspec.json.decode(self.request.body, type=Start))
        self.set_status(204)


class PacedEngine(LocalEngine):
    """The embedded model answers within a few hundredths of a second; here one sees it write."""

    async def generate(self, request: GenerateRequest) -> AsyncGenerator[Delta, None]:
        async for delta in super().generate(request):
            for word in _WORD.findall(delta.text):
                await asyncio.sleep(SECONDS)
                yield msgspec.structs.replace(delta, text=word, finish_reason=None, usage=None)
            if not delta.text or delta.finish_reason is not None:
                yield msgspec.structs.replace(delta, text="")


def says(request: GenerateRequest) -> Reply:
    """What the scripted engine answers.

    A prompt with `=>` or `(thinks)` in it is a script of turns, as in `scripts`, which thinks for a
    second; any other one is as in `client.scripted_server`.
    """
    asked = [str(message["content"]) for message in request.messages if message["role"] == "user"]
    script = "=>" in asked[-1] or "(thinks)" in asked[-1]
    return thoughtful(list(scripted(request))) if script else reply(request)


async def thoughtful(parts: Iterable[str | Part]) -> AsyncIterator[str | Part]:
    for part in parts:
        yield part
        if isinstance(part, Reasoning):
            await asyncio.sleep(1)


def choose(app: OxillamaApp, engine: str) -> None:
    """Have the next start make this engine."""
    app.__dict__.pop("_engine", None)
    if engine == "scripted":
        app._engine = lambda: ScriptedEngine(says, n_ctx=2_000_000)  # type: ignore[method-assign]
    chosen = PacedEngine if engine == "paced" else LocalEngine
    enginetraits.LocalEngine = chosen  # type: ignore[misc]


def initialize(app: OxillamaApp) -> None:
    """As ever, and one route more."""
    _initialize(app)
    choose(app, "scripted")
    app.handlers.append(("/anew", Anew, {"life": Life(app)}))


_initialize = OxillamaApp.initialize_handlers

if __name__ == "__main__":
    OxillamaApp.initialize_handlers = initialize  # type: ignore[method-assign]
    main()
