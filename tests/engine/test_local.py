"""The real engine under fire: its process dies, hangs, refuses, and nobody else notices."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from engine.helpers import answer, ask, collect, started, text_of, until

from oxillama_jupyter.engine import local as local_module
from oxillama_jupyter.engine import process
from oxillama_jupyter.engine.local import LocalEngine
from oxillama_jupyter.engine.protocol import (
    Constraint,
    Delta,
    GenerateRequest,
    PromptInfo,
    Usage,
)
from oxillama_jupyter.engine.streams import Stream
from oxillama_jupyter.engine.tuning import Tuning
from oxillama_jupyter.errors import EngineCrashed, EngineError, EngineUnavailable, InvalidRequest

MakeEngine = Callable[..., LocalEngine]
UseWorker = Callable[[str], None]

CRASH_WITH_EXTRA_BUFFERS = """
real = llama.Llama.warm_up
def warm_up(self):
    if self.settings()["use_extra_bufts"]:
        os.kill(os.getpid(), signal.SIGSEGV)
    real(self)
llama.Llama.warm_up = warm_up
"""


async def test_the_embedded_model_answers(embedded_model: Path, local: MakeEngine) -> None:
    async with started(local(embedded_model, model_id="tiny", n_ctx=0)) as engine:
        text = await answer(engine, ask("What is your name?", max_tokens=40, logit_bias={}))
        (model,) = engine.models()

    assert text.strip()
    assert model.id == "tiny"
    assert model.n_ctx == model.n_ctx_train > 0
    assert model.n_params > 1_000_000
    assert model.size > 1_000_000
    assert "Q8_0" in model.description


async def test_a_killed_engine_fails_its_runs_and_comes_back(local: MakeEngine) -> None:
    async with started(local(n_ctx=8192)) as engine:
        runs = [engine.generate(ask(f"hi {n}", max_tokens=8000)) for n in range(2)]
        for run in runs:
            await anext(run)
            await anext(run)
        pid = engine.status().pid
        os.kill(pid, signal.SIGKILL)
        for run in runs:
            with pytest.raises(EngineCrashed, match="killed by SIGKILL"):
                async for _ in run:
                    pass
        async with asyncio.timeout(30):
            after = await answer(engine, ask("again"))
        status = engine.status()

    assert after
    assert status.state == "ok"
    assert status.restarts == 1
    assert status.pid != pid


async def test_a_crash_tells_the_last_lines_of_the_log(
    local: MakeEngine, worker_script: UseWorker
) -> None:
    worker_script("""
def step(self, rows):
    sys.stderr.write("<3>the dog ate my weights\\n")
    os.abort()
llama.Llama.step = step
""")
    async with started(local()) as engine:
        with pytest.raises(EngineCrashed, match="killed by SIGABRT") as caught:
            await collect(engine, ask("hi"))

    assert "the dog ate my weights" in caught.value.message


async def test_a_bug_in_the_worker_is_a_crash_with_its_traceback(
    local: MakeEngine, worker_script: UseWorker
) -> None:
    worker_script(
        "def step(self, rows):\n    raise RuntimeError('no luck')\nllama.Llama.step = step"
    )
    async with started(local()) as engine:
        with pytest.raises(EngineCrashed, match="exit code 1") as caught:
            await collect(engine, ask("hi"))

    assert "RuntimeError: no luck" in caught.value.message


async def test_restarts_take_longer_and_longer(
    local: MakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = []
    real_sleep = asyncio.sleep

    async def sleep(seconds: float) -> None:
        if seconds >= 0.1:
            pauses.append(seconds)
        await real_sleep(min(seconds, 0.01))

    async with started(local()) as engine:
        monkeypatch.setattr(local_module.asyncio, "sleep", sleep)
        for _ in range(3):
            os.kill(engine.status().pid, signal.SIGKILL)
            await until(engine, "starting")
            await answer(engine, ask("hi"))

    assert pauses == [0.1, 0.2, 0.4]


async def test_abort_in_prefill_is_prompt(middling_model: Path, local: MakeEngine) -> None:
    long = ask("abcd " * 800, max_tokens=1)
    async with started(local(middling_model, n_ctx=16384, n_parallel=1)) as engine:
        await answer(engine, ask("warm"))
        run = engine.generate(long)
        prompt = (await anext(run)).prompt
        await asyncio.sleep(0.1)
        begun = time.perf_counter()
        await run.aclose()
        closed = time.perf_counter() - begun
        deltas = await collect(engine, ask("short", max_tokens=1))
        waited = time.perf_counter() - begun
        again = await collect(engine, ask("abcd " * 800, max_tokens=1))

    assert prompt.tokens > 2000
    assert closed < 0.05
    assert deltas[-1].finish_reason == "length"
    full = again[-1].usage.prompt_seconds
    assert again[0].prompt.cached_tokens < prompt.tokens / 2  # the first one was cut short
    assert waited < full / 2


async def test_a_long_prompt_does_not_stall_who_generates(
    middling_model: Path, local: MakeEngine
) -> None:
    async with started(local(middling_model, n_ctx=16384)) as engine:
        talker = engine.generate(ask("hi", max_tokens=8000))
        for _ in range(3):
            await anext(talker)
        reader = asyncio.create_task(collect(engine, ask("abcd " * 700, max_tokens=1)))
        tokens = 0
        while not reader.done():
            tokens += (await anext(talker)).tokens
        await talker.aclose()
        usage = reader.result()[-1].usage

    assert tokens >= usage.prompt_tokens // 512  # a token in every step, and no step reads more


async def test_settings_that_crash_are_left_out_and_remembered(
    local: MakeEngine, worker_script: UseWorker, caplog: pytest.LogCaptureFixture
) -> None:
    worker_script(CRASH_WITH_EXTRA_BUFFERS)
    with caplog.at_level(logging.WARNING):
        async with started(local()) as engine:
            assert await answer(engine, ask("hi"))
            status = engine.status()
    assert status.settings["use_extra_bufts"] is False
    assert "SIGSEGV" in status.detail
    assert status.restarts == 0
    assert "extra CPU buffer types" in caplog.text

    caplog.clear()
    async with started(local()) as engine:  # the same data folder: no second crash
        status = engine.status()
    assert status.settings["use_extra_bufts"] is False
    assert "SIGSEGV" in status.settings["why"]
    assert "tries without" not in caplog.text


async def test_a_verdict_that_cannot_be_written_stops_nobody(
    local: MakeEngine, worker_script: UseWorker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    worker_script(CRASH_WITH_EXTRA_BUFFERS)
    (tmp_path / "data").write_text("in the way")
    async with started(local()) as engine:
        assert await answer(engine, ask("hi"))

    assert "crash once at each start" in caplog.text


async def test_a_process_that_cannot_be_started_is_said(
    local: MakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "worker_command", lambda: ["/no/such/python"])
    engine = local()
    with pytest.raises(EngineUnavailable, match="No such file"):
        await engine.start()
    await engine.aclose()


async def test_a_model_that_vanishes_is_waited_for(
    local: MakeEngine, small_model: Path, tmp_path: Path
) -> None:
    model, away = tmp_path / "moving.gguf", tmp_path / "away.gguf"
    shutil.copy(small_model, model)
    async with started(local(model)) as engine:
        shutil.move(model, away)
        os.kill(engine.status().pid, signal.SIGKILL)
        await until(engine, "failed")
        with pytest.raises(EngineUnavailable, match="no model file"):
            await collect(engine, ask("hi"))
        shutil.move(away, model)
        await until(engine, "ok")
        assert await answer(engine, ask("hi"))


async def test_extra_buffers_are_used_where_they_work(local: MakeEngine) -> None:
    async with started(local()) as engine:
        assert engine.status().settings["use_extra_bufts"] is True


async def test_forced_settings_that_crash_are_an_error(
    local: MakeEngine, worker_script: UseWorker
) -> None:
    worker_script(CRASH_WITH_EXTRA_BUFFERS)
    engine = local(tuning=Tuning(use_extra_bufts=True))
    with pytest.raises(EngineUnavailable, match="SIGSEGV"):
        await engine.start()
    await engine.aclose()


async def test_an_engine_that_always_crashes_gives_up(
    local: MakeEngine, worker_script: UseWorker, tmp_path: Path
) -> None:
    worker_script("llama.Llama.warm_up = lambda self: os.abort()")
    engine = local()
    with pytest.raises(EngineUnavailable, match="SIGABRT"):
        await engine.start()
    with pytest.raises(EngineUnavailable, match="SIGABRT"):
        await collect(engine, ask("hi"))

    assert engine.status().state == "failed"
    assert not list((tmp_path / "data").glob("*"))  # nothing was proved
    await engine.aclose()


@pytest.mark.parametrize("content", [None, b"", b"GGUF but not really", b"\0" * 4096])
async def test_a_missing_or_damaged_model_is_said_plainly(
    local: MakeEngine, tmp_path: Path, content: bytes | None
) -> None:
    model = tmp_path / "broken.gguf"
    if content is not None:
        model.write_bytes(content)
    engine = local(model)
    with pytest.raises(EngineUnavailable, match=r"broken\.gguf") as caught:
        await engine.start()

    assert ("There is no model file" in caught.value.message) == (content is None)
    assert engine.status().detail == caught.value.message
    await engine.aclose()


async def test_a_failed_start_can_be_tried_again(
    local: MakeEngine, small_model: Path, tmp_path: Path
) -> None:
    model = tmp_path / "late.gguf"
    engine = local(model)
    with pytest.raises(EngineUnavailable):
        await engine.start()
    shutil.copy(small_model, model)
    async with started(engine):
        assert await answer(engine, ask("hi"))


async def test_a_start_that_takes_too_long_is_ended(
    local: MakeEngine, worker_script: UseWorker
) -> None:
    worker_script("import time\nllama.Llama.warm_up = lambda self: time.sleep(60)")
    engine = local(start_timeout=2)
    with pytest.raises(EngineUnavailable, match="not ready after 2 s of warming up"):
        await engine.start()
    await engine.aclose()


async def test_prints_in_the_process_do_not_damage_frames(
    local: MakeEngine, worker_script: UseWorker
) -> None:
    worker_script("""
real = llama.Llama.step
def step(self, rows):
    print("noise", flush=True)
    os.write(1, b"more noise")
    os.system("echo even more")
    return real(self, rows)
llama.Llama.step = step
""")
    async with started(local()) as engine:
        assert len(await collect(engine, ask("hi", max_tokens=5))) >= 2


async def test_messages_that_are_no_text_are_refused(local: MakeEngine) -> None:
    async with started(local()) as engine:
        with pytest.raises(InvalidRequest, match="encoded"):
            await collect(engine, ask("half a pair: \ud83e"))
        with pytest.raises(InvalidRequest, match="encoded"):
            await collect(engine, ask(object()))  # type: ignore[arg-type]
        with pytest.raises(InvalidRequest, match="encoded"):
            await collect(engine, GenerateRequest(["no message"]))  # type: ignore[list-item]
        with pytest.raises(InvalidRequest, match="refused"):
            await collect(engine, GenerateRequest([{"role": "user", "tool_calls": [5]}]))
        assert await answer(engine, ask("hi"))
        assert engine.status().restarts == 0


async def test_a_prompt_that_trips_over_a_bug_costs_nobody_else(
    local: MakeEngine, worker_script: UseWorker
) -> None:
    worker_script("""
from oxillama_jupyter.engine import templates
real = templates.PromptBuilder.build
def build(self, request):
    return real(self, request) if request.cache_key else 1 / 0
templates.PromptBuilder.build = build
""")
    async with started(local()) as engine:
        with pytest.raises(EngineError, match="ZeroDivisionError"):
            await collect(engine, ask("hi"))
        assert await answer(engine, ask("hi", cache_key="a"))
        assert engine.status().restarts == 0


def test_the_parent_loads_no_llama_cpp() -> None:
    code = (
        "import sys, oxillama_jupyter.engine.local, oxillama_jupyter.engine.scripted;"
        "print({'llama_cpp', 'numpy', 'jinja2', 'tornado', 'sqlite3'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)

    assert done.stdout == b"set()\n"


async def test_a_stubborn_process_is_killed(local: MakeEngine, worker_script: UseWorker) -> None:
    worker_script("worker.os._exit = lambda code: None")
    engine = local()
    await engine.start()
    pid = engine.status().pid
    await engine.aclose()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_threads_keep_their_cache_when_there_are_more_of_them_than_sequences(
    local: MakeEngine,
) -> None:
    names = [f"thread{number}" for number in range(5)]
    firsts = {name: f"{name} " + "abcd " * 60 for name in names}
    async with started(local()) as engine:
        for name in names:
            await answer(engine, ask(firsts[name], cache_key=name))
        infos = await asyncio.gather(
            *(collect(engine, ask(firsts[name], "yes", "go on", cache_key=name)) for name in names)
        )

    for deltas in infos:
        info = deltas[0].prompt
        assert info.cached_tokens > 0.8 * info.tokens


async def test_parked_threads_go_on_as_if_they_had_stayed(local: MakeEngine) -> None:
    first = "tell me " + "abcd " * 60

    async def second_turn(*, disturbed: bool) -> tuple[str, PromptInfo]:
        async with started(local()) as engine:
            await answer(engine, ask(first, cache_key="mine"))
            if disturbed:
                others = (ask(f"other {n} " * 20, cache_key=f"{n}") for n in range(4))
                await asyncio.gather(*(collect(engine, other) for other in others))
            deltas = await collect(engine, ask(first, "yes", "go on", cache_key="mine"))
            return text_of(deltas), deltas[0].prompt

    text, info = await second_turn(disturbed=False)
    parked_text, parked_info = await second_turn(disturbed=True)

    assert parked_info == info
    assert parked_text == text


async def test_a_system_prompt_is_shared_between_threads(local: MakeEngine) -> None:
    system = "be kind " * 50
    async with started(local()) as engine:
        run = engine.generate(ask("first", system=system, max_tokens=300, cache_key="a"))
        while not (await anext(run)).text:
            pass
        busy = await collect(engine, ask("second", system=system, cache_key="b"))
        await run.aclose()

    assert busy[0].prompt.cached_tokens > 100


async def test_repeating_a_prompt_computes_one_token(local: MakeEngine) -> None:
    async with started(local()) as engine:
        await answer(engine, ask("the same"))
        info = (await collect(engine, ask("the same")))[0].prompt

    assert info.cached_tokens == info.tokens - 1


def test_merging_keeps_everything() -> None:
    stream = Stream()
    stream.push(Delta(prompt=PromptInfo(3)))
    stream.push(Delta("a", 1))
    stream.push(Delta("b", 2))
    stream.push(Delta("c", 0, finish_reason="stop", usage=Usage(3, 3)))

    async def read() -> list[Delta]:
        return [await stream.next(), await stream.next()]

    first, second = asyncio.run(read())
    assert first == Delta(prompt=PromptInfo(3))
    assert second == Delta("abc", 3, finish_reason="stop", usage=Usage(3, 3))


async def test_an_error_names_its_parameter_through_the_pipe(local: MakeEngine) -> None:
    async with started(local()) as engine:
        with pytest.raises(InvalidRequest) as caught:
            await collect(engine, ask("Hello", constraint=Constraint("regex", "(")))

    assert caught.value.param == "response_format"
