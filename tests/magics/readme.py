"""The README's tables of the magics, made from the definitions: `python tests/magics/readme.py`."""

from __future__ import annotations

import re
from pathlib import Path

from oxillama_jupyter.magics.commands import COMMANDS
from oxillama_jupyter.magics.flags import FLAGS

README = Path(__file__).parents[2] / "README.md"
_PLACE = re.compile(r"(<!-- magics: .*? -->\n).*?(<!-- /magics -->)", re.DOTALL)


def with_tables(text: str) -> str:
    """The README's text with the tables as they have to be."""
    assert len(_PLACE.findall(text)) == 1, "the README has no place for the tables"
    return _PLACE.sub(lambda place: place[1] + _tables() + place[2], text)


def _tables() -> str:
    commands = [("%oxillama", "how things are")]
    commands += [
        (f"%oxillama {name} {command.takes}".strip(), command.does)
        for name, command in COMMANDS.items()
    ]
    flags = [
        (" ".join((", ".join(flag.names), flag.metavar)).strip(), flag.takes, flag.does)
        for flag in FLAGS
    ]
    return "\n".join(
        [
            *_table(("Command", "What it does"), commands),
            "",
            *_table(("Flag of `%%oxillama`", "What it takes", "What it does"), flags),
            "",
        ]
    )


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for first, *others in rows:
        # A pipe ends a cell, also within code.
        cells = [f"`{first}`", *(other or "nothing" for other in others)]
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return lines


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text("utf-8")), "utf-8")
