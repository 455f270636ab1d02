"""Constrained answers are valid whatever the weights, end when they are complete, and nothing that
cannot be enforced is accepted."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from engine.helpers import ask, collect, started, text_of

from oxillama_jupyter.engine.backend import Row
from oxillama_jupyter.engine.constraints import ConstraintCompiler, TokenConstraint
from oxillama_jupyter.engine.frames import Configure
from oxillama_jupyter.engine.json_schema import MAX_LENGTH
from oxillama_jupyter.engine.llama import Llama
from oxillama_jupyter.engine.local import LocalEngine
from oxillama_jupyter.engine.protocol import Constraint, Sampling
from oxillama_jupyter.errors import EngineError, InvalidRequest

Json = Any

WORD = {"type": "string", "maxLength": 12}
TREE = {
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "name": {"enum": ["oak", "élan", 'a "quoted" \\ name', "two\nlines"]},
                "children": {
                    "type": "array",
                    "items": {"$ref": "#/$defs/leaf"},
                    "minItems": 1,
                    "maxItems": 3,
                },
            },
            "required": ["name", "children"],
            "additionalProperties": False,
        },
        "leaf": {"const": {"leaf": True, "weight": 1.5}},
    },
    "$ref": "#/$defs/node",
}
SCHEMAS: dict[str, Json] = {
    "flat": {
        "type": "object",
        "properties": {"name": WORD, "age": {"type": "integer", "minimum": 0, "maximum": 150}},
        "required": ["name", "age"],
        "additionalProperties": False,
    },
    "tree": TREE,
    "tuple": {
        "type": "array",
        "prefixItems": [{"type": "boolean"}, {"type": "null"}, {"enum": [1, -2, "three"]}],
        "items": False,
        "minItems": 3,
    },
    "union": {
        "type": "object",
        "properties": {
            "value": {"anyOf": [{"type": "null"}, {"enum": ["é漢🦙", "\t"]}, {"type": "boolean"}]},
            "either": {
                "oneOf": [
                    {
                        "type": "object",
                        "properties": {"kind": {"const": kind}, "x": {"type": "boolean"}},
                        "required": ["kind", "x"],
                        "additionalProperties": False,
                    }
                    for kind in ("a", "b")
                ]
            },
        },
        "required": ["either"],
        "additionalProperties": False,
    },
    "strings": {
        "type": "object",
        "properties": {
            "id": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{3}$"},
            "day": {"type": "string", "format": "date"},
            "uuid": {"type": "string", "format": "uuid"},
            "text": {"type": "string", "minLength": 2, "maxLength": 6},
        },
        "required": ["id", "day", "uuid", "text"],
        "additionalProperties": False,
    },
    "merged": {
        "allOf": [
            {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
            {"properties": {"a": {"minimum": 5, "maximum": 25, "multipleOf": 5}}},
        ],
        "additionalProperties": False,
        "properties": {"a": True},
    },
    "map": {
        "type": "object",
        "patternProperties": {"^[a-z]{1,3}$": {"type": "boolean"}},
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 2,
    },
    "draft 4": {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "definitions": {"small": {"type": "integer", "minimum": 0, "maximum": 9}},
        "type": "array",
        "items": [{"$ref": "#/definitions/small"}, {"enum": ["x"]}],
        "additionalItems": False,
        "minItems": 2,
    },
    "bare": {"enum": ["yes", "no"]},
}
# These may be longer than any context: a valid answer, or one that says it was cut.
ENDLESS: dict[str, Json] = {
    "numbers": {"type": "array", "items": {"type": "number"}, "minItems": 2},
    "text": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
    "recursive": {
        "type": "object",
        "properties": {"next": {"$ref": "#"}, "v": {"type": "integer"}},
        "required": ["v"],
    },
}
SAMPLINGS = [Sampling(temperature=0), *(Sampling(temperature=1.5, seed=seed) for seed in range(3))]


def schema_of(schema: Json, *, strict: bool = True) -> Constraint:
    return Constraint("json_schema", json.dumps(schema), strict=strict)


@pytest.fixture(scope="module", params=["small", "embedded"])
def llama(request: pytest.FixtureRequest) -> Iterator[Llama]:
    path: Path = request.getfixturevalue(f"{request.param}_model")
    options = {"n_ctx": 512, "n_parallel": 1, "n_threads": 1, "use_extra_bufts": False}
    model = Llama(Configure(str(path), "m", **options))  # type: ignore[arg-type]
    yield model
    model.close()


@pytest.fixture(scope="module")
def compiler(llama: Llama) -> ConstraintCompiler:
    return ConstraintCompiler(llama.vocabulary)


@pytest.fixture
def allowed(llama: Llama, compiler: ConstraintCompiler) -> Callable[..., str]:
    """Feed text; return what went wrong, `ends` where it may end there, or `goes on`."""

    def feed(constraint: Constraint, text: str) -> str:
        state = compiler.compile(constraint)
        for token in llama.vocabulary.tokenize(text, special=False):
            if token not in choices(llama, state):
                # the forced parts have one tokenisation; bytes are tried where it is another one
                return "refused"
            state.accept(token)
        ends = {t for t in range(llama.vocabulary.n_tokens) if llama.vocabulary.is_end(t)}
        found = choices(llama, state) & ends
        assert found in (set(), ends)
        return "ends" if found else "goes on"

    return feed


def choices(llama: Llama, state: TokenConstraint) -> set[int]:
    logits = np.zeros(llama.vocabulary.n_tokens, np.float32)
    state.mask(logits)
    return set(np.flatnonzero(np.isfinite(logits)).tolist())


def generate(
    llama: Llama, state: TokenConstraint, sampling: Sampling, limit: int = 300
) -> tuple[str, bool]:
    """Generate; return the text, and whether it is complete."""
    vocabulary = llama.vocabulary
    prompt = vocabulary.tokenize("Answer.", special=False)
    sampler = llama.sampler(sampling, state)
    pieces = []
    row = Row(0, 0, prompt, sampler)
    complete = False
    while len(pieces) < limit:
        (token,) = llama.step([row])
        state.accept(token)
        complete = state.stopped or vocabulary.is_end(token)
        if vocabulary.is_end(token):
            break
        pieces.append(vocabulary.piece(token))
        if complete:
            break
        row = Row(0, len(prompt) + len(pieces) - 1, [token], sampler)
    sampler.close()
    llama.keep(0, 0)
    return b"".join(pieces).decode(errors="strict" if complete else "ignore"), complete


# -- what is generated -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", SCHEMAS)
def test_answers_follow_their_schema(name: str, llama: Llama, compiler: ConstraintCompiler) -> None:
    for sampling in SAMPLINGS:
        state = compiler.compile(schema_of(SCHEMAS[name]))
        text, complete = generate(llama, state, sampling)

        assert complete, text
        jsonschema.validate(json.loads(text), SCHEMAS[name])
        assert not re.search(r"\s\s|[\[{]\s|\s[\]}:,]", re.sub(r'"(\\.|[^"\\])*"', '""', text))


@pytest.mark.parametrize("name", [*ENDLESS, "json_object"])
def test_endless_answers_are_valid_or_known_to_be_cut(
    name: str, llama: Llama, compiler: ConstraintCompiler
) -> None:
    schema = ENDLESS.get(name, {"type": "object"})
    wanted = schema_of(schema) if name in ENDLESS else Constraint("json_object")
    for sampling in SAMPLINGS:
        text, complete = generate(llama, compiler.compile(wanted), sampling, limit=60)

        if complete:
            jsonschema.validate(json.loads(text), schema)
        else:
            with pytest.raises(json.JSONDecodeError):
                json.loads(text)


@pytest.mark.parametrize(
    ("kind", "value", "pattern"),
    [
        ("regex", r"[a-c]{2,5}(x|é漢)", r"[a-c]{2,5}(x|é漢)"),
        ("regex", r"^\d{3}/\w{1,4}$", r"[0-9]{3}/[A-Za-z0-9_]{1,4}"),
        ("lark", 'start: "<" NAME ">" | "🦙"\nNAME: /[a-z]{1,6}/', r"<[a-z]{1,6}>|🦙"),
    ],
)
def test_answers_match_a_regex_or_a_grammar(
    kind: Any, value: str, pattern: str, llama: Llama, compiler: ConstraintCompiler
) -> None:
    for sampling in SAMPLINGS:
        text, complete = generate(llama, compiler.compile(Constraint(kind, value)), sampling)

        assert complete
        assert re.fullmatch(pattern, text)


def test_penalties_and_biases_do_not_lift_a_constraint(
    llama: Llama, compiler: ConstraintCompiler
) -> None:
    ends = [t for t in range(llama.vocabulary.n_tokens) if llama.vocabulary.is_end(t)]
    bias = dict.fromkeys(ends, 100.0) | dict.fromkeys(range(40, 80), 50.0)
    sampling = Sampling(
        temperature=1.5, seed=1, repeat_penalty=1.8, top_k=5, min_p=0.1, logit_bias=bias
    )

    text, complete = generate(llama, compiler.compile(schema_of(SCHEMAS["flat"])), sampling)

    assert complete
    jsonschema.validate(json.loads(text), SCHEMAS["flat"])


# -- where it ends ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("{}", "ends"),
        ("{", "goes on"),
        ('{"a": 1, "b": [true, null]}', "ends"),
        ('{"a":1,"b":{"c":"\\n\\"é🦙"}}', "ends"),
        ("[]", "refused"),
        ("1", "refused"),
        (" {}", "refused"),
        ("{ }", "refused"),
        ('{"a":  1}', "refused"),
        ('{"a":1 }', "refused"),
        ('{"a":\n1}', "refused"),
        ("{} ", "refused"),
        ("{}{", "refused"),
        ('{"a":"\\u0061"}', "refused"),
        ('{"a":"\\ud800"}', "refused"),
        ('{"a":"x\ny"}', "refused"),
        ('{"a":01}', "refused"),
        ('{"a":1,}', "refused"),
    ],
)
def test_json_objects(text: str, verdict: str, allowed: Callable[..., str]) -> None:
    assert allowed(Constraint("json_object"), text) == verdict


def test_a_complete_answer_allows_only_its_end(llama: Llama, compiler: ConstraintCompiler) -> None:
    state = compiler.compile(Constraint("json_object"))
    ends = {t for t in range(llama.vocabulary.n_tokens) if llama.vocabulary.is_end(t)}
    for token in llama.vocabulary.tokenize("{}", special=False):
        assert not state.stopped
        state.accept(token)

    assert state.stopped
    assert choices(llama, state) == ends
    state.accept(min(ends))
    assert state.stopped


def test_an_answer_that_could_go_on_may_also_end(allowed: Callable[..., str]) -> None:
    number = schema_of({"type": "integer"})

    assert allowed(number, "12") == "ends"
    assert allowed(number, "-") == "goes on"


def test_special_tokens_are_never_part_of_a_string(
    llama: Llama, compiler: ConstraintCompiler
) -> None:
    special = set()
    for text in llama.vocabulary.special_tokens():
        special |= set(llama.vocabulary.tokenize(text, special=True))
    state = compiler.compile(Constraint("json_object"))
    for token in llama.vocabulary.tokenize('{"', special=False):
        state.accept(token)

    assert special
    assert not special & choices(llama, state)


def test_a_named_property_cannot_come_twice(allowed: Callable[..., str]) -> None:
    one = schema_of({"type": "object", "properties": {"a": {"type": "integer"}}})

    assert allowed(one, '{"a":1,"b":"x"}') == "ends"
    assert allowed(one, '{"a":1,"a":"x"}') == "refused"
    assert allowed(one, '{"a":1,"\\u0061":"x"}') == "refused"


def test_generations_do_not_share_their_state(llama: Llama, compiler: ConstraintCompiler) -> None:
    wanted = schema_of({"enum": ["ab", "cd"]})
    first, second = compiler.compile(wanted), compiler.compile(wanted)
    before = choices(llama, second)
    for token in llama.vocabulary.tokenize('"a', special=False):
        first.accept(token)

    assert choices(llama, second) == before != choices(llama, first)


def test_a_token_out_of_turn_is_an_error(llama: Llama, compiler: ConstraintCompiler) -> None:
    state = compiler.compile(Constraint("json_object"))

    with pytest.raises(EngineError, match="could not be kept"):
        state.accept(llama.vocabulary.tokenize("x", special=False)[0])
    assert not state.stopped
    with pytest.raises(EngineError):
        state.accept(llama.vocabulary.eos)
    logits = np.ones(llama.vocabulary.n_tokens, np.float32)
    state.mask(logits)
    assert logits.all()


# -- what is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ({"type": "array", "uniqueItems": True}, "uniqueItems at #/uniqueItems"),
        ({"properties": {"a": {"not": {}}}}, "not at #/properties/a/not"),
        ({"items": {"if": {}, "then": False}}, "if at #/items/if"),
        ({"anyOf": [{}, {"contains": {}}]}, "contains at #/anyOf/1/contains"),
        ({"propertyNames": {"pattern": "a"}}, "propertyNames at #/propertyNames"),
        ({"dependentRequired": {"a": ["b"]}}, "dependentRequired at #/dependentRequired"),
        ({"dependentSchemas": {"a": {}}}, "dependentSchemas at #/dependentSchemas"),
        ({"dependencies": {"a": ["b"]}}, "dependencies at #/dependencies"),
        ({"unevaluatedProperties": False}, "unevaluatedProperties at #/unevaluatedProperties"),
        ({"$dynamicRef": "#a"}, r"\$dynamicRef at #/\$dynamicRef"),
        ({"$ref": "https://example.com/s.json"}, r'\$ref "https://example.com/s.json" at #/\$ref'),
        ({"$ref": "#/$defs/x"}, r'\$ref "#/\$defs/x" at #/\$ref .* points to nothing'),
        ({"items": {"$id": "urn:x"}}, r"\$id at #/items/\$id"),
        ({"$ref": "#/x/y", "x": {"y": {"not": {}}}}, "not at #/x/y/not"),
        ({"type": "string", "format": "path"}, 'format "path" at #/format'),
        ({"items": {"pattern": "(?=a)"}}, "pattern at #/items/pattern .* look-around"),
        ({"$defs": {"a b/c": {"pattern": "(a)\\1"}}, "$ref": "#/$defs/a b~1c"}, "#/\\$defs/a b~1c"),
        ({"properties": {"a": {"type": "strin"}}}, "type at #/properties/a/type .* strin"),
        ({"oneOf": [{"type": "integer"}, {"type": "number"}]}, "oneOf at #/oneOf"),
        ({"patternProperties": {"^a": {}, "b$": {}}}, "patternProperties at #/patternProperties"),
        ({"allOf": [True, False]}, "part at #/allOf/1"),
        ({"type": "object", "minProperties": 2}, "minProperties at #/minProperties"),
        ({"type": "integer", "minimum": 5, "maximum": 1}, "m(in|ax)imum at #/m(in|ax)imum"),
        ({"minimum": 2**53 + 1}, "minimum 9007199254740993 at #/minimum"),
        ({"enum": ["a", {"b": "\x01"}]}, "b at #/enum/1/b .* Control characters"),
        ({"required": "a"}, "required at #/required"),
        ({"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}, "cannot be enforced"),
    ],
)
def test_what_cannot_be_enforced_is_refused_by_name(
    schema: Json, place: str, compiler: ConstraintCompiler
) -> None:
    with pytest.raises(InvalidRequest, match=place) as caught:
        compiler.compile(schema_of(schema))

    assert caught.value.param == "response_format"
    assert "cannot be enforced" in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    "schema",
    [
        {"uniqueItems": False, "type": "array"},
        {"propertyNames": {"type": "string"}, "type": "object"},
        {"unevaluatedProperties": True, "then": {"not": {}}, "maxContains": 1},
        {"title": "T", "description": "d", "default": {"not": 1}, "examples": [{"$ref": "x"}]},
        {"x-ours": {"not": {}}, "nullable": True, "deprecated": False, "discriminator": {}},
        {"type": "integer", "format": "int64"},
        {"$schema": "urn:ours", "$id": "https://example.com/s", "x-guidance": {"lenient": True}},
        {"properties": {"not": {"type": "integer"}, "uniqueItems": {}, "$ref": {}}},
        {"const": {"not": {}, "$ref": "x"}},
        {"$ref": "#leaf", "$defs": {"a": {"$anchor": "leaf", "type": "null"}}},
        {},
    ],
)
def test_what_does_nothing_is_accepted(schema: Json, compiler: ConstraintCompiler) -> None:
    compiler.compile(schema_of(schema))


def test_a_lenient_schema_enforces_what_it_can(
    compiler: ConstraintCompiler, allowed: Callable[..., str]
) -> None:
    schema = {"type": "array", "items": {"type": "integer", "not": {"const": 1}}}

    assert allowed(schema_of(schema, strict=False), "[1]") == "ends"
    assert allowed(schema_of(schema, strict=False), '["a"]') == "refused"
    with pytest.raises(InvalidRequest, match="not at #/items/not"):
        compiler.compile(schema_of(schema))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{", "not valid JSON"),
        ("[]", "must be a JSON object"),
        ("true", "must be a JSON object"),
        ("[" * 100_000, "not valid JSON"),
        ('{"items":' * 70 + "{}" + "}" * 70, "nested too deeply"),
        (" " * (MAX_LENGTH + 1), "at most 131072"),
    ],
)
def test_schemas_have_bounds(value: str, message: str, compiler: ConstraintCompiler) -> None:
    with pytest.raises(InvalidRequest, match=message):
        compiler.compile(Constraint("json_schema", value))


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("regex", "ab(?=c)", "look-around.* at character 3"),
        ("regex", "a[", "unclosed character class at character 2"),
        ("regex", "a/(b", "unclosed group"),
        ("regex", r"(a)\1", "backreferences are not supported"),
        ("regex", "", "empty"),
        ("regex", "a" * 8193, "8192"),
        ("lark", "start: foo", 'line 1, column 8: unknown name: "foo"'),
        ("lark", "start: B\nB: /(/", "line 2, column 4: invalid regex .*unclosed group"),
        ("lark", "begin", "line 1, column"),
        ("lark", "", "empty"),
    ],
)
def test_bad_grammars_are_refused_with_the_place(
    kind: Any, value: str, message: str, compiler: ConstraintCompiler
) -> None:
    with pytest.raises(InvalidRequest, match=message) as caught:
        compiler.compile(Constraint(kind, value), param="grammar")

    assert caught.value.param == "grammar"


# -- the whole engine ------------------------------------------------------------------------------


async def test_the_engine_constrains_generations_side_by_side(
    local: Callable[..., LocalEngine],
) -> None:
    wanted = [schema_of(SCHEMAS["flat"]), None, Constraint("regex", "[ab]{3}c")]
    async with started(local(n_parallel=3)) as engine:
        replies = await asyncio.gather(
            *(collect(engine, ask("hi", max_tokens=60, constraint=each)) for each in wanted)
        )

    flat, free, word = (text_of(deltas) for deltas in replies)
    jsonschema.validate(json.loads(flat), SCHEMAS["flat"])
    assert re.fullmatch("[ab]{3}c", word)
    assert ["stop", "length", "stop"] == [deltas[-1].finish_reason for deltas in replies]
    assert free


async def test_what_is_cut_does_not_count_as_complete(local: Callable[..., LocalEngine]) -> None:
    endless = Constraint("regex", "a+")
    async with started(local()) as engine:
        short = await collect(engine, ask("hi", max_tokens=3, constraint=endless))
        stopped = await collect(
            engine, ask("hi", constraint=schema_of({"const": {"a": 1}}), stop=("1",))
        )

    assert short[-1].finish_reason == "length"
    assert stopped[-1].finish_reason == "length"
    assert text_of(stopped).rstrip() == '{"a":'


async def test_the_engine_refuses_and_goes_on(local: Callable[..., LocalEngine]) -> None:
    async with started(local()) as engine:
        with pytest.raises(InvalidRequest, match="not at #/not"):
            await collect(engine, ask("hi", constraint=schema_of({"not": {}})))
        deltas = await collect(engine, ask("hi", constraint=schema_of({"const": 7})))

    assert text_of(deltas) == "7"
    assert deltas[-1].finish_reason == "stop"


# -- what it costs ---------------------------------------------------------------------------------


class _ManyTokens:
    """150,000 tokens: bytes, then made-up words."""

    n_tokens = 150_000

    def __init__(self) -> None:
        letters = np.frombuffer(b' ,:"{}etaoinshr', "S1")
        words = np.unique(np.random.default_rng(0).choice(letters, 1_400_000).view("S7"))
        self._pieces = [bytes([i]) for i in range(256)] + words[: self.n_tokens - 257].tolist()

    def is_end(self, token: int) -> bool:
        return token == self.n_tokens - 1

    def piece(self, token: int) -> bytes:
        return b"" if self.is_end(token) else self._pieces[token % len(self._pieces)]

    def tokenize(self, text: str, *, special: bool) -> list[int]:
        return list(text.encode())

    def special_tokens(self) -> dict[str, bool]:
        return {}


def test_a_mask_of_a_large_vocabulary_is_cheap() -> None:
    compiler = ConstraintCompiler(_ManyTokens())
    logits = np.zeros(_ManyTokens.n_tokens, np.float32)
    text = b'{"name":"there is some text in here","age":42,"tags":["a","b"]}'
    seconds = []
    for _ in range(3):
        state = compiler.compile(Constraint("json_object"))
        for token in text:
            start = time.perf_counter()
            state.mask(logits)
            state.accept(token)
            seconds.append(time.perf_counter() - start)

    assert np.median(seconds) < 0.001  # 60 µs on an idle machine
