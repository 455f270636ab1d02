"""One generation in the engine's process: its tokens, its text so far, its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oxillama_jupyter.engine.parts import Part, Text

if TYPE_CHECKING:
    from oxillama_jupyter.engine.backend import Constraint, Sampler
    from oxillama_jupyter.engine.parsing import OutputParser
    from oxillama_jupyter.engine.protocol import Sampling
    from oxillama_jupyter.engine.recorder import Recorder
    from oxillama_jupyter.engine.slots import Slot
    from oxillama_jupyter.engine.text import TextAssembler
    from oxillama_jupyter.engine.vault import Snapshot

__all__ = ["Job"]


@dataclass(slots=True, eq=False)
class Job:
    """One generation, from submission to its last delta.

    Attributes:
        fed: The number of the step that last read a part of its prompt.
    """

    id: int
    tokens: list[int]
    sampling: Sampling
    text: TextAssembler
    cache_key: str | None = None
    dropped: tuple[int, ...] = ()
    constraint: Constraint | None = None
    parser: OutputParser | None = None
    one_call: bool = False
    snapshot: Snapshot | None = None
    recorder: Recorder | None = None
    echo: str = ""
    adapter: str | None = None
    reasoning_tokens: int = field(init=False, default=0)
    n_prompt: int = field(init=False)
    limit: int = field(init=False, default=0)
    cached: int = field(init=False, default=0)
    fed: int = field(init=False, default=0)
    slot: Slot | None = field(init=False, default=None)
    sampler: Sampler | None = field(init=False, default=None)
    admitted: float = field(init=False, default=0.0)
    first_token: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        """Remember where the prompt ends."""
        self.n_prompt = len(self.tokens)

    @property
    def called(self) -> bool:
        """Whether the one call that is allowed has been made."""
        return self.one_call and self.parser is not None and self.parser.ended_calls > 0

    def parse(self, text: str, tokens: int) -> list[Part]:
        """Split text into answer, reasoning and calls, and count its tokens."""
        if self.parser is None:
            return [Text(text)] if text else []
        inside = self.parser.reasoning
        parts = self.parser.feed(text)
        if inside or self.parser.reasoning:
            self.reasoning_tokens += tokens
        return parts

    def parse_end(self) -> list[Part]:
        """Say what was withheld."""
        parts = self.parse(self.text.finish(), 0)
        return parts if self.parser is None else [*parts, *self.parser.finish()]
