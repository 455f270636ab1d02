"""The words behind a command."""

from __future__ import annotations

import pytest

from oxillama_jupyter.magics.command import Usage
from oxillama_jupyter.magics.failures import MagicError
from oxillama_jupyter.magics.flag import Flag

AT = Flag(("-a", "--at"), "N", "a whole number", "", int)
ALL = Flag(("--all",), "", "", "", None)
ONE = Usage("one", ("[NAME]",), (AT, ALL))
TWO = Usage("two", ("OLD", "NEW"), spaced=False)
NONE = Usage("none")


@pytest.mark.parametrize(
    ("line", "names", "flags"),
    [
        ("", (), {}),
        ("  a  ", ("a",), {}),
        ("a b c", ("a b c",), {}),
        ("'a  b'", ("a  b",), {}),
        ('"a\'s b"', ("a's b",), {}),
        ("What's up", ("What's up",), {}),
        ("C:\\x\\y", ("C:\\x\\y",), {}),
        ("--at 3 a --all b", ("a b",), {"at": 3, "all": True}),
        ("a --at=3", ("a",), {"at": 3}),
        ("-a -3", (), None),
        ("--at='3'", (), {"at": 3}),
        ("-- --all", ("--all",), {}),
        ("'--all'", ("--all",), {}),
        ("-", ("-",), {}),
        ("zwölf 🦙", ("zwölf 🦙",), {}),
    ],
)
def test_one_place(line: str, names: tuple[str, ...], flags: dict[str, object] | None) -> None:
    if flags is None:
        with pytest.raises(MagicError, match="nothing was given"):
            ONE.parse(line)
        return
    words = ONE.parse(line)
    assert (words.names, words.flags) == (names, flags)


def test_what_it_takes() -> None:
    assert ONE.takes == "[NAME] [-a/--at N] [--all]"
    assert TWO.parse("'a b' c").names == ("a b", "c")
    assert NONE.parse("").names == ()


@pytest.mark.parametrize(
    ("usage", "line", "message"),
    [
        (ONE, "--at x", "-a/--at takes a whole number, not 'x'."),
        (ONE, "--at", "-a/--at takes a whole number, but nothing was given."),
        (ONE, "--at --all", "-a/--at takes a whole number, but nothing was given."),
        (ONE, "--all=1", "--all takes no value, not '1'."),
        (
            ONE,
            "--al",
            (
                "There is no flag --al of %oxillama one. Did you mean --all?"
                " It takes [NAME] [-a/--at N] [--all]."
            ),
        ),
        (ONE, "'a b", "A quote is not closed in: %oxillama one 'a b"),
        (ONE, "''", "%oxillama one takes [NAME] [-a/--at N] [--all], but a name was empty."),
        (TWO, "a", "%oxillama two takes OLD NEW, but no NEW was given."),
        (TWO, "a b c", "%oxillama two takes OLD NEW, not 'c'; a name with spaces belongs in"),
        (NONE, "a", "%oxillama none takes nothing, not 'a'."),
        (NONE, "--x", "There is no flag --x of %oxillama none. It takes none."),
    ],
)
def test_mistakes(usage: Usage, line: str, message: str) -> None:
    with pytest.raises(MagicError) as caught:
        usage.parse(line)
    assert str(caught.value).startswith(message)
