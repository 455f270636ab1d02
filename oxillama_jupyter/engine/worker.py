"""The engine's process: `python -m oxillama_jupyter.engine.worker`, started by `LocalEngine`.

Three threads and the vault's: intake reads the pipe and ends the process when it closes, prompts
turns chats into tokens, and the main thread owns llama.cpp and decodes. Frames leave through what
was fd 1; fd 1 itself points at stderr from the first moment on, so nothing that prints can damage a
frame.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
import traceback
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, NoReturn

import msgspec

from oxillama_jupyter.engine.frames import (
    Abort,
    Configure,
    Count,
    Embed,
    Forget,
    Output,
    Phase,
    Ready,
    Render,
    StartFailed,
    Stats,
    Step,
    Submit,
    decode_to_child,
    encode,
    read_frame,
)
from oxillama_jupyter.engine.machine import be_nice
from oxillama_jupyter.errors import OxillamaError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO

    from oxillama_jupyter.engine.constraints import ConstraintCompiler
    from oxillama_jupyter.engine.embedder import Embedder, EmbedJob
    from oxillama_jupyter.engine.frames import FromChild
    from oxillama_jupyter.engine.jobs import Job
    from oxillama_jupyter.engine.llama import Llama
    from oxillama_jupyter.engine.reporter import Reporter
    from oxillama_jupyter.engine.scheduler import Scheduler
    from oxillama_jupyter.engine.slots import Slots
    from oxillama_jupyter.engine.templates import PromptBuilder
    from oxillama_jupyter.engine.vault import Vault

__all__ = ["Worker", "claim_stdout", "exit_with_parent", "main"]

_SWITCH_SECONDS = 0.0005  # the decode thread gets the interpreter back this soon
_IDLE_SECONDS = 0.25  # nobody asks for so long: an idle thread can be saved meanwhile
_LAST_SECONDS = 0.8  # for saving idle threads when the process ends


def claim_stdout() -> int:
    """Take fd 1 for frames and let everybody else's prints go to stderr; return the new fd."""
    sys.stdout.flush()
    frames = os.dup(1)
    os.dup2(2, 1)
    return frames


def exit_with_parent(parent: int, end: Callable[[], object] = lambda: os._exit(0)) -> None:
    """Call `end` when the parent ends, even if somebody else inherited its end of the pipe."""
    try:
        handle = os.pidfd_open(parent)
    except (AttributeError, OSError):
        return  # not Linux, or forbidden: the closing pipe says it too

    def wait() -> None:
        import select

        select.select([handle], [], [])
        end()

    threading.Thread(target=wait, name="parent", daemon=True).start()


class Worker:
    """Everything the child does between its first and last frame.

    Args:
        source: The pipe from the parent.
        sink: File descriptor of the pipe to the parent.
    """

    def __init__(self, source: IO[bytes], sink: int) -> None:
        self._source = source
        self._sink = sink
        self._inbox: SimpleQueue[Job | EmbedJob | Output | Forget | int | None] = SimpleQueue()
        self._prompts: SimpleQueue[Submit | Embed | Count | Render] = SimpleQueue()
        self._lock = threading.Lock()
        self._preparing: set[int] = set()
        self._scheduler: Scheduler | None = None
        self._reporter: Reporter | None = None
        self._vault: Vault | None = None
        self._saved = threading.Event()

    def run(self) -> int:
        """Load the model and decode until the parent closes the pipe; return an exit code."""
        frame = read_frame(self._source)
        settings = decode_to_child(frame) if frame else None
        if not isinstance(settings, Configure):
            sys.stderr.write("The engine's process is started by LocalEngine, not by hand.\n")
            return 2
        be_nice(settings.niceness)
        threading.Thread(target=self._intake, name="intake", daemon=True).start()
        try:
            llama, builder, compiler, embedder = self._load(settings)
        except _start_errors() as error:
            self._send(StartFailed(str(error)))
            return 1
        self._vault = _vault(settings, llama)
        slots, scheduler = _scheduler(llama, self._vault)
        find = _finder(self._vault, slots, rigid=llama.rigid_states)
        makers = (builder, compiler, embedder, find)
        threading.Thread(target=self._prepare, args=makers, name="prompts", daemon=True).start()
        self._scheduler = scheduler
        self._send(Ready(llama.info(), llama.settings()))
        self._decode(scheduler, slots, embedder, llama)
        slots.save_all(_LAST_SECONDS)
        self._saved.set()
        return 0

    def end(self) -> None:
        """End the process: at once, or as soon as idle threads are saved."""
        if self._vault is not None:
            self._inbox.put(None)
            self._saved.wait(_LAST_SECONDS)
        os._exit(0)

    # -- starting --------------------------------------------------------------------------------

    def _load(
        self, settings: Configure
    ) -> tuple[Llama, PromptBuilder, ConstraintCompiler, Embedder]:
        """Import llama.cpp, load the model, prove that it decodes."""
        from oxillama_jupyter.engine import constraints, embedder, llama, templates

        llama.log_to_stderr()
        servers = ", ".join(settings.rpc_servers)
        spread = f" over OxillamaApp.rpc_servers ({servers})" if servers else ""
        self._send(Phase(f"loading the model{spread} ({llama.build()})"))
        model = llama.Llama(settings)
        self._send(Phase("warming up"))
        model.warm_up()
        builder = templates.PromptBuilder(model.vocabulary, model.template, model.limits.n_ctx)
        model.vocabulary.reveal(builder.format.tags)
        if not model.generates:
            builder.refusal = "This model makes embeddings; it cannot generate text."
        compiler = constraints.ConstraintCompiler(model.vocabulary)
        return model, builder, compiler, embedder.Embedder(model, model.vocabulary)

    # -- threads ---------------------------------------------------------------------------------

    def _intake(self) -> None:
        """Take requests in; when the parent is gone, so is this process, almost at once."""
        try:
            self._take_in()
        except Exception:  # noqa: BLE001 - without this thread the process would never end
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
        self.end()

    def _take_in(self) -> None:
        while (frame := read_frame(self._source)) is not None:
            message = decode_to_child(frame)
            if isinstance(message, Submit | Embed | Count | Render):
                with self._lock:
                    self._preparing.add(message.id)
                self._prompts.put(message)
            elif isinstance(message, Abort):
                with self._lock:
                    if message.id in self._preparing:
                        self._preparing.remove(message.id)
                    else:
                        self._inbox.put(message.id)
                if self._scheduler is not None:
                    self._scheduler.interrupt(message.id)
            elif isinstance(message, Forget):
                self._inbox.put(message)

    def _prepare(
        self,
        builder: PromptBuilder,
        compiler: ConstraintCompiler,
        embedder: Embedder,
        find: Callable[[Job], None],
    ) -> None:
        """Render and tokenise prompts and compile constraints, beside the decode loop."""
        from oxillama_jupyter.engine.preparing import looked_at, prepared

        while True:
            message = self._prompts.get()
            item: Job | EmbedJob | Output
            if isinstance(message, Embed):
                item = embedder.prepare(message)
            elif isinstance(message, Count | Render):
                item = looked_at(builder, message)
            else:
                item = prepared(builder, compiler, message, find)
            with self._lock:
                if message.id in self._preparing:
                    self._preparing.remove(message.id)
                    self._inbox.put(item)

    def _decode(self, scheduler: Scheduler, slots: Slots, embedder: Embedder, llama: Llama) -> None:
        """Decode until the end; sleep where there is nothing to do."""
        from oxillama_jupyter.engine.reporter import Reporter

        self._reporter = Reporter(
            lambda: msgspec.structs.replace(scheduler.stats(), n_threads=llama.pacer.now)
        )
        while self._receive(scheduler, slots, embedder):
            self._send_step(scheduler.admit())
            self._send_step(scheduler.step())
            self._send_step(embedder.step())
            self._report(idle=not scheduler.busy)

    def _receive(self, scheduler: Scheduler, slots: Slots, embedder: Embedder) -> bool:
        """Hand new jobs and aborts to whom they concern; wait for them only when all are idle.

        Returns:
            False when the process is to end.
        """
        from oxillama_jupyter.engine.jobs import Job

        refused: list[Output] = []
        try:
            while True:
                idle = not (scheduler.busy or embedder.busy or refused)
                item = self._next(slots, wait=idle)
                if item is None:
                    return False
                if isinstance(item, int):
                    scheduler.abort(item)
                    embedder.abort(item)
                elif isinstance(item, Forget):
                    slots.forget(item.cache_key)
                elif isinstance(item, Output):
                    refused.append(item)
                elif not isinstance(item, Job):
                    embedder.submit(item)
                else:
                    scheduler.submit(item)
        except Empty:
            self._send_step(refused)
        return True

    def _next(self, slots: Slots, *, wait: bool) -> Job | EmbedJob | Output | Forget | int | None:
        """The next item; who waits for it saves idle threads meanwhile."""
        while wait and slots.unsaved:
            try:
                return self._inbox.get(timeout=_IDLE_SECONDS)
            except Empty:
                slots.save_one()
                self._report(idle=True)
        return self._inbox.get(block=wait)

    # -- sending ---------------------------------------------------------------------------------

    def _send_step(self, outputs: list[Output]) -> None:
        if outputs:
            self._send(Step(outputs))

    def _report(self, *, idle: bool) -> None:
        stats = self._reporter.news(idle=idle) if self._reporter is not None else None
        if stats is not None:
            self._send(Stats(stats))

    def _send(self, message: FromChild) -> None:
        data = memoryview(encode(message))
        while data:
            data = data[os.write(self._sink, data) :]


def _start_errors() -> tuple[type[Exception], ...]:
    """What makes a model unusable, as opposed to a bug of ours."""
    from oxillama_jupyter.engine.llama import ModelError

    return (ModelError, OxillamaError)


def _scheduler(llama: Llama, vault: Vault | None) -> tuple[Slots, Scheduler]:
    from oxillama_jupyter.engine.scheduler import Scheduler
    from oxillama_jupyter.engine.slots import Slots

    slots = Slots(llama, llama.limits.n_parallel, llama.parking_bytes, vault)
    return slots, Scheduler(llama, slots, llama.vocabulary, llama.limits)


def _vault(settings: Configure, llama: Llama) -> Vault | None:
    from oxillama_jupyter.engine import machine, snapshots
    from oxillama_jupyter.engine.vault import Vault

    if not settings.vault_bytes:
        return None
    parts = (llama.layout, machine.fingerprint())
    try:
        fingerprint = snapshots.fingerprint(Path(settings.model), *parts)
    except OSError:
        return None  # the file went away after it was loaded: nothing could be found again
    seconds = llama.limits.token_seconds
    prints = llama.adapters.fingerprints
    return Vault(Path(settings.vault), settings.vault_bytes, fingerprint, seconds, prints)


def _finder(vault: Vault | None, slots: Slots, *, rigid: bool) -> Callable[[Job], None]:
    """Make what looks for a job's beginning on disk, in case memory has less of it."""

    def find(job: Job) -> None:
        if vault is None:
            return
        reusable, adapter = job.tokens[:-1], job.adapter
        try:
            known = slots.known(reusable, adapter)
            job.snapshot = vault.find(reusable, known=known, whole=rigid, adapter=adapter)
        except Exception:  # noqa: BLE001 - whatever it is, without a snapshot the run works too
            traceback.print_exc()

    return find


def main() -> NoReturn:
    """Run the worker on the pipes it was started with."""
    sink = claim_stdout()
    faulthandler.enable(all_threads=False)
    sys.setswitchinterval(_SWITCH_SECONDS)
    worker = Worker(sys.stdin.buffer, sink)
    exit_with_parent(os.getppid(), worker.end)
    code = 1
    try:
        code = worker.run()
    except Exception:  # noqa: BLE001 - a process's last words, whatever happened
        traceback.print_exc()
    sys.stderr.flush()
    os._exit(code)  # an orderly exit would wait for the intake thread's pipe, and abort


if __name__ == "__main__":
    main()
