"""A bar chart as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _LEFT, _RIGHT = 860, 250, 70
_ROW, _GAP = 20, 34
_OURS, _THEIRS, _INK, _PAPER = "#c2410c", "#94a3b8", "#1e293b", "#ffffff"


@dataclass(frozen=True)
class Bar:
    """`title` begins a new group; it is empty for the bars that follow."""

    title: str
    name: str
    value: float
    ours: bool


def draw(bars: Sequence[Bar]) -> str:
    """Draw horizontal bars."""
    most = max((bar.value for bar in bars), default=1.0)
    parts, y = [], 12
    for bar in bars:
        if bar.title:
            y += _GAP
            parts.append(f'<text x="12" y="{y - 8}" font-weight="bold">{escape(bar.title)}</text>')
        length = (_WIDTH - _LEFT - _RIGHT) * bar.value / most
        colour = _OURS if bar.ours else _THEIRS
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 14}" text-anchor="end">{escape(bar.name)}</text>')
        parts.append(f'<rect x="{_LEFT}" y="{y + 3}" width="{length:.1f}" height="{_ROW - 6}" fill="{colour}"/>')
        parts.append(f'<text x="{_LEFT + length + 6:.1f}" y="{y + 14}">{bar.value:.2f}</text>')
        y += _ROW
    parts.append(f'<text x="{_LEFT}" y="{y + 20}">GB of lines a second; longer is better</text>')
    style = f'font-family="system-ui, sans-serif" font-size="12" fill="{_INK}"'
    size = f'width="{_WIDTH}" height="{y + 34}" viewBox="0 0 {_WIDTH} {y + 34}"'
    paper = f'<rect width="100%" height="100%" fill="{_PAPER}"/>'
    body = "\n".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>\n{paper}\n{body}\n</svg>\n'
