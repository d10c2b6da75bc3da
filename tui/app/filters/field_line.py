"""How a field of a sample looks on its lines: its most frequent value and that one's share; its values with bars."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC

from tui.app.filters.sample import Facet
from tui.app.model.clock import readable
from tui.app.widgets.lines import Piece, both_ends, fit, shorten, shorten_middle, sparkline
from tui.app.widgets.theme import Palette
from tui.filter.build import spell_field
from tui.filter.fields import Field
from tui.printable import printable
from tui.units import count

_WHOLE = 1e15  # below it a float tells whole numbers apart
_BAR = 8
_VALUES = 6
_WIDE = 60  # cells from which there is room for a bar
_UNLIKE = 3  # the rank from which values are hardly ever the same
_CEILING = 1.15  # one-line charts stop below the line above


@dataclass(frozen=True, slots=True)
class Line:
    """A field, or one of its values or patterns (by its place), or (-1) its types, coverage and numbers."""

    facet: Facet
    value: int | None = None

    @property
    def is_value(self) -> bool:
        return self.value is not None and self.value >= 0


def field_line(line: Line, palette: Palette, width: int, *, unfolded: bool) -> list[Piece]:
    if line.value is None:
        return _head(line.facet, palette, width, unfolded)
    if line.value < 0:
        return _about(line.facet.field, palette, width)
    return _value(line.facet, line.value, palette, width)


def _head(facet: Facet, palette: Palette, width: int, unfolded: bool) -> list[Piece]:
    """`error.code  5003  99 % ━━━━━━━╸  9`: constants are dim, numbers have their middle and a curve."""
    field = facet.field
    value, times = facet.values[0] if facet.values else (None, 0)
    share = times / max(facet.records, 1)
    distinct = "" if facet.rank == 0 else f"{count(field.distinct)}{'' if field.exact else '+'}"
    names = max(min(width // 3, 32), 12)
    path = fit(shorten_middle(printable(spell_field(field.path), 200), names), names)
    wide = width >= _WIDE
    style, number, bar = palette.string, f"{100 * share:.0f} %" if share >= 0.01 else "< 1 %", ""
    time = value if isinstance(value, str) else field.median
    if facet.rank >= _UNLIKE and readable(time, UTC):
        text, style, number = "times", palette.dim, ""
    elif facet.ids:
        text, style, number = "ids", palette.dim, ""
    elif facet.rank == 3 and field.median is not None:
        text, style, number = f"{spell_number(field.median)} median", palette.number, ""
        bar = sparkline(_halved(field.bins), max(_halved(field.bins)) * _CEILING)
    else:
        text = _spelled(value)
        style = palette.dim if facet.rank == 0 else palette.string if isinstance(value, str) else palette.number
        bar = _bar(share)
    blue = palette.dim if facet.rank == 0 else palette.heat[3]
    right: list[Piece] = [
        (f" {number:>6}" if number or wide else f" {bar:<{_BAR}}", palette.dim if facet.rank == 0 else palette.strong),
        (f" {bar:<{_BAR}}" if wide else "", blue),
        (f" {distinct:>{_VALUES}} ", palette.dim),
    ]
    if not number and not wide:
        right[0] = right[0][0], blue
    room = max(width - 5 - names - sum(len(text) for text, _ in right), 1)
    left: list[Piece] = [
        (" ▾ " if unfolded else " ▸ ", palette.dim),
        (path, palette.name),
        (" ", palette.dim),
        (fit(shorten(printable(text, room + 1), room), room), style),
    ]
    return both_ends(left, right, width)


def _spelled(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _bar(share: float) -> str:
    """Of `_BAR` cells, in halves."""
    halves = round(share * _BAR * 2)
    return "━" * (halves // 2) + "╸" * (halves % 2)


def _halved(bins: tuple[int, ...]) -> list[int]:
    """Two steps in one, so that a histogram takes half the room."""
    return [sum(bins[at : at + 2]) for at in range(0, len(bins), 2)]


def _about(field: Field, palette: Palette, width: int) -> list[Piece]:
    """Its types and how many records have it; of numbers the ends and the middle, and how many lie between."""
    if field.median is not None:
        return _numbers(field, palette, width)
    share = f"{field.coverage:.0%}" if field.coverage >= 0.01 or not field.records else "<1%"
    return [(f"     {'/'.join(field.types)}, in {share} of the records", palette.dim)]


def _numbers(field: Field, palette: Palette, width: int) -> list[Piece]:
    """The least, the median and the greatest, and how many lie between."""
    ends = [spell_number(value) for value in (field.low, field.median, field.high) if value is not None]
    text, drawn = " … ".join(ends), sparkline(field.bins, max(field.bins, default=0) * _CEILING)
    if len(text) + 6 > width:
        text = f"{ends[0]} … {ends[-1]}"
    pieces: list[Piece] = [
        ("     ", palette.faint),
        (text, palette.number),
        ("  ", palette.faint),
        (drawn, palette.heat[2]),
    ]
    words = "  least, median, most"
    if 7 + len(text) + len(drawn) + len(words) <= width:
        pieces.append((words, palette.dim))
    return pieces


def spell_number(value: float) -> str:
    """Six digits; but whole numbers in full, or the hours of a day would be one epoch."""
    return f"{value:,.0f}" if abs(value) < _WHOLE and value == int(value) else f"{value:,.6g}"


def _value(facet: Facet, place: int, palette: Palette, width: int) -> list[Piece]:
    value, times = facet.values[place]
    room = max(width - _BAR - 17, 8)
    shown = fit(shorten(printable(_spelled(value), room + 1), room), room)
    style = palette.string if isinstance(value, str) else palette.number
    return [
        ("     ", palette.dim),
        (shown, style),
        (f" {_bar(times / max(facet.values[0][1], 1)) or '╸':<{_BAR}} ", palette.heat[3]),
        (f"{count(times):>9} ", palette.text),
    ]
