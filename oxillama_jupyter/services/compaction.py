"""A long conversation made short: what users said stays, the rest becomes a sealed summary."""

from __future__ import annotations

from contextlib import aclosing
from functools import partial

from oxillama_jupyter.engine.protocol import GenerateRequest, Sampling, Text, Usage
from oxillama_jupyter.errors import EngineError
from oxillama_jupyter.ids import new_id, now
from oxillama_jupyter.schemas.items import CompactionItem, MessageItem
from oxillama_jupyter.schemas.responses import (
    CompactResponse,
    CreateResponse,
    ResponseCompaction,
)
from oxillama_jupyter.services.foreground import Foreground
from oxillama_jupyter.services.generation import Generator
from oxillama_jupyter.services.response_plans import Planner
from oxillama_jupyter.services.response_turns import usage_of
from oxillama_jupyter.services.seals import Sealer
from oxillama_jupyter.services.translate_items import COMPACTION

__all__ = ["Compactor"]

Work = Foreground[ResponseCompaction]
_LONGEST = 1024  # tokens of a summary
_ASK = (
    "Sum up our whole conversation so far in a few sentences, so that somebody who reads only your "
    "summary can go on with it. Keep names, numbers, decisions and open questions."
)


class Compactor:
    """Compacts conversations with the model itself.

    Args:
        planner: Finds what a conversation is.
        generator: Generates in turn with everybody else.
        sealer: Seals the summary.
    """

    def __init__(self, planner: Planner, generator: Generator, sealer: Sealer) -> None:
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
        request = GenerateRequest(
            messages=[*plan.request.messages, {"role": "user", "content": _ASK}],
            model=plan.request.model,
            sampling=Sampling(temperature=0.0, max_tokens=_LONGEST),
            truncation="start",
        )
        compaction_id = new_id("resp")
        summary, usage = await self._summary(request, work, user, compaction_id)
        said = [i for i in plan.items if isinstance(i, MessageItem) and i.role == "user"]
        sealed = CompactionItem(
            id=new_id("cmp"), encrypted_content=self._sealer.seal(COMPACTION, summary)
        )
        return ResponseCompaction(
            id=compaction_id, created_at=now(), output=[*said, sealed], usage=usage_of(usage)
        )

    async def _summary(
        self, request: GenerateRequest, work: Work, user: str, name: str
    ) -> tuple[str, Usage]:
        pieces: list[str] = []
        usage = None
        deltas = self._generator.generate(request, user=user, name=name)
        async with self._generator.stoppable(name, request.model or ""), aclosing(deltas):
            async for delta in deltas:
                if delta.prompt is not None:
                    work.admit()
                pieces += [part.text for part in delta.all_parts if isinstance(part, Text)]
                usage = delta.usage or usage
        if usage is None:
            raise EngineError("The engine's stream ended without saying why.")
        return "".join(pieces).strip(), usage
