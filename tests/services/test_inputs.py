from __future__ import annotations

from typing import Any

import pytest

from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.services.inputs import inputs_of


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("x", ["x"]),
        ("", [""]),
        ([], []),
        (["x", "y"], ["x", "y"]),
        ([1, 2], [(1, 2)]),
        ([[1, 2], [3]], [(1, 2), (3,)]),
        ([[]], [()]),
    ],
    ids=str,
)
def test_all_forms_are_read(given: Any, found: list[Any]) -> None:
    assert inputs_of(given, "prompt") == found


@pytest.mark.parametrize("given", [["x", 1], [1, [2]], ["x", [1]]], ids=str)
def test_a_mixture_is_refused(given: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        inputs_of(given, "prompt")
    assert (caught.value.param, caught.value.code) == ("prompt", "invalid_type")
