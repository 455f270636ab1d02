"""What the scheduler needs of llama.cpp, and what passes between the two; no llama.cpp in here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from oxillama_jupyter.engine.pieces import Pieces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oxillama_jupyter.engine.protocol import Sampling
    from oxillama_jupyter.engine.recorder import Recorder

__all__ = [
    "Backend",
    "CacheFull",
    "Cells",
    "Constraint",
    "Interrupted",
    "Limits",
    "Row",
    "Sampler",
    "State",
    "Vocabulary",
]

State = Any  # what `Cells.save` returned; only the backend looks inside


class CacheFull(Exception):
    """The KV cache has no room for the batch; nothing was decoded."""


class Interrupted(Exception):
    """The step was broken off; no row of it is in the cache."""


class Sampler(Protocol):
    """Chooses tokens for one generation; the backend knows how."""

    def close(self) -> None:
        """Free it."""


class Constraint(Protocol):
    """Keeps one generation to its format; the backend masks what the sampler may choose."""

    @property
    def stopped(self) -> bool:
        """Whether the answer is complete and nothing more can follow."""

    @property
    def holds(self) -> bool:
        """Whether an answer that ends here, unless it is stopped, is not complete."""

    def accept(self, token: int) -> None:
        """Move on by a token, also where it ends the generation.

        Raises:
            EngineError: The format cannot be kept; the answer so far is not complete.
        """


class Row(NamedTuple):
    """Consecutive tokens of one sequence in a batch; with a sampler, its end gets a new token.

    A recorder is shown the logits before anything changes them. All rows of a batch have the same
    adapter.
    """

    sequence: int
    position: int
    tokens: Sequence[int]
    sampler: Sampler | None
    recorder: Recorder | None = None
    adapter: str | None = None


class Backend(Protocol):
    """What the scheduler needs of llama.cpp, beside the memory that `Slots` looks after."""

    def sampler(self, sampling: Sampling, constraint: Any) -> Sampler:  # the backend's own kind
        """Make a sampler for one generation; it obeys the constraint where there is one."""

    def step(self, rows: Sequence[Row]) -> list[int]:
        """Decode a batch and return one new token for each row that has a sampler.

        Raises:
            CacheFull: There is no room; nothing changed.
            Interrupted: `interrupt` was called meanwhile.
        """

    def interrupt(self) -> None:
        """Break off the step that is under way; from any thread."""


class Cells(Protocol):
    """What the slots need of llama.cpp's memory.

    Attributes:
        rigid: Whether a sequence is of use as a whole only: recurrent models forget all of it
            or nothing.
        rigid_states: Whether saved states are of use as a whole only: those of models with a
            sliding window lack what has left the window.
        unified: Whether sequences share the cells; otherwise each has its own.
    """

    rigid: bool
    rigid_states: bool
    unified: bool

    def keep(self, sequence: int, length: int) -> int:
        """Forget a sequence's tokens from `length` on; return how many are left."""

    def copy(self, source: int, target: int, length: int) -> int:
        """Let `target` (empty) begin as `source` does; return with how many tokens."""

    def save(self, sequence: int) -> tuple[State, int]:
        """Copy a sequence's cells to ordinary memory; return them and their size in bytes."""

    def load(self, sequence: int, state: State) -> bool:
        """Bring saved cells back into an empty sequence; False where there is no room."""


class Vocabulary(Protocol):
    """What the scheduler needs of the model's vocabulary."""

    def is_end(self, token: int) -> bool:
        """Whether this token ends a generation."""

    def piece(self, token: int) -> bytes:
        """The bytes of this token; none for control tokens."""


class Limits(NamedTuple):
    """Sizes the scheduler plans with.

    Attributes:
        n_parallel: Generations at the same time.
        n_ctx: The most tokens of one generation, prompt included.
        n_batch: The most tokens of one step.
        min_chunk: The fewest prompt tokens worth a step.
        prefill_seconds: How long a step may take that only prefills.
        mixed_seconds: How long a step may take while somebody generates.
        token_seconds: First guess of what one prompt token takes; measured from then on.
        n_cells: Cells of the KV cache, for its figures.
        echo_rows: The most prompt tokens of one step whose logits are wanted.
        pieces: How prompts are cut.
    """

    n_parallel: int
    n_ctx: int
    n_batch: int
    min_chunk: int = 32
    prefill_seconds: float = 0.12
    mixed_seconds: float = 0.06
    token_seconds: float = 1e-4
    n_cells: int = 0
    echo_rows: int = 16
    pieces: Pieces = Pieces()
