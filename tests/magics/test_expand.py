"""Only `{{ … }}` is replaced, and only by what Python gives."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from oxillama_jupyter.magics.expand import expanded
from oxillama_jupyter.magics.failures import MagicError


class Unprintable:
    def __str__(self) -> str:
        raise RuntimeError("no text")


SPACE: dict[str, Any] = {"x": 3, "name": "Zoë", "braces": "{{ x }}", "bad": Unprintable()}
SHELL: Any = SimpleNamespace(user_ns=SPACE, user_global_ns=SPACE)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("a {{x}} b {{ x + 1 }}{{name}}", "a 3 b 4Zoë"),
        ("{x} {} { { x } } }} $x %s {", "{x} {} { { x } } }} $x %s {"),
        ('{{ {"a": {"b": 1}}["a"] }}', "{'b': 1}"),
        ("{{{1: {2: 3}}}}", "{1: {2: 3}}"),
        ("{{ {1: {2: 3}}}}!", "{1: {2: 3}}!"),
        ('{{ "{{" }} and {{ "}}" }}', "{{ and }}"),
        ("{{ f'{x:>{x}}' }}|", "  3|"),
        ("{{ [n for n in range(x)] }}", "[0, 1, 2]"),
        ("{{ [\n  1,\n  2,\n] }}", "[1, 2]"),
        ("{{ braces }}", "{{ x }}"),
        ("{{ None }}", "None"),
        ("", ""),
        ("a\0b {{x}}\r\n", "a\0b 3\r\n"),
    ],
)
def test_text_is_expanded(text: str, result: str) -> None:
    assert expanded(SHELL, text) == result


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{{ y }}", "--expand: {{ y }} failed with NameError: name 'y' is not defined"),
        ("{{ 1 / 0 }}", "--expand: {{ 1 / 0 }} failed with ZeroDivisionError: division by zero"),
        ("{{ bad }}", "--expand: {{ bad }} failed with RuntimeError: no text"),
        ("a {{ x", "--expand: {{ x is not closed by }}."),
        ("{{ x + }} {{ x }}", "--expand: {{ x + }} is no Python expression."),
        ("{{}}", "--expand: {{  }} is no Python expression."),
        ("{{ import os }}", "--expand: {{ import os }} is no Python expression."),
        ("{{ x = 1 }}", "--expand: {{ x = 1 }} is no Python expression."),
    ],
)
def test_what_cannot_be_expanded_is_named(text: str, line: str) -> None:
    with pytest.raises(MagicError) as caught:
        expanded(SHELL, text)
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)


def test_many_braces_take_no_time() -> None:
    with pytest.raises(MagicError):
        expanded(SHELL, "{{ (" + "}}" * 100_000)
    assert expanded(SHELL, "}}" * 100_000 + "{{x}}").endswith("}}3")
