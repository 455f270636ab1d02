"""Prompts to look at: made by the engine as a run's would be, sent to nobody, stored nowhere."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from itertools import accumulate, pairwise
from typing import Any

from msgspec.structs import replace

from oxillama_jupyter.engine.protocol import GenerateRequest, RenderedPrompt
from oxillama_jupyter.schemas.messages import Message, TextContent
from oxillama_jupyter.schemas.prompts import Prompt, PromptMessage, PromptQuery, PromptToken
from oxillama_jupyter.schemas.runs import CreateRun, CreateThreadAndRun, RunUsage
from oxillama_jupyter.services.actions import turns_of
from oxillama_jupyter.services.models import ModelService
from oxillama_jupyter.services.translate import Turn, Work, check_format, generate_request
from oxillama_jupyter.services.translate_common import IMAGE_NOTE
from oxillama_jupyter.store import prompts, runs, steps
from oxillama_jupyter.store.database import Connection, Database

__all__ = ["PromptService"]

_PREVIEW = 80  # characters
_KEPT = 60.0  # seconds


class PromptService:
    """Use cases of prompts.

    Args:
        db: The store.
        models: The engine.
    """

    def __init__(self, db: Database, models: ModelService) -> None:
        self._db = db
        self._models = models
        self._latest: tuple[GenerateRequest, RenderedPrompt] | None = None

    async def of_run(self, thread_id: str, body: CreateRun, query: PromptQuery) -> Prompt:
        """The prompt of the run that the same request to `RunService.start` would begin.

        Raises:
            NotFound: No such thread, assistant or model.
            InvalidRequest: The request is wrong, or the engine does not see prompts.
            EngineUnavailable: The model cannot be loaded, and why.
        """
        check_format(body.response_format)
        plan = await self._models.resolving(
            lambda resolve: self._db.read(prompts.planned, thread_id, body, resolve_model=resolve)
        )
        return await self._prompt(plan._replace(run=replace(plan.run, id="")), [], query)

    async def of_run_with_thread(self, body: CreateThreadAndRun, query: PromptQuery) -> Prompt:
        """As `of_run`, for `RunService.start_with_thread`."""
        check_format(body.response_format)
        plan = await self._models.resolving(
            lambda resolve: self._db.read(prompts.planned_with_thread, body, resolve_model=resolve)
        )
        return await self._prompt(plan._replace(run=replace(plan.run, id="")), [], query)

    async def of_stored_run(self, thread_id: str, run_id: str, query: PromptQuery) -> Prompt:
        """The prompt of a run's last turn, made again from what is stored.

        Raises:
            NotFound: No such thread or run, or its model is not there any more.
            InvalidRequest: The engine does not see prompts.
            EngineUnavailable: The model cannot be loaded, and why.
        """
        plan, turns, spent = await self._db.read(_stored, thread_id, run_id)
        prompt = await self._prompt(plan, turns, query)
        if spent is not None:
            prompt.cached_tokens = spent.prompt_token_details.cached_tokens
            prompt.exact = prompt.prompt_tokens == spent.prompt_tokens
        return prompt

    async def _prompt(self, plan: prompts.Plan, turns: list[Turn], query: PromptQuery) -> Prompt:
        model = plan.run.model
        await self._models.ready(model)
        request = replace(generate_request(plan.run, Work(plan.history, turns)), cache_key=None)
        rendered = await self._rendered(request, again=query.offset == 0)
        context = self._models.n_ctx(model)
        # Beside the loop: a long prompt has a hundred thousand tokens.
        return await asyncio.to_thread(_prompt, plan, request, rendered, query, context)

    async def _rendered(self, request: GenerateRequest, *, again: bool) -> RenderedPrompt:
        """The request's prompt; pages behind the first are of the same, for a while.

        To make one of a hundred thousand tokens takes a second, and it has ten pages.
        """
        if not again and self._latest is not None and self._latest[0] == request:
            return self._latest[1]
        rendered = await self._models.engine.render(request)
        self._latest = latest = (request, rendered)
        asyncio.get_running_loop().call_later(_KEPT, self._forget, latest)
        return rendered

    def _forget(self, latest: tuple[GenerateRequest, RenderedPrompt]) -> None:
        if self._latest is latest:
            self._latest = None


def _stored(
    conn: Connection, thread_id: str, run_id: str
) -> tuple[prompts.Plan, list[Turn], RunUsage | None]:
    """A run, what its last turn went on from, and what that turn took, if it is known."""
    run = runs.get(conn, thread_id, run_id)
    turns, _ = turns_of(conn, run)
    if turns and not _answered(turns[-1]):
        turns.pop()  # the last prompt is the one that these calls answer
    taken = [spent for _, spent in steps.of_run(conn, run_id)]
    spent = taken[-1] if taken else run.usage
    return prompts.history_then(conn, run), turns, spent


def _answered(turn: Turn) -> bool:
    return all(call["function"]["output"] is not None for call in turn.calls)


def _prompt(
    plan: prompts.Plan,
    request: GenerateRequest,
    rendered: RenderedPrompt,
    query: PromptQuery,
    context: int,
) -> Prompt:
    """Put together what the engine and the store know."""
    ends = list(accumulate(map(len, rendered.pieces)))
    count, run, special = len(rendered.ids), plan.run, frozenset(rendered.special)
    shown = range(count)[query.offset : query.offset + query.limit]
    return Prompt(
        thread_id=run.thread_id or None,
        run_id=run.id or None,
        model=run.model,
        text=b"".join(rendered.pieces).decode(errors="replace"),
        prompt_tokens=count,
        limit=rendered.limit,
        context=context,
        fits=count <= rendered.limit,
        messages=_messages(plan, request.messages, rendered, ends),
        older=plan.older,
        cached_tokens=None,
        exact=None,
        tokens=[_token(rendered.ids[at], rendered.pieces[at], special) for at in shown],
        has_more=query.offset + query.limit < count,
    )


def _messages(
    plan: prompts.Plan,
    messages: list[dict[str, Any]],  # chat messages
    rendered: RenderedPrompt,
    ends: list[int],
) -> list[PromptMessage]:
    history, ahead = plan.history, int(bool(plan.run.instructions))  # they are the first message
    found = []
    for index, message in enumerate(messages):
        place = index - ahead
        stored = history[place] if 0 <= place < len(history) else None
        texts = _texts(stored) if stored is not None else [str(message.get("content") or "")]
        span = rendered.spans[index]
        tokens = _parts(texts, span, ends) if span is not None else []
        found.append(
            PromptMessage(
                id=(stored.id or None) if stored is not None else None,
                role=message["role"],
                preview=" ".join("\n".join(texts)[: 4 * _PREVIEW].split())[:_PREVIEW],
                dropped=index in rendered.dropped,
                first_token=bisect_right(ends, span[0]) if span is not None else None,
                tokens=sum(tokens) if span is not None else None,
                parts=tokens,
            )
        )
    return found


def _texts(message: Message) -> list[str]:
    """The parts of a message as `message_text` joins them."""
    return [
        part.text.value if isinstance(part, TextContent) else IMAGE_NOTE for part in message.content
    ]


def _parts(texts: list[str], span: tuple[int, int], ends: list[int]) -> list[int]:
    """Tokens of each part; one belongs where it ends, for many begin with a space.

    Args:
        texts: The parts.
        span: Where they are in the prompt's bytes, line feeds between them, perhaps trimmed.
        ends: Where each token ends in those bytes.
    """
    encoded = [text.encode(errors="replace") for text in texts]
    content = b"\n".join(encoded)
    trimmed = len(content) - len(content.lstrip()) if span[1] - span[0] < len(content) else 0
    begins = [0, *accumulate(len(text) + 1 for text in encoded)][:-1]
    edges = [min(max(span[0] + begin - trimmed, span[0]), span[1]) for begin in begins]
    places = [bisect_right(ends, edge) for edge in (*edges, span[1])]
    return [end - begin for begin, end in pairwise(places)]


def _token(number: int, piece: bytes, special: frozenset[int]) -> PromptToken:
    text = piece.decode(errors="replace")
    whole = text.encode() == piece
    return PromptToken(number, text, None if whole else list(piece), number in special)
