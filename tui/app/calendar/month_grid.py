"""The calendar: days down, hours across, a shade for each hour's size and a sign for each trouble."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import ClassVar

from rich.style import Style
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from tui.app.model.heat import LEVELS, HeatGrid, Mark, MonthTitle, Overlay
from tui.app.model.hours import Hours, Selection
from tui.app.model.session import Session, shifted
from tui.app.widgets.lines import LineWidget, Piece, strip_of
from tui.app.widgets.theme import Palette
from tui.archive.times import next_hour

GRID_WIDTH = 80
_LABEL = 7  # cells before the first hour
_BLANK = Style.null()
_HOUR = timedelta(hours=1)  # of wall-clock time: adding to a datetime ignores the zone's clock changes


class MonthGrid(LineWidget, can_focus=True):
    """A cursor over the hours of an archive. Posts `Moved` when the hour under it changes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("h,left", "move(-1)", "previous hour", show=False, id="left"),
        Binding("l,right", "move(1)", "next hour", show=False, id="right"),
        Binding("k,up", "move(-24)", "previous day", show=False, id="up"),
        Binding("j,down", "move(24)", "next day", show=False, id="down"),
        Binding("g,home", "first", "first hour", show=False, id="first"),
        Binding("G,end", "last", "last hour", show=False, id="last"),
        Binding("left_square_bracket,pageup", "month(-1)", "previous month", show=False, id="month-before"),
        Binding("right_square_bracket,pagedown", "month(1)", "next month", show=False, id="month-after"),
        Binding("left_curly_bracket", "month(-12)", "previous year", show=False, id="year-before"),
        Binding("right_curly_bracket", "month(12)", "next year", show=False, id="year-after"),
    ]

    class Moved(Message):
        """The cursor is on another hour."""

    def __init__(self, session: Session, grid: HeatGrid) -> None:
        super().__init__()
        self.session = session
        self.grid = grid
        self.cursor = session.clamped(session.place or session.last)
        self.began: datetime | None = None
        self.top = 0

    @property
    def marked(self) -> Selection:
        """The hours drawn as selected, including the open range."""
        selection = self.session.selection
        return selection.added(Hours.of(self.began, self.cursor)) if self.began else selection

    def show(self, grid: HeatGrid) -> None:
        self.grid = grid
        self.repaint()

    def go(self, hour: datetime) -> None:
        """Move the cursor to an hour or the nearest one in the archive; never to one skipped by a clock change."""
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

    # What is selected.

    def flip_range(self) -> None:
        """Start a range at the cursor, or end the open one there and select it."""
        if self.began is None:
            self.began = self.cursor
        else:
            self.session.selection, self.began = self.marked, None

    def take(self, unit: str) -> None:
        """Select or deselect the hour, day or month under the cursor, within the archive's span."""
        hour, session = self.cursor, self.session
        first = hour if unit == "hour" else hour.replace(hour=0, day=1 if unit == "month" else hour.day)
        last = {
            "hour": hour,
            "day": hour.replace(hour=23),
            "month": hour.replace(hour=23, day=monthrange(hour.year, hour.month)[1]),
        }[unit]
        self.began = None
        session.selection = session.selection.toggled(Hours.of(session.clamped(first), session.clamped(last)))

    def drop(self) -> bool:
        """Cancel the open range, else clear the selection; return False if there is neither."""
        if self.began is not None:
            self.began = None
        elif self.session.selection:
            self.session.selection = Selection()
        else:
            return False
        return True

    # Drawing.

    def _scroll(self) -> None:
        """Keep the cursor's day visible. Scrolls a week at a time, because a scroll repaints the whole grid."""
        room = max(self.size.height - 1, 1)
        y = self.grid.line_of.get(self.cursor.date(), 0)
        limit = max(len(self.grid.lines) - room, 0)
        above = 1 if room > 1 else 0  # lines kept visible above the cursor's
        if y < self.top + above:
            self.top = max(y - min(7, room - 1), 0)
        elif y >= self.top + room:
            self.top = y - room + 1 + min(6, room - 1 - above)
        self.top = min(self.top, limit)

    def draw(self, y: int, width: int) -> Strip:
        if y == 0:
            self._scroll()
            return self._visible(self._ruler(), width)
        index = self.top + y - 1
        if index >= len(self.grid.lines):
            return Strip.blank(width)
        line = self.grid.lines[index]
        if isinstance(line, MonthTitle):
            return strip_of([(f" {line.text}", self.palette.strong)], width)
        return self._visible(self._day(line), width)

    def _visible(self, pieces: list[Piece], width: int) -> Strip:
        """Return all hours; on a narrow screen, those around the cursor, scrolled six at a time."""
        first = self._first_hour(width)
        if not first:
            return strip_of(pieces, width)
        whole, edge = strip_of(pieces, GRID_WIDTH), _LABEL - 1
        parts = [whole.crop(0, edge), whole.crop(edge + 3 * first, GRID_WIDTH)]
        return Strip.join(parts).adjust_cell_length(width)

    def _first_hour(self, width: int) -> int:
        room, hour = max((width - _LABEL) // 3, 1), self.cursor.hour
        return 0 if room >= 24 or hour < room else min((hour - room) // 6 * 6 + 6, 24 - room)

    def point_at(self, x: int, y: int) -> bool:
        lines, hour = self.grid.lines[self.top :], self._first_hour(self.size.width) + (x - _LABEL + 1) // 3
        line = lines[y - 1] if 0 < y <= len(lines) else None
        if not isinstance(line, date) or x < _LABEL - 1 or hour > 23:
            return False
        self.go(datetime(line.year, line.month, line.day, hour, tzinfo=self.cursor.tzinfo))
        return True

    def _ruler(self) -> list[Piece]:
        palette = self.palette
        pieces: list[Piece] = [(" " * _LABEL, palette.dim)]
        here = self.cursor.hour
        return pieces + [(f"{hour:02d} ", palette.strong if hour == here else palette.dim) for hour in range(24)]

    def _day(self, day: date) -> list[Piece]:
        palette, cursor, marked = self.palette, self.cursor, self.marked
        styles = cell_styles(self, self.grid.overlay)
        pieces: list[Piece] = [
            (f" {day:%a}"[:3] + f" {day.day:2d}", palette.strong if cursor.date() == day else palette.dim)
        ]
        before = datetime(day.year, day.month, day.day, tzinfo=cursor.tzinfo) - _HOUR
        hours = [before + _HOUR * number for number in range(26)]  # of this day, plus one on each side
        chosen = [bool(marked) and hour in marked for hour in hours]
        for number, hour in enumerate(hours[1:25], 1):
            mark = self.grid.mark(hour)
            style = styles.get(mark, palette.odd)
            if hour == cursor:
                sign = self.grid.sign(hour, mark)
                pieces += [("[", palette.cursor), (sign, palette.cursor + self._ink(mark)), ("]", palette.cursor)]
                continue
            text = self.grid.cells(hour, mark) if style.bgcolor is None or self.grid.numbers else "  "
            if not chosen[number]:
                pieces.append((f" {text}", style))
                continue
            text = "──" if text == "  " else text
            bright = mark in LEVELS[2:] and style.bgcolor is not None  # amber is unreadable on it
            line = style if bright else style + palette.selected
            body = [(text[0], style), (text[1] if chosen[number + 1] else ")", line)]
            pieces += [("─" if chosen[number - 1] else "(", line), *body]
        return pieces

    def _ink(self, mark: Mark) -> Style:
        """Return the color of the sign under the cursor: the hour's shade, which keeps the shade recognizable."""
        if mark not in LEVELS:
            return _BLANK
        palette = self.palette
        return (palette.finds if self.grid.overlay.finds else palette.heat)[LEVELS.index(mark)]


def cell_styles(widget: LineWidget, overlay: Overlay) -> dict[Mark, Style]:
    """Return the style of an hour's three cells by its mark; other marks use the style `odd`.

    Shades are background colors if the terminal has enough colors to distinguish them, else signs.
    """
    few = widget.app.console.color_system == "standard" and not widget.app.is_headless
    return _styles(widget.palette, matches=overlay.finds, few=few)


@lru_cache(maxsize=8)
def _styles(palette: Palette, *, matches: bool, few: bool) -> dict[Mark, Style]:
    signs, cells = (palette.finds, palette.find_cells) if matches else (palette.heat, palette.heat_cells)
    levels = dict(zip(LEVELS, signs if few or not cells else cells, strict=True))
    trouble = {Mark.GAP: palette.gap, Mark.DAMAGED: palette.trouble, Mark.FROZEN: palette.frozen}
    return levels | trouble | {Mark.OUTSIDE: palette.faint, Mark.NONE: palette.faint}
