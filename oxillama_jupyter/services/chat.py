"""Chat completions: made for a client who waits, and kept where it says so."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

import msgspec
from msgspec import UNSET

from oxillama_jupyter.events import DATA_DONE, EventLog, encode_data
from oxillama_jupyter.ids import new_id, now
from oxillama_jupyter.schemas.base import Deleted, Page
from oxillama_jupyter.schemas.chat import (
    ChatChunk,
    ChatCompletion,
    ChatMessagesQuery,
    ChatQuery,
    ChunkChoice,
    CreateChat,
    ModifyChat,
)
from oxillama_jupyter.schemas.chat_messages import ChatMessage, StoredMessage
from oxillama_jupyter.schemas.models import Model
from oxillama_jupyter.schemas.usage import TokenUsage
from oxillama_jupyter.services.chat_choices import ChoiceWriter
from oxillama_jupyter.services.foreground import Foreground
from oxillama_jupyter.services.generation import Generator
from oxillama_jupyter.services.models import ModelService
from oxillama_jupyter.services.replies import (
    Asker,
    fingerprint,
    generate_all,
    telling,
    token_usage,
)
from oxillama_jupyter.services.translate_chat import generate_request, parallel
from oxillama_jupyter.store import chat
from oxillama_jupyter.store.database import Database

__all__ = ["ChatService"]

Work = Foreground[ChatCompletion]


class ChatService:
    """Use cases of chat completions.

    Args:
        db: The store.
        models: Resolves model names.
        generator: Generates.
        logger: Where failures are told that a client may not see any more.
    """

    def __init__(
        self, db: Database, models: ModelService, generator: Generator, logger: logging.Logger
    ) -> None:
        self._db = db
        self._models = models
        self._generator = generator
        self._logger = logger

    async def create(self, body: CreateChat, *, user: str = "") -> Work:
        """Begin to answer; return when the request is known to be fine.

        Raises:
            InvalidRequest: It is not, and why.
            ModelNotFound: There is no such model.
            QueueFull: Too many wait.
            EngineUnavailable: The model cannot be loaded.
        """
        model = await self._models.resolved(body.model)
        request = generate_request(body, model.id)
        exchange = _Exchange(body, model)
        jobs = list(zip(parallel(request, body.n or 1), exchange.writers, strict=True))
        asker = Asker(user, exchange.id)

        async def work(foreground: Work) -> ChatCompletion:
            async with telling(foreground.log, self._logger):
                begin = partial(exchange.begin, foreground)
                async with self._generator.stoppable(exchange.id, model.id):
                    await generate_all(
                        self._generator, jobs, asker, admit=begin, ended=exchange.ended
                    )
                if body.store:
                    await self._db.write(chat.create, exchange.whole(), _kept(asker.name, body))
                return exchange.finish()

        return await Foreground.start(work, name=asker.name)

    # -- stored ones -----------------------------------------------------------------------------

    async def page(self, query: ChatQuery) -> Page[ChatCompletion]:
        """A page of those that were stored."""
        return await self._db.read(chat.page, query)

    async def get(self, chat_id: str) -> ChatCompletion:
        """One of them."""
        return await self._db.read(chat.get, chat_id)

    async def modify(self, chat_id: str, body: ModifyChat) -> ChatCompletion:
        """Replace its metadata."""
        return await self._db.write(chat.modify, chat_id, body)

    async def delete(self, chat_id: str) -> Deleted:
        """Delete it."""
        return await self._db.write(chat.delete, chat_id)

    async def messages(self, chat_id: str, query: ChatMessagesQuery) -> Page[StoredMessage]:
        """A page of the messages that it answered."""
        return await self._db.read(chat.messages, chat_id, query)


class _Exchange:
    """One request under way: its choices, and the frames of its stream.

    Attributes:
        id: The completion's.
        writers: One for each choice.
    """

    def __init__(self, body: CreateChat, model: Model) -> None:
        self.id = new_id("chatcmpl").replace("_", "-", 1)
        self._common: dict[str, Any] = {  # keyword arguments
            "id": self.id,
            "created": now(),
            "model": model.id,
            "system_fingerprint": fingerprint(model.id, model.created),
        }
        self._body = body
        options = body.stream_options
        self._tells_usage = options is not None and bool(options.include_usage)
        self._log: EventLog | None = None  # there once the first generation was admitted
        self.writers = [
            ChoiceWriter(
                index,
                self._send,
                legacy=body.functions is not None,
                logprobs=bool(body.logprobs),
            )
            for index in range(body.n or 1)
        ]

    def begin(self, foreground: Work) -> None:
        """A generation was admitted; with the first one the stream begins."""
        if self._log is None:
            self._log = foreground.log
            for writer in self.writers:
                writer.open()
            foreground.admit()

    def ended(self, writer: ChoiceWriter) -> None:
        """A choice is complete; who reads that it is must find it stored."""
        writer.end()
        if not self._body.store:
            writer.close()

    def whole(self) -> ChatCompletion:
        """The object."""
        usages = [writer.usage for writer in self.writers]
        # Of equal prompts one was read; the others found it cached.
        read = min(usages, key=lambda usage: usage.cached_tokens)
        return ChatCompletion(
            **self._common,
            choices=[writer.choice() for writer in self.writers],
            usage=token_usage([read], usages),
            metadata=(self._body.metadata or {}) if self._body.store else UNSET,
        )

    def finish(self) -> ChatCompletion:
        """Send what is left of the stream; return the object."""
        completion = self.whole()
        if self._body.store:
            for writer in self.writers:
                writer.close()
        if self._body.stream and self._log is not None:
            if self._tells_usage:
                self._log.append_frame(encode_data(self._chunk([], completion.usage)))
            self._log.append_frame(DATA_DONE)
        return completion

    def _send(self, choice: ChunkChoice) -> None:
        if self._body.stream and self._log is not None:
            self._log.append_frame(encode_data(self._chunk([choice], None)))

    def _chunk(self, choices: list[ChunkChoice], usage: TokenUsage | None) -> ChatChunk:
        told = usage if self._tells_usage else UNSET
        return ChatChunk(**self._common, choices=choices, usage=told)


def _kept(chat_id: str, body: CreateChat) -> list[StoredMessage]:
    """The request's messages as its stored completion lists them."""
    return [_stored(message, f"{chat_id}-{i}") for i, message in enumerate(body.messages)]


def _stored(message: ChatMessage, message_id: str) -> StoredMessage:
    sent = msgspec.to_builtins(message)
    content = sent.pop("content")
    fields = {name: sent[name] for name in StoredMessage.__struct_fields__ if sent.get(name)}
    parts = {"content": content} if isinstance(content, str) else {"content_parts": content}
    return msgspec.convert({**fields, **parts, "id": message_id}, StoredMessage)
