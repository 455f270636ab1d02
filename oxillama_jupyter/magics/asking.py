"""`await ask(…)`: what a `%%oxillama` cell does, in an async cell."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.client.schema import schema_of
from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.magics.approval import ALL
from oxillama_jupyter.magics.arguments import Options, filled
from oxillama_jupyter.magics.failures import MagicError, did_you_mean
from oxillama_jupyter.magics.flags import FLAGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from IPython.core.interactiveshell import InteractiveShell

    from oxillama_jupyter.client.answer import Answer
    from oxillama_jupyter.magics.flag import Flag
    from oxillama_jupyter.magics.oxillama import OxillamaMagics

__all__ = ["ask"]

_OTHER = {"bg", "output", "preview"}  # what an awaited call does by itself, or cannot do


async def ask(
    prompt: str,
    *,
    tools: Iterable[Callable[..., Any] | str] = (),
    yes: bool | Iterable[str] = False,
    schema: Any = None,  # a class, a JSON Schema, or the name of one
    **flags: Any,  # what flags take
) -> Answer:
    """Ask a model and show its answer as it grows, while other tasks of the kernel go on.

    It has the effect of a `%%oxillama` cell with the same flags. Cancelling it, as an interrupt of
    the cell does, cancels the run.

    Args:
        prompt: The question, sent as it is.
        tools: Functions that the model may call, or their names; async ones are awaited.
        yes: Run calls without asking: all of them, or those of the functions with these names.
        schema: What the answer has to be, as for `--schema`, or its name.
        **flags: What else the flags say, by their long names: `thread="x"`, `temperature=0`, ….

    Returns:
        The answer; bound to a name, or the cell would show it a second time.

    Raises:
        MagicError: There is no whole answer; what has come of it is shown.

    Example:
        >>> answer = await ask("Name three cities.", thread="cities")  # doctest: +SKIP
    """
    __tracebackhide__ = True  # for IPython, which takes long to render what is below the cell
    if not prompt.strip():
        raise MagicError("There is no prompt to be asked.")
    trusted = ((ALL,) if yes else ()) if isinstance(yes, bool) else tuple(yes)
    shell, magics = _loaded()
    options = _options(flags, schema, shell.user_ns)
    try:
        return await magics.ask(replace(options, tools=tuple(tools), yes=trusted), prompt)
    except asyncio.CancelledError as error:
        raise error.with_traceback(None) from None


def _options(flags: dict[str, Any], schema: object, namespace: dict[str, Any]) -> Options:
    """Options from keywords, as the flags of these names would set them."""
    known = {flag.key: flag for flag in FLAGS if flag.key not in _OTHER}
    for name in flags:
        if name not in known:
            raise MagicError(f"ask() takes no {name!r}.{did_you_mean(name, known)}")
    given = {name: _value(known[name], value) for name, value in flags.items()}
    values = {name: value for name, value in given.items() if known[name].field is not None}
    named = {name: value for name, value in given.items() if name not in values}
    if isinstance(schema, str):
        named["schema"] = schema
    options = filled(Options(**named, values=values), namespace)
    if schema is None or isinstance(schema, str):
        return options
    try:
        return replace(options, shape=schema_of(schema, "schema"))
    except InvalidRequest as error:
        raise MagicError(f"schema: {error}") from None


def _value(flag: Flag, given: object) -> Any:  # what the flag takes
    """A flag's value; a text means what it does on a cell's line."""
    if flag.convert is None or not isinstance(given, str):
        return given
    try:
        return flag.convert(given)
    except (ValueError, TypeError, RecursionError):
        raise MagicError(f"{flag.key} takes {flag.takes}, not {given!r}.") from None


def _loaded() -> tuple[InteractiveShell, OxillamaMagics]:
    """The shell and its magics, loaded if need be: they know its connection and its threads."""
    from IPython.core.getipython import get_ipython

    from oxillama_jupyter.magics.oxillama import OxillamaMagics

    shell = get_ipython()
    if shell is None:
        raise MagicError("ask() belongs into a notebook or IPython; elsewhere use connect().")
    if OxillamaMagics.__name__ not in shell.magics_manager.registry:
        shell.register_magics(OxillamaMagics)
    found: OxillamaMagics = shell.magics_manager.registry[OxillamaMagics.__name__]
    return shell, found
