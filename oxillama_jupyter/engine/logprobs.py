"""How probable the model found its tokens: what deltas carry where a request asks for it."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["MOST_ALTERNATIVES", "TokenLogprob"]

MOST_ALTERNATIVES = 20


class TokenLogprob(Struct, frozen=True, omit_defaults=True, array_like=True, gc=False):
    """A token and how probable the model found it at its place.

    The probability is the model's own: the log-softmax of its logits over the whole vocabulary,
    before penalties, bias, temperature, truncation and grammars had their say.

    Attributes:
        token: Its id.
        raw: Its bytes, also those of a control token; half a character is possible.
        logprob: Natural logarithm; None for the first token of a prompt, which follows nothing.
        top: The most probable tokens at this place, best first, this one among them or not.
    """

    token: int
    raw: bytes
    logprob: float | None
    top: tuple[TokenLogprob, ...] = ()

    @property
    def text(self) -> str:
        """Its bytes as text, with U+FFFD for what is no whole character."""
        return self.raw.decode(errors="replace")
