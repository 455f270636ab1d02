"""The remote engine as an engine like any other.

What an upstream cannot tell ahead is not asked here: how long the prompt is and what was cached.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from engine.helpers import Engines
from engine.test_protocol import (  # noqa: F401  # collected here, for this kind of engine
    test_a_cancelled_waiter_takes_no_sequence,
    test_a_prompt_over_its_budget_is_an_error,
    test_a_prompt_that_does_not_fit_is_an_error_with_both_numbers,
    test_a_stop_string_ends_the_answer_and_is_not_in_it,
    test_an_engine_that_was_not_started_or_was_stopped_is_unavailable,
    test_an_unknown_model_is_refused,
    test_cancelling_the_task_frees_the_sequence,
    test_closing_the_iterator_frees_the_sequence,
    test_deltas_of_a_slow_reader_lose_nothing,
    test_generations_run_beside_each_other,
    test_more_generations_than_sequences_wait_in_order,
    test_numbers_that_make_no_sense_are_refused,
    test_stopping_the_engine_ends_what_is_generated,
    test_what_a_stop_string_withheld_is_said_in_the_end,
    test_without_a_limit_the_context_ends_the_answer,
)
from engine.upstreams import ServedEngine


class _RemoteEngines(Engines):
    """Makes remote engines whose upstream goes on until it is stopped."""

    def make(self, **options: Any) -> ServedEngine:
        parallel = {"n_parallel": options.pop("n_parallel", 2)}
        return ServedEngine(super().make(**options, n_parallel=64), **parallel)


@pytest.fixture
def engines() -> Engines:
    """Remote engines behind the maker."""
    return _RemoteEngines("scripted", lambda **_: pytest.fail("not the local one"), Path())
