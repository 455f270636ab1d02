"""`openai-agents`: an agent with a function tool, over Responses and Chat, plain and streamed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from agents import (
    Agent,
    Model,
    ModelSettings,
    OpenAIChatCompletionsModel,
    OpenAIResponsesModel,
    Runner,
    function_tool,
    set_tracing_disabled,
)
from openai import AsyncOpenAI
from servers import TOKEN

Kind = type[OpenAIResponsesModel] | type[OpenAIChatCompletionsModel]
QUESTION = "What is the weather in Oslo?"


@pytest.fixture(autouse=True)
def no_tracing() -> None:
    set_tracing_disabled(disabled=True)


@pytest.fixture(
    params=[OpenAIResponsesModel, OpenAIChatCompletionsModel], ids=["responses", "chat"]
)
def kind(request: pytest.FixtureRequest) -> Kind:
    return request.param  # type: ignore[no-any-return]


def with_agent(
    kind: Kind, base_url: str, test: Callable[[Agent[Any], list[str]], Coroutine[Any, Any, None]]
) -> None:
    """Run a test with an agent that can ask for the weather, and the cities it asked for."""
    cities: list[str] = []

    @function_tool
    def get_weather(city: str) -> str:
        """Weather now."""
        cities.append(city)
        return '{"temperature": 21}'

    async def run() -> None:
        async with AsyncOpenAI(base_url=base_url, api_key=TOKEN, max_retries=0) as client:
            model: Model = kind(model="oxillama-tiny", openai_client=client)
            agent = Agent(
                name="Mira",
                instructions="You are Mira, a helpful assistant.",
                model=model,
                tools=[get_weather],
                model_settings=ModelSettings(temperature=0, max_tokens=64),
            )
            await test(agent, cities)

    asyncio.run(run())


def test_an_agent_calls_a_function_and_answers(kind: Kind, base_url: str) -> None:
    async def test(agent: Agent[Any], cities: list[str]) -> None:
        result = await Runner.run(agent, QUESTION)
        assert cities == ["Oslo"]
        assert result.final_output
        again = [*result.to_input_list(), {"role": "user", "content": "What is your name?"}]
        answer = await Runner.run(agent, again)
        assert "Mira" in answer.final_output

    with_agent(kind, base_url, test)


def test_an_agent_is_streamed(kind: Kind, base_url: str) -> None:
    async def test(agent: Agent[Any], cities: list[str]) -> None:
        result = Runner.run_streamed(agent, QUESTION)
        deltas: list[str] = []
        items: list[str] = []
        async for event in result.stream_events():
            if event.type == "raw_response_event":
                if event.data.type == "response.output_text.delta":
                    deltas.append(event.data.delta)
            elif event.type == "run_item_stream_event":
                items.append(event.item.type)
        assert cities == ["Oslo"]
        assert items[:2] == ["tool_call_item", "tool_call_output_item"]
        assert items[-1] == "message_output_item"
        assert "".join(deltas).endswith(result.final_output)

    with_agent(kind, base_url, test)
