"""The functions that a run may call in this kernel: found by name, approved, called, answered."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.client.outputs import error_text, output_text
from oxillama_jupyter.client.tools import ArgumentsError, Tool, ToolError, tool_of
from oxillama_jupyter.magics.approval import ALL, Approval
from oxillama_jupyter.magics.failures import MagicError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from oxillama_jupyter.magics.approval import Decision
    from oxillama_jupyter.magics.desk import Desk

    Wait = Callable[[Awaitable[Any]], Awaitable[Any]]

__all__ = ["Toolbox", "toolbox"]

_EDITED = "[The user changed the arguments to {arguments} before the call.]\n"


@dataclass(frozen=True)
class Toolbox:
    """Functions, and who decides about calls of them.

    Attributes:
        tools: The functions by the model's name for them.
        approval: Decides.
    """

    tools: Mapping[str, Tool] = field(default_factory=dict)
    approval: Approval = field(default_factory=Approval)

    @property
    def settings(self) -> dict[str, Any]:
        """The fields of a run's body that offer them."""
        return {"tools": [tool.definition for tool in self.tools.values()]} if self.tools else {}

    @property
    def asks(self) -> bool:
        """Whether a call may need asking."""
        return not self.approval.covers(self.tools)

    async def answer(
        self, calls: Iterable[dict[str, Any]], wait: Wait, desk: Desk | None = None
    ) -> list[dict[str, Any]] | None:
        """Decide about all pending calls, then run them, one after the other.

        Where somebody cannot be asked about one of them, none has run: whoever attaches to the run
        is asked about all, and nothing happens twice.

        Args:
            calls: As the run has them.
            wait: How to wait for what an async function gives.
            desk: Where pages decide; without one this front end is asked.

        Returns:
            The entries of the request's `tool_outputs`; None if the run does not wait any more.

        Raises:
            CannotAskError: Somebody has to be asked, and nobody can be.
        """
        found: Mapping[str, Decision] = {}
        if desk is not None:
            calls = list(calls)
            asked = [call for call in calls if call["function"]["name"] in self.tools]
            given = await desk(asked, self.approval)
            if given is None:
                return None
            found = given
        decided = [(call, found.get(call["id"]) or self._decide(call)) for call in calls]
        return [await self._answer(call, decision, wait) for call, decision in decided]

    def _decide(self, call: dict[str, Any]) -> Decision | None:
        """The decision about a call; None where there is no such function."""
        name = call["function"]["name"]
        if name not in self.tools:
            return None
        return self.approval.decide(name, call["function"]["arguments"])

    async def _answer(
        self, call: dict[str, Any], decision: Decision | None, wait: Wait
    ) -> dict[str, Any]:
        name = call["function"]["name"]
        if decision is None:
            known = ", ".join(self.tools) or "none at all"
            text = error_text(f"There is no function {name!r}; there are: {known}.")
            return {"tool_call_id": call["id"], "output": text}
        text = await _run(self.tools[name], call["function"]["arguments"], decision, wait)
        answered = {"tool_call_id": call["id"], "output": text}
        return answered | ({"decision": decision.body} if decision.body else {})


async def _run(tool: Tool, arguments: str, decision: Decision, wait: Wait) -> str:
    """What the model is told of a call: errors of the function are outputs too."""
    if decision.verdict == "denied":
        why = f" The reason: {decision.reason}" if decision.reason else ""
        return error_text(f"The user denied this call; the function did not run.{why}")
    note = ""
    if decision.arguments is not None:
        arguments = decision.arguments
        note = _EDITED.format(arguments=arguments)
    try:
        result = tool(arguments)
        if inspect.isawaitable(result):
            result = await wait(result)
        return note + output_text(result)
    except ArgumentsError as error:
        return note + error_text(f"The arguments do not fit: {error.message}")
    except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever the user's code raises
        return note + error_text(error)


def toolbox(
    wanted: Iterable[str | Callable[..., Any]],
    trusted: Iterable[str],
    namespace: Mapping[str, Any],
) -> Toolbox:
    """Find functions.

    Args:
        wanted: Functions, or their names among the variables, with dots where they are inside of
            something.
        trusted: Which of them need no asking; `ALL` stands for every one.
        namespace: The user's variables.

    Raises:
        MagicError: One is not there, cannot be a tool, or has another one's name.
    """
    tools: dict[str, Tool] = {}
    names: dict[str, str] = {}
    for entry in wanted:
        function = _find(entry, namespace) if isinstance(entry, str) else entry
        try:
            tool = tool_of(function)
        except ToolError as error:
            raise MagicError(f"--tools: {error.message}") from None
        if tool.name in tools:
            raise MagicError(f"--tools: two functions are called {tool.name!r}.")
        tools[tool.name] = tool
        names[entry if isinstance(entry, str) else tool.name] = tool.name
    return Toolbox(tools, Approval(_trusted(trusted, names)))


def _trusted(trusted: Iterable[str], names: dict[str, str]) -> list[str]:
    known = names | {name: name for name in names.values()} | {ALL: ALL}
    for name in trusted:
        if name not in known:
            raise MagicError(f"--yes trusts functions of --tools, and {name!r} is none of them.")
    return [known[name] for name in trusted]


def _find(name: str, namespace: Mapping[str, Any]) -> Any:  # whatever the variable holds
    first, *rest = name.split(".")
    if first not in namespace:
        functions = [key for key, value in namespace.items() if callable(value) and key[0] != "_"]
        raise MagicError(
            f"--tools: there is no {first!r} in this notebook.{did_you_mean(first, functions)}"
        )
    found = namespace[first]
    for part in rest:
        if not hasattr(found, part):
            raise MagicError(f"--tools: {first!r} has no {part!r}.")
        found = getattr(found, part)
    return found
