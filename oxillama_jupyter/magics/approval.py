"""Asking before a model's call runs: yes, no, with other arguments, or always."""

from __future__ import annotations

import getpass
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from IPython.core.error import StdinNotImplementedError

from oxillama_jupyter.widgets.calls import call_text

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ALL", "Approval", "CannotAskError", "Decision"]

ALL = "*"
_QUESTION = "Run it? [y]es / [n]o / [e]dit / [a]lways for this run: "
_HELP = (
    "y runs it; n does not, and n with words behind it tells the model why; e runs it with other"
    " arguments; a runs it, and does not ask about this function again in this run."
)


class CannotAskError(Exception):
    """Nobody can be asked here: the front end takes no input."""


@dataclass(frozen=True)
class Decision:
    """What was decided about a call.

    Attributes:
        verdict: `approved`, `edited` or `denied`.
        by: Who decided, or the rule that did.
        reason: Why it was denied, if that was said.
        arguments: The arguments to run it with, where they were edited.
        kept: Whether the server has it already: it was given in a page.
    """

    verdict: str
    by: str
    reason: str | None = None
    arguments: str | None = None
    kept: bool = False

    @property
    def body(self) -> dict[str, str] | None:
        """The field of the request; None where the server has it already."""
        values = {"verdict": self.verdict, "by": self.by}
        values |= {"reason": self.reason} if self.reason is not None else {}
        values |= {"arguments": self.arguments} if self.arguments is not None else {}
        return None if self.kept else values


class Approval:
    """Decides about the calls of one run.

    Args:
        trusted: Names of functions that need no asking; `ALL` stands for every one.
    """

    def __init__(self, trusted: Iterable[str] = ()) -> None:
        self._trusted = frozenset(trusted)
        self._always: set[str] = set()

    def covers(self, names: Iterable[str]) -> bool:
        """Whether none of these needs asking."""
        return ALL in self._trusted or set(names) <= self._trusted

    def decide(self, name: str, arguments: str) -> Decision:
        """Decide about a call; asks where no rule does.

        Raises:
            CannotAskError: No rule does, and nobody can be asked.
        """
        return self.rule(name) or self._ask(name, arguments, _user())

    def rule(self, name: str) -> Decision | None:
        """The decision about any call of this function, if a rule has one."""
        if self.covers([name]):
            return Decision("approved", "--yes")
        return Decision("approved", f"{_user()} (always)") if name in self._always else None

    def always(self, name: str) -> None:
        """Approve all other calls of this function."""
        self._always.add(name)

    def _ask(self, name: str, arguments: str, user: str) -> Decision:
        shown = call_text(name, arguments)
        while True:
            answer, _, rest = _input(f"{shown}\n{_QUESTION}").strip().partition(" ")
            choice = answer.lower()
            if choice in {"y", "yes"}:
                return Decision("approved", user)
            if choice in {"n", "no"}:
                return Decision("denied", user, reason=rest.strip()[:2000] or None)
            if choice in {"a", "always"}:
                self._always.add(name)
                return Decision("approved", f"{user} (always)")
            if choice in {"e", "edit"}:
                edited = _edited(rest, arguments)
                if edited is None:
                    shown = f"These are no arguments: they have to be a JSON object.\n{shown}"
                    continue
                return Decision("edited", user, arguments=edited)
            shown = f"{_HELP}\n{call_text(name, arguments)}"


def _edited(text: str, arguments: str) -> str | None:
    """The new arguments as JSON; None if they are none."""
    given = text.strip() or _input(f"The model's arguments:\n{arguments}\nNew ones, as JSON: ")
    try:
        value: Any = json.loads(given)
    except ValueError:
        return None
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else None


def _input(prompt: str) -> str:
    try:
        return input(prompt)
    except (StdinNotImplementedError, EOFError, OSError):
        raise CannotAskError from None


def _user() -> str:
    try:
        return getpass.getuser()[:150]
    except (OSError, KeyError):  # a container's user may have no name
        return "user"
