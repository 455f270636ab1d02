"""The engine's figures as a drawing, for notebooks that are read where nothing runs.

It has its own background: where it is shown knows of no theme.
"""

from __future__ import annotations

import math
import time
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from oxillama_jupyter.client.engine_tables import engine_tables
from oxillama_jupyter.widgets.calls import visible

__all__ = ["engine_svg"]

Json = dict[str, Any]  # as the server sent it

_WIDTH, _MARGIN = 720, 20
_INK, _QUIET, _LINE, _PAPER = "#1a1a1a", "#5a5a5a", "#c8c8c8", "#ffffff"
_FILLS = {"generating": "#1565c0", "reading": "#90caf9", "idle": "#e3e3e3", "free": _PAPER}
_WORDS = {"idle": "warm", "free": "free"}
_MOST_SEQUENCES = 16
_IN_A_ROW = 8
_MOST_TURNS = 30
_ROWS = ("Model", "Process", "Runs", "KV cache", "On disk", "Turns so far")
_BARS = 110


def engine_svg(report: Json) -> str:
    """Draw what `GET /oxillama/engine` said: the state, the sequences, the last turns' speed."""
    rows = [(str(name), str(value)) for name, value in engine_tables(report)[0][1]]
    said = dict(rows)
    drawing = _Drawing()
    drawing.text(_MARGIN, 24, "oxillama engine", size=16, bold=True)
    drawing.down(44)
    drawing.line(said["State"], size=13)
    for name in _ROWS:
        drawing.line(f"{name}: {said[name]}", fill=_QUIET)
    drawing.down(10)
    drawing.line(f"Sequences: {said['Sequences']}", bold=True)
    _sequences(drawing, report["status"]["stats"].get("sequences", []))
    drawing.down(14)
    _turns(drawing, list(reversed(report["turns"][:_MOST_TURNS])))
    moment = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(report["time"]))
    drawing.down(6)
    drawing.line(f"As of {moment}", fill=_QUIET)
    return drawing.svg(f"oxillama engine as of {moment}. {said['State']}. {said['Sequences']}.")


class _Drawing:
    """Pieces of a drawing, from top to bottom."""

    def __init__(self) -> None:
        self.y = 0.0
        self._pieces: list[str] = []

    def down(self, by: float) -> None:
        self.y += by

    def line(self, text: str, *, size: int = 12, fill: str = _INK, bold: bool = False) -> None:
        """A line of text below all that there is."""
        self.text(_MARGIN, self.y, text, size=size, fill=fill, bold=bold)
        self.y += 18

    def text(  # noqa: PLR0913 - how a text looks, by name
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: int = 12,
        fill: str = _INK,
        bold: bool = False,
        anchor: str = "start",
        room: float = _WIDTH - 2 * _MARGIN,
    ) -> None:
        """A text at a place, cut where it would leave the drawing."""
        most = max(int(room / (0.56 * size)), 1)
        line = visible(" ".join(text.split()))
        cut = line if len(line) <= most else f"{line[: most - 1]}…"
        weight = ' font-weight="600"' if bold else ""
        self._pieces.append(
            f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{fill}"{weight} '
            f'text-anchor="{anchor}">{escape(cut)}</text>'
        )

    def box(  # noqa: PLR0913 - a place, a size, a look
        self, x: float, y: float, width: float, height: float, *, fill: str, dashes: str = ""
    ) -> None:
        """A box with an edge; dashed where it is told."""
        edge = f' stroke-dasharray="{dashes}"' if dashes else ""
        self._pieces.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="2" '
            f'fill="{fill}" stroke="{_QUIET}"{edge}/>'
        )

    def rule(self, y: float) -> None:
        """A line across."""
        self._pieces.append(
            f'<path d="M{_MARGIN + 40} {y:g}H{_WIDTH - _MARGIN}" stroke="{_LINE}"/>'
        )

    def svg(self, title: str) -> str:
        """The whole of it."""
        height = self.y
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:g}" '
            f'width="{_WIDTH}" height="{height:g}" role="img" '
            f"aria-label={quoteattr(visible(title))} "
            'font-family="system-ui, sans-serif">'
            f"<title>{escape(visible(title))}</title>"
            f'<rect width="{_WIDTH}" height="{height:g}" fill="{_PAPER}"/>'
            f"{''.join(self._pieces)}</svg>"
        )


def _sequences(drawing: _Drawing, sequences: list[Json]) -> None:
    """A box for each, with its state in a word."""
    if not sequences:
        return
    shown = sequences[:_MOST_SEQUENCES]
    gap, top = 6, drawing.y - 8
    width = (_WIDTH - 2 * _MARGIN + gap) / min(len(shown), _IN_A_ROW) - gap
    for number, one in enumerate(shown):
        x = _MARGIN + number % _IN_A_ROW * (width + gap)
        y = top + number // _IN_A_ROW * 46
        state, tokens = one.get("state", "free"), one.get("tokens", 0)
        drawing.box(x, y, width, 40, fill=_FILLS[state], dashes="" if tokens else "3 3")
        fill = _PAPER if state == "generating" else _INK
        options: Json = {"size": 11, "fill": fill, "anchor": "middle", "room": width}
        drawing.text(x + width / 2, y + 17, _WORDS.get(state) or str(state), **options)
        if tokens:
            drawing.text(x + width / 2, y + 32, f"{tokens:,} tokens", **options)
    drawing.down(-(-len(shown) // _IN_A_ROW) * 46 + 6)
    if len(sequences) > len(shown):
        drawing.line(f"and {len(sequences) - len(shown)} more", fill=_QUIET)


def _turns(drawing: _Drawing, turns: list[Json]) -> None:
    """A bar for each turn, the newest at the right."""
    if not turns:
        drawing.line("No turn has ended yet.", fill=_QUIET)
        return
    drawing.line(f"Tokens per second of the last {len(turns)} turns, newest right", bold=True)
    rates = [float(turn["timings"]["tokens_per_second"]) for turn in turns]
    most, base = _ceiling(max(*rates, 1.0)), drawing.y + _BARS
    for share in (0, 0.5, 1):
        y = base - share * (_BARS - 10)
        drawing.rule(y)
        drawing.text(_MARGIN + 34, y + 4, f"{share * most:,g}", size=11, fill=_QUIET, anchor="end")
    step = (_WIDTH - 2 * _MARGIN - 44) / max(len(rates), 12)
    for number, rate in enumerate(rates):
        height = rate / most * (_BARS - 10)
        x = _WIDTH - _MARGIN - (len(rates) - number) * step
        drawing.box(x + 1, base - height, max(step - 3, 1), height, fill=_FILLS["generating"])
    drawing.down(_BARS + 16)


def _ceiling(value: float) -> float:
    """A round number that is not below."""
    unit = math.pow(10, math.floor(math.log10(value)))
    return next(step * unit for step in (1, 2, 4, 5, 10) if step * unit >= value)
