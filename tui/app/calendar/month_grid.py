"""The calendar: days down, hours across, a shade for each hour's size and a sign for each trouble."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import ClassVar

from rich.style import Style
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from tui.app.calendar.grid import LEVELS, HeatGrid, Mark, MonthTitle
from tui.app.model.hours import Hours, Selection
from tui.app.model.session import Session, shifted
from tui.app.widgets.lines import LineWidget, Piece, strip_of
from tui.app.widgets.theme import Palette
from tui.archive.times import next_hour

GRID_WIDTH = 80
_LABEL = 7  # cells before the first hour
_BLANK = Style.null()
_HOUR = timedelta(hours=1)  # of the wall's clock: datetimes of one zone add up without it


class MonthGrid(LineWidget, can_focus=True):
    """A cursor over the hours of an archive. Posts `Moved` when the hour under it changes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("h,left", "move(-1)", "hour before", show=False, id="left"),
        Binding("l,right", "move(1)", "hour after", show=False, id="right"),
        Binding("k,up", "move(-24)", "day before", show=False, id="up"),
        Binding("j,down", "move(24)", "day after", show=False, id="down"),
        Binding("g,home", "first", "first hour", show=False, id="first"),
        Binding("G,end", "last", "last hour", show=False, id="last"),
        Binding("left_square_bracket,pageup", "month(-1)", "month before", show=False, id="month-before"),
        Binding("right_square_bracket,pagedown", "month(1)", "month after", show=False, id="month-after"),
        Binding("left_curly_bracket", "month(-12)", "year before", show=False, id="year-before"),
        Binding("right_curly_bracket", "month(12)", "year after", show=False, id="year-after"),
    ]

    class Moved(Message):
        """The cursor stands on another hour."""

    def __init__(self, session: Session, grid: HeatGrid) -> None:
        super().__init__()
        self.session = session
        self.grid = grid
        self.cursor = session.clamped(session.place or session.last)
        self.began: datetime | None = None
        self.top = 0

    @property
    def marked(self) -> Selection:
        """The hours as they are drawn: the selected ones, and the range that is being made."""
        selection = self.session.selection
        return selection.added(Hours.of(self.began, self.cursor)) if self.began else selection

    def show(self, grid: HeatGrid) -> None:
        self.grid = grid
        self.repaint()

    def go(self, hour: datetime) -> None:
        """Put the cursor on an hour, or on the nearest one inside the archive; never on one that no clock showed."""
        real = next_hour(hour - _HOUR)
        if real != hour and hour < self.cursor:
            real = hour - _HOUR
        self.cursor = self.session.clamped(real)
        self._scroll()
        self.repaint()
        self.post_message(self.Moved())

    def action_move(self, hours: int) -> None:
        target = shifted(self.cursor, hours)
        if self.session.first <= target <= self.session.catalog_last:
            self.go(target)

    def action_first(self) -> None:
        self.go(self.session.first)

    def action_last(self) -> None:
        self.go(self.session.last)

    def action_month(self, step: int) -> None:
        months = self.cursor.year * 12 + self.cursor.month - 1 + step
        self.go(self.cursor.replace(year=months // 12, month=months % 12 + 1, day=min(self.cursor.day, 28)))

    def _scroll(self) -> None:
        """Keep the cursor's day in sight, a week at a time: a scroll sends the whole grid again."""
        room = max(self.size.height - 1, 1)
        y = self.grid.line_of.get(self.cursor.date(), 0)
        limit = max(len(self.grid.lines) - room, 0)
        above = 1 if room > 1 else 0  # lines that stay in sight above the cursor's
        if y < self.top + above:
            self.top = max(y - min(7, room - 1), 0)
        elif y >= self.top + room:
            self.top = y - room + 1 + min(6, room - 1 - above)
        self.top = min(self.top, limit)

    def draw(self, y: int, width: int) -> Strip:
        if y == 0:
            self._scroll()
            return self._in_sight(self._ruler(), width)
        index = self.top + y - 1
        if index >= len(self.grid.lines):
            return Strip.blank(width)
        line = self.grid.lines[index]
        if isinstance(line, MonthTitle):
            return strip_of([(f" {line.text}", self.palette.strong)], width)
        return self._in_sight(self._day(line), width)

    def _in_sight(self, pieces: list[Piece], width: int) -> Strip:
        """All hours; on a slim screen those around the cursor, six at a time."""
        room, hour = max((width - _LABEL) // 3, 1), self.cursor.hour
        if room >= 24 or hour < room:
            return strip_of(pieces, width)
        first = min((hour - room) // 6 * 6 + 6, 24 - room)
        whole, edge = strip_of(pieces, GRID_WIDTH), _LABEL - 1
        parts = [whole.crop(0, edge), whole.crop(edge + 3 * first, GRID_WIDTH)]
        return Strip.join(parts).adjust_cell_length(width)

    def _ruler(self) -> list[Piece]:
        palette = self.palette
        pieces: list[Piece] = [(" " * _LABEL, palette.dim)]
        here = self.cursor.hour
        return pieces + [(f"{hour:02d} ", palette.strong if hour == here else palette.dim) for hour in range(24)]

    def _day(self, day: date) -> list[Piece]:
        palette, cursor, marked, styles = self.palette, self.cursor, self.marked, _styles(self.palette)
        pieces: list[Piece] = [
            (f" {day:%a}"[:3] + f" {day.day:2d}", palette.strong if cursor.date() == day else palette.dim)
        ]
        here = palette.strong if palette.cursor.reverse else palette.cursor  # a reversed shade is another shade
        before = datetime(day.year, day.month, day.day, tzinfo=cursor.tzinfo) - _HOUR
        for number in range(24):
            hour = before + _HOUR
            mark = self.grid.mark(hour)
            pieces += [
                self._between(before, hour, marked, sides=(number > 0, True)),
                (self.grid.cells(hour, mark), here if hour == cursor else styles.get(mark, palette.odd)),
            ]
            before = hour
        pieces.append(self._between(before, before + _HOUR, marked, sides=(True, False)))
        return pieces

    def _between(self, before: datetime, after: datetime, marked: Selection, sides: tuple[bool, bool]) -> Piece:
        """The cell between two hours: the cursor's brackets, a range's ends, or the line that joins its hours.

        `sides`: which of the two are on this line.
        """
        if after == self.cursor and sides[1]:
            return "[", self.palette.cursor
        if before == self.cursor and sides[0]:
            return "]", self.palette.cursor
        first, second = marked and before in marked, marked and after in marked
        if first and second:
            return "─", self.palette.selected
        if second and sides[1]:
            return "(", self.palette.selected
        return (")", self.palette.selected) if first and sides[0] else (" ", _BLANK)


@lru_cache(maxsize=4)
def _styles(palette: Palette) -> dict[Mark, Style]:
    """What is not here is odd."""
    levels = dict(zip(LEVELS, palette.heat, strict=True))
    trouble = {Mark.GAP: palette.gap, Mark.DAMAGED: palette.trouble, Mark.FROZEN: palette.frozen}  # late: odd
    return levels | trouble | {Mark.OUTSIDE: palette.faint, Mark.NONE: palette.faint}
