"""The composition root: traits become settings, settings become store, engine, services, routes.

Jupyter loads it at server start; `jupyter oxillama` starts a headless server with nothing else.
Nobody imports this module.
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
    Enum,
    Float,
    Int,
    List,
    TraitError,
    Unicode,
    Union,
    default,
    validate,
)

from oxillama_jupyter._version import __version__
from oxillama_jupyter.engine.cassettes import Cassettes
from oxillama_jupyter.engine.catalog import Catalog, Entry
from oxillama_jupyter.engine.fit import Memory, Wanted
from oxillama_jupyter.engine.local import LocalEngine
from oxillama_jupyter.engine.patience import Patience
from oxillama_jupyter.engine.places import hub_cache, place_of
from oxillama_jupyter.engine.pool import EnginePool
from oxillama_jupyter.engine.protocol import Engine
from oxillama_jupyter.engine.pull import HubPuller
from oxillama_jupyter.engine.remote import RemoteEngine
from oxillama_jupyter.engine.replay import ReplayEngine
from oxillama_jupyter.engine.rpc import check_server
from oxillama_jupyter.engine.taping import TapingEngine
from oxillama_jupyter.engine.tuning import Tuning
from oxillama_jupyter.errors import EngineUnavailable, OxillamaError, StoreError
from oxillama_jupyter.handlers.routes import routes
from oxillama_jupyter.kernels import give_key
from oxillama_jupyter.keyapp import KeyApp
from oxillama_jupyter.remotekey import remote_key
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

_EMBEDDED = Path(__file__).parent / "assets" / "oxillama-tiny.gguf"
_WATCH_SECONDS = 5.0
_MODES = ("live", "record", "replay")


class OxillamaApp(ExtensionApp):
    """An OpenAI-compatible LLM server inside this Jupyter server."""

    name = "oxillama"
    version = __version__
    description = "Start a headless Jupyter server that is only an OpenAI-compatible LLM server."
    load_other_extensions = False
    # Plain class attributes, as traitlets' own applications have them.
    serverapp_config = {"open_browser": False}  # noqa: RUF012
    subcommands = {"key": (KeyApp, KeyApp.description)}  # noqa: RUF012

    model = Unicode(
        "embedded",
        help="The model that answers where a request names none: the path of a GGUF file, "
        "`embedded` for the tiny one that comes with this package, or the id of a model in "
        "model_dirs or the Hugging Face cache. With remote_url, the upstream's model; `embedded` "
        "then means the first one it lists.",
    ).tag(config=True)
    model_dirs = List(
        Unicode(),
        help="Folders whose GGUF files are served too, at any depth; each is loaded when it is "
        "first used.",
    ).tag(config=True)
    model_memory = Int(
        0,
        min=0,
        help="Bytes of memory for all loaded models together: the idle one used longest ago gives "
        "way to another; 0 means three quarters of what is available at start.",
    ).tag(config=True)
    check_memory = Bool(
        True,  # noqa: FBT003  # traitlets' way
        help="Refuse to load a model for which the machine has not enough free memory.",
    ).tag(config=True)
    allow_pull = Bool(
        False,  # noqa: FBT003  # traitlets' way
        help="Let users have the server fetch models from the Hugging Face hub into its cache, "
        "with the token in HF_TOKEN if that is set. The disk and the network are the server's.",
    ).tag(config=True)
    remote_url = Unicode(
        help="The base URL of an OpenAI-compatible server that generates instead of this machine, "
        "such as http://gpu.example.org:8000/v1; empty for llama.cpp here. Its key is in the "
        "environment variable OXILLAMA_REMOTE_API_KEY, or in remote_key_file.",
    ).tag(config=True)
    remote_key_file = Unicode(
        help="A file that holds the key for remote_url and nothing else; it is read again when "
        "the key is refused.",
    ).tag(config=True)
    remote_idle_timeout = Float(
        300.0,
        help="Seconds for which remote_url may send nothing of an answer before it is given up.",
    ).tag(config=True)
    model_aliases = Dict(
        key_trait=Unicode(),
        value_trait=Unicode(),
        help="Other names for models, such as {'gpt-4o': 'oxillama-tiny'}; the key `*` stands for "
        "every name that is not known.",
    ).tag(config=True)
    lora = Dict(
        key_trait=Unicode(),
        value_trait=Unicode(),
        help="LoRA adapters for the default model: GGUF files by the names that requests use, such "
        "as {'formal': '/models/formal-lora.gguf'}.",
    ).tag(config=True)
    rpc_servers = List(
        Unicode(),
        help="llama.cpp RPC servers that hold parts of models too large for this machine, as "
        "host:port; for a llama-cpp-python built with GGML_RPC. They speak without a password or "
        "encryption: a trusted network only.",
    ).tag(config=True)
    db_path = Unicode(
        help="The SQLite file that holds assistants, threads and runs; by default "
        "oxillama/oxillama.db in the Jupyter data directory. Several servers of one machine may "
        "share it; servers of different machines need a file each, on a network disk too.",
    ).tag(config=True)
    openai_prefix = Unicode("v1", help="URL prefix of the OpenAI routes.").tag(config=True)
    prefix = Unicode("oxillama", help="URL prefix of this extension's own routes.").tag(config=True)
    n_parallel = Int(
        4, min=1, max=64, help="How many runs generate at the same time; others wait."
    ).tag(config=True)
    n_ctx = Int(
        0,
        min=0,
        help="Tokens of context that one run may use; 0 means what the model was trained for, "
        "up to 8192.",
    ).tag(config=True)
    n_threads = Int(
        0,
        min=0,
        help="Threads of the engine; 0 means one for each physical core, and fewer while something "
        "else computes there, where that is found to be faster.",
    ).tag(config=True)
    niceness = Int(
        0, min=0, max=19, help="How much the engine lets kernels and other programs go first."
    ).tag(config=True)
    autotune = Union(
        [Bool(), Enum(["again"])],
        default_value=True,
        help="Measure in quiet minutes which settings run a model fastest on this machine, once, "
        "and use them; `again` measures anew at this start.",
    ).tag(config=True)
    vault_bytes = Int(
        4 * 2**30,
        min=0,
        help="The most bytes of threads' states on disk, in oxillama/vault of the Jupyter data "
        "directory: a thread that has one goes on after a restart without being read again. "
        "0 means none.",
    ).tag(config=True)
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
    engine_start_timeout = Float(
        120.0, help="Seconds the engine may take to load its model before it counts as failed."
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
    mode = Enum(
        _MODES,
        default_value=None,  # its name in the environment is checked where it can be told of
        allow_none=True,
        help="`record` writes down what the model is asked and answers; `replay` answers from that "
        "and loads no model. By default the environment's OXILLAMA_MODE, or `live`.",
    ).tag(config=True)
    cassettes = Unicode(
        help="The folder for `record` and `replay`, relative to the server's root folder; by "
        "default the environment's OXILLAMA_CASSETTES, or `cassettes`.",
    ).tag(config=True)

    @default("cassettes")
    def _default_cassettes(self) -> str:
        return os.environ.get("OXILLAMA_CASSETTES") or "cassettes"

    @default("db_path")
    def _default_db_path(self) -> str:
        return str(Path(jupyter_data_dir()) / "oxillama" / "oxillama.db")

    @validate("prefix", "openai_prefix")
    def _valid_prefix(self, proposal: dict[str, Any]) -> str:
        value: str = proposal["value"].strip("/")
        if not value or value == "api":
            raise TraitError(f"A URL prefix such as 'v1' is needed, not '{proposal['value']}'.")
        return value

    @validate("rpc_servers")
    def _valid_servers(self, proposal: dict[str, Any]) -> list[str]:
        try:
            return [check_server(server) for server in proposal["value"]]
        except ValueError as error:
            raise TraitError(f"OxillamaApp.rpc_servers: {error}") from None

    # -- Jupyter's hooks, in the order they are called -------------------------------------------

    def initialize_settings(self) -> None:
        """Before the server listens: what kernels and requests will need."""
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

    async def _engines(self) -> tuple[Engine, EnginePool | None]:
        """What generates; its models' loader, where it serves several."""
        mode = self._mode()
        cassettes = self._cassettes()
        if mode == "replay":
            known = await asyncio.to_thread(cassettes.models, self.model, Path(self.model).stem)
            return ReplayEngine(cassettes, known, n_parallel=self.n_parallel), None
        engine = self._engine()
        loader = engine if isinstance(engine, EnginePool) else None
        return TapingEngine(engine, cassettes) if mode == "record" else engine, loader

    def _cassettes(self) -> Cassettes:
        folder = Path(self._server.root_dir, Path(self.cassettes).expanduser())
        return Cassettes(folder.absolute())

    def _mode(self) -> str:
        mode = self.mode or os.environ.get("OXILLAMA_MODE") or "live"
        if mode not in _MODES:
            raise EngineUnavailable(f"OXILLAMA_MODE takes live, record or replay, not {mode!r}.")
        return str(mode)

    def _engine(self) -> Engine:
        return self._remote_engine() if self.remote_url else self._pool()

    def _remote_engine(self) -> RemoteEngine:
        return RemoteEngine(
            self.remote_url,
            key=remote_key(self.remote_key_file),
            model_id=None if self.model == "embedded" else self.model,
            n_parallel=self.n_parallel,
            patience=Patience(idle=self.remote_idle_timeout),
            logger=self.log,
        )

    def _pool(self) -> EnginePool:
        path = Path(self.model).expanduser()
        given = [place_of(_EMBEDDED)]
        if self.model != "embedded" and (path.is_file() or path.suffix.lower() == ".gguf"):
            given.insert(0, place_of(path.absolute()))
        self._catalog = Catalog(
            given,
            folders=[Path(folder).expanduser().absolute() for folder in self.model_dirs],
            cache=hub_cache(os.environ),
            logger=self.log,
        )
        named = self.model != "embedded" and len(given) == 1
        default = self.model if named else given[0].id
        return EnginePool(
            self._catalog,
            lambda entry: self._local_engine(entry, self.lora if entry.id == default else {}),
            default=default,
            # What other machines hold of a model is not known before it is loaded.
            memory=Memory(self.model_memory, check=self.check_memory and not self.rpc_servers),
            wanted=Wanted(self.n_ctx, self.n_parallel),
            patience=self.engine_start_timeout,
            logger=self.log,
        )

    def _local_engine(self, entry: Entry, adapters: dict[str, str]) -> LocalEngine:
        return LocalEngine(
            entry.path,
            model_id=entry.id,
            data_dir=Path(jupyter_data_dir()) / "oxillama",
            n_parallel=self.n_parallel,
            n_ctx=self.n_ctx,
            n_threads=self.n_threads or None,
            niceness=self.niceness,
            start_timeout=self.engine_start_timeout,
            adapters={name: Path(file).expanduser() for name, file in adapters.items()},
            rpc_servers=self.rpc_servers,
            vault_bytes=self.vault_bytes,
            tuning=Tuning(autotune=self.autotune),
            logger=self.log,
        )

    async def _compose(self, db: Database) -> Services:
        owner = new_owner()
        engine, loader = await self._engines()
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
