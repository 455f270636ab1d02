"""Prompts are cut into pieces that llama.cpp reads in its fast way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oxillama_jupyter.engine.pieces import Pieces

PLAIN = Pieces()
FLASH = Pieces(tile=64, apart=True, round_up=29)
SHARED = Pieces(tile=64, apart=False, round_up=29)


def shares(pieces: Pieces, missing: list[int], budget: int, generating: int = 0) -> list[int]:
    return list(pieces.shares(missing, budget, generating))


def test_without_flash_attention_any_number_is_as_good() -> None:
    assert shares(PLAIN, [1000], 100) == [100]
    assert shares(PLAIN, [1000, 1000], 150) == [75, 75]
    assert PLAIN.least(3) == 1


def test_flash_attention_gets_whole_tiles() -> None:
    assert shares(FLASH, [1000], 250) == [192]
    assert shares(SHARED, [1000], 250, generating=3) == [192]


def test_beside_generations_a_piece_has_one_token_more() -> None:
    """llama.cpp takes one token of each sequence first: 64 would be 63 tokens and the slow way."""
    assert FLASH.least(1) == 65
    assert shares(FLASH, [1000], 250, generating=1) == [193]
    assert shares(FLASH, [1000, 1000], 140, generating=2) == [65, 65]


def test_a_prompt_that_ends_is_read_to_its_end() -> None:
    assert shares(FLASH, [70], 250) == [70]
    assert shares(FLASH, [10, 1000], 250) == [10, 192]


def test_few_missing_tokens_are_read_with_cached_ones() -> None:
    assert FLASH.again(40, 2000, 0) == 24
    assert FLASH.again(40, 2000, 2) == 25
    assert SHARED.again(40, 2000, 2) == 24


@pytest.mark.parametrize(
    ("pieces", "missing", "cached"),
    [
        (FLASH, 28, 2000),  # soon read
        (FLASH, 64, 2000),  # a tile already
        (FLASH, 40, 500),  # not worth it
        (PLAIN, 40, 2000),
        (Pieces(tile=64), 40, 2000),  # nobody has measured that it is better
    ],
)
def test_others_are_not(pieces: Pieces, missing: int, cached: int) -> None:
    assert pieces.again(missing, cached, 0) == 0


@given(
    st.lists(st.integers(2, 3000), min_size=1, max_size=8),
    st.integers(65, 600),
    st.integers(0, 7),
    st.sampled_from([PLAIN, FLASH, SHARED]),
)
def test_there_is_always_something_to_read_and_never_too_much(
    missing: list[int], budget: int, generating: int, pieces: Pieces
) -> None:
    found = shares(pieces, missing, budget, generating)
    assert found
    assert all(0 < given <= count for given, count in zip(found, missing, strict=False))
    assert sum(found) <= budget
