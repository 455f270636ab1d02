from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from oxillama_jupyter.engine import formats
from oxillama_jupyter.engine.begun import BegunCalls, from_where
from oxillama_jupyter.engine.constraints import ConstraintCompiler
from oxillama_jupyter.engine.forcing import constrain, rests
from oxillama_jupyter.engine.formats import Format
from oxillama_jupyter.engine.frames import Configure
from oxillama_jupyter.engine.llama import Llama
from oxillama_jupyter.engine.parsing import OutputParser
from oxillama_jupyter.engine.parts import CallItem
from oxillama_jupyter.engine.protocol import Constraint, GenerateRequest
from oxillama_jupyter.engine.text import TextAssembler
from oxillama_jupyter.errors import EngineError, InvalidRequest

CITY: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}
TOOLS: list[dict[str, Any]] = [
    {"type": "function", "function": {"name": name, "parameters": CITY}}
    for name in ("get_weather", "get-time")
]
CHAT = [{"role": "user", "content": "?"}]
CALL = '<tool_call>{"name": "get_weather", "arguments": {"city": "Paris"}}</tool_call>'
LLAMA = '{"name": "get_weather", "parameters": {"city": "Paris"}}'
MISTRAL = '[TOOL_CALLS][{"name": "get_weather", "arguments": {"city": "Paris"}}]'


@pytest.fixture(scope="module")
def compiler(request: pytest.FixtureRequest) -> Iterator[ConstraintCompiler]:
    path = request.getfixturevalue("embedded_model")
    model = Llama(Configure(str(path), "m", n_threads=1))
    yield ConstraintCompiler(model.vocabulary)
    model.close()


def passes(
    compiler: ConstraintCompiler,
    text: str,
    form: Format = formats.HERMES,
    tools: list[dict[str, Any]] = TOOLS,
    **settings: Any,  # of the request
) -> bool:
    """Whether this text could be the beginning of an answer."""
    request = GenerateRequest(CHAT, tools=tools, **settings)
    constraint = constrain(request, form, compiler)
    assert constraint is not None
    try:
        for token in compiler.vocabulary.tokenize(text, special=True):
            constraint.accept(token)
    except EngineError:
        return False
    return True


@pytest.mark.parametrize(
    ("form", "text"),
    [(formats.HERMES, CALL), (formats.LLAMA, LLAMA), (formats.MISTRAL, MISTRAL)],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_forced_call_is_one_that_the_parser_reads(
    compiler: ConstraintCompiler, form: Format, text: str
) -> None:
    assert passes(compiler, text, form, must_call=("get_weather",))
    parser = OutputParser(form, tools=TOOLS)
    parser.feed(text)
    parser.finish()
    (item,) = parser.items
    assert isinstance(item, CallItem)
    assert item.complete


@pytest.mark.parametrize("stop", [(), (">>>",), (">{x",), ("</think>{x",), ("\n\n",)])
def test_a_constraint_begins_right_behind_reasoning_whatever_a_stop_string_withholds(
    compiler: ConstraintCompiler, stop: tuple[str, ...]
) -> None:
    vocabulary = compiler.vocabulary
    text, parser = TextAssembler(stop), OutputParser(formats.HERMES, reasoning_open=True)
    json = compiler.compile(Constraint("json_object"))
    constraint = from_where(json, {}, parser, text.pending, compiler)
    assert constraint is not None

    def first_allowed() -> int:
        logits = np.zeros(vocabulary.n_tokens, np.float32)
        constraint.mask(logits)
        return int(np.isfinite(logits).sum())

    for token in vocabulary.tokenize("I think > 1.</think", special=False):
        constraint.accept(token)
        parser.feed(text.push(vocabulary.piece(token)))
        assert first_allowed() == vocabulary.n_tokens
    for piece in (">", "{"):
        (token,) = vocabulary.tokenize(piece, special=False)
        constraint.accept(token)
        parser.feed(text.push(vocabulary.piece(token)))
        assert 0 < first_allowed() < vocabulary.n_tokens / 2
    (wrong,) = vocabulary.tokenize(">", special=False)
    with pytest.raises(EngineError):
        constraint.accept(wrong)


def test_where_a_call_is_required_nothing_else_passes(compiler: ConstraintCompiler) -> None:
    assert not passes(compiler, "Hello", must_call=("get_weather", "get-time"))
    assert not passes(compiler, CALL.replace("city", "town"), must_call=("get_weather",))


def test_a_named_function_is_the_only_one(compiler: ConstraintCompiler) -> None:
    other = CALL.replace("get_weather", "get-time")
    assert passes(compiler, other, must_call=("get-time",))
    assert not passes(compiler, other, must_call=("get_weather",))


def test_calls_may_follow_each_other_unless_one_is_all(compiler: ConstraintCompiler) -> None:
    two = f"{CALL}\n{CALL}"
    assert passes(compiler, two, must_call=("get_weather",))
    assert not passes(compiler, two, must_call=("get_weather",), parallel_calls=False)


def test_a_format_and_tools_leave_the_choice_between_them(compiler: ConstraintCompiler) -> None:
    constraint = Constraint("json_schema", '{"type": "object", "required": ["a"]}')
    assert passes(compiler, CALL, constraint=constraint)
    assert passes(compiler, '{"a": 1}', constraint=constraint)
    assert not passes(compiler, "{}", constraint=constraint)
    assert not passes(compiler, "Hello", constraint=constraint)


def test_a_function_is_held_to_what_of_its_schema_can_be_kept(
    compiler: ConstraintCompiler,
) -> None:
    function = {"name": "f", "parameters": {"type": "object", "not": {"required": ["a"]}}}
    tools = [{"type": "function", "function": function}]
    text = '<tool_call>{"name": "f", "arguments": {"b": 1}}</tool_call>'
    assert passes(compiler, text, tools=tools, must_call=("f",))
    tools = [{"type": "function", "function": {**function, "strict": True}}]
    with pytest.raises(InvalidRequest, match="not at #/not cannot be enforced") as caught:
        passes(compiler, text, tools=tools, must_call=("f",))
    assert caught.value.param == "tools"


def test_without_tools_and_formats_anything_goes(compiler: ConstraintCompiler) -> None:
    assert constrain(GenerateRequest(CHAT, tools=TOOLS), formats.HERMES, compiler) is None


def test_half_a_token_behind_an_opener_counts(compiler: ConstraintCompiler) -> None:
    tools = [{"type": "function", "function": {**TOOLS[0]["function"], "strict": True}}]
    parser = OutputParser(formats.LLAMA, tools=tools)
    kept = rests(GenerateRequest(CHAT, tools=tools), formats.LLAMA, compiler)
    constraint = BegunCalls(kept, parser, lambda: b"", compiler)
    tokens = compiler.vocabulary.tokenize('{"name": "get', special=False)
    assert compiler.vocabulary.piece(tokens[0]) == b'{"'

    for token in tokens:
        constraint.accept(token)
        parser.feed(compiler.vocabulary.piece(token).decode())

    assert constraint.holds
    with pytest.raises(EngineError):
        constraint.accept(compiler.vocabulary.tokenize("?", special=False)[0])
