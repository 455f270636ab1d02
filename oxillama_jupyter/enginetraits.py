"""The settings of what generates, as traits of the application, and the engines made with them.

They are a part of the composition root: only `extension` imports this module.
"""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_data_dir
from traitlets import (
    Bool,
    Dict,
    Enum,
    Float,
    HasTraits,
    Int,
    List,
    TraitError,
    Unicode,
    Union,
    default,
    validate,
)

from oxillama_jupyter.engine.cassettes import Cassettes
from oxillama_jupyter.engine.catalog import Catalog, Entry
from oxillama_jupyter.engine.fit import Memory, Wanted
from oxillama_jupyter.engine.local import LocalEngine
from oxillama_jupyter.engine.patience import Patience
from oxillama_jupyter.engine.places import hub_cache, place_of
from oxillama_jupyter.engine.pool import EnginePool
from oxillama_jupyter.engine.protocol import Engine
from oxillama_jupyter.engine.remote import RemoteEngine
from oxillama_jupyter.engine.replay import ReplayEngine
from oxillama_jupyter.engine.rpc import check_server
from oxillama_jupyter.engine.taping import TapingEngine
from oxillama_jupyter.engine.tuning import Neighbours, Tuning
from oxillama_jupyter.errors import EngineUnavailable
from oxillama_jupyter.remotekey import remote_key

__all__ = ["EngineTraits"]

_EMBEDDED = Path(__file__).parent / "assets" / "oxillama-tiny.gguf"
_MODES = ("live", "record", "replay")


class EngineTraits(HasTraits):
    """What an application lets be chosen about its engine."""

    log: logging.Logger  # the application's

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
        1,
        min=0,
        max=19,
        help="How much the engine lets kernels and other programs go first; where nothing else "
        "computes it makes no difference.",
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
    engine_start_timeout = Float(
        120.0, help="Seconds the engine may take to load its model before it counts as failed."
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

    @validate("rpc_servers")
    def _valid_servers(self, proposal: dict[str, Any]) -> list[str]:
        try:
            return [check_server(server) for server in proposal["value"]]
        except ValueError as error:
            raise TraitError(f"OxillamaApp.rpc_servers: {error}") from None

    async def _engines(self, root: Path) -> tuple[Engine, EnginePool | None]:
        """What generates; its models' loader, where it serves several.

        Args:
            root: The server's root folder.
        """
        mode = self._mode()
        cassettes = self._cassettes(root)
        if mode == "replay":
            known = await asyncio.to_thread(cassettes.models, self.model, Path(self.model).stem)
            return ReplayEngine(cassettes, known, n_parallel=self.n_parallel), None
        engine = self._engine()
        loader = engine if isinstance(engine, EnginePool) else None
        return TapingEngine(engine, cassettes) if mode == "record" else engine, loader

    def _cassettes(self, root: Path) -> Cassettes:
        folder = Path(root, Path(self.cassettes).expanduser())
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
        # What other machines hold of a model is not known before it is loaded.
        memory = Memory(self.model_memory, check=self.check_memory and not self.rpc_servers)
        neighbours = Neighbours(lambda: pool.users, memory.available)

        def make(entry: Entry) -> LocalEngine:
            adapters = self.lora if entry.id == default else {}
            return self._local_engine(entry, adapters, neighbours)

        pool = EnginePool(
            self._catalog,
            make,
            default=default,
            memory=memory,
            wanted=Wanted(self.n_ctx, self.n_parallel),
            patience=self.engine_start_timeout,
            logger=self.log,
        )
        return pool

    def _local_engine(
        self, entry: Entry, adapters: dict[str, str], neighbours: Neighbours
    ) -> LocalEngine:
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
            neighbours=neighbours,
            logger=self.log,
        )
