"""`langchain-openai`: chat, streaming, structured output, tools, and Responses."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel, Field
from servers import TOKEN

QUESTION = "What is the weather in Oslo?"


class Person(BaseModel):
    """Somebody."""

    name: str = Field(max_length=20)
    city: str = Field(max_length=20)


@tool
def get_weather(city: str) -> str:
    """Weather now."""
    return f'{{"temperature": 21, "city": "{city}"}}'


def chat(base_url: str, **settings: Any) -> ChatOpenAI:
    return ChatOpenAI(
        model="oxillama-tiny",
        base_url=base_url,
        api_key=TOKEN,  # type: ignore[arg-type]  # a string is fine
        temperature=0,
        max_retries=0,
        **{"max_tokens": 64, **settings},
    )


@pytest.fixture(params=[False, True], ids=["chat", "responses"])
def model(request: pytest.FixtureRequest, base_url: str) -> ChatOpenAI:
    return chat(base_url, use_responses_api=request.param)


def test_it_answers(model: ChatOpenAI) -> None:
    answer = model.invoke(
        [("system", "You are Mira, a helpful assistant."), ("human", "What is your name?")]
    )
    assert "Mira" in answer.text
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["output_tokens"] > 0


def test_it_streams_what_it_answers(model: ChatOpenAI) -> None:
    chunks = list(model.stream("Hello!"))
    whole: AIMessageChunk = sum(chunks[1:], chunks[0])  # type: ignore[assignment]
    assert len(chunks) > 2
    assert whole.text == model.invoke("Hello!").text


def test_it_calls_tools_and_answers_from_what_they_give(model: ChatOpenAI) -> None:
    bound = model.bind_tools([get_weather])
    asked = HumanMessage(QUESTION)
    called = bound.invoke([asked])
    assert isinstance(called, AIMessage)
    (call,) = called.tool_calls
    assert (call["name"], call["args"]) == ("get_weather", {"city": "Oslo"})
    result = ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"])
    assert bound.invoke([asked, called, result]).text


def test_a_forced_call_is_streamed(model: ChatOpenAI) -> None:
    bound = model.bind_tools([get_weather], tool_choice="get_weather", strict=True)
    chunks = list(bound.stream("Hello!"))
    whole: AIMessageChunk = sum(chunks[1:], chunks[0])  # type: ignore[assignment]
    assert [call["name"] for call in whole.tool_calls] == ["get_weather"]


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_structured_output(model: ChatOpenAI, method: Any) -> None:
    person = model.with_structured_output(Person, method=method).invoke(
        "My name is Zorvik. I live in Oslo."
    )
    assert isinstance(person, Person)


def test_responses_go_on_from_one_another(base_url: str) -> None:
    model = chat(base_url, use_responses_api=True, use_previous_response_id=True)
    first = model.invoke([HumanMessage("My name is Zorvik.")])
    second = model.invoke(
        [HumanMessage("My name is Zorvik."), first, HumanMessage("What is my name?")]
    )
    assert "Zorvik" in second.text


def test_embeddings(base_url: str) -> None:
    embeddings = OpenAIEmbeddings(
        model="oxillama-tiny",
        base_url=base_url,
        api_key=TOKEN,  # type: ignore[arg-type]  # as above
        check_embedding_ctx_length=False,
    )
    one, other = embeddings.embed_documents(["red", "blue"])
    assert len(one) == len(other) > 0
    assert one != other
