"""Models from the Hugging Face hub, fetched by a process of their own for each pull.

The event loop never waits for the hub, and an abort is at once: the process is killed. What it has
fetched until then is kept, and the next pull of the same model goes on behind it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import msgspec

from oxillama_jupyter import errors
from oxillama_jupyter.engine.catalog import Catalog
from oxillama_jupyter.engine.places import hub_cache
from oxillama_jupyter.engine.process import PACKAGE_ROOT, describe_exit
from oxillama_jupyter.engine.pulls import (
    Fetched,
    HubModel,
    Order,
    Planned,
    Progress,
    Ready,
    Refused,
    Report,
)

__all__ = ["HubPuller"]

_COMMAND = [sys.executable, "-m", "oxillama_jupyter.engine.hub"]
_QUIET = {
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_VERBOSITY": "error",  # its warnings show signed addresses
}
_TRUE = frozenset(("1", "ON", "YES", "TRUE"))  # as huggingface_hub reads its switches
_LAST_WORDS = 4000

_decode = msgspec.json.Decoder(Report).decode


class HubPuller:
    """A `Puller` from the Hugging Face hub into its usual cache, where the catalog finds models.

    Args:
        catalog: Knows the models that can be loaded.
        environment: Variables of the server: the hub's switches, address, cache and token.
        logger: Gets the last words of a process that died.
    """

    def __init__(
        self, catalog: Catalog, environment: Mapping[str, str], logger: logging.Logger | None = None
    ) -> None:
        self._catalog = catalog
        self._environment = environment
        self._cache = hub_cache(environment).absolute()
        self._logger = logger or logging.getLogger(__name__)

    async def pull(self, model: HubModel) -> AsyncGenerator[Planned | Progress | Ready, None]:
        """Fetch a model; closing the iterator is the abort.

        Raises:
            OxillamaError: It cannot be fetched, and why.
        """
        self._check()
        environment = {**self._environment, **_QUIET}
        child = _Child(Order(model, str(self._cache)), environment)
        async with aclosing(child.reports()) as reports:
            async for report in reports:
                if isinstance(report, Refused):
                    raise getattr(errors, report.error)(
                        report.message, param=report.param, code=report.code
                    )
                if isinstance(report, Fetched):
                    yield Ready(await self._model_of(Path(report.path)))
                    return
                yield report
        self._logger.warning("oxillama: a pull's process %s:\n%s", child.end, child.last_words)
        raise errors.EngineError(
            f"The process that fetched {model.repo} {child.end}. What has come is kept: pull again."
        )

    def _check(self) -> None:
        """Refuse what this machine is set up not to do."""
        for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
            if self._environment.get(name, "").upper() in _TRUE:
                raise errors.PermissionDenied(
                    f"{name} is set in the server's environment: nothing is fetched from the hub."
                )
        if find_spec("huggingface_hub") is None:
            raise errors.InvalidRequest(
                "This server cannot fetch models: huggingface_hub is not installed. "
                "`pip install 'oxillama_jupyter[hub]'` brings it."
            )

    async def _model_of(self, path: Path) -> str:
        """What the catalog calls the model in a file."""
        for _ in range(2):  # the first look may have begun before the file was there
            await self._catalog.refresh(max_age=0)
            for entry in self._catalog.entries.values():
                if _same(entry.path, path):
                    if entry.problem:
                        raise errors.EngineError(entry.problem, code="invalid_model")
                    return entry.id
        raise errors.EngineError(
            f"{path.name} is fetched, but it is no model that can be loaded.", code="invalid_model"
        )


class _Child:
    """The process of one pull.

    Attributes:
        end: How it ended.
        last_words: The end of its log, once it has ended.

    Args:
        order: What it fetches.
        environment: All its variables.
    """

    def __init__(self, order: Order, environment: Mapping[str, str]) -> None:
        self.end = ""
        self.last_words = ""
        self._loop = asyncio.get_running_loop()
        self._inbox: asyncio.Queue[Report | None] = asyncio.Queue()
        self._log = TemporaryFile()  # noqa: SIM115 - closed by the thread
        self._process = subprocess.Popen(  # noqa: S603 - our own module, no argument from outside
            _COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd=PACKAGE_ROOT,
            env=environment,
            start_new_session=True,
        )
        threading.Thread(
            target=self._attend, args=(order,), name="oxillama-pull", daemon=True
        ).start()

    async def reports(self) -> AsyncGenerator[Report, None]:
        """What it tells, until it ends; closing the iterator kills it."""
        report: Report | None = None
        try:
            while (report := await self._inbox.get()) is not None:
                yield report
        finally:
            self._process.kill()
            if report is not None or not self.end:
                while await self._inbox.get() is not None:
                    pass

    # -- in a thread -----------------------------------------------------------------------------

    def _attend(self, order: Order) -> None:
        try:
            self._hear(order)
        finally:
            self._process.kill()
            self.end = describe_exit(self._process.wait())
            self.last_words = _tail(self._log)
            self._put(None)

    def _hear(self, order: Order) -> None:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None  # noqa: S101 - both are pipes
        assert stdout is not None  # noqa: S101
        with stdin, stdout:
            with suppress(BrokenPipeError):  # it died; its end says how
                os.write(stdin.fileno(), msgspec.json.encode(order) + b"\n")
            for line in stdout:
                self._put(_decode(line))

    def _put(self, report: Report | None) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(self._inbox.put_nowait, report)


def _tail(log: IO[bytes]) -> str:
    with log:
        log.seek(0, os.SEEK_END)
        log.seek(max(0, log.tell() - _LAST_WORDS))
        return log.read().decode(errors="replace").strip()


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
