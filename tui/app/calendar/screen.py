"""The calendar of an archive: look over its hours, select some, go in."""

from __future__ import annotations

import threading
from calendar import monthrange
from datetime import datetime
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.events import Resize
from textual.widget import Widget
from textual.worker import get_current_worker

from tui.app.archive_page import ArchivePage
from tui.app.calendar.grid import HeatGrid, Overlay, Trouble, heat_grid, troubles
from tui.app.calendar.hour_details import HourDetails
from tui.app.calendar.legend import Legend
from tui.app.calendar.lister import Lister, MonthsListed
from tui.app.calendar.month_grid import MonthGrid
from tui.app.calendar.year_strip import YearStrip
from tui.app.model.cargo import cargo_of_hours, default_out
from tui.app.model.command import cat_command, ls_command, scan_commands, shell_list
from tui.app.model.counts import HOUR, count_over_time, counted_hours
from tui.app.model.freshness import Freshness, freshness
from tui.app.model.hours import Hours, Selection
from tui.app.model.remembered import StateError, remember
from tui.app.model.session import Session
from tui.app.model.usual import usual_counts
from tui.app.records.peek import RecordPeek
from tui.app.requests import ChooseTopic, CountedMore, Failed, OpenHour, PlanScan, PlanSend, ShowDiff, ShowTimeline
from tui.archive.times import spell_hour
from tui.archive.topics import named_topics, topics_of
from tui.errors import HourscopeError
from tui.filter import Filter
from tui.units import count, plural, size

_WIDE = 112  # cells of a screen from which the details are beside the grid (page.py)
_LEGEND = 2  # lines
_DETAILS, _DETAILS_BELOW = 18, 5  # lines of the details
_PEEK = 5  # lines of records, at least
_LEAST_GRID = 12  # lines of the grid that records must leave


class CalendarPage(ArchivePage):
    """A month × 24 grid of the archive's hours, with the details of the one under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "preview", "preview", id="open"),
        Binding("v", "range", "range", id="range"),
        Binding("space", "take('hour')", "select the hour", show=False, id="select"),
        Binding("D", "take('day')", "select the day", show=False, id="select-day"),
        Binding("M", "take('month')", "select the month", show=False, id="select-month"),
        Binding("s", "scan", "scan", id="scan"),
        Binding("d", "diff", "what changed", id="what-changed"),
        Binding("p", "send", "publish", show=False, id="send"),
        Binding("w", "write", "scan into a file", show=False, id="write", priority=True),
        Binding("n", "match(1)", "next hour with matches", show=False, id="next-match"),
        Binding("N", "match(-1)", "previous hour with matches", show=False, id="previous-match"),
        Binding("e", "trouble(1)", "next trouble", id="next-trouble"),
        Binding("E", "trouble(-1)", "previous trouble", show=False, id="previous-trouble"),
        Binding("i", "timeline", "timeline", id="timeline"),
        Binding("o", "overlay", "shades", id="shades"),
        Binding("t", "topic", "topic", show=False, id="topic"),
        Binding("tab", "app.focus_next", "chunks", show=False, id="pane"),
    ]
    title_of_help = "The calendar"
    ASKING = ArchivePage.ASKING | {"write"}

    def __init__(self, session: Session, remembered: str = "") -> None:
        super().__init__()
        self.session = session
        self._remembered = remembered
        self.overlay = Overlay.MATCHES if session.matches else Overlay.SIZE
        self._known: tuple[object, HeatGrid] | None = None
        self._cancel = threading.Event()
        self._counting: Filter | None = None
        grid = self._heat()
        self.strip = YearStrip(session)
        self.grid = MonthGrid(session, grid)
        self.details = HourDetails(session)
        self.legend = Legend(session, grid)
        self.peek = RecordPeek(session)
        self._upper = Container(self.grid, self.details, id="calendar")
        self.lister = Lister(session, post=self.post_message, work=self.work)

    def contents(self) -> list[Widget]:
        return [self.strip, self._upper, self.legend, self.peek]

    def on_resize(self, event: Resize) -> None:
        """The grid is as high as its days, or as there is room; the records of the hour get the rest."""
        rest = event.size.height - 2 - self.strip.display - _LEGEND
        wide = event.size.width >= _WIDE
        needed = max(len(self.grid.grid.lines) + 1, _DETAILS if wide else 0) + (0 if wide else _DETAILS_BELOW)
        height = min(needed, rest - _PEEK)
        self.peek.display = height >= _LEAST_GRID
        self._upper.styles.height = height if self.peek.display else "1fr"

    def on_mount(self) -> None:
        self.set_focus(self.grid)
        self._moved()
        self.lister.look_at(self.grid.cursor)
        topics = topics_of(self.session.catalog.chunks)
        several = f"{named_topics(topics)} are shown together; t chooses one" if len(topics) > 1 else ""
        if words := " · ".join(part for part in (several, self._remembered) if part):
            self.report(words)

    def on_unmount(self) -> None:
        self._cancel.set()
        self._remember()

    def on_screen_suspend(self) -> None:
        self._remember()

    def on_screen_resume(self) -> None:
        if self.session.place and self.session.place != self.grid.cursor:  # `]` in the preview
            self.grid.go(self.session.place)
        self.refresh_hours()
        self._remember()

    def _remember(self) -> None:
        """Where this archive is left, if it is left now."""
        try:
            remember(self.session)
        except StateError as error:
            self.report(str(error), bad=True)

    def refresh_hours(self) -> None:
        """What a preview or a scan has found meanwhile is shown."""
        self.grid.show(self._heat())
        self.details.repaint()
        self._moved()

    def _heat(self) -> HeatGrid:
        """The grid; made again only if something was learned of the hours."""
        state = (self.overlay, self.session.shade, len(self.session.damage), self.session.matches, self.session.catalog)
        if self._known is None or self._known[0] != state:
            self._known = state, heat_grid(self.session, self.overlay)
        return self._known[1]

    def on_month_grid_moved(self) -> None:
        self._moved()
        self.lister.look_at(self.grid.cursor)

    def on_months_listed(self, message: MonthsListed) -> None:
        """Show what has come; a cursor on the newest hour stays on it."""
        session = self.session
        newest = self.grid.cursor == session.last
        session.update(message.catalog, message.usual)
        if newest and session.last > self.grid.cursor:
            self.grid.cursor = session.last
        self.strip.renew()
        self.refresh_hours()
        if message.trouble:
            self.report(message.trouble, bad=True)

    def is_listed(self, hours: Selection) -> bool:
        """Are all of them known? If not they are listed, and a word says so."""
        catalog = self.session.catalog
        if all(catalog.is_listed(each.start, each.stop) for each in hours.ranges):
            return True
        self.lister.want(hours.ranges)
        self.report("these hours are being listed; press the key again when the calendar shows them")
        return False

    def _moved(self) -> None:
        session, catalog, grid = self.session, self.session.catalog, self.grid
        expected = len(catalog.hours) + session.gap_hours
        fresh = freshness(session)
        self.header.show(
            session.heading,
            f"{grid.cursor:%B %Y}",
            self.zones(),
            f"{count(len(catalog.hours))}/{count(expected)} h",
            f"{size(catalog.size)}{' so far' if catalog.unlisted else ''}",
            plural(session.gap_hours, "gap") if session.gap_hours else "",
            session.damage_words(),
            session.left_out_words,
            fresh.brief if fresh else "",
        )
        session.place = grid.cursor
        self.refresh_bindings()
        self.strip.show(grid.cursor)
        self.details.show(grid.cursor)
        self.peek.rest_on(grid.cursor)
        self.legend.show(grid.grid, grid.marked, open_range=grid.began is not None)

    def show_times(self) -> None:
        self._moved()

    def action_preview(self) -> None:
        """The hour, all of its chunks merged; or the one chunk that was chosen in its details."""
        hour, one = self.grid.cursor, self.details.chosen
        chunks = (one,) if one else self.session.chunks(hour)
        if not chunks:
            what = "was scanned and had no match" if hour in self.session.scanned else "is a gap: no chunk names it"
            what = what if self.session.knows(hour) else "is not listed yet"
            self.report(f"{hour:%a %Y-%m-%d %H:00} {what}; e goes to the next trouble")
        elif (trouble := self.session.out_of_reach(hour)) and (not one or one.needs_restore):
            self.report(trouble, bad=True)
        else:
            self.request(OpenHour(self.session, hour, chunks))

    def action_range(self) -> None:
        if self.grid.began is None:
            self.grid.began = self.grid.cursor
        else:
            self.session.selection = self.grid.marked
            self.grid.began = None
        self._redraw()

    def action_take(self, unit: str) -> None:
        """The hour, day or month under the cursor, or not: as far as the archive goes."""
        hour, session = self.grid.cursor, self.session
        first = hour if unit == "hour" else hour.replace(hour=0, day=1 if unit == "month" else hour.day)
        last = {
            "hour": hour,
            "day": hour.replace(hour=23),
            "month": hour.replace(hour=23, day=monthrange(hour.year, hour.month)[1]),
        }[unit]
        self.grid.began = None
        session.selection = session.selection.toggled(Hours.of(session.clamped(first), session.clamped(last)))
        self._redraw()

    def action_step_back(self) -> None:
        """Out of the chunks, of the range, of the selection; `q` leaves the archive."""
        if not self.grid.has_focus:
            self.set_focus(self.grid)
        elif self.grid.began is not None:
            self.grid.began = None
        elif self.session.selection:
            self.session.selection = Selection()
        else:
            self.report("nothing is selected; q leaves the archive")
        self._redraw()

    def _redraw(self) -> None:
        self.grid.repaint()
        self._moved()

    def action_trouble(self, step: int) -> None:
        """To the next (or the one before) gap, damage, odd size, late or frozen hour."""
        here = self.grid.cursor
        known = troubles(self.grid.grid)
        ahead: list[Trouble] = [each for each in known if (each.first > here if step > 0 else each.first < here)]
        if not known:
            self.report("no trouble is known: no gap, no damage, no odd size, no late upload")
        elif not ahead:
            self.report(f"no more trouble {'after' if step > 0 else 'before'} this hour")
        else:
            nearest = ahead[0 if step > 0 else -1]
            self.grid.go(nearest.first)
            if nearest.hours > 1:
                self.report(nearest.words())

    def action_match(self, step: int) -> None:
        """To the next hour (or the one before) in which the last scan found something."""
        matches, here = self.session.matches, self.grid.cursor
        ahead = [hour for hour, number in matches.items() if number and (hour > here if step > 0 else hour < here)]
        if not matches:
            self.report("no scan has been made of this archive yet: s plans one")
        elif not ahead:
            self.report(f"no more hours with matches {'after' if step > 0 else 'before'} this one")
        else:
            self.grid.go(min(ahead) if step > 0 else max(ahead))

    def action_overlay(self) -> None:
        """The next of what the shades can stand for."""
        session = self.session
        empty = {
            Overlay.USUAL: not session.usual.sizes,
            Overlay.LAG: session.archive.extract,
            Overlay.MATCHES: not session.matches,
        }
        nothing = session.shade is None and not _filtered(session.filter)
        empty |= dict.fromkeys((Overlay.HITS, Overlay.RATE), nothing)
        empty[Overlay.RATE_USUAL] = session.shade is None or not usual_counts(session.shade.rates)
        counted = session.shade.filter if session.shade else None
        have = [each for each in Overlay if not empty.get(each)]
        self.overlay = have[(have.index(self.overlay) + 1) % len(have)] if self.overlay in have else have[0]
        if self.overlay.counted and _filtered(session.filter) and session.filter not in (self._counting, counted):
            self._count()
        self.refresh_hours()

    # Counting what the filter matches, for the shades.

    def _count(self) -> None:
        hours, some = counted_hours(self.session)
        self._counting = self.session.filter
        self._cancel.set()
        self._cancel = threading.Event()
        self.work(partial(self._work, hours, self.session.filter, self._cancel), "count", exclusive=True)
        self.report(f"counting the records that match {self.session.filter.describe()}{f', {some}' if some else ''}")

    def _work(self, hours: Hours, filter_: Filter, cancel: threading.Event) -> None:
        worker = get_current_worker()
        try:
            for series in count_over_time(self.session, hours, filter_, "", HOUR, cancel):
                if worker.is_cancelled:
                    cancel.set()
                    return
                self.post_message(CountedMore(series))
        except HourscopeError as error:
            self.post_message(Failed(str(error)))
        finally:
            self._counting = None if self._counting is filter_ else self._counting

    def on_counted_more(self, message: CountedMore) -> None:
        message.stop()
        self.session.shade = message.series.shade()
        self.refresh_hours()

    def interrupt(self) -> bool:
        running, self._counting = self._counting is not None, None
        self._cancel.set()
        return running

    def go_to(self, hour: datetime) -> str | None:
        self.grid.go(hour)
        if self.grid.cursor == hour:
            return None
        side = "before the archive begins" if hour < self.grid.cursor else "after the archive ends"
        return f"{hour:%Y-%m-%d %H:00} is {side}; this is the nearest hour"

    def put_filter(self, filter_: Filter) -> str | None:
        self.session.filter = filter_
        return f"filter: {filter_.describe()} · enter previews an hour with it, s scans, p publishes"

    @property
    def _selected(self) -> Selection:
        """What is selected, or the hour under the cursor."""
        return self.grid.marked or Selection.of(Hours.of(self.grid.cursor, self.grid.cursor))

    def action_scan(self) -> None:
        if self.is_listed(self._selected):
            self.request(PlanScan(self.session, self._selected))

    def action_diff(self) -> None:
        if self.is_listed(self._selected):
            self.request(ShowDiff(self.session, self._selected))

    def action_topic(self) -> None:
        """One topic of several, or all of them."""
        if "topic" not in self.session.archive.layout.fields:
            self.report("the names of this archive hold no topic")
        else:
            self.request(ChooseTopic(self.session))

    def action_timeline(self) -> None:
        self.request(ShowTimeline(self.session))

    def action_write(self) -> None:
        words = "scan into a file (.gz, .zst) or folder/:"
        if self.is_listed(self._selected):
            self.ask(words, lambda text: self.request(PlanScan(self.session, self._selected, text.strip())))

    def action_send(self) -> None:
        """The selected hours, or the one under the cursor; of an extract, if nothing is selected, all of it."""
        session, filter_ = self.session, self.session.filter
        selection = self.grid.marked
        if session.archive.extract and not selection:
            selection = Selection.of(Hours.of(session.first, session.last))
        ranges = (selection or self._selected).ranges
        if len(ranges) > 1:
            self.report("a send takes one range: s scans the selected ranges into an extract, and p there publishes it")
        elif self.is_listed(Selection(ranges)) and not session.catalog.between(ranges[0].start, ranges[0].stop):
            self.report("there is no chunk in these hours; v and space select others")
        elif session.catalog.is_listed(ranges[0].start, ranges[0].stop):
            self.request(PlanSend(session, cargo_of_hours(session, ranges[0], filter_)))

    def command(self) -> str:
        session, hour = self.session, self.grid.cursor
        if selection := self.grid.marked:
            out = default_out(session, session.filter, selection.span)
            return "\n".join(scan_commands(session, selection, session.filter, out))
        return cat_command(session, hour, session.filter) if session.chunks(hour) else ls_command(session)

    def situation(self) -> dict[str, object]:
        cursor, session = self.grid.cursor, self.session
        gap = any(each.start <= cursor < each.stop for each in session.gaps)
        return {"hour": spell_hour(cursor), "gap": gap}

    def explanation(self) -> tuple[str, ...]:
        session = self.session
        layout = session.archive.layout.pattern
        how = "It was detected from the keys." if session.archive.detected else "It was given."
        fresh = freshness(session)
        news = [f"This archive {_sentence(fresh)}."] if fresh else []
        return (
            "Every cell is one hour; its shade is the size of that hour's chunks, by fifths of all hours. o shows "
            "other things instead: the matches of a scan (in magenta, each step three times the one before), the size "
            "against the usual, the number of chunks, how late they were uploaded; the records that the filter (or the "
            "finding) holds for, and their share, with outliers that e walks over. Only the listing was read for that; "
            "below are the first records of the hour under the cursor, read when it rests.",
            f"The hour is what a key says by the layout {layout}. {how} The messages were consumed in it; the "
            "events may have happened earlier.",
            "A gap is an hour within the archive's span without a chunk. ▲ and ▼ are 2.5 times, or less than 0.4 "
            "times, the median of the same hour of the week around it (of the same kind of day, where there are few "
            "weeks). »» came an hour later than usual, and twice as late. ❄ is in Glacier. e and E walk over these.",
            *([f"This is an extract: the matching records of {session.origin}."] if session.origin else []),
            *news,
            *session.left_out,
            *session.other_keys,
            f"$ {ls_command(session)}",
            f"$ {shell_list(session)}",
        )


def _sentence(fresh: Freshness) -> str:
    return f"{'is ' if not fresh.ended else ''}{fresh.words()}; {fresh.uploads()}"


def _filtered(filter_: Filter) -> bool:
    return bool(filter_.active) or filter_.invert
