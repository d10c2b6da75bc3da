"""The calendar of an archive: survey its hours, select some, open one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.widget import Widget

from tui.app.calendar.explanation import explanation
from tui.app.calendar.legend import YearStrip, header_facts
from tui.app.calendar.lister import Lister, MonthsListed
from tui.app.calendar.panes import CalendarPanes
from tui.app.hours_page import HoursPage
from tui.app.model.cargo import default_out
from tui.app.model.command import cat_command, ls_command, scan_commands
from tui.app.model.counts import HOUR, count_over_time, counted_hours
from tui.app.model.exhibit import Exhibit, exhibit
from tui.app.model.heat import HeatGrid, Overlay, heat_grid, next_overlay, troubles
from tui.app.model.hours import Hours, Selection
from tui.app.model.remembered import StateError, remember
from tui.app.model.session import Session
from tui.app.records.peek import RecordPeek
from tui.app.requests import ChooseTopic, CountedMore, OpenHour
from tui.archive.times import spell_hour
from tui.archive.topics import named_topics, topics_of
from tui.filter import Filter
from tui.units import count, plural

_OTHERS = "keys of another layout are left out; t chooses, x names them"


class CalendarPage(HoursPage):
    """A month × 24 grid of the archive's hours, with the details of the one under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "preview", id="open"),
        Binding("space", "take('hour')", "select the hour", show=False, id="select"),
        Binding("D", "take('day')", "select the day", show=False, id="select-day"),
        Binding("M", "take('month')", "select the month", show=False, id="select-month"),
        Binding("o", "overlay", "shades", id="shades"),
        Binding("i", "show_screen('timeline')", "timeline", id="timeline"),
        Binding("t", "topic", "topic", show=False, id="topic"),
        Binding("tab", "pane", "chunks", show=False, id="pane"),
    ]
    title_of_help = "The calendar"

    def __init__(self, session: Session, remembered: str = "") -> None:
        super().__init__()
        self.session = session
        self._remembered = remembered
        self.overlay = Overlay.MATCHES if session.matches else Overlay.SIZE
        self._known: tuple[object, HeatGrid] | None = None
        self._counted: Filter | None = None  # the filter that is, or will be, counted for the shades
        self._shade = session.shade
        self.strip = YearStrip(session)
        self.panes = CalendarPanes(session, self._heat())
        self.grid = self.panes.grid
        self.lister = Lister(session, post=self.post_message, work=self.work)

    def contents(self) -> list[Widget]:
        return [self.strip, self.panes]

    def on_resize(self, event: Resize) -> None:
        self._lay_out(*event.size)

    def _lay_out(self, width: int, height: int) -> None:
        self.panes.lay_out(width, height - 2 - self.strip.display, height)

    def on_descendant_focus(self) -> None:
        if self.focused in (self.grid, self.panes.details):
            self._lay_out(*self.size)

    def on_mount(self) -> None:
        self.set_focus(self.grid)
        self._moved()
        self.lister.look_at(self.grid.cursor)
        topics = topics_of(self.session.catalog.chunks)
        several = f"{named_topics(topics)} are shown together; t chooses one" if len(topics) > 1 else ""
        others = _OTHERS if self.session.others else ""
        if words := " · ".join(part for part in (others, several, self._remembered) if part):
            self.report(words)

    def on_unmount(self) -> None:
        self._remember()

    def on_screen_suspend(self) -> None:
        self._remember()

    def on_screen_resume(self) -> None:
        if self.session.place and self.session.place != self.grid.cursor:  # `]` in the preview
            self.grid.go(self.session.place)
        self.refresh_hours()
        self._remember()

    def _remember(self) -> None:
        """Store where the user is in this archive, in case it is left now."""
        try:
            remember(self.session)
        except StateError as error:
            self.report(str(error), bad=True)

    # What is shown.

    def refresh_hours(self) -> None:
        """Show what previews and scans have learned meanwhile. A new finding becomes the shades."""
        if (shade := self.session.shade) is not self._shade:
            self._shade, self.overlay = shade, Overlay.RATE if shade and shade.of_finding else self.overlay
        self.panes.show(self._heat())
        self._moved()

    def _heat(self) -> HeatGrid:
        """Return the grid, rebuilt only if something new is known about the hours."""
        state = (self.overlay, self.session.shade, len(self.session.damage), self.session.matches, self.session.catalog)
        if self._known is None or self._known[0] != state:
            self._known = state, heat_grid(self.session, self.overlay)
        return self._known[1]

    def on_month_grid_moved(self) -> None:
        self._moved()
        self.lister.look_at(self.grid.cursor)

    def on_year_strip_picked(self, message: YearStrip.Picked) -> None:
        self.grid.action_month(message.month - self.grid.cursor.month)

    def on_months_listed(self, message: MonthsListed) -> None:
        """Show the newly listed months. A cursor on the newest hour follows it."""
        session = self.session
        newest = self.grid.cursor == session.last
        session.update(message.catalog, message.usual)
        if message.others != session.others:
            session.others = message.others
            self.report(_OTHERS)
        if newest and session.last > self.grid.cursor:
            self.grid.cursor = session.last
        self.strip.renew()
        self._lay_out(*self.size)
        self.refresh_hours()
        if message.trouble:
            self.report(message.trouble, bad=True)

    def _moved(self) -> None:
        session, grid = self.session, self.grid
        self.header.show(session.heading, *header_facts(session, grid.cursor, self.zones()))
        session.place = grid.cursor
        self.refresh_bindings()
        self.strip.show(grid.cursor)
        self.panes.show_hour(grid.cursor)

    def show_times(self) -> None:
        self.panes.record.show_times(self.session.zone)
        self._moved()

    def _redraw(self) -> None:
        self.grid.repaint()
        self._moved()

    # Moving and selecting.

    @property
    def here(self) -> datetime:
        return self.grid.cursor

    def move_to(self, time: datetime) -> None:
        self.grid.go(time)

    @property
    def marked(self) -> Selection:
        return self.grid.marked

    def is_listed(self, hours: Selection) -> bool:
        """Return whether all of them are listed; if not, start listing them."""
        catalog = self.session.catalog
        if all(catalog.is_listed(hours_.start, hours_.stop) for hours_ in hours.ranges):
            return True
        self.lister.ask_for(hours.ranges)
        self.report("these hours are being listed; press the key again when the calendar shows them")
        return False

    def action_open(self) -> None:
        """Preview the hour with all its chunks merged, or the one chunk chosen in the details."""
        hour, one = self.grid.cursor, self.panes.details.chosen
        chunks = (one,) if one else self.session.chunks(hour)
        if not chunks:
            what = "was scanned and had no match" if hour in self.session.scanned else "is a gap: it has no chunk"
            what = what if self.session.knows(hour) else "is not listed yet"
            self.report(f"{hour:%a %Y-%m-%d %H:00} {what}; e goes to the next trouble")
        elif (trouble := self.session.out_of_reach(hour)) and (not one or one.needs_restore):
            self.report(trouble, bad=True)
        else:
            self.request(OpenHour(self.session, hour, chunks))

    def action_range(self) -> None:
        self.grid.flip_range()
        self._redraw()

    def action_take(self, unit: str) -> None:
        self.grid.take(unit)
        self._redraw()

    def action_pane(self) -> None:
        self.panes.flip_focus()

    def action_step_back(self) -> None:
        """Leave the chunks, else cancel the range, else clear the selection; `q` leaves the archive."""
        if not self.grid.has_focus:
            self.set_focus(self.grid)
        elif not self.grid.drop():
            self.report("nothing is selected; q leaves the archive")
        self._redraw()

    def action_trouble(self, step: int) -> None:
        """Move to the next or previous gap or hour that is damaged, of unusual size or count, late or in Glacier."""
        known = {trouble.first: trouble for trouble in troubles(self.grid.grid)}
        if not known:
            self.report("no trouble is known: no gap, no damage, no odd size, no late upload")
        elif (hour := self.move_ahead(known, step, "trouble", "eE")) and known[hour].hours > 1:
            self.report(known[hour].words())

    def action_match(self, step: int) -> None:
        """Move to the next or previous hour in which the last scan, or the filter's count, has matches."""
        matches = self.session.matches or (self.session.shade.hits if self.session.shade else {})
        if not matches:
            self.report("nothing has been scanned or counted yet: s plans a scan, o counts the filter's matches")
        else:
            self.move_ahead((hour for hour, number in matches.items() if number), step, "hours with matches", "nN")

    def go_to(self, hour: datetime) -> str | None:
        self.grid.go(hour)
        if self.grid.cursor == hour:
            return None
        side = "before the archive begins" if hour < self.grid.cursor else "after the archive ends"
        return f"{hour:%Y-%m-%d %H:00} is {side}; this is the nearest hour"

    # The shades, and counting the filter's matches for them.

    def action_overlay(self) -> None:
        """Switch to the next kind of shades."""
        session = self.session
        self.overlay = next_overlay(session, self.overlay)
        counted = session.shade.filter if session.shade else None
        if self.overlay.counted and session.filter.narrows and session.filter not in (self._counted, counted):
            hours, some = counted_hours(session)
            self._counted = session.filter
            self.stream("count", partial(count_over_time, session, hours, session.filter, "", HOUR), CountedMore)
            self.report(f"counting the records that match {session.filter.describe()}{f', {some}' if some else ''}")
        self.refresh_hours()

    def on_counted_more(self, message: CountedMore) -> None:
        series = message.series
        self.session.add_damage(*series.damaged)
        self.session.shade = series.shade()
        self.refresh_hours()
        if series.final:
            where = " · n goes to them" if series.total else ""
            of = f"{count(series.total)} of {plural(sum(series.records.values()), 'record')}"
            self.report(f"{of} match {series.filter.describe()}{where}")

    def on_record_peek_ready(self, message: RecordPeek.Ready) -> None:
        if message.peek.damaged:
            self.session.add_damage(*message.peek.damaged)
            self.refresh_hours()

    def interrupt(self) -> bool:
        self._counted = None
        return super().interrupt()

    def put_filter(self, filter_: Filter) -> str | None:
        self.session.filter = filter_
        self._moved()
        return f"filter: {filter_.describe()} · enter previews an hour with it, s scans, p publishes"

    def action_topic(self) -> None:
        """Choose one topic or all of them, or another layout if there is one."""
        if "topic" not in self.session.archive.layout.fields and not self.session.others:
            self.report("the keys of this archive contain no topic")
        else:
            self.request(ChooseTopic(self.session))

    def action_send(self) -> None:
        """Send the selected hours, or the one under the cursor; without a selection, all of an extract."""
        session, hours = self.session, self.take_hours()
        whole = session.archive.extract and not self.marked
        self.send_hours(Selection.of(Hours.of(session.first, session.last)) if whole else hours)

    def command(self) -> str:
        session, hour = self.session, self.grid.cursor
        if selection := self.grid.marked:
            out = default_out(session, session.filter, selection.span)
            return "\n".join(scan_commands(session, selection, session.filter, out))
        return cat_command(session, hour, session.filter) if session.chunks(hour) else ls_command(session)

    def situation(self) -> dict[str, object]:
        cursor = self.grid.cursor
        return {"hour": spell_hour(cursor), "gap": self.session.gap_at(cursor) is not None}

    def explanation(self) -> tuple[str, ...]:
        return explanation(self.session, self.grid.cursor)

    def exhibit(self) -> Iterator[Exhibit]:
        return exhibit(self.session, self.session.chunks(self.grid.cursor))
