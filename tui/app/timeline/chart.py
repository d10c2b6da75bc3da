"""Bars over time under a cursor, and below them one line for each value of a split."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from tui.app.model.hours import Hours, Selection
from tui.app.widgets.lines import EIGHTHS, LineWidget, Piece, fit, sparkline, strip_of
from tui.printable import printable
from tui.units import count

_LABEL, _NARROW_LABEL = 22, 13  # cells before the bars, where they are split
_NUMBER = 9  # and where they are not
_TOTAL = 10  # cells behind them
_WIDE = 100  # cells of a screen from which labels are long
_CELLS = 3  # of an hour, seen from near
_MOST_CELLS = 6
_TALLEST, _LOWEST = 10, 5  # lines of bars
_HIGH = 34  # lines of a screen from which bars are tall
_CEILING = 1.15  # one-line charts stop below the line above


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is drawn: `times` in order (hours, or minutes), the counts, those of each value, and the gaps."""

    times: tuple[datetime, ...] = ()
    counts: Mapping[datetime, int] | None = None
    split: Mapping[str, Mapping[datetime, int]] | None = None
    gaps: frozenset[datetime] = frozenset()
    odd: frozenset[datetime] = frozenset()
    matches: bool = False  # and not all records
    minutes: bool = False


class Chart(LineWidget, can_focus=True):
    """A cursor over hours or minutes. Posts `Moved`, and `Zoomed` with the step: 1 closer, -1 farther."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("h,left", "move(-1)", "earlier", show=False, id="left"),
        Binding("l,right", "move(1)", "later", show=False, id="right"),
        Binding("j,down", "zoom(1)", "closer", show=False, id="down"),
        Binding("k,up", "zoom(-1)", "farther", show=False, id="up"),
        Binding("g,home", "move(-1_000_000_000)", "first", show=False, id="first"),
        Binding("G,end", "move(1_000_000_000)", "last", show=False, id="last"),
        Binding("left_curly_bracket", "day(-24)", "day before", show=False, id="day-before"),
        Binding("right_curly_bracket", "day(24)", "day after", show=False, id="day-after"),
    ]

    class Moved(Message):
        """Another hour or minute is under the cursor."""

    @dataclass
    class Zoomed(Message):
        """Show more or less of the time."""

        step: int

    def __init__(self) -> None:
        super().__init__()
        self.drawn = Drawn()
        self.at = 0
        self.near = False  # hours of several cells, and not as many as fit
        self.began: int | None = None
        self.selection = Selection()
        self._left = 0  # the first time in sight, from near

    @property
    def current(self) -> datetime | None:
        return self.drawn.times[self.at] if self.at < len(self.drawn.times) else None

    @property
    def marked(self) -> Hours | None:
        """The range that is being made."""
        if self.began is None or self.drawn.minutes or not self.drawn.times:
            return None
        return Hours.of(self.drawn.times[self.began], self.drawn.times[self.at])

    def show(self, drawn: Drawn, at: datetime | None = None) -> None:
        """Other counts; the cursor goes to a time, or stays."""
        at = at or self.current
        grown = len(drawn.split or ()) != len(self.drawn.split or ())
        self.drawn = drawn
        if grown:
            self.refresh(layout=True)
        self.at = max(bisect_right(drawn.times, at) - 1, 0) if at else max(len(drawn.times) - 1, 0)
        self._scroll()
        self.repaint()

    def go(self, at: int) -> None:
        self.at = max(0, min(at, len(self.drawn.times) - 1))
        self._scroll()
        self.repaint()
        self.post_message(self.Moved())

    def go_to(self, time: datetime) -> None:
        self.go(bisect_right(self.drawn.times, time) - 1)

    def action_move(self, step: int) -> None:
        self.go(self.at + step)

    def action_day(self, hours: int) -> None:
        self.go(self.at + (hours if not self.drawn.minutes else hours // 24 * 10))

    def action_zoom(self, step: int) -> None:
        self.post_message(self.Zoomed(step))

    # Where things are.

    @property
    def fits(self) -> bool:
        """Do all hours have as many cells as they have from near?"""
        return len(self.drawn.times) * _CELLS <= self._room

    @property
    def label(self) -> int:
        """Cells before the bars."""
        if not self.drawn.split:
            return _NUMBER
        return _LABEL if self.size.width >= _WIDE else _NARROW_LABEL

    @property
    def _room(self) -> int:
        return max(self.size.width - self.label - _TOTAL, 10)

    @property
    def _height(self) -> int:
        """Lines of bars."""
        return _TALLEST if self.app.size.height >= _HIGH else _LOWEST

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return self._height + 2 + len(self.drawn.split or ())

    def _scroll(self) -> None:
        shown = self._room // _CELLS
        if not shown <= len(self.drawn.times) or not self._left <= self.at < self._left + shown:
            self._left = max(0, min(self.at - shown // 2, len(self.drawn.times) - shown))

    def _columns(self) -> tuple[list[range], int]:
        """The places of the times of each column, and the cells that it takes."""
        number, room = len(self.drawn.times), self._room
        if not number:
            return [], 1
        if self.near and not self.fits:
            stop = min(self._left + room // _CELLS, number)
            return [range(at, at + 1) for at in range(self._left, stop)], _CELLS
        if number <= room:
            return [range(at, at + 1) for at in range(number)], min(room // number, _MOST_CELLS)
        each = -(-number // room)
        return [range(at, min(at + each, number)) for at in range(0, number, each)], 1

    # Drawing.

    def draw(self, y: int, width: int) -> Strip:
        columns, cells = self._columns()
        if not columns:
            return Strip.blank(width)
        height = self._height
        if y < height:
            return strip_of(self._bars(y, height, columns, cells), width)
        if y == height:
            return strip_of(
                [(" " * self.label, self.palette.dim), (self._axis(columns, cells), self.palette.dim)], width
            )
        if y == height + 1:
            return strip_of(self._marker(columns, cells), width)
        rows = list((self.drawn.split or {}).items())
        row = y - height - 2
        return strip_of(self._value(*rows[row], columns, cells), width) if row < len(rows) else Strip.blank(width)

    def _sums(self, counts: Mapping[datetime, int], columns: list[range]) -> list[int]:
        times = self.drawn.times
        return [sum(counts.get(times[at], 0) for at in column) for column in columns]

    def _bars(self, y: int, height: int, columns: list[range], cells: int) -> list[Piece]:
        palette, drawn = self.palette, self.drawn
        values = self._sums(drawn.counts or {}, columns)
        ceiling = max(values, default=0) or 1
        label = f"{count(ceiling)} " if y == 0 else ""
        pieces: list[Piece] = [(f"{label:>{self.label}}", palette.dim)]
        plain = palette.finds[3] if drawn.matches else palette.heat[3]
        for column, value in zip(columns, values, strict=True):
            eighths = round(value * height * 8 / ceiling) - (height - 1 - y) * 8
            if value and y == height - 1:
                eighths = max(eighths, 1)  # one record is seen beside thousands
            odd = any(drawn.times[at] in drawn.odd for at in column)
            style = palette.match if odd else plain
            if eighths <= 0:
                pieces.append((" " * cells, palette.dim))
            else:
                pieces.append((EIGHTHS[min(eighths, 8)] * cells, style))
        return pieces

    def _axis(self, columns: list[range], cells: int) -> str:
        """Names of days, or of hours from near, or of minutes: as many as there is room for."""
        line = [" "] * (len(columns) * cells)
        free, times = 0, self.drawn.times
        before: datetime | None = None
        for place, column in enumerate(columns):
            time = times[column[0]]
            name = self._tick(time, before)
            if name and place * cells >= free and place * cells + len(name) <= len(line):
                line[place * cells : place * cells + len(name)] = name
                free = place * cells + len(name) + 1
            before = time
        return "".join(line)

    def _tick(self, time: datetime, before: datetime | None) -> str:
        if self.drawn.minutes:
            return f"{time:%H:%M}" if time.minute % 10 == 0 else ""
        if before is None or time.date() != before.date():
            return f"{time:%a} {time.day} {time:%b}" if before is None or time.day == 1 else f"{time:%a} {time.day}"
        few = len(self.drawn.times) <= 3 * 24 or (self.near and not self.fits)
        return f"{time:%H}" if few and time.hour % 3 == 0 else ""

    def _marker(self, columns: list[range], cells: int) -> list[Piece]:
        """The cursor below its column, the selected hours, and gaps."""
        palette, marked = self.palette, self.marked
        pieces: list[Piece] = [(" " * self.label, palette.dim)]
        for column in columns:
            hours = [self.drawn.times[at] for at in column]
            here = self.at in column
            chosen = any(hour in self.selection or (marked is not None and hour in marked) for hour in hours)
            body = "━" if chosen else " "
            if here:
                pieces.append(((body * (cells // 2) + "▲" + body * cells)[:cells], palette.selected))
            elif not chosen and any(hour in self.drawn.gaps for hour in hours):
                pieces.append(("·" * cells, palette.gap))
            else:
                pieces.append((body * cells, palette.selected))
        return pieces

    def _value(self, text: str, counts: Mapping[datetime, int], columns: list[range], cells: int) -> list[Piece]:
        palette = self.palette
        values = self._sums(counts, columns)
        bars = sparkline(values, max(values, default=0) * _CEILING or 1.0)
        drawn = "".join(bar * cells for bar in bars)
        style: Style = palette.finds[3] if self.drawn.matches else palette.heat[3]
        return [
            (f"  {fit(printable(text, self.label), self.label - 3)} ", palette.text),
            (drawn, style),
            (f"{count(sum(counts.values())):>{_TOTAL - 1}}", palette.text),
        ]
