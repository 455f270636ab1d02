"""A long conversation made short: what users said stays, the rest becomes a sealed summary.

What is longer than the model's context is summed up part by part, so that nothing is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from oxillama_jupyter.engine.protocol import GenerateRequest, Sampling, Text, Usage
from oxillama_jupyter.errors import ContextLengthExceeded, EngineError
from oxillama_jupyter.ids import new_id, now
from oxillama_jupyter.schemas.items import CompactionItem, MessageItem
from oxillama_jupyter.schemas.responses import (
    CompactResponse,
    CreateResponse,
    ResponseCompaction,
)
from oxillama_jupyter.services.foreground import Foreground
from oxillama_jupyter.services.generation import Generator
from oxillama_jupyter.services.models import ModelService
from oxillama_jupyter.services.response_plans import Planner
from oxillama_jupyter.services.response_turns import usage_of
from oxillama_jupyter.services.seals import Sealer
from oxillama_jupyter.services.translate_items import COMPACTION

__all__ = ["Compactor", "halves", "transcript"]

Work = Foreground[ResponseCompaction]
Chat = Sequence[dict[str, Any]]  # chat messages
_LONGEST = 1024  # tokens of a summary
_ASK = (
    "Sum up our whole conversation so far in a few sentences, so that somebody who reads only your "
    "summary can go on with it. Keep names, numbers, decisions and open questions."
)
_ASK_OF_PART = (
    "Above is a part of a conversation. Sum it up in a few sentences, so that somebody who reads "
    "only your summary can go on with it. Keep names, numbers, decisions and open questions."
)


class Compactor:
    """Compacts conversations with the model itself.

    Args:
        models: Knows how much a prompt may have.
        planner: Finds what a conversation is.
        generator: Generates in turn with everybody else.
        sealer: Seals the summary.
    """

    def __init__(
        self, models: ModelService, planner: Planner, generator: Generator, sealer: Sealer
    ) -> None:
        self._models = models
        self._planner = planner
        self._generator = generator
        self._sealer = sealer

    async def start(self, body: CompactResponse, *, user: str) -> Work:
        """Begin; it ends with its client, and nothing of it is stored.

        Raises:
            As `ResponseService.create`.
        """
        return await Foreground.start(partial(self._compact, body, user), name="compaction")

    async def _compact(self, body: CompactResponse, user: str, work: Work) -> ResponseCompaction:
        asked = CreateResponse(
            model=body.model,
            input=body.input,
            instructions=body.instructions,
            previous_response_id=body.previous_response_id,
            store=False,
        )
        plan = await self._planner.plan(asked, lock=False)
        compaction_id = new_id("resp")
        model = plan.request.model
        context = self._models.n_ctx(model)
        room = max(context - _LONGEST, context // 2) or None  # an upstream may not tell
        summing = _Summing(self._generator, work, user, compaction_id, model, room)
        with self._generator.admission():
            async with self._generator.stoppable(compaction_id, model or ""):
                summary = await summing.chat(plan.request.messages)
        said = [i for i in plan.items if isinstance(i, MessageItem) and i.role == "user"]
        sealed = CompactionItem(
            id=new_id("cmp"), encrypted_content=self._sealer.seal(COMPACTION, summary)
        )
        return ResponseCompaction(
            id=compaction_id,
            created_at=now(),
            output=[*said, sealed],
            usage=usage_of(summing.usage),
        )


@dataclass
class _Summing:
    """Summaries of one conversation.

    Attributes:
        room: The most tokens of a prompt, so that there is room for a summary; None for no
            limit that is known.
        usage: What all of them took.
    """

    generator: Generator
    work: Work
    user: str
    name: str
    model: str | None
    room: int | None
    usage: Usage = field(default_factory=partial(Usage, 0, 0))

    async def chat(self, messages: Chat) -> str:
        """Sum up a chat."""
        try:
            return await self._ask([*messages, {"role": "user", "content": _ASK}])
        except ContextLengthExceeded:
            return "\n".join(await self._parts(transcript(messages)))

    async def _parts(self, text: str) -> list[str]:
        """Sum up a text: in halves, and these again, until they fit."""
        try:
            return [await self._ask([{"role": "user", "content": f"{text}\n\n{_ASK_OF_PART}"}])]
        except ContextLengthExceeded:
            first, second = halves(text)
            if not second:
                raise
        return [*await self._parts(first), *await self._parts(second)]

    async def _ask(self, messages: list[dict[str, Any]]) -> str:  # a chat
        request = GenerateRequest(
            messages=messages,
            model=self.model,
            sampling=Sampling(temperature=0.0, max_tokens=_LONGEST),
            max_prompt_tokens=self.room,
        )
        pieces: list[str] = []
        usage = None
        deltas = self.generator.generate_admitted(request, user=self.user, name=self.name)
        async with aclosing(deltas):
            async for delta in deltas:
                if delta.prompt is not None:
                    self.work.admit()
                pieces += [part.text for part in delta.all_parts if isinstance(part, Text)]
                usage = delta.usage or usage
        if usage is None:
            raise EngineError("The engine's stream ended without saying why.")
        self.usage = _sum(self.usage, usage)
        return "".join(pieces).strip()


def transcript(messages: Chat) -> str:
    """A chat as text: a line for each thing said, called or returned."""
    return "\n".join(line for message in messages for line in _lines(message))


def halves(text: str) -> tuple[str, str]:
    """Cut a text in the middle, between two lines if one ends near it; the second may be empty."""
    middle = (len(text) + 1) // 2
    end = text.rfind("\n", middle // 2, middle) + 1 or middle
    return text[:end], text[end:]


def _lines(message: dict[str, Any]) -> Iterator[str]:  # a chat message
    role = "tool output" if message["role"] == "tool" else message["role"]
    if message.get("content"):
        yield f"{role}: {message['content']}"
    for call in message.get("tool_calls") or ():
        function = call["function"]
        yield f"{role} called {function['name']}({function['arguments']})"


def _sum(first: Usage, second: Usage) -> Usage:
    return Usage(
        first.prompt_tokens + second.prompt_tokens,
        first.completion_tokens + second.completion_tokens,
        first.cached_tokens + second.cached_tokens,
        first.prompt_seconds + second.prompt_seconds,
        first.completion_seconds + second.completion_seconds,
        first.reasoning_tokens + second.reasoning_tokens,
    )
