"""Continuous batching: which tokens of which generation go into the next decode step.

Every job has the tokens that must be in the KV cache (its prompt and what it generated) and a slot
(a llama.cpp sequence) that holds some beginning of them. A step feeds each job its next missing
tokens: one where it generates, a chunk of the prompt where it does not yet. Whoever has nothing
missing after the step gets a new token. So prefill, decode, prefix reuse and preemption are one.

Pure Python; a `Backend` does the arithmetic.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from msgspec.structs import replace

from oxillama_jupyter.engine.adapter_turns import AdapterTurns
from oxillama_jupyter.engine.backend import CacheFull, Interrupted, Row
from oxillama_jupyter.engine.frames import Output
from oxillama_jupyter.engine.protocol import Delta, FinishReason, PromptInfo, Usage
from oxillama_jupyter.engine.slots import common_length
from oxillama_jupyter.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from oxillama_jupyter.engine.backend import Backend, Limits, Vocabulary
    from oxillama_jupyter.engine.jobs import Job
    from oxillama_jupyter.engine.parts import Part
    from oxillama_jupyter.engine.protocol import EngineStats
    from oxillama_jupyter.engine.slots import Slots

__all__ = ["Scheduler"]

_SOON = 0.1  # seconds; nobody notices that an abort waited so long for the end of a step
_WORTH_SHARING = 64  # tokens; fewer are read again sooner than they are waited for


class Scheduler:
    """Owns the jobs and the slots; `admit` and `step` are called in turn by the decode loop.

    Args:
        backend: llama.cpp, or a fake.
        slots: Its sequences.
        vocabulary: What tokens mean.
        limits: Sizes.
        clock: Seconds.
    """

    def __init__(
        self,
        backend: Backend,
        slots: Slots,
        vocabulary: Vocabulary,
        limits: Limits,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._backend = backend
        self._vocabulary = vocabulary
        self._limits = limits
        self._clock = clock
        self._waiting: deque[Job] = deque()
        self._active: list[Job] = []
        self._slots = slots
        self._crowded = False
        self._turns = AdapterTurns()
        self._token_seconds = limits.token_seconds
        self._stepping: frozenset[int] = frozenset()
        self._steps = self._read = self._generated = 0

    @property
    def busy(self) -> bool:
        """Whether a step would do anything."""
        return bool(self._active or self._waiting)

    @property
    def prefilling(self) -> bool:
        """Whether some prompt is not read yet."""
        return any(_missing(job) > 1 for job in self._active)

    def stats(self) -> EngineStats:
        """How full the cache is, and what was done."""
        stats = self._slots.stats(self._limits.n_cells)
        return replace(stats, read=self._read, generated=self._generated)

    def submit(self, job: Job) -> None:
        """Queue a generation."""
        job.limit = min(
            job.n_prompt + (job.sampling.max_tokens or self._limits.n_ctx), self._limits.n_ctx
        )
        self._waiting.append(job)

    def abort(self, job_id: int) -> None:
        """Drop a generation; its slot is free at once, and stays warm."""
        for job in self._active:
            if job.id == job_id:
                self._release(job)
                return
        for job in self._waiting:
            if job.id == job_id:
                self._waiting.remove(job)
                _close_sampler(job)
                return

    def interrupt(self, job_id: int) -> None:
        """Break off a long step for an abort that is on its way; from any thread."""
        if job_id in self._stepping:
            self._backend.interrupt()

    def admit(self) -> list[Output]:
        """Give waiting jobs a slot, first come first served, and say what was cached."""
        outputs = []
        for job in list(self._waiting):
            if self._crowded or len(self._active) >= self._limits.n_parallel:
                break
            if self._soon_shared(job):
                continue
            self._waiting.remove(job)
            job.slot = self._slots.seat(job.tokens, job.cache_key, job.snapshot, job.adapter)
            job.snapshot = None
            self._active.append(job)
            if job.recorder and job.recorder.missing and job.slot.length > job.recorder.seen:
                self._slots.rewind(job.slot, job.recorder.seen)
            if job.sampler is not None:
                continue  # it was here before, and lost its place
            job.admitted = self._clock()
            self._read_again(job)
            job.cached = job.slot.length
            job.sampler = self._backend.sampler(job.sampling, job.constraint)
            info = PromptInfo(job.n_prompt, job.cached, job.dropped)
            outputs.append(Output(job.id, Delta(prompt=info)))
            if job.echo:
                outputs.append(Output(job.id, Delta(job.echo)))
        return outputs

    def step(self) -> list[Output]:
        """Decode one batch; return what it gave each generation."""
        if not self._active:
            return []
        self._slots.park_idle()
        self._gather()
        jobs, rows = self._compose()
        started = self._clock()
        self._stepping = self._worth_interrupting(jobs, rows)
        try:
            tokens = self._backend.step(rows)
        except CacheFull:
            return self._make_room()
        except Interrupted:
            for job in jobs:
                self._slots.undo(job.slot)  # type: ignore[arg-type] # active jobs have one
            return []
        finally:
            self._stepping = frozenset()
        now = self._clock()
        self._learn(rows, now - started)
        chosen = iter(tokens)
        outputs = []
        for job, row in zip(jobs, rows, strict=True):
            job.slot.length += len(row.tokens)  # type: ignore[union-attr] # active jobs have one
            if len(job.tokens) == job.n_prompt:
                self._read += len(row.tokens)
            if job.recorder is not None:
                outputs += job.recorder.prompt_outputs(job.id)
            if row.sampler is not None:
                if len(job.tokens) == job.n_prompt:
                    self._slots.checkpoint(job.slot)  # type: ignore[arg-type] # as above
                token = next(chosen)
                self._generated += 1
                output = self._accept(job, token, now)
                outputs.append(job.recorder.attach(output, token) if job.recorder else output)
        return outputs

    def _gather(self) -> None:
        """Let those decode together that are apart."""
        moved = self._slots.gather()
        if moved is not None:
            source, target = moved
            for job in self._active:
                if job.slot is source:
                    job.slot = target

    def _soon_shared(self, job: Job) -> bool:
        """Whether somebody is just reading what this prompt begins with: better wait and share."""
        for other in self._active if self._slots.shares else ():
            if _missing(other) > 1 and other.adapter == job.adapter:
                common = common_length(job.tokens[:-1], other.tokens[: other.n_prompt])
                read = other.slot.length  # type: ignore[union-attr] # active jobs have one
                if read < common and common - other.cached >= _WORTH_SHARING:
                    return True
        return False

    def _read_again(self, job: Job) -> None:
        """Forget some cached tokens, where few missing ones are read sooner together with them."""
        slot = job.slot
        assert slot is not None  # noqa: S101 - it has just been given one
        generating = sum(_missing(other) == 1 for other in self._active if other is not job)
        count = self._limits.pieces.again(_missing(job), slot.length, generating)
        if count and job.recorder is None:
            self._slots.rewind(slot, slot.length - count)

    def _worth_interrupting(self, jobs: list[Job], rows: list[Row]) -> frozenset[int]:
        """Whose abort may break off this step; nobody's if it ends soon, or costs others much."""
        count = sum(len(row.tokens) for row in rows)
        costs_others = len(jobs) > 1 and not self._slots.undoes  # all they have in the cache
        if costs_others or count * self._token_seconds < _SOON:
            return frozenset()
        return frozenset(job.id for job in jobs)

    # -- composing a batch -----------------------------------------------------------------------

    def _compose(self) -> tuple[list[Job], list[Row]]:
        """One token of everybody who generates, and what else there is room for of who reads.

        Whoever has waited longest reads first, among equals the one with the least to read; so
        newcomers wait for nobody, and none gets less at a time than is read well.
        """
        active = self._turns.next(self._active)
        reading = [job for job in active if _missing(job) > 1]
        reading.sort(key=lambda job: (job.fed, _missing(job)))
        self._steps += 1
        jobs = [job for job in active if _missing(job) == 1]
        rows = [_row(job, 1) for job in jobs]
        budget = self._budget(len(rows), [_missing(job) for job in reading])
        echoed = self._limits.echo_rows
        shares = self._limits.pieces.shares(list(map(_missing, reading)), budget, len(rows))
        for job, count in zip(reading, list(shares), strict=False):
            if job.recorder is not None and job.recorder.missing:
                count = min(count, echoed)  # noqa: PLW2901 - what its logits have room for
                echoed -= count
            if count:
                job.fed = self._steps
                jobs.append(job)
                rows.append(_row(job, count))
        # llama.cpp takes neighbouring sequences together, if they come in order.
        order = sorted(range(len(rows)), key=lambda place: rows[place].sequence)
        return [jobs[place] for place in order], [rows[place] for place in order]

    def _budget(self, generating: int, missing: list[int]) -> int:
        """How many prompt tokens the next step may read, so that it ends in time.

        Who generates waits a shorter time for a long prompt's pieces than for prompts that are read
        whole: these are soon through, and somebody waits for each.
        """
        most = self._readable(self._limits.prefill_seconds)
        if generating:
            whole = sum(count for count in missing if count <= most)
            most = max(self._readable(self._limits.mixed_seconds), min(whole, most))
        most = max(most, self._limits.pieces.least(generating))
        return min(most, self._limits.n_batch - generating)

    def _readable(self, seconds: float) -> int:
        return max(int(seconds / self._token_seconds), self._limits.min_chunk)

    def _learn(self, rows: Sequence[Row], seconds: float) -> None:
        """Follow the time one prompt token takes."""
        count = sum(len(row.tokens) for row in rows)
        if count - len(rows) >= self._limits.min_chunk // 2:
            self._token_seconds += 0.3 * (max(seconds, 1e-6) / count - self._token_seconds)

    # -- what came out ---------------------------------------------------------------------------

    def _accept(self, job: Job, token: int, now: float) -> Output:
        if len(job.tokens) == job.n_prompt:
            job.first_token = now
        if job.constraint is not None:
            try:
                job.constraint.accept(token)
            except EngineError as error:
                self._release(job)
                return Output(job.id, None, "EngineError", error.message)
        if self._vocabulary.is_end(token):
            return self._finish(job, [], 0, "stop", now)
        job.tokens.append(token)
        parts = job.parse(job.text.push(self._vocabulary.piece(token)), 1)
        if job.text.stopped:
            # What a stop string cuts off is not complete.
            cut = job.constraint is not None and job.constraint.holds
            return self._finish(job, parts, 1, "length" if cut else "stop", now)
        if job.called or (job.constraint is not None and job.constraint.stopped):
            return self._finish(job, parts, 1, "stop", now)
        if len(job.tokens) >= job.limit:
            return self._finish(job, parts, 1, "length", now)
        return Output(job.id, Delta.of(parts, 1))

    def _finish(
        self, job: Job, parts: list[Part], tokens: int, reason: FinishReason, now: float
    ) -> Output:
        usage = Usage(
            prompt_tokens=job.n_prompt,
            completion_tokens=len(job.tokens) - job.n_prompt,
            cached_tokens=job.cached,
            prompt_seconds=job.first_token - job.admitted,
            completion_seconds=now - job.first_token,
            reasoning_tokens=job.reasoning_tokens,
        )
        self._release(job)
        return Output(job.id, Delta.of([*parts, *job.parse_end()], tokens, reason, usage))

    # -- slots -----------------------------------------------------------------------------------

    def _release(self, job: Job) -> None:
        """Take the job out of its slot, which stays warm."""
        if job.slot is not None:
            self._slots.release(job.slot)
            job.slot = None
        _close_sampler(job)
        self._active.remove(job)
        self._crowded = False

    def _make_room(self) -> list[Output]:
        """Send the newest job back to the queue; alone, it cannot be helped."""
        job = self._active[-1]
        if len(self._active) > 1:
            self._preempt(job)
            return []
        self._release(job)
        return [Output(job.id, None, "EngineError", "The KV cache has no room for this chat.")]

    def _preempt(self, job: Job) -> None:
        """Let a job wait until another one ends; its tokens are parked meanwhile."""
        sampler, job.sampler = job.sampler, None
        self._release(job)
        job.sampler = sampler
        self._waiting.appendleft(job)
        self._crowded = True


def _close_sampler(job: Job) -> None:
    if job.sampler is not None:
        job.sampler.close()
        job.sampler = None


def _missing(job: Job) -> int:
    """How many of the job's tokens are not in the cache yet."""
    return len(job.tokens) - job.slot.length  # type: ignore[union-attr] # active jobs have one


def _row(job: Job, count: int) -> Row:
    slot = job.slot
    assert slot is not None  # noqa: S101 - active jobs have one
    start = slot.length
    end = start + count
    last = end == len(job.tokens)
    sampler = job.sampler if last else None
    return Row(slot.id, start, job.tokens[start:end], sampler, job.recorder, job.adapter)
