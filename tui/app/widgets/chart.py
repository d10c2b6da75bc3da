"""Counts over time as bars: under a cursor, or only to look at; below them one line for each value of a split."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

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
_HEIGHTS = ((50, 16), (34, 10), (0, 5))  # lines of a screen from which there are so many of bars
_CEILING = 1.15  # one-line charts stop below the line above
_HOURS = (1, 2, 3, 4, 6, 8, 12, 24, 48, 168, 336, 720)  # of one column
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class TimeCounts:
    """What is drawn: `times` in order (hours, or minutes), their counts, those of each value, gaps and outliers.

    `known`: the times that were counted, if not all were. `matches`: of a filter, and not of all records. `spell`: the
    largest count with its unit.
    """

    times: tuple[datetime, ...] = ()
    counts: Mapping[datetime, int] = field(default_factory=dict)
    split: Mapping[str, Mapping[datetime, int]] = field(default_factory=dict)
    gaps: frozenset[datetime] = frozenset()
    odd: Mapping[datetime, float] = field(default_factory=dict)
    known: frozenset[datetime] | None = None
    matches: bool = False
    minutes: bool = False
    spell: Callable[[int], str] = count

    @property
    def step(self) -> timedelta:
        return _MINUTE if self.minutes else _HOUR


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

    def __init__(self, *, cursor: bool = True) -> None:
        """Without a `cursor` it only shows, as high as it is given."""
        super().__init__()
        self.can_focus = cursor
        self.shown = TimeCounts()
        self.at = 0
        self.near = False  # hours of several cells, and not as many as fit
        self.began: int | None = None
        self.selection = Selection()
        self._left = 0  # the first time in sight, from near

    @property
    def current(self) -> datetime | None:
        return self.shown.times[self.at] if self.at < len(self.shown.times) else None

    @property
    def marked(self) -> Hours | None:
        """The range that is being made."""
        times = self.shown.times
        if self.began is None or not times:
            return None
        one, other = sorted((times[self.began], times[self.at]))
        return Hours(one, other + _MINUTE) if self.shown.minutes else Hours.of(one, other)

    def show(self, counts: TimeCounts, at: datetime | None = None) -> None:
        """Other counts; the cursor goes to a time, or stays."""
        at = at or self.current
        grown = len(counts.split) != len(self.shown.split)
        self.shown = counts
        if grown:
            self.refresh(layout=True)
        self.at = max(bisect_right(counts.times, at) - 1, 0) if at else max(len(counts.times) - 1, 0)
        self._scroll()
        self.repaint()

    def go(self, at: int) -> None:
        self.at = max(0, min(at, len(self.shown.times) - 1))
        self._scroll()
        self.repaint()
        self.post_message(self.Moved())

    def go_to(self, time: datetime) -> None:
        self.go(bisect_right(self.shown.times, time) - 1)

    def action_move(self, step: int) -> None:
        self.go(self.at + step)

    def action_day(self, hours: int) -> None:
        self.go(self.at + (hours if not self.shown.minutes else hours // 24 * 10))

    def action_zoom(self, step: int) -> None:
        self.post_message(self.Zoomed(step))

    def point_at(self, x: int, y: int) -> bool:
        columns, cells = self._columns()
        column = (x - self.label) // cells
        if not self.can_focus or not 0 <= column < len(columns):
            return False
        if self.at not in columns[column]:
            self.go(columns[column][0])
        return True

    # Where things are.

    @property
    def fits(self) -> bool:
        """Do all hours have as many cells as they have from near?"""
        return len(self.shown.times) * _CELLS <= self._room

    @property
    def _scrolls(self) -> bool:
        """Are the cells so wide that not all hours are in sight?"""
        return self.near and not self.fits and not self.shown.minutes

    @property
    def label(self) -> int:
        """Cells before the bars."""
        if not self.shown.split:
            return _NUMBER
        return _LABEL if self.size.width >= _WIDE else _NARROW_LABEL

    @property
    def _room(self) -> int:
        return max(self.size.width - self.label - (_TOTAL if self.shown.split else 2), 10)

    @property
    def _height(self) -> int:
        """Lines of bars."""
        if not self.can_focus:
            return max(self.size.height - 1, 1)
        return next(bars for lines, bars in _HEIGHTS if self.app.size.height >= lines)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return self._height + 2 + len(self.shown.split)

    def _scroll(self) -> None:
        shown = self._room // _CELLS
        if not shown <= len(self.shown.times) or not self._left <= self.at < self._left + shown:
            self._left = max(0, min(self.at - shown // 2, len(self.shown.times) - shown))

    def _columns(self) -> tuple[list[range], int]:
        """The places of the times of each column, and the cells that it takes."""
        number, room = len(self.shown.times), self._room
        if not number:
            return [], 1
        if self._scrolls:
            stop = min(self._left + room // _CELLS, number)
            return [range(at, at + 1) for at in range(self._left, stop)], _CELLS
        hours = next((hours for hours in _HOURS if -(-number // hours) <= room), -(-number // room))
        columns = [range(at, min(at + hours, number)) for at in range(0, number, hours)]
        return columns, min(room // len(columns), _MOST_CELLS)

    # Drawing.

    def draw(self, y: int, width: int) -> Strip:
        columns, cells = self._columns()
        if not columns:
            return Strip.blank(width)
        height, rows = self._height, list(self.shown.split.items())
        if y < height:
            pieces = self._bars(y, height, columns, cells)
        elif y == height:
            pieces = [(" " * self.label, self.palette.dim), (self._axis(columns, cells), self.palette.dim)]
        elif y == height + 1:
            pieces = self._marker(columns, cells)
        elif y - height - 2 < len(rows):
            pieces = self._value(*rows[y - height - 2], columns, cells)
        else:
            pieces = []
        return strip_of(pieces, width)

    def _sums(self, counts: Mapping[datetime, int], columns: list[range]) -> list[int]:
        times = self.shown.times
        return [sum(counts.get(times[at], 0) for at in column) for column in columns]

    def _scale(self, y: int, ceiling: int, columns: list[range]) -> str:
        """Beside the tallest bar its number, and what a column is."""
        if y > 1:
            return ""
        hours = len(columns[0])
        unit = "minute" if self.shown.minutes else "hour" if hours == 1 else f"{hours} h"
        return f"{self.shown.spell(ceiling)} " if y == 0 else f"/{unit} "

    def _bars(self, y: int, height: int, columns: list[range], cells: int) -> list[Piece]:
        palette, shown = self.palette, self.shown
        values = self._sums(shown.counts, columns)
        ceiling = max(values, default=0) or 1
        pieces: list[Piece] = [(f"{self._scale(y, ceiling, columns):>{self.label}}", palette.dim)]
        plain = palette.finds[3] if shown.matches else palette.heat[3]
        for column, value in zip(columns, values, strict=True):
            eighths = round(value * height * 8 / ceiling) - (height - 1 - y) * 8
            if value and y == height - 1:
                eighths = max(eighths, 1)  # one record is seen beside thousands
            odd = any(shown.times[at] in shown.odd for at in column)
            if eighths > 0:
                pieces.append((EIGHTHS[min(eighths, 8)] * cells, palette.match if odd else plain))
            elif y == height - 1 and shown.known is not None and all(shown.times[at] in shown.known for at in column):
                pieces.append(("·" * cells, palette.faint))  # counted, and none
            else:
                pieces.append((" " * cells, palette.dim))
        return pieces

    def _axis(self, columns: list[range], cells: int) -> str:
        """Names of days, or of hours from near, or of minutes: as many as there is room for."""
        line = [" "] * (len(columns) * cells)
        free, times = 0, self.shown.times
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
        if self.shown.minutes:
            return f"{time:%H:%M}" if time.minute % 10 == 0 else ""
        if before is None or time.date() != before.date():
            return f"{time:%a} {time.day} {time:%b}" if before is None or time.day == 1 else f"{time:%a} {time.day}"
        few = len(self.shown.times) <= 3 * 24 or self._scrolls
        return f"{time:%H}" if few and time.hour % 3 == 0 else ""

    def _marker(self, columns: list[range], cells: int) -> list[Piece]:
        """The cursor below its column with what it stands on, the selected times, and gaps."""
        palette, step = self.palette, self.shown.step
        chosen = [*self.selection.ranges, *([self.marked] if self.marked else [])]
        drawn: list[Piece] = []
        cursor = 0
        for place, column in enumerate(columns):
            times = [self.shown.times[at] for at in column]
            selected = any(span.start < time + step and time < span.stop for span in chosen for time in times)
            body = ("━" if selected else " ") * cells
            if self.at in column:
                cursor, body = place, (body[: cells // 2] + "▲" + body)[:cells]
            if not selected and any(time in self.shown.gaps for time in times):
                drawn.append((body.replace(" ", "·"), palette.selected if self.at in column else palette.gap))
            else:
                drawn.append((body, palette.selected))
        words = self._words()
        taken = -(-sum(len(text) for text, _ in words) // cells)
        words.append((" " * (taken * cells - sum(len(text) for text, _ in words)), palette.dim))
        for start in (cursor + 1, cursor - taken):  # behind it, or before it where there is no room
            beside = drawn[max(start, 0) : start + taken]
            free = all("━" not in text for text, _ in beside)
            if free and start >= 0 and start + taken <= self._room // cells:
                drawn[start : start + taken] = words
                break
        return [(" " * self.label, palette.dim), *drawn]

    def _words(self) -> list[Piece]:
        """The time under the cursor, and its number."""
        time, palette = self.current, self.palette
        if time is None:
            return []
        name = f"{time:%H:%M}" if self.shown.minutes else f"{time:%a} {time.day} {time:%H:%M}"
        ratio = self.shown.odd.get(time)
        odd = f" {'▲' if ratio > 1 else '▼'} {ratio:.1f}×" if ratio is not None else ""
        number = "gap" if time in self.shown.gaps else count(self.shown.counts.get(time, 0))
        return [(f" {name}  ", palette.dim), (number, palette.strong), (odd, palette.odd), (" ", palette.dim)]

    def _value(self, text: str, counts: Mapping[datetime, int], columns: list[range], cells: int) -> list[Piece]:
        palette = self.palette
        values = self._sums(counts, columns)
        bars = sparkline(values, max(values, default=0) * _CEILING or 1.0)
        return [
            (f"  {fit(printable(text, self.label), self.label - 3)} ", palette.text),
            ("".join(bar * cells for bar in bars), palette.finds[3] if self.shown.matches else palette.heat[3]),
            (f"{count(sum(counts.values())):>{_TOTAL - 1}}", palette.text),
        ]
