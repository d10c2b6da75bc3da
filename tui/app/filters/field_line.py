"""How a field of a sample looks on its lines: path, types, coverage; its values with bars, its numbers with a curve."""

from __future__ import annotations

import json
from dataclasses import dataclass

from tui.app.widgets.lines import Piece, both_ends, fit, shorten, shorten_middle, sparkline
from tui.app.widgets.theme import Palette
from tui.filter.build import spell_field
from tui.filter.differences import Difference
from tui.filter.fields import Field
from tui.printable import printable
from tui.units import count

_BARS = "▏▎▍▌▋▊▉█"
_WHOLE = 1e15  # below it a float tells whole numbers apart
_BAR = 12


@dataclass(frozen=True, slots=True)
class Line:
    """A field, or one of its values (by its place), or (-1) the ends and the middle of its numbers."""

    field: Field
    value: int | None = None

    @property
    def is_value(self) -> bool:
        return self.value is not None and self.value >= 0


def field_line(line: Line, palette: Palette, width: int, *, unfolded: bool) -> list[Piece]:
    if line.value is None:
        return _head(line.field, palette, width, unfolded)
    return _numbers(line.field, palette, width) if line.value < 0 else _value(line.field, line.value, palette, width)


def _head(each: Field, palette: Palette, width: int, unfolded: bool) -> list[Piece]:
    share = f"{each.coverage:.0%}" if each.coverage >= 0.01 or not each.records else "<1%"
    distinct = f"{count(each.distinct)}{'' if each.exact else '+'}"
    types = "/".join(each.types)
    path = shorten_middle(printable(spell_field(each.path), 200), max(width - 22 - len(types), 12))
    right: list[Piece] = [(f"{share:>5}", palette.text), (f"{distinct:>9} ", palette.dim)]
    left: list[Piece] = [
        (" ▾ " if unfolded else " ▸ ", palette.faint),
        (path, palette.name),
        (f"  {types}", palette.dim),
    ]
    return both_ends(left, right, width)


def _numbers(each: Field, palette: Palette, width: int) -> list[Piece]:
    """The least, the median and the greatest, and how many lie between."""
    ends = [spell_number(value) for value in (each.low, each.median, each.high) if value is not None]
    text, drawn = " … ".join(ends), sparkline(each.bins, max(each.bins, default=0))
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


def _value(each: Field, place: int, palette: Palette, width: int) -> list[Piece]:
    value, times = each.top[place]
    text = value if isinstance(value, str) else json.dumps(value)
    room = max(width - _BAR - 17, 8)
    shown = fit(shorten(printable(text, room + 1), room), room)
    style = palette.string if isinstance(value, str) else palette.number
    eighths = max(round(times / max(each.top[0][1], 1) * _BAR * 8), 1)
    bar = "█" * (eighths // 8) + (_BARS[eighths % 8 - 1] if eighths % 8 else "")
    return [
        ("     ", palette.faint),
        (shown, style),
        (f" {bar:<{_BAR}} ", palette.heat[2]),
        (f"{count(times):>9} ", palette.text),
    ]


def difference_line(each: Difference, palette: Palette, width: int) -> list[Piece]:
    """`▲ error.code  5003         0 → 3.2%`."""
    rose = each.now > each.then
    sign = "new " if not each.then and each.what != "number" else "gone" if not each.now else " ▲  " if rose else " ▼  "
    style = palette.selected if rose else palette.dim
    right = f"{_amount(each, each.then)} → {_amount(each, each.now)} "
    room = max(width - 7 - len(right), 12)
    path = shorten_middle(printable(spell_field(each.path), 200), max(room * 3 // 5, room - 16))
    about = shorten(_about(each), max(room - len(path) - 2, 4))
    shown = palette.string if each.what == "value" else palette.dim
    left: list[Piece] = [(f" {sign} ", style), (path, palette.name), (f"  {about}", shown)]
    return both_ends(left, [(right, palette.text)], width)


def _about(each: Difference) -> str:
    if each.what == "value":
        return printable(each.value if isinstance(each.value, str) else json.dumps(each.value), 200)
    return {"field": "", "type": f"as {each.value}", "number": "median"}[each.what]


def _amount(each: Difference, amount: float) -> str:
    if each.what == "number":
        return f"{amount:,.6g}"
    if amount == 0:
        return "0"
    return f"{amount:.0%}" if amount >= 0.095 else f"{amount:.1%}"
