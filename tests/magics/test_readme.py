"""README's tables of the magics are those of the definitions."""

from __future__ import annotations

from magics.readme import README, with_tables


def test_the_readme_has_every_flag_and_command() -> None:
    text = README.read_text("utf-8")

    assert text == with_tables(text), "make it true again: python tests/magics/readme.py"
