from __future__ import annotations

import re

import pytest

from oxillama_jupyter import errors

TREE = re.compile(
    r"^[│├└─ ]*(?P<name>[A-Z]\w+) +(?P<status>\d{3}) +(?P<type>\w+)(?: +(?P<code>\w+))?$",
    re.MULTILINE,
)
DRAWN = {match["name"]: match for match in TREE.finditer(errors.__doc__ or "")}
CLASSES = [getattr(errors, name) for name in errors.__all__]


@pytest.mark.parametrize("error", CLASSES)
def test_the_drawn_tree_is_the_real_one(error: type[errors.OxillamaError]) -> None:
    if error is errors.ConnectionFailed:
        return  # never answered over HTTP
    drawn = DRAWN[error.__name__]
    assert (error.status, error.type) == (int(drawn["status"]), drawn["type"])
    assert error.code == drawn["code"]


def test_an_error_carries_what_the_envelope_needs() -> None:
    error = errors.InvalidRequest("No.", param="a.b", code="invalid_value")
    assert (error.message, error.param, error.code) == ("No.", "a.b", "invalid_value")
    assert errors.InvalidRequest.code is None
    assert str(error) == "No."
