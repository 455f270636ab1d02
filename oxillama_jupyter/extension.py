"""The composition root: traits become settings, settings become store, engine, services, routes.

Jupyter loads it at server start; `jupyter oxillama` starts a headless server with nothing else.
Nobody imports this module. What is about engines only, traits and making, is in `enginetraits`.
"""

from __future__ import annotations

import asyncio
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_data_dir
from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp
from traitlets import (
    Bool,
    Dict,
    Int,
    TraitError,
    Unicode,
    default,
    validate,
)

from oxillama_jupyter._version import __version__
from oxillama_jupyter.engine.pull import HubPuller
from oxillama_jupyter.enginetraits import EngineTraits
from oxillama_jupyter.errors import OxillamaError, StoreError
from oxillama_jupyter.handlers.routes import routes
from oxillama_jupyter.kernels import give_key
from oxillama_jupyter.keyapp import KeyApp
from oxillama_jupyter.services.assistants import AssistantService
from oxillama_jupyter.services.chat import ChatService
from oxillama_jupyter.services.completions import CompletionService
from oxillama_jupyter.services.conversations import ConversationService
from oxillama_jupyter.services.embeddings import EmbeddingService
from oxillama_jupyter.services.engine import EngineService
from oxillama_jupyter.services.executor import Executor
from oxillama_jupyter.services.generation import Generator
from oxillama_jupyter.services.health import HealthService
from oxillama_jupyter.services.keys import KeyService, new_kernel_key
from oxillama_jupyter.services.metrics import Metrics
from oxillama_jupyter.services.models import ModelService
from oxillama_jupyter.services.owners import new_owner
from oxillama_jupyter.services.places import Places
from oxillama_jupyter.services.prompts import PromptService
from oxillama_jupyter.services.pulls import PullService
from oxillama_jupyter.services.recovery import Recovery
from oxillama_jupyter.services.response_jobs import ResponseJobs
from oxillama_jupyter.services.response_plans import Planner
from oxillama_jupyter.services.responses import ResponseService
from oxillama_jupyter.services.runs import RunService
from oxillama_jupyter.services.seals import Sealer
from oxillama_jupyter.services.services import Gate, Services
from oxillama_jupyter.services.threads import ThreadService
from oxillama_jupyter.store.database import Database
from oxillama_jupyter.store.response_life import secret

__all__ = ["OxillamaApp", "main"]

_WATCH_SECONDS = 5.0
_FLAGS = {
    "autotune": (
        {"OxillamaApp": {"autotune": "again"}},
        "Measure anew which settings run a model fastest on this machine.",
    )
}


class OxillamaApp(EngineTraits, ExtensionApp):
    """An OpenAI-compatible LLM server inside this Jupyter server."""

    name = "oxillama"
    version = __version__
    description = "Start a headless Jupyter server that is only an OpenAI-compatible LLM server."
    load_other_extensions = False
    _misfit: OxillamaError | None = None
    # Plain class attributes, as traitlets' own applications have them.
    serverapp_config = {"open_browser": False}  # noqa: RUF012
    subcommands = {"key": (KeyApp, KeyApp.description)}  # noqa: RUF012
    flags = {**ExtensionApp.flags, **_FLAGS}  # noqa: RUF012

    allow_pull = Bool(
        False,  # noqa: FBT003  # traitlets' way
        help="Let users have the server fetch models from the Hugging Face hub into its cache, "
        "with the token in HF_TOKEN if that is set. The disk and the network are the server's.",
    ).tag(config=True)
    model_aliases = Dict(
        key_trait=Unicode(),
        value_trait=Unicode(),
        help="Other names for models, such as {'gpt-4o': 'oxillama-tiny'}; the key `*` stands for "
        "every name that is not known.",
    ).tag(config=True)
    db_path = Unicode(
        help="The SQLite file that holds assistants, threads and runs; by default "
        "oxillama/oxillama.db in the Jupyter data directory. Several servers of one machine may "
        "share it; servers of different machines need a file each, on a network disk too.",
    ).tag(config=True)
    openai_prefix = Unicode("v1", help="URL prefix of the OpenAI routes.").tag(config=True)
    prefix = Unicode("oxillama", help="URL prefix of this extension's own routes.").tag(config=True)
    run_expiry_seconds = Int(
        600, min=1, help="Seconds after its creation at which an unfinished run expires."
    ).tag(config=True)
    tool_wait_seconds = Int(
        30 * 24 * 3600,
        min=1,
        help="Seconds that a run may wait for the outputs of the functions it called: people "
        "answer more slowly than engines.",
    ).tag(config=True)
    max_queue = Int(
        128, min=0, help="How many runs may wait for the engine; one more is refused with 429."
    ).tag(config=True)
    max_body_size = Int(
        64 * 2**20, min=1024, help="The largest request body in bytes; a larger one is refused."
    ).tag(config=True)
    idle_timeout = Int(
        0,
        min=0,
        help="Stop the whole server after this many seconds without a request, a kernel or a "
        "live run; 0 means never.",
    ).tag(config=True)

    end_with_parent = Bool(
        False,  # noqa: FBT003  # traitlets' way
        help="Stop the whole server when the process that started it has ended.",
    ).tag(config=True)

    @default("db_path")
    def _default_db_path(self) -> str:
        return str(Path(jupyter_data_dir()) / "oxillama" / "oxillama.db")

    @validate("prefix", "openai_prefix")
    def _valid_prefix(self, proposal: dict[str, Any]) -> str:
        value: str = proposal["value"].strip("/")
        if not value or value == "api":
            raise TraitError(f"A URL prefix such as 'v1' is needed, not '{proposal['value']}'.")
        return value

    # -- Jupyter's hooks, in the order they are called -------------------------------------------

    @classmethod
    def make_serverapp(cls, **kwargs: Any) -> ServerApp:  # Jupyter's own options
        """Let the server know this program's flags, too."""
        serverapp = super().make_serverapp(**kwargs)
        serverapp.flags = {**serverapp.flags, **_FLAGS}
        return serverapp

    def _link_jupyter_server_extension(self, serverapp: ServerApp) -> None:
        """Take the settings; where one is wrong none counts, and nothing is served."""
        try:
            super()._link_jupyter_server_extension(serverapp)
        except TraitError as error:  # Jupyter would only warn, and go on with the defaults
            self._misfit = OxillamaError(f"A setting of oxillama_jupyter cannot be used. {error}")
            self.log.error("oxillama: %s", self._misfit)  # noqa: TRY400  # the sentence says it all
            self._linked = True

    def initialize_settings(self) -> None:
        """Before the server listens: what kernels and requests will need."""
        if self._misfit is not None and self._server.starter_app is self:
            self._server.exit(1)  # there is nothing else that it could serve
        self._gate = Gate()
        self._started = time.time()
        self._parent = os.getppid()
        self._watching: asyncio.Task[None] | None = None
        self._database: Database | None = None
        self._kernel_key = new_kernel_key()
        give_key(self._server, self._kernel_key, self.openai_prefix, self.prefix)
        pages = self._server.web_app.settings.setdefault("page_config_data", {})
        pages["oxillama"] = {"openai_prefix": self.openai_prefix, "prefix": self.prefix}

    def initialize_handlers(self) -> None:
        """The URL table."""
        dependencies = {"gate": self._gate, "max_body_size": self.max_body_size}
        self.handlers.extend(routes(self.openai_prefix, self.prefix, dependencies))

    async def _start_jupyter_server_extension(self, _: ServerApp) -> None:
        """The server listens already; requests wait at the gate until the store is open."""
        if self._misfit is not None:
            self._gate.fail(self._misfit)
            return
        try:
            self._database = await Database.open(Path(self.db_path))
            self._gate.open(await self._compose(self._database))
        except OxillamaError as error:
            self.log.error("oxillama: %s", error)  # noqa: TRY400  # the sentence says it all
            self._gate.fail(error)
        except Exception:
            self.log.exception("oxillama: the extension did not start")
            self._gate.fail(StoreError("The extension did not start; the server's log says why."))
        else:
            self._watching = asyncio.create_task(self._watch(), name="oxillama watch")

    async def stop_extension(self) -> None:
        """End runs, engine and store, in that order; every state is on disk afterwards."""
        if self._watching is not None:
            self._watching.cancel()
        # A failed start leaves some of them unmade; one that cannot end keeps no other from it.
        for name in (
            "_executor",
            "_recovery",
            "_response_jobs",
            "_pulls",
            "_models",
            "_database",
        ):
            part = getattr(self, name, None)
            try:
                if part is not None:
                    await part.aclose()
            except OxillamaError as error:
                self.log.warning("oxillama: %s did not end cleanly: %s", name[1:], error)

    def current_activity(self) -> dict[str, int] | None:
        """Live runs and pulls, which keep the server from being culled as idle."""
        places: Places | None = getattr(self, "_places", None)
        pulls: PullService | None = getattr(self, "_pulls", None)
        live = {
            "runs": places.taken if places is not None else 0,
            "pulls": pulls.live if pulls is not None else 0,
        }
        return {name: count for name, count in live.items() if count} or None

    @property
    def _server(self) -> ServerApp:
        """The Jupyter server, which is there from `initialize_settings` on."""
        if self.serverapp is None:
            raise RuntimeError("the extension is not linked to a server")
        return self.serverapp

    # -- composition ---------------------------------------------------------------------------

    async def _compose(self, db: Database) -> Services:
        owner = new_owner()
        engine, loader = await self._engines(Path(self._server.root_dir))
        self._models = ModelService(engine, self.model_aliases, self.log, loader, loader)
        puller = HubPuller(self._catalog, os.environ, self.log) if loader else None
        self._pulls = PullService(puller, allowed=self.allow_pull, logger=self.log)
        metrics = Metrics()
        self._places = Places(n_parallel=self.n_parallel, max_queue=self.max_queue)
        self._executor = Executor(
            db,
            self._models,
            places=self._places,
            metrics=metrics,
            tool_wait=self.tool_wait_seconds,
            logger=self.log,
        )
        generator = Generator(self._models, self._places, metrics)
        metrics.watch(self._models.status, lambda: self._places.taken)
        self._recovery = Recovery(db, self._executor, owner, self.log)
        self._models.start()
        await self._recovery.start()
        runs = RunService(
            db,
            self._executor,
            self._recovery,
            self._models,
            owner=owner,
            expiry=self.run_expiry_seconds,
        )
        responses = await self._responses(db, generator, owner)
        return Services(
            assistants=AssistantService(db),
            threads=ThreadService(db, runs, self._executor, self._models),
            runs=runs,
            prompts=PromptService(db, self._models),
            conversations=ConversationService(db, self._models),
            models=self._models,
            pulls=self._pulls,
            keys=KeyService(db, self._kernel_key),
            health=HealthService(db, self._models, self._places),
            engine=EngineService(
                self._models,
                self._places,
                metrics,
                self._executor.runs,
                self._response_jobs.responses,
                generator.live,
            ),
            chat=ChatService(db, self._models, generator, self.log),
            completions=CompletionService(self._models, generator, self.log),
            embeddings=EmbeddingService(self._models, generator),
            responses=responses,
            generator=generator,
        )

    async def _responses(self, db: Database, generator: Generator, owner: str) -> ResponseService:
        sealer = Sealer(await db.write(secret, "seal"))
        planner = Planner(db, self._models, sealer, owner)
        self._response_jobs = ResponseJobs(
            db,
            self._models,
            generator,
            planner=planner,
            places=self._places,
            sealer=sealer,
            owner=owner,
            logger=self.log,
        )
        await self._response_jobs.start()
        return ResponseService(
            db,
            self._models,
            generator,
            planner=planner,
            jobs=self._response_jobs,
            sealer=sealer,
            logger=self.log,
        )

    # -- idleness --------------------------------------------------------------------------------

    async def _watch(self) -> None:
        """Tell cullers of live runs, and stop a server that was started to end by itself."""
        settings = self._server.web_app.settings
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            if self.end_with_parent and os.getppid() != self._parent:
                self._server.stop()
                return
            if self._places.taken or self._pulls.live:
                settings["last_activity_times"][self.name] = datetime.now(UTC)
            elif self.idle_timeout and self._idle_seconds() >= self.idle_timeout:
                self.log.info("oxillama: idle for %s s, stopping", self.idle_timeout)
                self._server.stop()
                return

    def _idle_seconds(self) -> float:
        if self._server.kernel_manager.list_kernel_ids():
            return 0.0
        request = self._server.web_app.settings.get("api_last_activity")
        last = request.timestamp() if request is not None else 0.0
        return time.time() - max(self._started, self._places.last_activity, last)


def main() -> None:
    """Run `jupyter oxillama`."""
    OxillamaApp.launch_instance()  # type: ignore[no-untyped-call]  # Jupyter's
