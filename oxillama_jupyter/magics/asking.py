"""`await ask(…)`: what a `%%oxillama` cell does, in an async cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oxillama_jupyter.magics.approval import ALL
from oxillama_jupyter.magics.arguments import Options
from oxillama_jupyter.magics.failures import MagicError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from oxillama_jupyter.client.answer import Answer
    from oxillama_jupyter.magics.oxillama import OxillamaMagics

__all__ = ["ask"]


async def ask(
    prompt: str,
    *,
    tools: Iterable[Callable[..., Any] | str] = (),
    yes: bool | Iterable[str] = False,
    **options: Any,  # the fields of Options: thread, model, system, temperature, …
) -> Answer:
    """Ask a model and show its answer as it grows, while other tasks of the kernel go on.

    It has the effect of a `%%oxillama` cell with the same flags. Cancelling it, as an interrupt of
    the cell does, cancels the run.

    Args:
        prompt: The question, sent as it is.
        tools: Functions that the model may call, or their names; async ones are awaited.
        yes: Run calls without asking: all of them, or those of the functions with these names.
        **options: What else the flags say, by their long names: `thread`, `model`, `system`, ….

    Returns:
        The answer.

    Raises:
        MagicError: There is no whole answer; what has come of it is shown.

    Example:
        >>> answer = await ask("Name three cities.", thread="cities")  # doctest: +SKIP
    """
    if not prompt.strip():
        raise MagicError("There is no prompt to be asked.")
    trusted = ((ALL,) if yes else ()) if isinstance(yes, bool) else tuple(yes)
    try:
        chosen = Options(tools=tuple(tools), yes=trusted, **options)
    except TypeError as error:
        raise MagicError(str(error).replace("Options.__init__()", "ask()")) from None
    return await _magics().ask(chosen, prompt)


def _magics() -> OxillamaMagics:
    """The kernel's magics, loaded if need be: they know its connection and its threads."""
    from IPython.core.getipython import get_ipython

    from oxillama_jupyter import load_ipython_extension
    from oxillama_jupyter.magics.oxillama import OxillamaMagics

    shell = get_ipython()
    if shell is None:
        raise MagicError("ask() belongs into a notebook or IPython; elsewhere use connect().")
    if OxillamaMagics.__name__ not in shell.magics_manager.registry:
        load_ipython_extension(shell)
    found: OxillamaMagics = shell.magics_manager.registry[OxillamaMagics.__name__]
    return found
