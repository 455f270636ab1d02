"""Whatever a model writes and however it arrives: no exception, nothing lost, nothing doubled."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import pytest
from engine.dialects import DIALECTS, TOOLS
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from oxillama_jupyter.engine.formats import Format
from oxillama_jupyter.engine.parsing import OutputParser
from oxillama_jupyter.engine.parts import CallItem, Item, TextItem, items_of

FUZZ = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def items(pieces: list[str], form: Format, **options: Any) -> list[Item]:
    numbers = itertools.count()
    parser = OutputParser(form, **{"tools": TOOLS, **options}, new_id=lambda: f"c{next(numbers)}")
    parts = [part for piece in pieces for part in parser.feed(piece)] + parser.finish()
    found = items_of(parts)
    assert found == parser.items
    return found


def fragments(form: Format) -> list[str]:
    """Pieces of everything a family writes, some of them whole."""
    samples = [d for d in DIALECTS.values() if d.form is form]
    texts = [text for d in samples for text in (d.one, d.two, d.malformed, d.cut, d.thought)]
    tags = [*form.tags, *form.calls.openers, *form.calls.initial, *(form.thinking or ())]
    bits = [bit for text in texts for bit in re.findall(r"\w+|\s+|.", text)]
    extra = [
        "get_weather",
        "\\",
        '"',
        "\ud83e\udd99".encode("utf-16", "surrogatepass").decode("utf-16"),
    ]
    return [*texts, *tags, *(tag[:-1] for tag in tags), *dict.fromkeys(bits), *extra]


def soups(form: Format) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(fragments(form)), max_size=14)


@pytest.mark.parametrize("name", DIALECTS)
def test_any_text_in_any_pieces_adds_up_to_the_same(name: str) -> None:
    form = DIALECTS[name].form

    @FUZZ
    @given(soup=soups(form), cuts=st.lists(st.integers(0, 400)), reasoning=st.booleans())
    def check(soup: list[str], cuts: list[int], reasoning: bool) -> None:  # noqa: FBT001
        text = "".join(soup)
        places = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
        pieces = [text[a:b] for a, b in itertools.pairwise(places)]
        whole = items([text], form, reasoning_open=reasoning)

        for some in (soup, pieces, list(text)):
            assert whole == items(some, form, reasoning_open=reasoning)
        for item in whole:
            if not isinstance(item, CallItem):
                assert item.text
            elif item.complete:
                assert isinstance(json.loads(item.arguments), dict)

    check()


@pytest.mark.parametrize("name", DIALECTS)
def test_no_word_is_lost_or_doubled(name: str) -> None:
    form = DIALECTS[name].form
    pieces = [piece for piece in fragments(form) if piece not in ("type", "id")]

    @FUZZ
    @given(soup=st.lists(st.sampled_from(pieces), max_size=10), every=st.integers(1, 3))
    def check(soup: list[str], every: int) -> None:
        words = [f"«{number}»" for number in range(len(soup) // every + 1)]
        mixed = [
            (words[number // every] if number % every == 0 else "") + piece
            for number, piece in enumerate(soup)
        ] + ([words[-1]] if len(soup) % every == 0 else [])
        words = [word for word in words if word in "".join(mixed)]
        found = items(mixed, form)
        said = "".join(i.arguments if isinstance(i, CallItem) else i.text for i in found)
        counts = [said.count(word) for word in words]
        if found and isinstance(found[-1], CallItem) and not found[-1].complete:
            counts = [*itertools.dropwhile(lambda count: count == 0, reversed(counts))]
            assume(counts)  # what the end cut off in mid-syntax is gone

        assert set(counts) <= {1}

    check()


@pytest.mark.parametrize("name", DIALECTS)
def test_without_tools_and_reasoning_text_is_itself(name: str) -> None:
    form = DIALECTS[name].form._replace(thinking=None)
    if form.calls.channels:
        return

    @FUZZ
    @given(soup=soups(form))
    def check(soup: list[str]) -> None:
        text = "".join(soup)
        assert ([TextItem(text)] if text else []) == items(soup, form, tools=None)

    check()
