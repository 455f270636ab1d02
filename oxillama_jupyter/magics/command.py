"""A command of `%oxillama`, and the words behind it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.magics.failures import MagicError, did_you_mean

if TYPE_CHECKING:
    from oxillama_jupyter.magics.flag import Flag
    from oxillama_jupyter.magics.pages import Page
    from oxillama_jupyter.magics.session import Session

__all__ = ["Command", "Usage", "Words"]

# A quoted word, `--flag=` with a value that may be quoted, or what stands between spaces. A quote
# counts where a word begins only: so names such as What's up need none.
_WORD = re.compile(
    r"""\s*(?:"([^"]*)"(?=\s|$)|'([^']*)'(?=\s|$)|(--[\w-]+=)(?:"([^"]*)"|'([^']*)')(?=\s|$)|(\S+))"""
)


@dataclass(frozen=True)
class Command:
    """A command.

    Attributes:
        takes: What may stand behind it, for the help.
        does: What it is for, for the help.
        run: The command; the text behind its name may be empty.
        flags: Its flags, for completion.
        completes: What its words are, in their order, for completion: "thread", "archived", "tag",
            "model", "preset", "file", or the words themselves, as in "save|show"; the last one
            counts for all that follow.
    """

    takes: str
    does: str
    run: Callable[[Session, str], Page]
    flags: tuple[Flag, ...] = ()
    completes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Words:
    """The words behind a command, sorted.

    Attributes:
        names: Those that belong to no flag.
        flags: The flags that are there, by their key.
    """

    names: tuple[str, ...] = ()
    flags: dict[str, Any] = field(default_factory=dict)  # each what its flag makes of it

    @property
    def name(self) -> str:
        """The only name, or nothing."""
        return self.names[0] if self.names else ""


@dataclass(frozen=True)
class Usage:
    """What may stand behind a command.

    Attributes:
        command: Its name.
        places: Its names, as the help has them: `NAME`, or `[NAME]` if it may be left out.
        flags: Its flags.
        spaced: Whether the last name may have spaces without quotes.
    """

    command: str
    places: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()
    spaced: bool = True

    @property
    def takes(self) -> str:
        """All of it in one line."""
        flags = (f"[{flag.label} {flag.metavar}".rstrip() + "]" for flag in self.flags)
        return " ".join([*self.places, *flags])

    def parse(self, line: str) -> Words:
        """The words of a line.

        Raises:
            MagicError: It says what is wrong, and what the command takes.
        """
        names: list[str] = []
        flags: dict[str, Any] = {}
        words = self._split(line)
        ended = False  # behind `--` nothing is a flag
        while words:
            word, quoted = words.pop(0)
            if quoted or ended or not word.startswith("-") or word == "-":
                names.append(word)
            elif word == "--":
                ended = True
            else:
                flag, value = self._flag(word, words)
                flags[flag.key] = value
        return Words(self._placed(names), flags)

    def _split(self, line: str) -> list[tuple[str, bool]]:
        """The words, and whether they were quoted."""
        found = []
        for one, two, flag, three, four, bare in _WORD.findall(line.strip()):
            if flag:
                found.append((flag + (three or four), False))
            elif bare[:1] in {'"', "'"} and bare.count(bare[0]) == 1:
                raise MagicError(f"A quote is not closed in: %oxillama {self.command} {line}")
            else:
                found.append((bare or one or two, not bare))
        return found

    def _flag(self, word: str, words: list[tuple[str, bool]]) -> tuple[Flag, Any]:
        """The flag that a word is, and its value, which may be the next word."""
        name, equals, value = word.partition("=")
        known = {name: flag for flag in self.flags for name in flag.names}
        flag = known.get(name)
        if flag is None:
            what = f"There is no flag {name} of %oxillama {self.command}."
            raise MagicError(f"{what}{did_you_mean(name, known)} It takes {self.takes or 'none'}.")
        if flag.convert is None:
            if equals:
                raise MagicError(f"{flag.label} takes no value, not {value!r}.")
            return flag, True
        if not equals:
            if not words or (words[0][0].startswith("-") and not words[0][1]):
                raise MagicError(f"{flag.label} takes {flag.takes}, but nothing was given.")
            value = words.pop(0)[0]
        try:
            return flag, flag.convert(value)
        except (ValueError, TypeError):
            raise MagicError(f"{flag.label} takes {flag.takes}, not {value!r}.") from None

    def _placed(self, names: list[str]) -> tuple[str, ...]:
        """The names, one for each place."""
        most = len(self.places)
        if len(names) > most and self.spaced and most:
            names[most - 1 :] = [" ".join(names[most - 1 :])]
        usage = f"%oxillama {self.command} takes {self.takes or 'nothing'}"
        if len(names) > most:
            advice = "; a name with spaces belongs in quotes" if most else ""
            raise MagicError(f"{usage}, not {names[most]!r}{advice}.")
        needed = [place for place in self.places if not place.startswith("[")]
        if len(names) < len(needed):
            raise MagicError(f"{usage}, but no {needed[len(names)]} was given.")
        if any(not name.strip() for name in names):
            raise MagicError(f"{usage}, but a name was empty.")
        return tuple(names)
