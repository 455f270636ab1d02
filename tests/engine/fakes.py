"""A llama.cpp of lists: it checks every call and computes tokens from all that a sequence holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from oxillama_jupyter.engine.backend import CacheFull, Interrupted, Row
from oxillama_jupyter.engine.protocol import Sampling

END = 0


class FakeSampler:
    """Counts how many are open."""

    open = 0

    def __init__(self) -> None:
        FakeSampler.open += 1
        self._closed = False

    def close(self) -> None:
        assert not self._closed
        self._closed = True
        FakeSampler.open -= 1


class FakeLlama:
    """Backend, cells and vocabulary at once; the next token depends on every token before it."""

    def __init__(  # noqa: PLR0913 - settings, all by name
        self,
        count: int = 4,
        cells: int = 10_000,
        *,
        rigid: bool = False,
        rigid_states: bool = False,
        unified: bool = True,
        end_at: int = 0,
    ) -> None:
        self.content: dict[int, list[int]] = {index: [] for index in range(count)}
        self.cells = cells
        self.rigid = rigid
        self.rigid_states = rigid_states or rigid
        self.unified = unified
        self.end_at = end_at
        self.now = 0.0
        self.token_seconds = 0.001
        self.steps: list[list[Row]] = []
        self.copies = self.saves = self.loads = 0
        self.during_step: Callable[[], None] = lambda: None
        self._interrupted = False

    # -- backend

    def sampler(self, _sampling: Sampling, _constraint: object) -> FakeSampler:
        return FakeSampler()

    def step(self, rows: Sequence[Row]) -> list[int]:
        assert rows
        assert len({row.sequence for row in rows}) == len(rows)
        for row in rows:
            assert row.tokens
            assert row.position == len(self.content[row.sequence])
        if self.used() + sum(len(row.tokens) for row in rows) > self.cells:
            raise CacheFull
        self._interrupted = False
        self.during_step()
        if self._interrupted:
            raise Interrupted
        self.steps.append(list(rows))
        for row in rows:
            self.content[row.sequence] += row.tokens
        self.now += self.token_seconds * sum(len(row.tokens) for row in rows)
        return [self.next_token(self.content[row.sequence]) for row in rows if row.sampler]

    def interrupt(self) -> None:
        self._interrupted = True

    def next_token(self, tokens: list[int]) -> int:
        if self.end_at and len(tokens) >= self.end_at:
            return END
        return 1 + hash(tuple(tokens)) % 1000

    def used(self) -> int:
        return sum(map(len, self.content.values()))

    # -- cells

    def keep(self, sequence: int, length: int) -> int:
        tokens = self.content[sequence]
        if self.rigid and length < len(tokens):
            length = 0
        del tokens[length:]
        return length

    def copy(self, source: int, target: int, length: int) -> int:
        assert not self.content[target]
        self.copies += 1
        self.content[target] = self.content[source][:]
        return self.keep(target, length)

    def save(self, sequence: int) -> tuple[list[int], int]:
        self.saves += 1
        return self.content[sequence][:], len(self.content[sequence])

    def load(self, sequence: int, state: list[int]) -> bool:
        assert not self.content[sequence]
        if self.used() + len(state) > self.cells:
            return False
        self.loads += 1
        self.content[sequence] = state[:]
        return True

    # -- vocabulary

    def is_end(self, token: int) -> bool:
        return token == END

    def piece(self, token: int) -> bytes:
        return f"{token} ".encode()

    def expected(self, prompt: Sequence[int], count: int) -> list[int]:
        """What must come out of a prompt, whatever happens beside it."""
        tokens = list(prompt)
        for _ in range(count):
            tokens.append(self.next_token(tokens))
        return tokens[len(prompt) :]
