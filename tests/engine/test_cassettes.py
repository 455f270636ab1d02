"""Cassettes: which requests are the same, what their files hold, what a missing one says."""

from __future__ import annotations

import json
import math
import random
import string
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from engine.helpers import ask
from msgspec import structs

from oxillama_jupyter.engine.cassette_keys import Key, key_of
from oxillama_jupyter.engine.cassette_misses import missing
from oxillama_jupyter.engine.cassettes import Cassettes, Failure, Take
from oxillama_jupyter.engine.protocol import (
    CallArguments,
    CallBegin,
    CallEnd,
    Delta,
    Embeddings,
    EmbedRequest,
    GenerateRequest,
    ModelInfo,
    PromptInfo,
    Reasoning,
    Sampling,
    Text,
    TokenLogprob,
    Usage,
)
from oxillama_jupyter.errors import CassetteError, ContextLengthExceeded

END = Delta(finish_reason="stop", usage=Usage(3, 2, 1, 0.1 + 0.2, 1e-9, 1))
ANSWER = Take((Delta(prompt=PromptInfo(3, 1, (1, 2))), Delta("Hi", 1), END))
SCHEMA = {"type": "object", "properties": {"n": {"type": "number", "minimum": 1.0}}}


def key(request: GenerateRequest | EmbedRequest, kind: Any = "generate") -> Key:
    return key_of(kind, request, "small")


def digest(request: GenerateRequest | EmbedRequest) -> str:
    return key(request).digest


def tool(parameters: dict[str, Any]) -> dict[str, Any]:
    return {"type": "function", "function": {"name": "f", "parameters": parameters}}


def called(*ids: str, outputs: tuple[str, ...] = ()) -> GenerateRequest:
    """A history with one call a turn, and outputs for some of them."""
    messages: list[dict[str, Any]] = []
    for id_ in ids:
        function = {"name": "f", "arguments": "{}"}
        calls = [{"id": id_, "type": "function", "function": function}]
        messages.append({"role": "assistant", "content": "", "tool_calls": calls})
        messages += [
            {"role": "tool", "tool_call_id": out, "content": "4"} for out in outputs if out == id_
        ]
    return GenerateRequest(messages)


# -- which requests are the same ---------------------------------------------------------------


def test_what_cannot_change_the_answer_is_not_in_the_hash() -> None:
    plain = ask("hi")
    assert digest(plain) == digest(structs.replace(plain, cache_key="thread_1"))
    assert digest(plain) == digest(structs.replace(plain, model="small"))
    swapped = [dict(reversed(message.items())) for message in plain.messages]
    assert digest(plain) == digest(structs.replace(plain, messages=swapped))


def test_one_is_one_however_it_is_written() -> None:
    whole, point = ({"properties": {"n": {"maximum": one}}} for one in (1, 1.0))
    ints = structs.replace(ask("hi", temperature=1, logit_bias={5: -1}), tools=[tool(whole)])
    floats = structs.replace(ask("hi", temperature=1.0, logit_bias={5: -1.0}), tools=[tool(point)])
    assert digest(ints) == digest(floats)
    assert digest(ask("hi", top_p=0.1)) != digest(ask("hi", top_p=0.1 + 1e-17 + 2e-17))


@pytest.mark.parametrize(
    "change",
    [
        {"temperature": 0.2},
        {"seed": 7},
        {"max_tokens": 9},
        {"stop": ("x",)},
        {"logit_bias": {5: 1.0}},
        {"model": "other"},
        {"truncation": "middle"},
        {"max_prompt_tokens": 100},
        {"logprobs": 0},
        {"parallel_calls": False},
        {"must_call": ("f",)},
        {"reasoning_effort": "low"},
        {"adapter": "formal"},
        {"system": "Be kind."},
        {"tools": []},
    ],
    ids=str,
)
def test_what_may_change_the_answer_is_in_the_hash(change: dict[str, Any]) -> None:
    assert digest(ask("hi", **change)) != digest(ask("hi"))


def test_texts_count_as_they_are() -> None:
    texts = ["é", "e\u0301", "E", "e", "e ", "\ud800", "\x00", "🦙", ""]
    assert len({digest(ask(text)) for text in texts}) == len(texts)
    kinds = {key(ask("hi"), kind).digest for kind in ("generate", "count")}
    assert len(kinds) == 2


def test_calls_are_told_apart_by_their_place_not_by_their_id() -> None:
    one = called("call_a", "call_b", outputs=("call_a", "call_b"))
    other = called("call_x", "call_y", outputs=("call_x", "call_y"))
    repeated = called("call_x", "call_x", outputs=("call_x",))
    crossed = structs.replace(one, messages=[*one.messages[:-1], one.messages[1]])
    assert digest(one) == digest(other) == digest(repeated)
    assert digest(one) != digest(crossed)
    assert one.messages[0]["tool_calls"][0]["id"] == "call_a"  # the request is left alone


def test_any_request_is_itself_again_behind_its_file(tmp_path: Path) -> None:
    """Random JSON in any order of keys, through JSON and back, has the same hash."""
    chance = random.Random(5)
    folder = Cassettes(tmp_path)
    for _ in range(200):
        content = anything(chance, 4)
        request = GenerateRequest([{"role": "user", "content": content, "x": content}])
        turned = GenerateRequest([{"x": shuffled(chance, content), **request.messages[0]}])
        assert digest(request) == digest(turned)
        folder.keep(key(request), 1, ANSWER)
        assert folder.find(key(turned), 1) == ANSWER


def anything(chance: random.Random, depth: int) -> Any:  # JSON of any shape
    kind = chance.randrange(8 if depth else 5)
    if kind >= 6:
        return {word(chance): anything(chance, depth - 1) for _ in range(chance.randrange(4))}
    if kind == 5:
        return [anything(chance, depth - 1) for _ in range(chance.randrange(4))]
    values = (word(chance), chance.uniform(-1e3, 1e3), chance.randrange(-(2**60), 2**60))
    return (*values, 10.0 ** chance.randrange(-20, 30), None)[kind]


def word(chance: random.Random) -> str:
    letters = string.printable + "äß🦙\u2028\x00\ud83d"
    return "".join(chance.choices(letters, k=chance.randrange(12)))


def shuffled(chance: random.Random, value: Any) -> Any:
    if isinstance(value, list):
        return [shuffled(chance, item) for item in value]
    if not isinstance(value, dict):
        return value
    names = chance.sample(sorted(value), len(value))
    return {name: shuffled(chance, value[name]) for name in names}


# -- files -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "take"),
    [
        ("generate", ANSWER),
        (
            "generate",
            Take(
                (
                    Delta.of([Reasoning("Hm."), CallBegin(0, "call_1", "f")], 2),
                    Delta.of([CallArguments(0, '{"a": 1}'), CallEnd(0, True), Text("é")], 3),  # noqa: FBT003
                    Delta(
                        logprobs=(
                            TokenLogprob(7, b"\xc3", -0.1, (TokenLogprob(7, b"\xc3", -0.1),)),
                        ),
                        prompt_logprobs=(
                            TokenLogprob(1, b"", None),
                            TokenLogprob(2, b"\x00", -math.inf),
                        ),
                    ),
                    END,
                )
            ),
        ),
        ("generate", Take((Delta("half", 1),), aborted=True)),
        ("generate", Take(error=Failure("ContextLengthExceeded", "Too long.", "messages"))),
        ("embed", Take(embeddings=Embeddings([bytes(range(16))], [3], 4))),
        ("count", Take(tokens=0)),
    ],
)
def test_what_was_recorded_comes_back_as_it_was(tmp_path: Path, kind: Any, take: Take) -> None:
    asked = EmbedRequest(("hi", (1, 2))) if kind == "embed" else ask("hi")
    folder = Cassettes(tmp_path)

    folder.keep(key(asked, kind), 1, take)

    assert folder.find(key(asked, kind), 1) == take
    assert folder.find(key(ask("hello"), kind), 1) is None


def test_errors_are_themselves_again() -> None:
    error = ContextLengthExceeded("Too long.", param="messages", code="x")
    again = Failure.of(error).error()
    assert type(again) is ContextLengthExceeded
    assert (again.message, again.param, again.code) == ("Too long.", "messages", "x")


def test_a_file_reads_well_and_says_nothing_of_the_machine(tmp_path: Path) -> None:
    request = structs.replace(ask("What is my naïve name?", seed=1), cache_key="thread_secret")
    folder = Cassettes(tmp_path / "not" / "there")
    folder.keep(key(request), 1, ANSWER)

    (path,) = folder.path.iterdir()
    text = path.read_text()
    assert path.name == f"{key(request).digest[:20]}-generate-what-is-my-na-ve-name.json"
    assert text.splitlines()[0:4] == [
        "{",
        '  "version": 1,',
        f'  "hash": "{key(request).digest}",',
        '  "kind": "generate",',
    ]
    assert '      {"text": "Hi", "tokens": 1},\n' in text
    assert '{"content": "What is my naïve name?", "role": "user"}' in text
    assert "secret" not in text
    assert str(tmp_path) not in text
    assert path.stat().st_mode & 0o444 == 0o444  # a checkout is read by other users too


def test_the_same_recording_has_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        Cassettes(tmp_path / name).keep(key(ask("hi")), 1, ANSWER)
    one, other = (path.read_bytes() for path in sorted(tmp_path.glob("*/*")))
    assert one == other


def test_a_repeated_request_is_numbered_and_the_last_answer_repeated(tmp_path: Path) -> None:
    folder, asked = Cassettes(tmp_path), key(ask("hi"))
    takes = [Take((Delta(text), END)) for text in "abc"]
    for number in (3, 1):
        folder.keep(asked, number, takes[number - 1])

    found = [folder.find(asked, number) for number in (1, 2, 3, 4, 99)]

    assert found == [takes[0], takes[0], takes[2], takes[2], takes[2]]
    assert folder.find(asked, 2, exact=True) is None
    assert {path.name[20:] for path in tmp_path.iterdir()} == {
        "-generate-hi.json",
        "-generate-hi.3.json",
    }


def test_what_is_whole_stays_and_what_was_aborted_does_not(tmp_path: Path) -> None:
    folder, asked = Cassettes(tmp_path), key(ask("hi"))
    aborted = Take((Delta("a"),), aborted=True)
    folder.keep(asked, 1, aborted)
    folder.keep(asked, 1, ANSWER)
    folder.keep(asked, 1, aborted)
    assert folder.find(asked, 1) == ANSWER


def test_many_may_record_at_once(tmp_path: Path) -> None:
    """Every file is whole, and the first one of a name stays."""
    asked = [key(ask(f"question {number}")) for number in range(8)]

    def record(writer: int) -> list[Take | None]:
        folder = Cassettes(tmp_path)
        found = []
        for one in asked:
            folder.keep(one, 1, Take((Delta(f"{writer} " * 2000), END)))
            found.append(folder.find(one, 1))
        return found

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(record, range(8)))

    assert all(result == results[0] for result in results)
    assert len(list(tmp_path.iterdir())) == len(asked)


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (lambda text: text[:-30], "is damaged"),
        (lambda text: "[]", "is damaged"),
        (lambda text: text.replace('"version": 1', '"version": 2'), "has version 2 of the format"),
        (lambda text: text.replace('"hi"', '"ho"'), "hash is another request's"),
        (lambda text: text.replace('"tokens": 1', '"tokens": "1"'), "is damaged"),
        (lambda text: text.replace('"finish_reason": "stop"', '"text": ""'), "no whole answer"),
    ],
    ids=["cut", "no object", "version", "request", "type", "no end"],
)
def test_a_bad_file_is_named(tmp_path: Path, damage: Any, what: str) -> None:
    folder, asked = Cassettes(tmp_path), key(ask("hi"))
    folder.keep(asked, 1, ANSWER)
    (path,) = tmp_path.iterdir()
    before = path.read_text()
    path.write_text(damage(before))
    assert path.read_text() != before

    with pytest.raises(CassetteError, match=what) as caught:
        folder.find(asked, 1)

    assert str(path) in caught.value.message


def test_an_unknown_kind_of_error_is_no_way_to_any_class(tmp_path: Path) -> None:
    folder, asked = Cassettes(tmp_path), key(ask("hi"))
    folder.keep(asked, 1, Take(error=Failure("SystemExit", "")))
    with pytest.raises(CassetteError, match="no whole answer"):
        folder.find(asked, 1)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CassetteError, match="file/x"):
        Cassettes(tmp_path / "file" / "x").keep(key(ask("hi")), 1, ANSWER)


def test_models_come_back_the_default_one_first(tmp_path: Path) -> None:
    folder = Cassettes(tmp_path)
    tiny, other = ModelInfo("tiny", 5, n_ctx=512), ModelInfo("a/b:Q4", 6)
    folder.keep_model(other, default=False)
    folder.keep_model(tiny, default=True)
    before = (tmp_path / "model-tiny.json").stat().st_mtime_ns
    folder.keep_model(structs.replace(tiny, created=99), default=True)

    assert folder.models() == [tiny, other]
    assert folder.models("a/b:Q4") == [other, tiny]
    assert (tmp_path / "model-tiny.json").stat().st_mtime_ns == before
    folder.keep_model(structs.replace(tiny, n_ctx=1024), default=False)
    assert [model.n_ctx for model in folder.models()] == [1024, 0]
    assert json.loads((tmp_path / "model-tiny.json").read_text())["default"] is True


# -- what a missing one says -------------------------------------------------------------------


def test_a_missing_cassette_says_which_request_and_what_comes_nearest(tmp_path: Path) -> None:
    folder = Cassettes(tmp_path)
    history = ["My cat is called Miso, if you remember.", "Yes!", "What is my cat called?"]
    folder.keep(key(ask(*history)), 1, ANSWER)
    folder.keep(key(ask("Something else altogether, and longer.")), 1, ANSWER)
    near = key(ask(*history)).prefix

    message = missing(folder, key(ask(*history, temperature=0.2, seed=5))).message
    assert "model 'small', asked 'What is my cat called?', hash " in message
    assert str(tmp_path) in message
    assert f"The nearest that is, {near}-generate-" in message
    assert "sampling.temperature is 0.2 here and 0 there" in message
    assert "sampling.seed is 5 here and not set there" in message
    assert "\n" not in message

    message = missing(folder, key(ask(*history[:2], "What is my dog called?"))).message
    assert near in message
    assert (
        "messages[2].content from character 12 on is 'dog called?' here and 'cat called?' there"
    ) in message


def test_a_message_stays_short(tmp_path: Path) -> None:
    folder = Cassettes(tmp_path)
    folder.keep(key(ask(*["x" * 10_000] * 9)), 1, ANSWER)
    (tmp_path / "0000-generate-broken.json").write_text("{")
    asked = key(ask(*["y" * 10_000] * 9, temperature=1.5))
    message = missing(folder, asked).message
    assert len(message.replace(str(tmp_path), "")) < 900
    assert "; and 7 more" in message


def test_an_empty_folder_has_nothing_near(tmp_path: Path) -> None:
    message = missing(Cassettes(tmp_path / "none"), key(EmbedRequest(("hi",)), "embed")).message
    assert "asked 'hi'" in message
    assert "No request of this kind is recorded there." in message


def test_sampling_fields_left_alone_are_not_written(tmp_path: Path) -> None:
    """So a new field of a later version does not make old recordings useless."""
    form = key(GenerateRequest([{"role": "user", "content": "hi"}], sampling=Sampling())).request
    messages = [{"content": "hi", "role": "user"}]
    assert form == {"messages": messages, "model": "small", "sampling": {}}
