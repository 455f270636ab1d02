"""Embeddings by a chat model and by a BERT, through the real engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import llama_cpp
import numpy as np
import pytest
from engine.helpers import ask, collect, started, text_of
from engine.models import make_bert
from numpy.typing import NDArray

from oxillama_jupyter.engine import encoder as encoder_module
from oxillama_jupyter.engine.embedder import BATCH_TOKENS, Embedder
from oxillama_jupyter.engine.encoder import Encoder
from oxillama_jupyter.engine.frames import Configure, Embed
from oxillama_jupyter.engine.llama import Llama
from oxillama_jupyter.engine.local import LocalEngine
from oxillama_jupyter.engine.protocol import Embeddings, EmbedRequest, Engine
from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.errors import (
    ContextLengthExceeded,
    EngineError,
    EngineUnavailable,
    InvalidRequest,
    ModelNotFound,
)

MakeEngine = Callable[..., LocalEngine]
TEXTS = ("hello there", "good boy", "hello there every other word")


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bert(tmp_path_factory.mktemp("model") / "bert.gguf")


def vectors_of(embeddings: Embeddings) -> NDArray[np.float32]:
    vectors = np.array([np.frombuffer(vector, "<f4") for vector in embeddings.vectors])
    assert vectors.shape == (len(embeddings.tokens), embeddings.dimensions)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    return vectors


async def embed(engine: Engine, *inputs: str | tuple[int, ...], **options: int) -> NDArray:
    return vectors_of(await engine.embed(EmbedRequest(inputs, **options)))


def means(llama: Llama, sequences: Sequence[list[int]]) -> NDArray[np.float64]:
    """The mean of the last layer's outputs, by a bare context that pools nothing."""
    params = llama_cpp.llama_context_default_params()
    params.n_ctx = params.n_batch = params.n_ubatch = 512
    params.embeddings = True
    params.pooling_type = llama_cpp.LLAMA_POOLING_TYPE_NONE
    context = llama_cpp.llama_init_from_model(llama._model, params)
    found = []
    for tokens in sequences:
        batch = llama_cpp.llama_batch_init(len(tokens), 0, 1)
        for index, token in enumerate(tokens):
            batch.token[index], batch.pos[index] = token, index
            batch.n_seq_id[index], batch.seq_id[index][0], batch.logits[index] = 1, 0, 1
        batch.n_tokens = len(tokens)
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(context), False)  # noqa: FBT003
        assert llama_cpp.llama_decode(context, batch) == 0
        rows = [
            llama_cpp.llama_get_embeddings_ith(context, index)[: llama.embed_width]
            for index in range(len(tokens))
        ]
        mean = np.array(rows, np.float64).mean(axis=0)
        found.append(mean / np.linalg.norm(mean))
        llama_cpp.llama_batch_free(batch)
    llama_cpp.llama_free(context)
    return np.array(found)


async def test_a_chat_model_gives_the_mean_of_its_tokens(
    local: MakeEngine, small_model: Path
) -> None:
    llama = Llama(Configure(str(small_model), "m", n_ctx=512, n_threads=1))
    tokens = [llama.vocabulary.tokenize(text, special=False) for text in TEXTS]
    expected = means(llama, tokens)
    llama.close()
    async with started(local()) as engine:
        answer = await engine.embed(EmbedRequest(TEXTS))
        vectors = vectors_of(answer)
        same = await embed(engine, *(tuple(item) for item in tokens))
        alone = np.concatenate([await embed(engine, text) for text in TEXTS])
        short = await embed(engine, *TEXTS, dimensions=10)

    assert answer.tokens == [len(item) for item in tokens]
    assert vectors == pytest.approx(expected, abs=0.02)
    assert same == pytest.approx(vectors, abs=1e-6)
    assert alone == pytest.approx(vectors, abs=0.02)
    cut = vectors[:, :10]
    assert short == pytest.approx(cut / np.linalg.norm(cut, axis=1, keepdims=True), abs=1e-5)
    assert vectors[0] @ vectors[1] < 0.9


def test_chunks_are_pooled_as_a_whole(small_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_module, "_LOGIT_BYTES", 0)  # the smallest chunks
    llama = Llama(Configure(str(small_model), "m", n_ctx=512, n_threads=1))
    sequences = [[*range(300, 500)], [7], [*range(600, 700)]]
    expected = means(llama, sequences)
    encoder = Encoder(llama._model, 512, 1)
    pooled = encoder.encode(sequences)
    encoder._pooling = llama_cpp.LLAMA_POOLING_TYPE_LAST
    last = encoder.encode(sequences)
    ends = encoder.encode([sequences[1], sequences[0]])
    encoder.close()
    llama.close()

    assert encoder._chunk == 64
    assert pooled / np.linalg.norm(pooled, axis=1, keepdims=True) == pytest.approx(
        expected, abs=0.02
    )
    close = 0.05 * float(np.abs(last).max())
    assert last[1] == pytest.approx(pooled[1], abs=close)  # one token
    assert ends[[1, 0]] == pytest.approx(last[:2], abs=close)
    assert np.abs(last[0] - pooled[0]).max() > 5 * close


async def test_the_embedded_model_embeds(embedded_model: Path, local: MakeEngine) -> None:
    texts = ("The cat sat on the mat.", "The cat sat on a mat.", "def f(x): return x ** 2")
    async with started(local(embedded_model, n_ctx=0)) as engine:
        vectors = await embed(engine, *texts)

    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]


async def test_a_bert_looks_both_ways_and_cannot_talk(local: MakeEngine, bert: Path) -> None:
    async with started(local(bert, model_id="bert")) as engine:
        answer = await engine.embed(EmbedRequest(TEXTS))
        alone = np.concatenate([await embed(engine, text) for text in TEXTS])
        # Its first token is pooled: only looking ahead does it know what follows.
        ends = await embed(engine, "hello good", "hello word")
        with pytest.raises(InvalidRequest, match="cannot generate text"):
            await collect(engine, ask("hi"))
        with pytest.raises(ContextLengthExceeded, match=r"302 tokens, but at most 256"):
            await embed(engine, "hello " * 300)
        assert engine.status().restarts == 0

    vectors = vectors_of(answer)
    assert answer.tokens == [4, 4, 7]  # [CLS] and [SEP] around the words
    assert alone == pytest.approx(vectors, abs=1e-4)
    assert ends[0] @ ends[1] < 0.999


async def test_many_inputs_go_beside_a_generation(local: MakeEngine) -> None:
    texts = tuple(f"text {number} " + "abcd " * (number % 40) for number in range(200))
    async with started(local()) as engine:
        talk = ask("hello", max_tokens=200)
        alone = text_of(await collect(engine, talk))
        run = engine.generate(talk)
        await anext(run)
        task = asyncio.create_task(engine.embed(EmbedRequest(texts)))
        heard = []
        deltas_meanwhile = 0
        async for delta in run:
            heard.append(delta)
            deltas_meanwhile += not task.done()
        answer = await task
        few = await embed(engine, texts[39], texts[199])

    assert text_of(heard) == alone
    assert deltas_meanwhile > sum(answer.tokens) / BATCH_TOKENS / 2  # a token between batches
    assert vectors_of(answer)[[39, 199]] == pytest.approx(few, abs=0.02)


async def test_an_input_is_never_cut(local: MakeEngine) -> None:
    async with started(local()) as engine:
        whole = await engine.embed(EmbedRequest(((5,) * 512,)))
        with pytest.raises(ContextLengthExceeded, match=r"Input 1 has 513.* 512") as caught:
            await embed(engine, "fine", (5,) * 513)

    assert whole.tokens == [512]
    assert caught.value.param == "input"


async def test_what_cannot_be_embedded_is_refused(local: MakeEngine) -> None:
    async with started(local()) as engine:
        for inputs, options, match, param in (
            ((), {}, "none of them empty", "input"),
            (("a", ""), {}, "none of them empty", "input"),
            (((),), {}, "none of them empty", "input"),
            (((1536,),), {}, "0 to 1535; 1536 is none", "input"),
            (("a",), {"dimensions": 65}, "at most 64.* not 65", "dimensions"),
            (("a",), {"dimensions": 0}, "at least 1", "dimensions"),
        ):
            with pytest.raises(InvalidRequest, match=match) as caught:
                await embed(engine, *inputs, **options)
            assert caught.value.param == param
        with pytest.raises(ModelNotFound):
            await engine.embed(EmbedRequest(("a",), model="other"))
        waiting = asyncio.create_task(engine.embed(EmbedRequest(("abcd " * 100,) * 500)))
        await asyncio.sleep(0.2)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        stopped = asyncio.create_task(engine.embed(EmbedRequest(("abcd " * 100,) * 500)))
        await asyncio.sleep(0.2)
    with pytest.raises(EngineUnavailable, match="stopped"):
        await stopped


class FakeVectors:
    """Remembers its batches; a sequence's vector is its tokens' sum and count."""

    embed_width = 2
    embed_limit = 1000
    n_tokens = 1000

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    def tokenize(self, text: str, *, special: bool, around: bool) -> list[int]:
        raise NotImplementedError

    def embed(self, sequences: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        self.batches.append([len(tokens) for tokens in sequences])
        if sequences[0][0] == 13:
            raise EngineError("unlucky")
        return np.array([(sum(tokens), len(tokens)) for tokens in sequences], np.float32)


@pytest.fixture
def fake() -> tuple[FakeVectors, Embedder]:
    backend = FakeVectors()
    return backend, Embedder(backend, backend)


def test_batches_are_bounded_and_cross_requests(fake: tuple[FakeVectors, Embedder]) -> None:
    backend, embedder = fake
    lengths = {1: [100, 200], 2: [100, 200, 900, 5], 3: [5] * 40}
    for number, sizes in lengths.items():
        request = EmbedRequest(tuple((7,) * size for size in sizes))
        embedder.submit(embedder.prepare(Embed(number, request)))  # type: ignore[arg-type]
    answers = []
    while embedder.busy:
        answers += embedder.step()

    assert backend.batches == [[100, 200, 100], [200], [900], [5] * 32, [5] * 9]
    assert [(answer.id, answer.embeddings.tokens) for answer in answers] == list(lengths.items())
    first = np.frombuffer(answers[0].embeddings.vectors[0], "<f4")
    assert first == pytest.approx([7 / 50**0.5, 1 / 50**0.5])


def test_aborts_and_failures_cost_nobody_else(fake: tuple[FakeVectors, Embedder]) -> None:
    _, embedder = fake
    for number, token in ((1, 1), (2, 13), (3, 3)):
        request = EmbedRequest(((token,) * 400, (token,) * 400))
        embedder.submit(embedder.prepare(Embed(number, request)))  # type: ignore[arg-type]
    embedder.abort(1)
    answers = []
    while embedder.busy:
        answers += embedder.step()

    assert [(answer.id, answer.error) for answer in answers] == [(2, "EngineError"), (3, None)]


async def test_a_scripted_engine_embeds() -> None:
    async with started(ScriptedEngine()) as engine:
        one, two, again = await embed(engine, "one", "two", "one")
        with pytest.raises(InvalidRequest):
            await embed(engine, "one", dimensions=33)

    assert (one == again).all()
    assert (one != two).any()
