"""Tab completion of `%oxillama` and of the first line of `%%oxillama`."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.client.names import Names
from oxillama_jupyter.magics.commands import COMMANDS
from oxillama_jupyter.magics.files import FORMATS
from oxillama_jupyter.magics.flags import FLAGS
from oxillama_jupyter.magics.presets import preset_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from IPython.core.completer import CompletionContext, SimpleMatcherResult
    from IPython.core.interactiveshell import InteractiveShell

    from oxillama_jupyter.magics.flag import Flag
    from oxillama_jupyter.magics.session import Session

__all__ = ["Completion", "install"]

_IDENTIFIER = "oxillama"
_LINE = re.compile(r"\s*(%%?)oxillama[ \t]+(.*)", re.DOTALL)
# The word that is being typed: behind `--flag=`, or a quote that is still open, or the last one.
_LAST = re.compile(r"""(?:^|(?<=\s))(--[\w-]+=)?("[^"]*|'[^']*|[^\s"']\S*|)$""")
_WORD = re.compile(r""""[^"]*"|'[^']*'|\S+""")
_PLAIN = re.compile(r"""[^\s"'-][^\s"']*""")
_SHELLS_OWN = {"In", "Out", "get_ipython", "exit", "quit", "open"}
# What a flag's value is, by any of its names; a list has commas.
_VALUES = {
    "--thread": "thread",
    "--model": "model",
    "--preset": "preset",
    "--tag": "tag",
    "--output": "variable",
    "--vars": "variables",
    "--tools": "functions",
    "--schema": "type",
}


def install(shell: InteractiveShell, session: Session) -> None:
    """Add to a shell's completion; once, however often the extension is loaded."""
    from IPython.core.completer import SimpleCompletion, context_matcher

    completion = Completion(shell.user_ns, Names(lambda: session.connected))

    @context_matcher(identifier=_IDENTIFIER)  # type: ignore[untyped-decorator]  # IPython leaves it open
    def matcher(context: CompletionContext) -> SimpleMatcherResult:
        first = not "".join(context.full_text.split("\n")[: context.cursor_line]).strip()
        line = context.text_until_cursor
        fragment, words = completion.of(line, first=first)
        found = [SimpleCompletion(word, type="oxillama") for word in words]
        return {
            "completions": found or (_Nothing() if _LINE.fullmatch(line) else []),
            "matched_fragment": fragment,
            "suppress": True,
            "ordered": True,
        }

    completer: Any = shell.Completer
    others = [
        one
        for one in completer.custom_matchers
        if getattr(one, "matcher_identifier", "") != _IDENTIFIER
    ]
    completer.custom_matchers = [*others, matcher]


class _Nothing(list[Any]):
    """No completions, and none of anybody else's either.

    IPython lets a matcher suppress others only if it has something itself. On our lines the others
    would offer Python's keywords, and the one for files would stumble over an unfinished flag.
    """

    def __len__(self) -> int:
        return 1


class Completion:
    """What may be typed next.

    Args:
        namespace: The user's variables.
        names: The server's names.
    """

    def __init__(self, namespace: dict[str, Any], names: Names) -> None:
        self._namespace = namespace
        self._kinds: dict[str, Callable[[str], Iterable[str]]] = {
            "thread": lambda typed: (
                names.thread_ids() if typed.startswith("thread_") else names.threads()
            ),
            "archived": lambda _: names.threads(archived=True),
            "tag": lambda _: names.tags(),
            "model": lambda _: names.models(),
            "preset": lambda _: preset_names(),
            "file": _files,
            "variable": lambda _: self._variables(lambda _: True),
            "type": lambda _: self._variables(lambda value: isinstance(value, type | dict)),
        }
        self._lists: dict[str, Callable[[Any], bool]] = {
            "variables": lambda value: not callable(value),
            "functions": lambda value: callable(value) and not isinstance(value, type),
        }

    def of(self, line: str, *, first: bool) -> tuple[str, list[str]]:
        """What may stand at the end of a line.

        Args:
            line: The line up to the cursor.
            first: Whether it is the first of its cell with anything in it.

        Returns:
            What is there of it already, and by what that can be replaced.
        """
        match = _LINE.fullmatch(line)
        if match is None or (match[1] == "%%" and not first):
            return "", []
        last = _LAST.search(match[2])
        if last is None:
            return "", []
        flag, fragment = last[1] or "", last[2]
        before = _WORD.findall(match[2][: last.start()])
        if match[1] == "%%":
            found = self._behind(before, flag, fragment, FLAGS, ())
        elif not before and not flag:
            return fragment, _beginning(fragment, COMMANDS)
        else:
            command = COMMANDS.get(before[0]) if before else None
            if command is None:
                return fragment, []
            found = self._behind(before[1:], flag, fragment, command.flags, command.completes)
        return fragment, found

    def _behind(
        self,
        before: list[str],
        flag: str,
        fragment: str,
        flags: tuple[Flag, ...],
        completes: tuple[str, ...],
    ) -> list[str]:
        """What may stand behind some words."""
        known = {name: one for one in flags for name in one.names}
        if flag:
            return self._values(known.get(flag[:-1]), fragment)
        waiting = known.get(before[-1]) if before else None
        if waiting is not None and waiting.convert is not None:
            return self._values(waiting, fragment)
        if fragment.startswith("-"):
            used = [known[word] for word in before if word in known and not known[word].many]
            names = [name for name, one in known.items() if one not in used]
            return _beginning(fragment, sorted(names, key=lambda name: name[:2] != "--"))
        if not completes:
            return []
        values = {n + 1 for n, word in enumerate(before) if _takes_value(known.get(word))}
        place = sum(n not in values and not word.startswith("-") for n, word in enumerate(before))
        return self._of_kind(completes[min(place, len(completes) - 1)], fragment)

    def _values(self, flag: Flag | None, fragment: str) -> list[str]:
        kinds = [_VALUES[name] for name in flag.names if name in _VALUES] if flag else []
        return self._of_kind(kinds[0], fragment) if kinds else []

    def _of_kind(self, kind: str, fragment: str) -> list[str]:
        if kind in self._lists:
            names = self._variables(self._lists[kind])
            head, comma, typed = fragment.rpartition(",")
            used = head.split(",")
            return [f"{head}{comma}{n}" for n in _beginning(typed, names) if n not in used]
        if "|" in kind:
            return _beginning(fragment, kind.split("|"))
        quote = fragment[:1] if fragment[:1] in {'"', "'"} else ""
        typed = fragment.removeprefix(quote)
        found = _beginning(typed, self._kinds[kind](typed)) if kind in self._kinds else []
        return [word for name in found if (word := _quoted(name, quote))]

    def _variables(self, wanted: Callable[[Any], bool]) -> list[str]:
        return [
            name
            for name, value in list(self._namespace.items())
            if not name.startswith("_")
            and name not in _SHELLS_OWN
            and not isinstance(value, ModuleType)
            and wanted(value)
        ]


def _takes_value(flag: Flag | None) -> bool:
    return flag is not None and flag.convert is not None


def _beginning(fragment: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(fragment)]


def _quoted(name: str, quote: str) -> str:
    """A name as a command takes it, in the quotes that were begun; nothing if it cannot be."""
    if not quote and _PLAIN.fullmatch(name):
        return name
    usable = [mark for mark in (quote or "'\"") if mark not in name]
    return f"{usable[0]}{name}{usable[0]}" if usable else ""


def _files(typed: str) -> list[str]:
    """Folders, and files that hold threads."""
    folder, slash, _ = typed.rpartition("/")
    try:
        entries = sorted(Path(folder + slash or ".").expanduser().iterdir())
    except (OSError, RuntimeError, ValueError):
        return []
    found = []
    for entry in entries:
        name = f"{folder}{slash}{entry.name}"
        if entry.is_dir():
            found.append(f"{name}/")
        elif entry.suffix.lower() in FORMATS:
            found.append(name)
    return [name for name in found if not name[len(folder + slash) :].startswith(".")]
