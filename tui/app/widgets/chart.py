"""Counts over time as bars, with or without a cursor; below them, one line for each value of a split."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from tui.analysis.answers import share
from tui.app.model.hours import Hours, Selection
from tui.app.model.usual import spell_factor
from tui.app.widgets.lines import EIGHTHS, LineWidget, Piece, fit, strip_of
from tui.app.widgets.time_counts import MINUTE, TimeCounts
from tui.printable import printable
from tui.units import count, sparkline

_LABEL, _NARROW_LABEL = 22, 13  # cells before the bars with a split
_NUMBER = 7  # cells before the bars without a split
_TOTAL = 10  # cells after the bars
_NOTE = 27  # free cells beside the bars from which notes are shown
_WIDE = 100  # cells: from this width of the screen, labels are long
_CELLS = 3  # per hour, zoomed in
_MAX_CELLS = 6
_HEIGHTS = ((50, 16), (34, 10), (0, 5))  # (lines of the screen, lines of bars from that height on)
_HOURS = (1, 2, 3, 4, 6, 8, 12, 24, 48, 168, 336, 720)  # of one column


class Chart(LineWidget, can_focus=True):
    """A cursor over hours or minutes. Posts `Moved`, and `Zoomed` with the step: 1 closer, -1 farther."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("h,left", "move(-1)", "earlier", show=False, id="left"),
        Binding("l,right", "move(1)", "later", show=False, id="right"),
        Binding("j,down", "zoom(1)", "closer", show=False, id="down"),
        Binding("k,up", "zoom(-1)", "farther", show=False, id="up"),
        Binding("g,home", "move(-1_000_000_000)", "first", show=False, id="first"),
        Binding("G,end", "move(1_000_000_000)", "last", show=False, id="last"),
        Binding("left_curly_bracket", "day(-24)", "previous day", show=False, id="day-before"),
        Binding("right_curly_bracket", "day(24)", "next day", show=False, id="day-after"),
    ]

    class Moved(Message):
        """Another hour or minute is under the cursor."""

    @dataclass
    class Zoomed(Message):
        """Zoom in or out."""

        step: int

    def __init__(self, *, cursor: bool = True) -> None:
        """Without a `cursor` the chart cannot be focused and fills its height."""
        super().__init__()
        self.can_focus = cursor
        self.shown = TimeCounts()
        self.at = 0
        self.near = False  # zoomed in: several cells per hour, not all hours visible
        self.began: int | None = None
        self.selection = Selection()
        self._left = 0  # the first visible time, zoomed in

    @property
    def current(self) -> datetime | None:
        return self.shown.times[self.at] if self.at < len(self.shown.times) else None

    @property
    def marked(self) -> Hours | None:
        """The open range."""
        times = self.shown.times
        if self.began is None or not times:
            return None
        one, other = sorted((times[self.began], times[self.at]))
        return Hours(one, other + MINUTE) if self.shown.minutes else Hours.of(one, other)

    def show(self, counts: TimeCounts, at: datetime | None = None) -> None:
        """Show other counts. The cursor moves to the time `at`, or stays."""
        at = at or self.current
        grown = (len(counts.split), not counts.records) != (len(self.shown.split), not self.shown.records)
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

    # Layout.

    @property
    def fits(self) -> bool:
        """Whether all hours fit with as many cells as when zoomed in."""
        return len(self.shown.times) * _CELLS <= self._room

    @property
    def _scrolls(self) -> bool:
        """Whether the zoom is so close that not all hours are visible."""
        return self.near and not self.fits and not self.shown.minutes

    @property
    def label(self) -> int:
        """The cells before the bars."""
        if not self.shown.split:
            return _NUMBER if self.can_focus else _NUMBER + 1  # sizes have a unit
        return _LABEL if self.size.width >= _WIDE else _NARROW_LABEL

    @property
    def _room(self) -> int:
        return max(self.size.width - self.label - (_TOTAL if self.shown.split else 1), 10)

    @property
    def _height(self) -> int:
        """The lines of bars."""
        if not self.can_focus:
            return max(self.size.height - 1 - bool(self.selection), 1)
        return next(bars for lines, bars in _HEIGHTS if self.app.size.height >= lines)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return self._height + 2 + bool(self.shown.records) + len(self.shown.split)

    def _scroll(self) -> None:
        shown = self._room // _CELLS
        if not shown <= len(self.shown.times) or not self._left <= self.at < self._left + shown:
            self._left = max(0, min(self.at - shown // 2, len(self.shown.times) - shown))

    def _columns(self) -> tuple[list[range], int]:
        """Return the indexes of the times of each column, and the cells per column."""
        number, room = len(self.shown.times), self._room
        if not number:
            return [], 1
        if self._scrolls:
            stop = min(self._left + room // _CELLS, number)
            return [range(at, at + 1) for at in range(self._left, stop)], _CELLS
        hours = next((hours for hours in _HOURS if -(-number // hours) <= room), -(-number // room))
        columns = [range(at, min(at + hours, number)) for at in range(0, number, hours)]
        return columns, min(room // len(columns), _MAX_CELLS)

    # Drawing.

    def draw(self, y: int, width: int) -> Strip:
        columns, cells = self._columns()
        if not columns:
            return Strip.blank(width)
        height, rows = self._height, list(self.shown.split.items())
        below = height + 2 + bool(self.shown.records)
        if y < height:
            pieces = [*self._bars(y, height, columns, cells), *self._note(y, height, len(columns) * cells)]
        elif y == height:
            pieces = [
                (" " * self.label, self.palette.dim),
                (self.shown.axis(columns, cells, near=self._scrolls), self.palette.dim),
            ]
        elif y == height + 1:
            pieces = self._marker(columns, cells)
        elif y < below:
            pieces = self._share(columns, cells)
        elif y - below < len(rows):
            pieces = self._value(*rows[y - below], columns, cells)
        else:
            pieces = []
        return strip_of(pieces, width)

    def _note(self, y: int, height: int, used: int) -> list[Piece]:
        """Return a note beside the bars, if there is room."""
        room = self.size.width - self.label - used - 2
        if not self.can_focus or room < _NOTE or not 0 <= y < height:
            return []
        notes = self.shown.notes()
        if y >= len(notes):
            return []
        if y == height - 1 and len(notes) > height:
            return [(f"  {len(notes) - y} more", self.palette.dim)]
        text, odd = notes[y]
        return [(f"  {text}", self.palette.odd if odd else self.palette.dim)]

    def _scale(self, y: int, ceiling: int, columns: list[range]) -> str:
        """Return the label of a line: the number of the tallest bar, then the unit of a column."""
        if y > 1:
            return ""
        hours = len(columns[0])
        unit = "min" if self.shown.minutes else "hour" if hours == 1 else f"{hours} h"
        number = self.shown.spell(ceiling)
        number = number if len(number) < self.label else f"{ceiling / 1000:,.0f}k"
        return f"{number} " if y == 0 else f"/{unit} "

    def _bars(self, y: int, height: int, columns: list[range], cells: int) -> list[Piece]:
        palette, shown = self.palette, self.shown
        values = shown.sums(shown.counts, columns)
        ceiling = max(values, default=0) or 1
        pieces: list[Piece] = [(f"{self._scale(y, ceiling, columns):>{self.label}}", palette.dim)]
        plain = palette.finds[3] if shown.matches else palette.heat[3]
        for column, value in zip(columns, values, strict=True):
            eighths = round(value * height * 8 / ceiling) - (height - 1 - y) * 8
            if value and y == height - 1:
                eighths = max(eighths, 1)  # one record is visible beside thousands
            odd = any(shown.times[at] in shown.odd for at in column)
            if eighths > 0:
                pieces.append((EIGHTHS[min(eighths, 8)] * cells, palette.match if odd else plain))
            elif y == height - 1 and shown.known is not None and all(shown.times[at] in shown.known for at in column):
                pieces.append(("·" * cells, palette.faint))  # counted, without a match
            else:
                pieces.append((" " * cells, palette.dim))
        return pieces

    def _marker(self, columns: list[range], cells: int) -> list[Piece]:
        """Return the line below the axis: the cursor with its time and count, the selected times, and gaps."""
        palette, step = self.palette, self.shown.step
        chosen = [*self.selection.ranges, *([self.marked] if self.marked else [])]
        drawn: list[Piece] = []
        cursor = 0
        for place, column in enumerate(columns):
            times = [self.shown.times[at] for at in column]
            selected = any(span.start < time + step and time < span.stop for span in chosen for time in times)
            body = ("━" if selected else " ") * cells
            if self.can_focus and self.at in column:
                cursor, body = place, (body[: cells // 2] + "▲" + body)[:cells]
            if not selected and any(time in self.shown.gaps for time in times):
                drawn.append((body.replace(" ", "·"), palette.selected if body.strip() else palette.gap))
            else:
                drawn.append((body, palette.selected))
        for words in (self._words(), self._words(brief=True)) if self.can_focus else ():
            taken = -(-sum(len(text) for text, _ in words) // cells)
            words.append((" " * (taken * cells - sum(len(text) for text, _ in words)), palette.dim))
            for start in (cursor + 1, cursor - taken):  # right of it, or left of it if there is no room
                beside = drawn[max(start, 0) : start + taken]
                free = all("━" not in text for text, _ in beside)
                if free and start >= 0 and start + taken <= self._room // cells:
                    drawn[start : start + taken] = words
                    return [(" " * self.label, palette.dim), *drawn]
        return [(" " * self.label, palette.dim), *drawn]

    def _words(self, *, brief: bool = False) -> list[Piece]:
        """Return the time under the cursor and its count; unless `brief`, also the share of the records."""
        time, palette = self.current, self.palette
        if time is None:
            return []
        name = f"{time:%H:%M}" if self.shown.minutes else f"{time:%a} {time.day} {time:%H:%M}"
        ratio = self.shown.odd.get(time)
        odd = f" {'▲' if ratio > 1 else '▼'} {spell_factor(ratio)}" if ratio is not None else ""
        number = "gap" if time in self.shown.gaps else count(self.shown.counts.get(time, 0))
        of = 0 if brief else self.shown.records.get(time, 0)
        part = f"  {share(self.shown.counts.get(time, 0) / of)} of {count(of)}" if of else ""
        pieces = [(f" {name}  ", palette.dim), (number, palette.strong), (part, palette.dim), (odd, palette.odd)]
        return [*pieces, (" ", palette.dim)]

    def _share(self, columns: list[range], cells: int) -> list[Piece]:
        """Return the line of the matches' share of the records."""
        palette, shown = self.palette, self.shown
        bars = sparkline(shown.shares(columns))
        label = f"{'  share' if shown.split else ' share':<{self.label}}"
        return [(label, palette.dim), ("".join(bar * cells for bar in bars), palette.finds[3])]

    def _value(self, text: str, counts: Mapping[datetime, int], columns: list[range], cells: int) -> list[Piece]:
        """Return the line of a value of the split, on its own scale; outliers are bright magenta."""
        palette, shown = self.palette, self.shown
        values, odd = shown.sums(counts, columns), shown.odd_split.get(text, frozenset())
        bars = sparkline(values)
        plain = palette.finds[2] if shown.matches else palette.heat[3]
        drawn = [
            (bar * cells, palette.match if any(shown.times[at] in odd for at in column) else plain)
            for bar, column in zip(bars, columns, strict=True)
        ]
        return [
            (f"  {fit(printable(text, self.label), self.label - 3)} ", palette.text),
            *drawn,
            (f"{count(sum(counts.values())):>{_TOTAL - 1}}", palette.text),
        ]
