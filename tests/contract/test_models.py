from __future__ import annotations

import openai
import pytest
from openai import OpenAI


def test_the_models_are_listed(client: OpenAI) -> None:
    (model,) = client.models.list()
    assert model.id == "oxillama-tiny"
    assert model.owned_by == "oxillama"


def test_a_model_is_retrieved_by_its_id(client: OpenAI) -> None:
    assert client.models.retrieve("oxillama-tiny").id == "oxillama-tiny"


def test_an_unknown_model_is_not_found(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("org/model:tag")
    assert caught.value.code == "model_not_found"
    assert "oxillama-tiny" in caught.value.message


def test_a_model_named_in_a_run_is_resolved(client: OpenAI) -> None:
    run = client.beta.threads.create_and_run_poll(
        assistant_id="default", model="oxillama-tiny", extra_body={"max_tokens": 1}
    )
    assert run.model == "oxillama-tiny"
