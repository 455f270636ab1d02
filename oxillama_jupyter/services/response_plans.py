"""A request for a response, checked and made into what the engine gets: everything ahead of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from msgspec import UNSET

from oxillama_jupyter.engine.protocol import Constraint, GenerateRequest, Sampling
from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.ids import new_id, now
from oxillama_jupyter.schemas.items import AnyItem, ItemReference
from oxillama_jupyter.schemas.response_tools import (
    FlatJsonObject,
    FlatJsonSchema,
    FlatText,
    TextConfig,
)
from oxillama_jupyter.schemas.responses import (
    ConversationRef,
    CreateResponse,
    Reasoning,
    Response,
)
from oxillama_jupyter.services.conversation_locks import ConversationLocks
from oxillama_jupyter.services.items import distinct, item_of, read_items
from oxillama_jupyter.services.models import ModelService
from oxillama_jupyter.services.response_tools import Offer, offer_of
from oxillama_jupyter.services.seals import Sealer
from oxillama_jupyter.services.translate_common import given_sampling
from oxillama_jupyter.services.translate_items import check_pairs, messages_of
from oxillama_jupyter.store import conversations, responses
from oxillama_jupyter.store.database import Connection, Database

__all__ = ["Plan", "Planner"]

_LOGPROBS = "message.output_text.logprobs"
Recent = Mapping[str, Sequence[AnyItem]]
_SEALED = "reasoning.encrypted_content"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done for a response.

    Attributes:
        response: It, as it begins.
        request: What the engine gets.
        items: The whole effective input.
        new: What is stored beside it; without owner and lease.
        custom: Names of functions that stand for custom tools.
        trace: How reasoning is shown.
        logprobs: Whether those of the text are.
        sealed: Whether reasoning is given to the client to keep, too.
        past: The items that were there before it.
        own: The items that are new in the request.
        conversation: The conversation that it is written to, and locked for it.
        holder: Who has locked that.
    """

    response: Response
    request: GenerateRequest
    items: Sequence[AnyItem]
    new: responses.NewResponse
    custom: frozenset[str]
    trace: Literal["text", "summary"]
    logprobs: bool
    sealed: bool
    past: Sequence[AnyItem]
    own: Sequence[AnyItem]
    conversation: str | None
    holder: str


@dataclass(frozen=True, slots=True)
class _Past:
    """What a request goes on from; without a link it is not stored as a response."""

    link: responses.Link | None
    items: list[AnyItem]


class Planner:
    """Makes plans.

    Attributes:
        locks: Of the conversations that responses are written to.

    Args:
        db: The store.
        models: Which models there are.
        sealer: Opens what clients keep for us.
        owner: This server's id, for locks.
    """

    def __init__(self, db: Database, models: ModelService, sealer: Sealer, owner: str) -> None:
        self.locks = ConversationLocks(db, owner)
        self._db = db
        self._models = models
        self._sealer = sealer

    async def plan(
        self, body: CreateResponse, *, lock: bool = True, recent: Recent | None = None
    ) -> Plan:
        """Check a request, look up everything it is about, lock what it writes to.

        Whoever gets a plan brings it to an end by `response_records.settle` or `release`.

        Args:
            body: The request.
            lock: Whether its conversation is going to be written to.
            recent: What a connection remembers of responses that are not stored, by their ids.

        Raises:
            InvalidRequest: It cannot be done, and why.
            NotFound: There is no such model or conversation.
        """
        check(body)
        given = read_items([] if body.input is None else body.input)
        response = await self._response(body)
        conversation = response.conversation.id if response.conversation else None
        holder = self.locks.holder(response.id)
        known = (recent or {}).get(body.previous_response_id or "")
        try:
            if known is not None:
                past = _Past(None, list(known))
            else:
                past = await self._past(body, conversation, holder if lock else None)
            own = await self._db.read(_dereferenced, given, conversation or "")
            own = distinct([*past.items, *own])[len(past.items) :]
            key = past.link.cache_key if past.link else conversation
            new = responses.NewResponse(
                input=_json(own),
                cache_key=key or response.id,
                parent=past.link.seq if past.link else None,
                context=_json(past.items) if past.items and past.link is None else None,
                streamed=bool(body.stream),
                request=_json(body) if body.background else None,
            )
            return self._made(body, response, past.items, own, new)
        except BaseException:  # whose client leaves may have locked it all the same
            if conversation and lock:
                await self.locks.free(conversation, holder)
            raise

    async def release(self, plan: Plan) -> None:
        """Let others write to the conversation of a plan that came to nothing."""
        if plan.conversation is not None:
            await self.locks.free(plan.conversation, plan.holder)

    async def plan_again(self, stored: responses.Stored) -> Plan:
        """The plan of a response that was stored as `queued` and never begun."""
        response = stored.response
        body = msgspec.json.decode(stored.request or "{}", type=CreateResponse)
        given = await self._db.read(responses.items, response.id, output=False)
        own = await self._db.read(responses.own_items, response.id)
        past = [item_of(item) for item in given[: len(given) - len(own)]]
        new = responses.NewResponse(
            input="[]", cache_key=stored.cache_key, streamed=stored.streamed
        )
        plan = self._made(body, response, past, [item_of(item) for item in own], new)
        if plan.conversation is not None:
            try:
                await self.locks.take(plan.conversation, plan.holder)
            except BaseException:
                await self.release(plan)
                raise
        return plan

    def _made(
        self,
        body: CreateResponse,
        response: Response,
        past: Sequence[AnyItem],
        own: Sequence[AnyItem],
        new: responses.NewResponse,
    ) -> Plan:
        offer = offer_of(response.tools, response.tool_choice)
        items = check_pairs([*past, *own])
        messages = messages_of(items, response.instructions, self._sealer)
        if not messages:
            raise InvalidRequest(
                "There is nothing to answer: 'input' is empty.", param="input", code="empty_array"
            )
        include: set[str] = set(body.include or ())
        logprobs = _LOGPROBS in include
        return Plan(
            response=response,
            request=_request(body, response, messages, offer, new.cache_key),
            items=items,
            new=new,
            custom=offer.custom,
            trace="summary" if response.reasoning.summary else "text",
            logprobs=logprobs,
            sealed=_SEALED in include or not response.store,
            past=past,
            own=own,
            conversation=response.conversation.id if response.conversation else None,
            holder=self.locks.holder(response.id),
        )

    async def _response(self, body: CreateResponse) -> Response:
        async def resolve(resolver: Any) -> str:  # a name to a name
            return str(resolver(body.model or ""))

        model = await self._models.resolving(resolve)
        reasoning = body.reasoning
        summary = (reasoning.summary or reasoning.generate_summary) if reasoning else None
        return Response(
            id=new_id("resp"),
            created_at=now(),
            status="queued" if body.background else "in_progress",
            background=bool(body.background),
            instructions=body.instructions,
            max_output_tokens=body.max_output_tokens,
            max_tool_calls=body.max_tool_calls,
            metadata=body.metadata or {},
            model=model,
            output=[],
            parallel_tool_calls=body.parallel_tool_calls is not False,
            previous_response_id=body.previous_response_id,
            conversation=_conversation(body),
            prompt_cache_key=body.prompt_cache_key,
            safety_identifier=body.safety_identifier,
            user=body.user,
            reasoning=Reasoning(reasoning.effort if reasoning else None, summary),
            store=body.store is not False,
            temperature=1.0 if body.temperature is None else body.temperature,
            top_p=1.0 if body.top_p is None else body.top_p,
            presence_penalty=body.presence_penalty or 0.0,
            frequency_penalty=body.frequency_penalty or 0.0,
            text=_text(body.text),
            tool_choice=body.tool_choice or "auto",
            tools=body.tools or [],
            top_logprobs=body.top_logprobs or 0,
            truncation=body.truncation or "disabled",
        )

    async def _past(
        self, body: CreateResponse, conversation: str | None, holder: str | None
    ) -> _Past:
        if conversation is not None and holder is not None:
            return _Past(None, await self.locks.take(conversation, holder))
        if conversation is not None:
            return _Past(None, await self._db.read(conversations.history, conversation))
        if body.previous_response_id is None:
            return _Past(None, [])
        return await self._db.read(_past, body.previous_response_id)


def check(body: CreateResponse) -> None:
    """Refuse what contradicts itself, without looking anything up.

    Raises:
        InvalidRequest: It does, and how.
    """
    if body.prompt is not None:
        raise InvalidRequest(
            "This server has no prompt templates; send 'instructions' and 'input'.",
            param="prompt",
            code="unsupported_parameter",
        )
    if not body.model:
        raise _missing("model")
    if body.previous_response_id is not None and body.conversation is not None:
        raise InvalidRequest(
            "A response goes on from 'previous_response_id' or from 'conversation', not from both.",
            param="previous_response_id",
            code="mutually_exclusive_parameters",
        )
    if body.input is None and body.previous_response_id is None and body.conversation is None:
        raise _missing("input")
    if body.background and body.store is False:
        raise InvalidRequest(
            "A response in the background has to be stored: leave out 'store'.", param="background"
        )
    constraint = _constraint(body.text)
    if constraint is not None:
        try:
            constraint.check(param="text.format.schema")
        except InvalidRequest as error:
            error.code = error.code or "invalid_json_schema"
            raise


def _missing(name: str) -> InvalidRequest:
    return InvalidRequest(
        f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter"
    )


def _past(conn: Connection, previous_id: str) -> _Past:
    link = responses.link(conn, previous_id)
    if link is None:
        raise InvalidRequest(
            f"Previous response with id '{previous_id}' not found.",
            param="previous_response_id",
            code="previous_response_not_found",
        )
    if link.status in {"queued", "in_progress"}:
        raise InvalidRequest(
            f"Response '{previous_id}' is {link.status}: wait for its end to go on from it.",
            param="previous_response_id",
        )
    if link.status == "failed" and not responses.get(conn, previous_id).output:
        raise InvalidRequest(
            f"Response '{previous_id}' has failed without any output to go on from.",
            param="previous_response_id",
        )
    items = responses.items(conn, previous_id, output=True)
    return _Past(link, [item_of(item) for item in items])


def _dereferenced(
    conn: Connection, given: Sequence[AnyItem | ItemReference], conversation: str
) -> list[AnyItem]:
    """The items with those that are only referred to, as they are stored."""
    found: list[AnyItem] = []
    for item in given:
        if not isinstance(item, ItemReference):
            found.append(item)
            continue
        stored = responses.find_item(conn, item.id)
        known = conversations.find(conn, item.id, conversation) if stored is None else None
        if stored is None and known is None:
            raise InvalidRequest(f"Item with id '{item.id}' not found.", param="input")
        found.append(item_of(stored) if stored is not None else known)  # type: ignore[arg-type]  # one is there
    return found


def _conversation(body: CreateResponse) -> ConversationRef | None:
    given = body.conversation
    return ConversationRef(given) if isinstance(given, str) else given


def _json(value: Any) -> str:  # structs, or lists of items
    return msgspec.json.encode(value).decode()


def _text(given: TextConfig | None) -> TextConfig:
    text = given or TextConfig()
    return TextConfig(text.format or FlatText(), text.verbosity or UNSET)


def _constraint(text: TextConfig | None) -> Constraint | None:
    """What the answer must be; a schema that is not `strict` is kept to as far as it can be."""
    form = text.format if text else None
    if isinstance(form, FlatJsonObject):
        return Constraint("json_object")
    if not isinstance(form, FlatJsonSchema):
        return None
    schema = msgspec.json.encode(form.schema).decode()
    return Constraint("json_schema", schema, strict=bool(form.strict))


def _request(
    body: CreateResponse,
    response: Response,
    messages: list[dict[str, Any]],
    offer: Offer,
    cache_key: str,
) -> GenerateRequest:
    budget = min(filter(None, (body.max_output_tokens, body.max_tokens)), default=None)
    logprobs = response.top_logprobs if _LOGPROBS in (body.include or ()) else None
    return GenerateRequest(
        messages=messages,
        model=response.model,
        tools=offer.tools,
        sampling=Sampling(
            temperature=response.temperature,
            top_p=response.top_p,
            max_tokens=budget,
            **given_sampling(body),
        ),
        cache_key=cache_key if response.store else None,
        truncation="start" if response.truncation == "auto" else "disabled",
        parallel_calls=response.parallel_tool_calls,
        constraint=_constraint(response.text),
        must_call=offer.must_call,
        logprobs=logprobs,
        adapter=body.adapter,
        reasoning_effort=response.reasoning.effort,
    )
