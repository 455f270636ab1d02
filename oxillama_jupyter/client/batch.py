"""Many chat completions side by side, found again when the same batch is asked for again.

The requests are made in a thread with an event loop of its own, for the kernel's is busy with the
cell; the caller's thread shows how far it is and takes the interrupt. An interrupt closes the
connections, and with its connection the server ends a generation.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.client.asking import Asker, Job, Outcome
from oxillama_jupyter.client.failures import is_not_found
from oxillama_jupyter.client.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from openai import AsyncOpenAI

    from oxillama_jupyter.client.connection import Connection

__all__ = ["Batch"]

_PAGE = 100  # the most that a list route gives at once
_LONGEST_NAME = 512  # what a value of the API's metadata may have
_FOREIGN_SERVER = 4  # requests at once to a server that does not tell its sequences
_LOOK_SECONDS = 0.1
_PROMPT_BACK_SECONDS = 0.15
_CONNECT_SECONDS = 10.0


class Batch:
    """Chat completions that belong together.

    Args:
        connection: The server.
        name: What they are stored under, as `batch` in their metadata; at most 512 characters.
        concurrency: Requests at the same time; None for as many as the engine has sequences.
        retries: How often a request is made again after a failure that may pass.
        stream: Whether to find out when each answer began.
        progress: Whether to show how far it is.

    Raises:
        ValueError: A setting is of no use.
    """

    def __init__(  # noqa: PLR0913 - settings, all by name
        self,
        connection: Connection,
        name: str,
        *,
        concurrency: int | None,
        retries: int,
        stream: bool,
        progress: bool,
    ) -> None:
        if not 0 < len(name) <= _LONGEST_NAME:
            raise ValueError(f"name takes 1 to {_LONGEST_NAME} characters, not {len(name)}.")
        if concurrency is not None and concurrency < 1:
            raise ValueError(f"concurrency takes a number from 1 on, not {concurrency}.")
        if retries < 0:
            raise ValueError(f"retries takes a number from 0 on, not {retries}.")
        self.name = name
        self._connection = connection
        self._concurrency = concurrency
        self._retries = retries
        self._stream = stream
        self._progress = progress

    def answers(
        self,
        stages: list[list[Job]],
        *,
        resume: bool,
        usable: Callable[[Outcome], bool] = lambda _: True,
        refused: int = 0,
    ) -> dict[str, Outcome]:
        """The outcome of every job, by its digest.

        Args:
            stages: Jobs of a stage are asked side by side, one stage after the other; equal ones
                are asked once, and counted each.
            resume: Take answers that the server has from an earlier time.
            usable: Whether such an answer will do.
            refused: How many more there are that could not even be asked; they are only counted.

        Raises:
            KeyboardInterrupt: It was interrupted; what is done is kept in the server.
            openai.APIError: The server does not tell what it has.
        """
        wanted = Counter(job.digest for stage in stages for job in stage)
        found = {
            digest: outcome
            for digest, outcome in (self._kept() if resume and wanted else {}).items()
            if digest in wanted and usable(outcome)
        }
        kept = sum(wanted[digest] for digest in found)
        open_jobs = [
            list({job.digest: job for job in stage if job.digest not in found}.values())
            for stage in stages
        ]
        work = _Work(self, [stage for stage in open_jobs if stage], wanted, refused)
        self._follow(work, Progress(wanted.total() + refused, kept, shown=self._progress))
        return found | work.done

    def _kept(self) -> dict[str, Outcome]:
        """The completions that the server has of this batch; of equal ones the newest."""
        kept: dict[str, Outcome] = {}
        params: dict[str, object] = {"metadata[batch]": self.name, "limit": _PAGE}
        while True:
            page = self._connection.get("/chat/completions", params)
            for completion in page["data"]:
                kept[completion["metadata"].get("input", "")] = Outcome.of_stored(completion)
            if not page["has_more"]:
                return kept
            params["after"] = page["last_id"]

    def _follow(self, work: _Work, progress: Progress) -> None:
        """Have it done, show how far it is, and stop it where the user does."""
        try:
            progress.show(*work.tally)
            if work.stages:
                work.start(self._concurrency or self._sequences())
            while not work.wait(_LOOK_SECONDS):
                progress.show(*work.tally)
        except KeyboardInterrupt:
            work.stop()
            line = f"{progress.done(*work.tally)}; run it again to go on"
            progress.close(f"Interrupted: {line}.")
            raise KeyboardInterrupt(line) from None
        except BaseException:
            work.stop()
            raise
        progress.close(progress.summary(*work.tally))

    def _sequences(self) -> int:
        """How many generations the engine has room for at once."""
        try:
            return int(self._connection.engine()["status"]["n_parallel"])
        except Exception as error:
            if is_not_found(error):
                return _FOREIGN_SERVER
            raise

    def client(self) -> AsyncOpenAI:
        """A client for the private thread; nothing is too slow for it, for who waits can stop."""
        from openai import AsyncOpenAI, DefaultAsyncHttpxClient, Timeout

        return AsyncOpenAI(
            base_url=self._connection.base_url,
            api_key=self._connection.api_key,
            max_retries=0,
            timeout=Timeout(None, connect=_CONNECT_SECONDS),
            http_client=DefaultAsyncHttpxClient(**self._connection.http_options),
        )

    def asker(self, client: AsyncOpenAI) -> Asker:
        """What asks by such a client."""
        return Asker(client, self._connection, self.name, self._retries, stream=self._stream)


class _Work:
    """The private thread.

    Attributes:
        stages: What is to be asked.
        done: The outcomes so far.
        tally: How many rows have an outcome by now, and how many of them have failed.

    Args:
        batch: What it is for.
        stages: What is to be asked.
        weights: For how many rows each job stands.
        refused: How many rows have failed before.
    """

    def __init__(
        self, batch: Batch, stages: list[list[Job]], weights: Counter[str], refused: int
    ) -> None:
        self.stages = stages
        self.done: dict[str, Outcome] = {}
        self.tally = (refused, refused)
        self._batch = batch
        self._weights = weights
        self._error: BaseException | None = None
        self._stopped = threading.Event()
        self._cancel: Callable[[], Any] | None = None
        self._thread: threading.Thread | None = None

    def start(self, concurrency: int) -> None:
        """Begin."""
        self._thread = threading.Thread(
            target=self._run, args=(concurrency,), name="oxillama-batch", daemon=True
        )
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Wait so long at most; whether it has ended. What went wrong in the thread is raised."""
        if self._thread is not None:
            self._thread.join(seconds)
            if self._thread.is_alive():
                return False
        if self._error is not None:
            raise self._error
        return True

    def stop(self) -> None:
        """Close the connections, and wait a moment until that is done."""
        self._stopped.set()
        if self._cancel is not None:
            with suppress(RuntimeError):  # the loop has ended by itself
                self._cancel()
        if self._thread is not None:
            self._thread.join(_PROMPT_BACK_SECONDS)

    def _run(self, concurrency: int) -> None:
        try:
            asyncio.run(self._ask_all(concurrency))
        except asyncio.CancelledError:
            return
        except BaseException as error:  # noqa: BLE001  # for the thread that waits
            self._error = error

    async def _ask_all(self, concurrency: int) -> None:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None  # noqa: S101  # this is one
        self._cancel = lambda: loop.call_soon_threadsafe(task.cancel)
        if self._stopped.is_set():
            return
        places = asyncio.Semaphore(concurrency)
        async with self._batch.client() as client:
            asker = self._batch.asker(client)
            for stage in self.stages:
                groups = defaultdict[str, list[Job]](list)
                for job in stage:
                    groups[job.prompt].append(job)
                async with asyncio.TaskGroup() as tasks:
                    for jobs in groups.values():
                        tasks.create_task(self._ask_group(asker, jobs, places))

    async def _ask_group(self, asker: Asker, jobs: list[Job], places: asyncio.Semaphore) -> None:
        """Ask what has one prompt: once the first one has had it read, the others share it."""
        lead, *others = jobs
        begun = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._ask(asker, lead, places, begun))
            await begun.wait()
            for job in others:
                tasks.create_task(self._ask(asker, job, places, asyncio.Event()))

    async def _ask(
        self, asker: Asker, job: Job, places: asyncio.Semaphore, begun: asyncio.Event
    ) -> None:
        async with places:
            outcome = await asker.ask(job, begun)
        begun.set()
        self.done[job.digest] = await asker.note(job, outcome)
        weight = self._weights[job.digest]
        asked, failed = self.tally
        self.tally = asked + weight, failed + weight * (outcome.error is not None)
