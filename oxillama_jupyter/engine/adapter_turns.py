"""Which adapter's generations the next step decodes: a batch can have only one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oxillama_jupyter.engine.jobs import Job

__all__ = ["AdapterTurns"]


class AdapterTurns:
    """Takes turns among the adapters in use; no adapter is one of them."""

    def __init__(self) -> None:
        self._served: dict[str | None, int] = {}
        self._steps = 0

    def next(self, jobs: list[Job]) -> list[Job]:
        """The jobs of that adapter which waited longest; all of them where they agree."""
        names = {job.adapter for job in jobs}
        self._steps += 1
        chosen = min(names, key=lambda name: (self._served.get(name, 0), name or ""))
        self._served[chosen] = self._steps
        return jobs if len(names) == 1 else [job for job in jobs if job.adapter == chosen]
