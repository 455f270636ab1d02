"""Whatever the weights: calls that are forced, or that have begun, are read as ones that fit.

The walks here choose any token that the constraint allows, through real vocabularies: with each
family's tags as control tokens, and as plain text.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oxillama_jupyter.engine import formats
from oxillama_jupyter.engine.begun import BegunCalls
from oxillama_jupyter.engine.calls import Bracketed
from oxillama_jupyter.engine.constraints import ConstraintCompiler
from oxillama_jupyter.engine.forcing import constrain, rests
from oxillama_jupyter.engine.formats import Format
from oxillama_jupyter.engine.frames import Configure
from oxillama_jupyter.engine.llama import Llama
from oxillama_jupyter.engine.parsing import OutputParser
from oxillama_jupyter.engine.parts import CallItem, Item, ReasoningItem, TextItem
from oxillama_jupyter.engine.protocol import Constraint, GenerateRequest
from oxillama_jupyter.engine.samplers import AnyConstraint
from oxillama_jupyter.engine.text import TextAssembler
from oxillama_jupyter.errors import EngineError, InvalidRequest

Json = dict[str, Any]

FORMS = {
    form.name: form
    for form in (
        formats.HERMES,
        formats.LLAMA,
        formats.MISTRAL,
        formats.DEEPSEEK,
        formats.HARMONY,
        formats.QWEN_CODER,
        formats.DEEPSEEK_DSML,
        formats.MINIMAX,
        formats.GEMMA,
        formats.FUNCTION_GEMMA,
    )
}
TRIP: Json = {
    "type": "object",
    "$defs": {"place": {"type": "string", "minLength": 1, "maxLength": 6}},
    "properties": {
        "to": {"$ref": "#/$defs/place"},
        "days": {"type": "integer", "minimum": 1, "maximum": 30},
        "class": {"enum": ["first", 'second "best"']},
        "note": {"type": ["string", "null"], "maxLength": 5},
        "size": {"anyOf": [{"type": "integer", "maximum": 5}, {"type": "string", "maxLength": 4}]},
        "code": {"type": "string", "pattern": "^[A-Z]{2}[0-9]/?$"},
        "back": {"type": "boolean"},
        "stops": {"type": "array", "items": {"$ref": "#/$defs/place"}, "maxItems": 2},
        "who": {
            "type": "object",
            "properties": {"age": {"type": "integer", "minimum": 0, "maximum": 9}},
            "required": ["age"],
            "additionalProperties": False,
        },
    },
    "required": ["to", "class", "code", "who"],
    "additionalProperties": False,
}
NOTHING: Json = {"type": "object", "properties": {}, "additionalProperties": False}
MORE = "OXILLAMA_FUZZ" in os.environ
SEEDS = range(12 if MORE else 5)
FUZZ = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=30 if MORE else 12,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
CHAT = [{"role": "user", "content": "?"}]


def tool(name: str, schema: Json, *, strict: bool = True) -> Json:
    return {
        "type": "function",
        "function": {"name": name, "parameters": schema, "strict": strict},
    }


TOOLS = [tool("book_trip", TRIP), tool("stop", NOTHING)]
SCHEMAS = {"book_trip": TRIP, "stop": NOTHING}


class Walk(NamedTuple):
    """What came out: the parser's items, the text, and whether the constraint said that is all."""

    items: list[Item]
    text: str
    stopped: bool


class World(NamedTuple):
    form: Format
    llama: Llama
    compiler: ConstraintCompiler

    def request(self, tools: list[Json] = TOOLS, **settings: Any) -> GenerateRequest:
        return GenerateRequest(CHAT, tools=tools, **settings)

    def free(self, text: str) -> list[int]:
        return self.llama.vocabulary.tokenize(text, special=True)

    def walk(self, request: GenerateRequest, seed: int, begin: str = "", most: int = 1500) -> Walk:
        """Write a beginning, then any tokens that are allowed; the end where it is allowed."""
        parser = OutputParser(self.form, tools=request.tools)
        text = TextAssembler()
        constraint: AnyConstraint | None = constrain(request, self.form, self.compiler)
        lazy = constraint is None
        if constraint is None:
            kept = rests(request, self.form, self.compiler)
            constraint = BegunCalls(kept, parser, text.pending, self.compiler)
        random = np.random.default_rng(seed)
        vocabulary = self.llama.vocabulary
        forced, said = self.free(begin), b""
        for step in range(most):
            logits = random.standard_normal(vocabulary.n_tokens, np.float32)
            constraint.mask(logits)
            token = forced[step] if step < len(forced) else int(np.argmax(logits))
            ends = lazy and step >= len(forced) and not constraint.holds
            if ends or vocabulary.is_end(token):
                break
            assert logits[token] > -np.inf, f"{vocabulary.raw(token)!r} behind {said!r}"
            constraint.accept(token)
            said += vocabulary.piece(token)
            parser.feed(text.push(vocabulary.piece(token)))
            if constraint.stopped or (not request.parallel_calls and parser.ended_calls):
                break
        else:
            parser.finish()
            return Walk(parser.items, said.decode(errors="replace"), stopped=False)
        parser.finish()
        return Walk(parser.items, said.decode(errors="replace"), stopped=True)


def source(form: Format) -> str:
    marks = next(marks for found, marks in formats._MARKS if found is form)
    return "{# " + " ".join(marks) + " #}{{ messages[0].content }}"


@pytest.fixture(scope="module", params=[*FORMS, *(f"{name}, plain" for name in FORMS)])
def world(request: pytest.FixtureRequest, tagged_model: Callable[..., Path]) -> Iterator[World]:
    name, _, plain = request.param.partition(", ")
    form = FORMS[name]
    assert formats.detect(source(form)).name == form.name
    path = tagged_model(source(form), () if plain else form.calls.tags)
    llama = Llama(Configure(str(path), "m", n_threads=1, n_ctx=256))
    llama.vocabulary.reveal(form.tags)
    yield World(form, llama, ConstraintCompiler(llama.vocabulary))
    llama.close()


def check(items: list[Item], names: set[str]) -> int:
    """All calls are complete, of these functions, and fit; their number."""
    calls = [item for item in items if isinstance(item, CallItem)]
    for call in calls:
        assert call.complete
        assert call.name in names
        jsonschema.validate(json.loads(call.arguments), SCHEMAS[call.name])
    return len(calls)


def test_where_a_call_is_required_one_comes(world: World) -> None:
    request = world.request(must_call=("book_trip", "stop"))
    for seed in SEEDS:
        walk = world.walk(request, seed, most=4000)
        if walk.stopped:
            assert check(walk.items, {"book_trip", "stop"})
            assert not [item for item in walk.items if isinstance(item, TextItem)], walk.text


def test_a_named_function_is_called_once(world: World) -> None:
    request = world.request(must_call=("book_trip",), parallel_calls=False)
    for seed in SEEDS:
        walk = world.walk(request, seed)
        assert walk.stopped or world.form is formats.HARMONY, walk.text
        assert not walk.stopped or check(walk.items, {"book_trip"}) == 1


def begins(form: Format) -> list[str]:
    """What may begin a call, text before it where that may be."""
    if isinstance(form.calls, Bracketed):
        return ["Well. [TOOL_CALLS]"]
    if form is formats.HARMONY:
        head = "<|channel|>commentary to="
        analysis = "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant"
        return [analysis + head, head, " to=functions.", "<|start|>assistant to="]
    found = [f"Well.\n\n{opener}" for opener in form.calls.openers]
    found += [f"<think>{found[0]}</think>{found[0]}"] if form.thinking else []
    if form is formats.LLAMA:
        found += ['{"name', '{ "', "{\n", '{"name":']
    return found


def test_a_call_that_has_begun_is_kept(world: World) -> None:
    for begin in begins(world.form):
        for seed in range(6 if MORE else 3):
            request = world.request(parallel_calls=seed < 2)
            if begin.startswith("<think>") and world.form.thinking != formats.HERMES.thinking:
                continue
            walk = world.walk(request, seed, begin)
            assert walk.stopped or request.parallel_calls, walk.text
            items = walk.items if walk.stopped else walk.items[:-1]
            calls = check(items, {"book_trip", "stop"})
            assert calls or (begin in ('{"name', '{ "', "{\n")), walk.text


def test_text_is_free_and_may_end(world: World) -> None:
    request = world.request()
    text = "Sunny < rain, said {x}."
    assert world.walk(request, 0, text).items == [TextItem(text)]


def test_a_call_that_is_cut_is_not_complete(world: World) -> None:
    request = world.request(must_call=("book_trip",), parallel_calls=False)
    whole = next(
        walk for seed in range(50) if (walk := world.walk(request, seed, most=600)).stopped
    )
    size = len(world.free(whole.text))
    for most in range(1, size, 3 if MORE else max(3, size // 20)):
        walk = world.walk(request, 0, whole.text, most=most)
        calls = [item for item in walk.items if isinstance(item, CallItem)]
        arguments = [item.arguments for item in whole.items if isinstance(item, CallItem)]
        assert [call.arguments for call in calls if call.complete] in ([], arguments)
        assert len(calls) <= 1


def test_a_format_or_calls(world: World) -> None:
    request = world.request(constraint=Constraint("json_schema", '{"const": {"a": 1}}'))
    seen = set()
    for seed in range(8):
        walk = world.walk(request, seed, most=1500)
        if walk.stopped:
            calls = check(walk.items, {"book_trip", "stop"})
            said = [item.text for item in walk.items if isinstance(item, TextItem)]
            assert bool(calls) != bool(said)
            seen |= {json.loads(text)["a"] for text in said}
    assert seen <= {1}


def test_a_schema_that_cannot_be_kept_is_refused_by_name(world: World) -> None:
    odd = [tool("f", {"type": "object", "properties": {"a": {"not": {}}}})]
    for must_call in ((), ("f",)):
        request = world.request(odd, must_call=must_call)
        make = constrain if request.must_call else rests
        with pytest.raises(InvalidRequest, match=r"not at .* cannot be enforced") as caught:
            make(request, world.form, world.compiler)
        assert caught.value.param == "tools"


def test_functions_that_are_not_strict_are_left_alone(world: World) -> None:
    loose = [tool("book_trip", TRIP, strict=False)]
    assert rests(world.request(loose), world.form, world.compiler) == {}
    odd = [tool("f", {"properties": {"a": {"not": {}}}}, strict=False), tool("stop", NOTHING)]
    assert rests(world.request(odd), world.form, world.compiler)


# -- what is seen late -----------------------------------------------------------------------------


def seen_late(world: World, before: str, text: str) -> BegunCalls:
    """A text whose second part the parser sees all at once."""
    request = world.request()
    parser = OutputParser(world.form, tools=request.tools)
    kept = rests(request, world.form, world.compiler)
    constraint = BegunCalls(kept, parser, lambda: b"", world.compiler)
    for token in world.free(before + text):
        constraint.accept(token)
    parser.feed(before)
    parser.feed(text)
    return constraint


def opened(form: Format) -> str:
    return form.calls.openers[0] if form.name != "harmony" else "<|start|>"


def test_what_was_written_before_it_was_seen_counts(world: World) -> None:
    if world.form.name not in ("hermes", "gemma"):
        return
    tail = '\n{"name": "book_trip", "arguments": {"t' if world.form.name == "hermes" else "call:boo"
    constraint = seen_late(world, "Well. ", opened(world.form) + tail)
    logits = np.zeros(world.llama.vocabulary.n_tokens, np.float32)

    constraint.mask(logits)

    allowed = {world.llama.vocabulary.piece(int(token)) for token in np.flatnonzero(logits == 0)}
    assert constraint.holds
    assert allowed == ({b"o"} if world.form.name == "hermes" else {b"k", b"k_"} & allowed)


def test_an_opener_that_opens_no_call_is_text(world: World) -> None:
    constraint = seen_late(world, "", f"{opened(world.form)}?? it is")
    assert not constraint.holds
    constraint.accept(world.free("a")[0])


def test_a_call_that_was_not_kept_is_an_error(world: World) -> None:
    if world.form.name != "hermes":
        return
    call = '<tool_call>{"arguments": {"to": 1}, "name": "book_trip"}</tool_call>'
    constraint = seen_late(world, "", call)
    constraint.mask(np.zeros(world.llama.vocabulary.n_tokens, np.float32))
    with pytest.raises(EngineError, match="cannot be kept"):
        constraint.accept(world.free("a")[0])


# -- any schema ------------------------------------------------------------------------------------


def _schemas() -> st.SearchStrategy[Json]:
    few = st.integers(0, 3)
    word = st.sampled_from(["a", "null", "None", "true", "-1", "3", "[]", "{x}", '"q"', " b", ""])
    scalar = st.one_of(word, st.none(), st.booleans(), st.integers(-5, 5))
    kinds = st.sampled_from(["string", "integer", "boolean", "null"])
    text = st.builds(
        lambda least, more: {"type": "string", "minLength": least, "maxLength": least + more},
        few,
        few,
    )
    number = st.builds(lambda least: {"type": "integer", "minimum": least, "maximum": 9}, few)
    mixed = st.builds(
        lambda both: {"type": both, "minimum": 2, "maximum": 9, "maxLength": 3},
        st.lists(kinds, min_size=1, max_size=3, unique=True),
    )
    listed = st.builds(lambda values: {"enum": values}, st.lists(scalar, min_size=1, max_size=3))
    leaf = st.one_of(text, number, mixed, listed, st.just({"$ref": "#/$defs/word"}))

    def wider(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
        return st.one_of(
            st.builds(lambda item: {"type": "array", "items": item, "maxItems": 2}, inner),
            st.builds(lambda some: {"anyOf": some}, st.lists(inner, min_size=1, max_size=3)),
            _objects(inner),
        )

    return st.recursive(leaf, wider, max_leaves=4)


def _objects(values: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    def made(properties: dict[str, Json], needed: int) -> Json:
        return {
            "type": "object",
            "properties": properties,
            "required": [*properties][:needed],
            "additionalProperties": False,
        }

    names = st.sampled_from(["a", "b_c", "d e", "\u00e9"])
    return st.builds(made, st.dictionaries(names, values, max_size=3), st.integers(0, 3))


def test_whatever_the_schema_calls_fit_or_it_is_refused(world: World) -> None:
    kept = 0

    @FUZZ
    @given(schema=_objects(_schemas()), seed=st.integers(0, 1000))
    def fits(schema: Json, seed: int) -> None:
        nonlocal kept
        schema["$defs"] = {"word": {"type": "string", "maxLength": 3}}
        request = world.request([tool("f", schema)], must_call=("f",), parallel_calls=False)
        try:
            walk = world.walk(request, seed)
        except InvalidRequest:
            return
        if walk.stopped:
            (item,) = (item for item in walk.items if not isinstance(item, ReasoningItem))
            assert isinstance(item, CallItem)
            assert item.complete
            jsonschema.validate(json.loads(item.arguments), schema)
            kept += 1

    fits()
    assert kept > (10 if MORE else 3)
