from __future__ import annotations

from oxillama_jupyter.engine.protocol import EngineStats
from oxillama_jupyter.engine.reporter import Reporter


def test_figures_are_told_once_a_second_and_before_going_idle() -> None:
    now = 0.0
    used = 0
    reporter = Reporter(lambda: EngineStats(cells=9, cells_used=used), clock=lambda: now)
    assert reporter.news(idle=False) == EngineStats(9, 0)
    used = 1
    now = 0.9
    assert reporter.news(idle=False) is None
    now = 1.0
    assert reporter.news(idle=False) == EngineStats(9, 1)
    used = 2
    assert reporter.news(idle=False) is None
    assert reporter.news(idle=True) == EngineStats(9, 2)
    assert reporter.news(idle=True) is None  # nothing new
