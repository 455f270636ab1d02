"""Constraints that do not begin with the answer: behind reasoning, or with a call."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from oxillama_jupyter.engine.constraints import AfterReasoning
from oxillama_jupyter.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from oxillama_jupyter.engine.constraints import ConstraintCompiler, TokenConstraint
    from oxillama_jupyter.engine.parsing import OutputParser

__all__ = ["BegunCalls", "from_where"]

_REMEMBERED = 256  # tokens; what follows an opener is seen at once, or when no stop string can be
_SPACE = b" \t\r\n"


def from_where(
    constraint: TokenConstraint | None,
    rests: Mapping[str, TokenConstraint],
    parser: OutputParser | None,
    pending: Callable[[], bytes],
    compiler: ConstraintCompiler,
) -> TokenConstraint | AfterReasoning | BegunCalls | None:
    """Let a constraint wait where the prompt ends inside reasoning, and those of calls for calls.

    Args:
        constraint: Of the whole answer.
        rests: Of calls, as `BegunCalls` has them; none where there is a `constraint`.
        parser: The parser of this generation; None for a raw prompt.
        pending: The bytes that the parser has not been given yet.
        compiler: Of this vocabulary.
    """
    if parser is None:
        return constraint
    if rests:
        return BegunCalls(rests, parser, pending, compiler)
    if constraint is None or not parser.reasoning:
        return constraint
    # What closes reasoning may be withheld, for a stop string may begin with its end.
    return AfterReasoning(constraint, lambda: parser.reasons_behind(pending()))


class BegunCalls:
    """Keeps calls to their functions' schemas, from where the parser sees them begin.

    Args:
        rests: By opener, what follows it.
        parser: The parser of the same generation.
        pending: The bytes that the parser has not been given yet.
        compiler: Of this vocabulary.
    """

    def __init__(
        self,
        rests: Mapping[str, TokenConstraint],
        parser: OutputParser,
        pending: Callable[[], bytes],
        compiler: ConstraintCompiler,
    ) -> None:
        self._rests = rests
        self._parser = parser
        self._pending = pending
        self._compiler = compiler
        self._call: TokenConstraint | None = None
        self._unkept: int | None = None
        self._free: deque[int] = deque(maxlen=_REMEMBERED)

    @property
    def stopped(self) -> bool:
        """Text may always follow."""
        return False

    @property
    def holds(self) -> bool:
        """Whether a call has begun and is not over."""
        return self._call is not None

    def mask(self, logits: NDArray[np.float32]) -> None:
        """Forbid what cannot continue a call, if one has begun."""
        self._begin()
        if self._call is not None:
            self._call.mask(logits)

    def accept(self, token: int) -> None:
        """Move on by the token that was chosen.

        Raises:
            EngineError: A call cannot be kept to its function's schema.
        """
        self._begin()
        if self._call is None:
            if self._unkept is not None and self._parser.begun_calls > self._unkept:
                raise EngineError(
                    "The model began a call in a way that cannot be kept to its function's schema."
                )
            self._free.append(token)
            return
        self._call.accept(token)
        if self._call.stopped:
            self._call = None
            self._free.clear()

    def _begin(self) -> None:
        """Take over where the parser has seen an opener, with what was written behind it since."""
        opened = self._parser.take_opened()
        if opened is None or self._call is not None or opened.opener not in self._rests:
            return
        self._unkept = None
        call = self._rests[opened.opener].copy()
        written = (opened.behind.encode() + self._pending()).lstrip(_SPACE)
        try:
            for token in self._tokens(len(written)):
                call.accept(token)
        except EngineError:  # no call, most likely: another function's name, or prose
            self._unkept = opened.calls
            return
        self._call = None if call.stopped else call

    def _tokens(self, size: int) -> list[int]:
        """The last tokens, of so many bytes; a token that is only half of it is spelled anew."""
        found: list[int] = []
        for token in reversed(self._free):
            piece = self._compiler.vocabulary.piece(token)
            if size < len(piece):
                return self._compiler.spell(piece[len(piece) - size :]) + found if size else found
            found.insert(0, token)
            size -= len(piece)
        return found
