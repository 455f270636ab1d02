from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

import pytest

from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.errors import EngineUnavailable, InvalidRequest, ModelNotFound
from oxillama_jupyter.services.models import ModelService

LOGGER = logging.getLogger("test")


def service(aliases: Mapping[str, str] | None = None) -> ModelService:
    return ModelService(ScriptedEngine(model_id="tiny"), aliases or {}, LOGGER)


@pytest.mark.parametrize("name", [None, "", "tiny"])
def test_no_name_means_the_default_model(name: str | None) -> None:
    assert service().resolve(name) == "tiny"


def test_an_alias_is_a_name_too() -> None:
    models = service({"gpt-4o": "tiny"})
    assert models.resolve("gpt-4o") == "tiny"
    assert models.get("gpt-4o").id == "tiny"


def test_a_star_stands_for_every_unknown_name() -> None:
    assert service({"*": "tiny"}).resolve("anything") == "tiny"


@pytest.mark.parametrize("aliases", [{}, {"gpt-4o": "gone"}, {"*": "gone"}])
def test_an_unknown_model_is_an_error_that_lists_the_known(aliases: dict[str, str]) -> None:
    with pytest.raises(ModelNotFound, match="Available: tiny"):
        service(aliases).resolve("gpt-4o")


def test_everybody_who_waits_is_told_why_the_engine_failed() -> None:
    async def test() -> None:
        engine = ScriptedEngine(start_error=EngineUnavailable("no such file"))
        models = ModelService(engine, {}, LOGGER)
        models.start()
        answers = await asyncio.gather(models.ready(), models.ready(), return_exceptions=True)
        assert [str(answer) for answer in answers] == [
            "The engine is not running: no such file"
        ] * 2
        await models.aclose()

    asyncio.run(test())


def test_an_engine_with_one_model_says_how_that_is_and_loads_no_other() -> None:
    async def test() -> None:
        models = service()
        assert [(one.id, one.state) for one in (await models.states()).data] == [
            ("tiny", "loading")
        ]
        models.start()
        await models.ready()
        (model,) = (await models.states()).data
        assert (model.id, model.state, model.default, model.context) == (
            "tiny",
            "loaded",
            True,
            4096,
        )
        for verb in (models.load, models.unload):
            with pytest.raises(InvalidRequest, match="one model"):
                await verb("tiny")
        await models.aclose()

    asyncio.run(test())


def test_a_model_that_failed_is_not_resolved_for_work() -> None:
    async def test() -> None:
        engine = ScriptedEngine(model_id="tiny", start_error=EngineUnavailable("no such file"))
        models = ModelService(engine, {}, LOGGER)

        async def use(resolve: Callable[[str], str]) -> str:
            return resolve("tiny")

        assert models.resolve("tiny") == "tiny"
        with pytest.raises(EngineUnavailable, match="no such file"):
            await models.resolving(use)
        with pytest.raises(EngineUnavailable, match="no such file"):
            models.check("tiny")

    asyncio.run(test())
