"""A run that this process executes: everything that is only in memory about it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from typing import Any, Literal

from oxillama_jupyter.engine.protocol import Delta, PromptInfo, Usage
from oxillama_jupyter.events import EventLog
from oxillama_jupyter.schemas.messages import Message
from oxillama_jupyter.schemas.runs import PromptTokenDetails, Run, RunUsage, Timings
from oxillama_jupyter.schemas.steps import RunStep
from oxillama_jupyter.schemas.thoughts import Thoughts
from oxillama_jupyter.services.metrics import timings_of
from oxillama_jupyter.services.translate import Work, run_usage

__all__ = ["Job", "StopReason"]

StopReason = Literal["cancelled", "expired", "shutdown"]


@dataclass(slots=True, eq=False)
class Job:
    """One stretch of a run: from `queued` to its end, or to where it waits for tool outputs.

    Attributes:
        run: The run as it was announced last.
        work: What its turn goes on from.
        log: Its events, those of earlier stretches included.
        first: Number of this stretch's first event.
        user: Who asked for it; empty where nobody did, after a restart.
        message: The message being written.
        step: The step that is open.
        text: The pieces of that message.
        thoughts: What the model has thought since the last step began; the next one has it.
        calls: The calls of this turn, as their step has them.
        over: Whether the turn has ended, whatever the model would add.
        shown: Which of this turn's tokens an ended step of it has already.
        last: The turn's last delta so far.
        begun_at: When it was asked for, on the monotonic clock.
        admitted_at: When the engine began with it.
        thought: Set when there is more of `thoughts`, or when they are over.
    """

    run: Run
    work: Work
    log: EventLog = field(default_factory=EventLog)
    first: int = 0
    user: str = ""
    task: asyncio.Task[None] | None = None
    timer: asyncio.TimerHandle | None = None
    stop: StopReason | None = None
    finishing: bool = False
    cancelling_announced: bool = False
    message: Message | None = None
    step: RunStep | None = None
    text: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    over: bool = False
    shown: RunUsage | None = None
    last: Delta | None = None
    prompt: PromptInfo | None = None
    completion_tokens: int = 0
    saved_at: float = 0.0
    begun_at: float = field(default_factory=time.monotonic)
    admitted_at: float = 0.0
    thought: asyncio.Event = field(default_factory=asyncio.Event)

    def announce(self, name: str, data: Any) -> None:  # any struct of the stream
        """Append an event to the run's log."""
        self.log.append(name, data)

    @property
    def thinks(self) -> bool:
        """Whether more may be thought ahead of the next step."""
        return self.step is None and self.run.status in {"queued", "in_progress"}

    async def thoughts_after(self, after: int, wait: float) -> Thoughts:
        """What was thought behind a place; later, if there is nothing yet and more may come."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait
        while self.thinks and len(whole := "".join(self.thoughts)) <= after:
            left = deadline - loop.time()
            if left <= 0:
                return Thoughts("", len(whole), over=False)
            self.thought.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self.thought.wait()
        if not self.thinks:
            return Thoughts("", after, over=True)
        return Thoughts(whole[after:], len(whole), over=False)

    def timings(self) -> Timings | None:
        """What this turn took; None before the engine has said."""
        usage = self.last.usage if self.last is not None else None
        if usage is None:
            return None
        return timings_of(usage, self.admitted_at - self.begun_at)

    def usage(self) -> RunUsage | None:
        """Tokens of this turn that no ended step has; None before the prompt was counted."""
        if self.last is not None and self.last.usage is not None:
            total = run_usage(self.last.usage)
        elif self.prompt is not None:
            counted = (self.prompt.tokens, self.completion_tokens, self.prompt.cached_tokens)
            total = run_usage(Usage(*counted))
        else:
            return None
        return total if self.shown is None else _rest(total, self.shown)


def _rest(total: RunUsage, shown: RunUsage) -> RunUsage:
    prompt = total.prompt_tokens - shown.prompt_tokens
    completion = total.completion_tokens - shown.completion_tokens
    cached = total.prompt_token_details.cached_tokens - shown.prompt_token_details.cached_tokens
    return RunUsage(prompt, completion, prompt + completion, PromptTokenDetails(cached))
