"""The lines of a field in the fields panel: its most frequent value and that value's share; its values with bars."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC

from rich.style import Style

from tui.app.filters.sample import Facet
from tui.app.model.clock import readable
from tui.app.widgets.lines import EIGHTHS, Piece, both_ends, fit, shorten, shorten_middle
from tui.app.widgets.theme import Palette
from tui.filter.build import spell_field
from tui.filter.fields import Field
from tui.printable import printable
from tui.units import count, sparkline

_MEDIAN = " median"
_ENDS = "  least, median, most"
_WHOLE = 1e15  # below it, a float is exact for whole numbers
_BAR, _SHORT_BAR = 8, 4
_VALUES = 6
_WIDE, _SLIM = 60, 44  # cells: from these widths there is room for a bar, and for a short one
_NUMBER = 5  # cells of a share
_HIGH, _MAX_CELLS = 4, 3  # lines of an open histogram, and cells of each bin at most
_ROUNDED = 1_000.0  # from here a median has no decimals
_UNLIKE = 3  # from this rank, values hardly ever repeat


@dataclass(frozen=True, slots=True)
class FieldLine:
    """A field; or one of its values or patterns, by index; or (-1) its types, coverage and numbers."""

    facet: Facet
    value: int | None = None

    @property
    def is_value(self) -> bool:
        return self.value is not None and self.value >= 0


def field_line(line: FieldLine, palette: Palette, width: int, *, unfolded: bool) -> list[Piece]:
    if line.value is None:
        return _head(line.facet, palette, width, unfolded)
    if line.value < 0:
        return _about(line.facet.field, palette, width)
    return _value(line.facet, line.value, palette, width)


def _head(facet: Facet, palette: Palette, width: int, unfolded: bool) -> list[Piece]:
    """Return `error.code  5003  99 % ━━━━━━━╸  9`. Constants are dim; numbers show a median and a histogram."""
    field, constant = facet.field, facet.rank == 0
    distinct = "" if constant else f"{count(field.distinct)}{'' if field.exact else '+'}"
    wide = _BAR if width >= _WIDE else _SHORT_BAR if width >= _SLIM else 0
    names = max(min(width // 3, 32), 12)
    path = fit(shorten_middle(printable(spell_field(field.path), 200), names), names)
    text, style, number, bar = _gist(facet, palette, wide)
    cells = _NUMBER + (wide + 1 if wide else 0)
    blue = palette.dim if constant else palette.heat[3]
    share: list[Piece] = [(f" {number:>{_NUMBER}}", palette.dim if constant else palette.strong)]
    right = [*share, (f" {bar:<{wide}}" if wide else "", blue)] if number else [(f" {bar:>{cells}}", blue)]
    right.append((f" {distinct:>{_VALUES}} ", palette.dim))
    room = max(width - 5 - names - sum(len(text) for text, _ in right), 1)
    if text.endswith(_MEDIAN) and len(text) > room:
        text = text.removesuffix("ian") if len(text) - 3 <= room else text.removesuffix(_MEDIAN)
    left: list[Piece] = [
        (" ▾ " if unfolded else " ▸ ", palette.dim),
        (path, palette.name),
        (" ", palette.dim),
        (fit(shorten(printable(text, room + 1), room), room), style),
    ]
    return both_ends(left, right, width)


def _gist(facet: Facet, palette: Palette, wide: int) -> tuple[str, Style, str, str]:
    """Return a field's summary, its style, its share, and a bar of at most `wide` cells; or a histogram, no share."""
    field = facet.field
    value, times = facet.values[0] if facet.values else (None, 0)
    share = times / max(facet.records, 1)
    if facet.rank >= _UNLIKE and readable(value if isinstance(value, str) else field.median, UTC):
        return "times", palette.dim, "", ""
    if facet.ids:
        return "ids", palette.dim, "", ""
    if facet.rank == _UNLIKE and field.median is not None:
        curve = sparkline(_halved(field.bins))
        large = _ROUNDED <= abs(field.median) < _WHOLE
        return f"{field.median:,.{'0f' if large else '4g'}}{_MEDIAN}", palette.number, "", curve
    style = palette.dim if facet.rank == 0 else palette.string if isinstance(value, str) else palette.number
    number = f"{100 * share:.0f} %" if share >= 0.01 else "<1 %"
    return _value_text(value), style, number, _bar(share, wide)


def opened(facet: Facet, palette: Palette, width: int) -> list[list[Piece]]:
    """Return the pane below the list: one field with its values, or the histogram of its numbers."""
    name = f" {printable(spell_field(facet.path), width)}"
    about = f"{_types(facet.field)} "
    about = about if len(name) + len(about) < width else about.replace(" of the records", "")
    bar = both_ends([(name, palette.title)], [(about, palette.dim)], width)
    lines: list[list[Piece]] = [[], [(text, palette.cursor_idle + style) for text, style in bar]]
    if facet.rank == _UNLIKE and facet.field.median is not None:
        bins = facet.field.bins
        cells = max(min((width - 10) // max(len(bins), 1), _MAX_CELLS), 1)
        for line in range(_HIGH - 1, -1, -1):
            levels = (round(8 * _HIGH * number / max(bins)) - 8 * line for number in bins)
            drawn = "".join(EIGHTHS[max(0, min(level, 8))] * cells for level in levels)
            lines.append([("     ", palette.dim), (drawn, palette.heat[3])])
        return [*lines, [("     ", palette.dim), (_ends(facet.field, width), palette.number), (_ENDS, palette.dim)]]
    return [*lines, *(_value(facet, place, palette, width) for place in range(len(facet.values)))]


def _value_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _bar(share: float, cells: int = _BAR) -> str:
    """Return a bar of `cells` cells, in steps of half a cell."""
    halves = round(share * cells * 2)
    return "━" * (halves // 2) + "╸" * (halves % 2)


def _halved(bins: tuple[int, ...]) -> list[int]:
    """Merge each two bins: the histogram takes half the room."""
    return [sum(bins[at : at + 2]) for at in range(0, len(bins), 2)]


def _about(field: Field, palette: Palette, width: int) -> list[Piece]:
    """Return a field's types and coverage; of numbers, the ends, the median and a histogram."""
    if field.median is not None:
        return _numbers(field, palette, width)
    return [(f"     {_types(field)}", palette.dim)]


def _types(field: Field) -> str:
    share = f"{100 * field.coverage:.0f} %" if field.coverage >= 0.01 or not field.records else "< 1 %"
    return f"{'/'.join(field.types)}, in {share} of the records"


def _numbers(field: Field, palette: Palette, width: int) -> list[Piece]:
    """Return the ends, the median and a histogram of a field's numbers."""
    text, drawn = _ends(field, width), sparkline(field.bins)
    pieces = [("     ", palette.dim), (text, palette.number), ("  ", palette.dim), (drawn, palette.heat[2])]
    return [*pieces, *([(_ENDS, palette.dim)] if 5 + len(text) + 2 + len(drawn) + len(_ENDS) <= width else [])]


def _ends(field: Field, width: int) -> str:
    """Return the least number, the median and the greatest."""
    ends = [spell_number(value) for value in (field.low, field.median, field.high) if value is not None]
    text = " … ".join(ends)
    return text if len(text) + 6 <= width else f"{ends[0]} … {ends[-1]}"


def spell_number(value: float) -> str:
    """Spell a number with six digits, whole numbers in full (six digits of an epoch are the same all day)."""
    return f"{value:,.0f}" if abs(value) < _WHOLE and value == int(value) else f"{value:,.6g}"


def _value(facet: Facet, place: int, palette: Palette, width: int) -> list[Piece]:
    value, times = facet.values[place]
    room = max(width - _BAR - 17, 8)
    shown = fit(shorten(printable(_value_text(value), room + 1), room), room)
    style = palette.string if isinstance(value, str) else palette.number
    return [
        ("     ", palette.dim),
        (shown, style),
        (f" {_bar(times / max(facet.values[0][1], 1)) or '╸':<{_BAR}} ", palette.heat[3]),
        (f"{count(times):>9} ", palette.text),
    ]
