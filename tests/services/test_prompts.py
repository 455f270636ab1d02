"""Prompts are made once for all of their pages, and anew for who asks anew."""

from __future__ import annotations

import asyncio

import pytest
from worlds import MakeWorld, run

from oxillama_jupyter.engine.protocol import GenerateRequest, RenderedPrompt
from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.schemas.messages import CreateMessage
from oxillama_jupyter.schemas.prompts import PromptQuery
from oxillama_jupyter.schemas.runs import CreateRun
from oxillama_jupyter.services import prompts
from oxillama_jupyter.services.prompts import PromptService


class Counting(ScriptedEngine):
    rendered = 0

    async def render(self, request: GenerateRequest) -> RenderedPrompt:
        self.rendered += 1
        return await super().render(request)


async def page(thread_id: str, service: PromptService, offset: int) -> list[str]:
    body, query = CreateRun(assistant_id="default"), PromptQuery(offset=offset, limit=1)
    prompt = await service.of_run(thread_id, body, query)
    return [token.text for token in prompt.tokens]


def test_pages_behind_the_first_are_of_the_same_prompt(world: MakeWorld) -> None:
    async def test() -> None:
        engine = Counting()
        async with world(engine) as here:
            service, thread_id = PromptService(here.db, here.models), await here.thread()

            assert await page(thread_id, service, 0) == ["<user>"]
            assert await page(thread_id, service, 1) == ["Hello!"]
            assert engine.rendered == 1
            await page(thread_id, service, 0)
            assert engine.rendered == 2
            more = CreateMessage(role="user", content="More.")
            await here.threads.create_message(thread_id, more)
            assert await page(thread_id, service, 3) == ["More."]
            assert engine.rendered == 3

    run(test)


def test_a_prompt_is_not_kept_for_long(world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompts, "_KEPT", 0.0)

    async def test() -> None:
        engine = Counting()
        async with world(engine) as here:
            service, thread_id = PromptService(here.db, here.models), await here.thread()

            await page(thread_id, service, 0)
            await asyncio.sleep(0.01)
            await page(thread_id, service, 1)
            assert engine.rendered == 2

    run(test)
