"""An engine that measures in quiet and starts again with what is faster."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from engine.helpers import answer, ask, started, until

from oxillama_jupyter import enginetraits
from oxillama_jupyter.engine import autotune, tuning
from oxillama_jupyter.engine.autotune import Choice, Tuned
from oxillama_jupyter.engine.embeddings import EmbedRequest
from oxillama_jupyter.engine.fit import Wanted, estimate
from oxillama_jupyter.engine.frames import Configure
from oxillama_jupyter.engine.gguf import read_header
from oxillama_jupyter.engine.launcher import Launched
from oxillama_jupyter.engine.local import LocalEngine
from oxillama_jupyter.engine.measure import Measured
from oxillama_jupyter.engine.process import StartError
from oxillama_jupyter.engine.tuning import Neighbours, Tuning
from oxillama_jupyter.engine.verdicts import Verdict, Verdicts
from oxillama_jupyter.errors import EngineUnavailable, InvalidRequest
from oxillama_jupyter.extension import OxillamaApp

Local = Callable[..., LocalEngine]
AUTO = Tuning(autotune=True)


@pytest.fixture(autouse=True)
def fast_batches(monkeypatch: pytest.MonkeyPatch) -> list[Choice]:
    """Small batches are twice as fast, nobody waits, and no model is too small."""
    tried: list[Choice] = []

    async def run(choice: Choice, _: Configure) -> Measured:
        tried.append(choice)
        speed = 2.0 if choice.n_batch == 256 else 1.0
        return Measured(500, 500 * speed, 50 * speed, 100 * speed, 0.1 / speed, 0.2 / speed, 4)

    monkeypatch.setattr(autotune, "run_measure", run)
    monkeypatch.setattr(tuning, "_QUIET_SECONDS", 0.0)
    monkeypatch.setattr(tuning, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(tuning, "_WORTH_PARAMS", 0)
    return tried


async def _measured(engine: LocalEngine) -> None:
    async with asyncio.timeout(60):
        while not engine.status().measured:  # noqa: ASYNC110 - an engine tells nobody
            await asyncio.sleep(0.01)


async def test_it_starts_again_with_the_fastest_settings(local: Local) -> None:
    async with started(local(tuning=AUTO)) as engine:
        first = engine.status()
        before = await answer(engine, ask("hello"))
        await _measured(engine)
        await until(engine, "ok")
        status = engine.status()
        assert status.pid != first.pid
        assert status.restarts == 0
        assert status.settings["n_batch"] == 256 + 2
        assert [row["n_batch"] for row in status.measured if row["chosen"]] == [256]
        assert await answer(engine, ask("hello")) == before


async def test_the_next_start_uses_what_is_known(local: Local, fast_batches: list[Choice]) -> None:
    async with started(local(tuning=AUTO)) as engine:
        await _measured(engine)
    fast_batches.clear()
    async with started(local(tuning=AUTO)) as engine:
        assert engine.status().settings["n_batch"] == 256 + 2
        assert engine.status().measured
    async with started(local()) as engine:
        assert engine.status().settings["n_batch"] == 512 + 2  # nobody asked for it
    assert not fast_batches


async def test_who_asks_again_is_measured_again(local: Local, fast_batches: list[Choice]) -> None:
    async with started(local(tuning=AUTO)) as engine:
        await _measured(engine)
    fast_batches.clear()
    async with started(local(tuning=Tuning(autotune="again"))) as engine:
        await _measured(engine)
    assert fast_batches


async def test_a_running_engine_measures_again_and_says_how_far_it_is(
    local: Local, fast_batches: list[Choice], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(local(tuning=AUTO)) as engine:
        await _measured(engine)
        await until(engine, "ok")
        assert engine.status().measuring is None
        fast_batches.clear()
        go_on = asyncio.Event()
        run = autotune.run_measure

        async def slowly(choice: Choice, base: Configure) -> Measured | None:
            if len(fast_batches) == 2:
                await go_on.wait()
            return await run(choice, base)

        monkeypatch.setattr(autotune, "run_measure", slowly)
        engine.measure_again()
        engine.measure_again()  # nothing more
        async with asyncio.timeout(30):
            while engine.status().measuring != 2:  # noqa: ASYNC110 - an engine tells nobody
                await asyncio.sleep(0.01)
        assert engine.status().measured  # what is known is used until then
        pid = engine.status().pid
        go_on.set()
        async with asyncio.timeout(30):
            while engine.status().measuring is not None:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.01)
        assert engine.status().pid == pid  # there was nothing better
        assert await answer(engine, ask("hello"))


async def test_who_wants_no_measuring_is_told_how_to_allow_it(local: Local) -> None:
    async with started(local()) as engine:
        with pytest.raises(InvalidRequest, match="autotune is False"):
            engine.measure_again()
    with pytest.raises(EngineUnavailable):
        engine.measure_again()


async def test_an_engine_that_is_stopped_at_once_measures_nothing_any_more(local: Local) -> None:
    engine = local(tuning=AUTO)
    for _ in range(2):
        await engine.start()
        await engine.aclose()
        assert engine.status().measuring is None


async def test_small_models_are_fast_with_any_settings(
    local: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "_WORTH_PARAMS", 20_000_000)
    async with started(local(tuning=AUTO)) as engine:
        assert engine.status().measuring is None
        with pytest.raises(InvalidRequest, match="so small"):
            engine.measure_again()


async def test_nobody_is_disturbed(local: Local) -> None:
    async with started(local(tuning=AUTO)) as engine:
        pid = engine.status().pid
        text = await answer(engine, ask("hello", max_tokens=200))
        assert len(text) > 100
        assert engine.status().pid == pid  # not while it was generating
        await _measured(engine)


async def test_embeddings_are_not_disturbed_either(local: Local) -> None:
    async with started(local(tuning=AUTO)) as engine:
        pid = engine.status().pid
        embedding = asyncio.create_task(engine.embed(EmbedRequest(("abcd " * 80,) * 100)))
        await asyncio.sleep(0)
        async with asyncio.timeout(60):
            assert len((await embedding).vectors) == 100
        assert engine.status().pid == pid
        await _measured(engine)


async def test_nothing_is_measured_while_another_engine_is_used(
    local: Local, fast_batches: list[Choice], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "_QUIET_SECONDS", 0.02)
    users, asked = 1, asyncio.Event()

    def count() -> int:
        asked.set()
        return users

    async with started(local(tuning=AUTO, neighbours=Neighbours(count))) as engine:
        for _ in range(3):
            asked.clear()
            await asked.wait()
        assert not fast_batches
        users = 0
        await _measured(engine)


async def test_nothing_is_measured_where_a_second_process_does_not_fit_in(
    local: Local,
    small_model: Path,
    fast_batches: list[Choice],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    need = estimate(read_header(small_model), Wanted(512, 2))
    free = need.total - 1
    neighbours = Neighbours(lambda: 0, lambda: free)
    async with started(local(tuning=AUTO, neighbours=neighbours)) as engine:
        async with asyncio.timeout(30):
            while engine.status().measuring is not None:  # noqa: ASYNC110 - an engine tells nobody
                await asyncio.sleep(0.01)
        assert not fast_batches
        assert caplog.text.count("are not looked for") == 1
        free = need.total
        engine.measure_again()
        await _measured(engine)

    free = need.total - need.weights  # which are mapped from the file where nothing repacks them
    mapped = Tuning(autotune=True, use_extra_bufts=False)
    async with started(local(tuning=mapped, neighbours=neighbours)) as engine:
        await _measured(engine)


async def test_engines_are_measured_one_after_the_other(
    local: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, running, most = autotune.run_measure, set[str](), 0

    async def slowly(choice: Choice, base: Configure) -> Measured | None:
        nonlocal most
        running.add(base.model_id)
        most = max(most, len(running))
        await asyncio.sleep(0.01)
        running.discard(base.model_id)
        return await run(choice, base)

    monkeypatch.setattr(autotune, "run_measure", slowly)
    options = {"tuning": AUTO, "neighbours": Neighbours(lambda: 0)}
    async with (
        started(local(model_id="one", **options)) as one,
        started(local(model_id="two", n_ctx=256, **options)) as two,
    ):
        await asyncio.gather(_measured(one), _measured(two))
    assert most == 1


async def test_all_engines_of_a_pool_have_the_same_neighbours(
    small_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enginetraits, "jupyter_data_dir", lambda: str(tmp_path))
    made: list[LocalEngine] = []

    class Noted(LocalEngine):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            made.append(self)

    monkeypatch.setattr(enginetraits, "LocalEngine", Noted)
    traits = OxillamaApp(model=str(small_model), n_ctx=512, n_threads=1, autotune=False)
    async with started(traits._pool()) as pool:
        run = pool.generate(ask("hi", max_tokens=400))
        await anext(run)
        await pool.load("oxillama-tiny")
        one, two = (engine._ways._neighbours for engine in made)
        assert one is two
        assert one.users() == 1
        await run.aclose()
        assert one.users() == 0


async def test_a_measurement_that_cannot_begin_costs_nothing(
    local: Local, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def run(_: Choice, __: Configure) -> Measured:
        raise OSError("no more processes")

    monkeypatch.setattr(autotune, "run_measure", run)
    async with started(local(tuning=AUTO)) as engine:
        async with asyncio.timeout(30):
            while "could not be looked for" not in caplog.text:  # noqa: ASYNC110 - a log tells nobody
                await asyncio.sleep(0.01)
        assert await answer(engine, ask("hello"))


async def test_a_folder_that_cannot_be_written_costs_only_the_memory(
    local: Local, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "data" / "engine-tuning.json").mkdir(parents=True)
    async with started(local(tuning=AUTO)) as engine:
        await _measured(engine)
        await until(engine, "ok")
        assert engine.status().settings["n_batch"] == 256 + 2
    assert "is not kept" in caplog.text


FAILS_WITH_SMALL_BATCHES = """
real = llama.Llama.warm_up
def warm_up(self):
    if self.limits.n_batch < 300:
        raise llama.ModelError("no luck with small batches")
    real(self)
llama.Llama.warm_up = warm_up
"""


async def test_settings_it_does_not_start_with_are_left_out_and_forgotten(
    local: Local,
    worker_script: Callable[[str], None],
    fast_batches: list[Choice],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    worker_script(FAILS_WITH_SMALL_BATCHES)
    async with started(local(tuning=AUTO)) as engine:
        first = engine.status()
        async with asyncio.timeout(60):
            while "tries without them" not in caplog.text:  # noqa: ASYNC110 - a log tells nobody
                await asyncio.sleep(0.01)
        await until(engine, "ok")
        assert engine.status().pid != first.pid
        assert engine.status().settings["n_batch"] == 512 + 2
        assert await answer(engine, ask("hello"))
        assert engine.status().measuring is None  # it would only find the same
    assert "no luck" in caplog.text
    assert "256" not in (tmp_path / "data" / "engine-tuning.json").read_text()


async def test_a_model_that_is_gone_takes_nothing_of_what_is_known_along(
    local: Local, small_model: Path, tmp_path: Path
) -> None:
    model, away = tmp_path / "moving.gguf", tmp_path / "away.gguf"
    shutil.copy(small_model, model)
    async with started(local(model, tuning=AUTO)) as engine:
        await _measured(engine)
        await until(engine, "ok")
        model.rename(away)
        os.kill(engine.status().pid, signal.SIGKILL)
        await until(engine, "failed")
        away.rename(model)
        await until(engine, "ok")
        assert engine.status().settings["n_batch"] == 256 + 2


async def test_one_start_with_faster_settings_that_fails_is_not_the_last(
    local: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(local(tuning=AUTO)) as engine:
        launch, failed = engine._launcher.launch, asyncio.Event()

        async def fails_once(receive: Callable[..., None]) -> Launched:
            if not failed.is_set():
                failed.set()
                raise StartError("no memory just now")
            return await launch(receive)

        monkeypatch.setattr(engine._launcher, "launch", fails_once)
        async with asyncio.timeout(60):
            await failed.wait()
        await until(engine, "ok")
        assert await answer(engine, ask("hello"))


@pytest.mark.parametrize("crashed", [True, False])
async def test_extra_buffers_are_measured_again_unless_they_crash(
    local: Local, fast_batches: list[Choice], tmp_path: Path, *, crashed: bool
) -> None:
    if crashed:
        Verdicts(tmp_path / "data").save(Verdict(use_extra_bufts=False, reason="it crashed"))
    async with started(local(tuning=AUTO)) as engine:
        await _measured(engine)
    fast_batches.clear()
    choice = Choice(flash_attn=False, n_threads=1, use_extra_bufts=False)
    engine._ways._file.save(Tuned(choice, [], 1))
    async with started(local(tuning=AUTO)) as engine:
        assert engine.status().settings["use_extra_bufts"] is False
        engine.measure_again()
        async with asyncio.timeout(60):
            while engine.status().measuring is not None:  # noqa: ASYNC110 - an engine tells nobody
                await asyncio.sleep(0.01)
    tried = {choice.use_extra_bufts for choice in fast_batches}
    assert tried == ({False} if crashed else {False, True})
