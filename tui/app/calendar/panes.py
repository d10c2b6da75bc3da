"""The calendar's panes: the grid, the details of the hour under its cursor, the legend, and that hour's records."""

from __future__ import annotations

from datetime import datetime

from textual.containers import Container, Vertical
from textual.widget import Widget

from tui.app.calendar.hour_details import HourDetails
from tui.app.calendar.legend import Legend
from tui.app.calendar.month_grid import MonthGrid
from tui.app.calendar.standouts import Standouts
from tui.app.model.heat import HeatGrid
from tui.app.model.session import Session
from tui.app.records.peek import RecordPeek
from tui.app.records.tree import JsonTree
from tui.app.terminal.guard import Guarded
from tui.app.widgets.breakpoints import HIGH, HUGE, WIDE
from tui.app.widgets.chart import Chart
from tui.app.widgets.time_counts import TimeCounts
from tui.archive.times import hours_between, next_hour
from tui.units import size

_MONTH = 33  # lines of the grid: hours, the month's name, 31 days
_CHART = 6  # free lines below the days from which the sizes are shown as bars
_DETAILS, _CHUNKS = 16, 5  # lines of the details: beside the grid, and below it while they have the focus
_DETAILS_CELLS = 44


class CalendarPanes(Guarded, Vertical):
    """The days get their lines first, then the other panes; the hour's records get what remains."""

    def __init__(self, session: Session, grid: HeatGrid) -> None:
        super().__init__()
        self.grid = MonthGrid(session, grid)
        self.details = HourDetails(session)
        self.standouts = Standouts(session)
        self.legend = Legend(session, grid)
        self.peek = RecordPeek(session, about=self.details.brief)
        self._first: bytes | None = None  # of the records
        self.record = JsonTree(session.zone)  # shows it
        self.record.can_focus = False
        self.sizes = Chart(cursor=False)  # of the hours of a short archive, below its days
        hours = Vertical(self.grid, self.sizes, id="hours")
        self._upper = Container(hours, self.details, self.standouts, id="calendar")

    def compose(self) -> list[Widget]:
        return [self._upper, self.legend, Container(self.peek, self.record, id="records")]

    def lay_out(self, width: int, height: int, lines: int) -> None:
        """Lay out the panes in `width` × `height` cells, on a screen of `lines` lines."""
        wide, three, chunks = width >= WIDE, width >= HUGE, self.details.has_focus
        days = min(len(self.grid.grid.lines) + 1, _MONTH)
        needed = max(days, _DETAILS) if wide else days + _CHUNKS * chunks
        legend, records = (2, 4) if lines >= HIGH else (1, 1)
        self.legend.styles.height = legend
        upper = max(min(needed, height - legend - records), 1)
        self._upper.styles.height = upper
        session = self.grid.session
        self.sizes.display = wide and upper - days >= _CHART and session.first < session.catalog_last
        self._show_sizes()
        self.grid.styles.height = days if self.sizes.display else "1fr"
        self.details.display = wide or chunks
        self.details.styles.width = _DETAILS_CELLS if three else "1fr"
        self.standouts.display = self.record.display = three
        self._show_record()
        self.peek.brief = not wide

    def _show_sizes(self) -> None:
        session = self.grid.session
        if self.sizes.display:
            hours = tuple(hours_between(session.first, next_hour(session.catalog_last)))
            self.sizes.show(TimeCounts(hours, session.hour_size, spell=size))

    def flip_focus(self) -> None:
        """Move the focus to the hour's chunks, or back."""
        self.details.display = True
        self.screen.set_focus(self.grid if self.details.has_focus else self.details)

    def show(self, heat: HeatGrid) -> None:
        """Show a new heat grid."""
        self.grid.show(heat)
        self._show_sizes()
        self.details.repaint()

    def show_hour(self, hour: datetime) -> None:
        """Show the hour under the cursor in all panes."""
        grid = self.grid
        self.details.show(hour)
        self.peek.rest_on(hour)
        self.standouts.rest_on(hour)
        self.legend.show(grid.grid, grid.marked, open_range=grid.began is not None)

    def on_record_peek_ready(self, message: RecordPeek.Ready) -> None:
        self._first = message.peek.records[0] if message.peek.records else None
        self._show_record()

    def _show_record(self) -> None:
        if self.record.display:
            self.record.show(self._first)
