"""The timeline: the number of matching records per hour or minute, and the records under the cursor."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from math import inf
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui.analysis.counting import Every
from tui.app.hours_page import HoursPage
from tui.app.model.counts import HOUR, MINUTE, Series, count_over_time, counted_hours, minutes_of
from tui.app.model.hours import Hours, Selection
from tui.app.model.session import Session
from tui.app.model.usual import odd_counts, spell_factor
from tui.app.records.peek import RecordPeek
from tui.app.requests import CountedMore
from tui.app.timeline.answer import headline, progress, source
from tui.app.widgets.chart import Chart
from tui.app.widgets.paragraphs import Paragraphs
from tui.app.widgets.time_counts import TimeCounts
from tui.archive.catalog import in_gaps
from tui.archive.location import command_line, option_words
from tui.archive.times import floor_hour, hours_between
from tui.filter import Filter
from tui.filter.jmespath import parse_expression
from tui.units import plural


class TimelinePage(HoursPage):
    """Counts of the selected hours; without a selection, of the whole archive, or if it is large, of nearby days."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "preview", id="open"),
        Binding("f", "split", "split by a field", id="split", priority=True),
    ]
    title_of_help = "The timeline"
    ASKING = HoursPage.ASKING | {"split"}

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._hours, self._some = counted_hours(session)
        self._series = Series(self._hours, session.filter)
        self._minutes: Series | None = None  # of one hour, at the closest zoom
        self.answer = Paragraphs()
        self.chart = Chart()
        self.peek = RecordPeek(session)

    def contents(self) -> list[Widget]:
        return [self.answer, self.chart, self.peek]

    def on_mount(self) -> None:
        self.set_focus(self.chart)
        self._begin("")

    # Counting.

    def _begin(self, by: str) -> None:
        self._minutes = None
        self._series = Series(self._hours, self.session.filter, by)
        self._count(self._hours, HOUR)

    def _count(self, hours: Hours, every: Every) -> None:
        filter_, by = self.session.filter, self._series.by
        self.stream("count", partial(count_over_time, self.session, hours, filter_, by, every), CountedMore)
        self._show()

    def on_counted_more(self, message: CountedMore) -> None:
        series, session = message.series, self.session
        if not series.every.by_hour:
            self._minutes = series
            session.time_field = series.time_field or session.time_field
        else:
            self._series = series
            if series.final and series.filter.narrows:
                session.shade = series.shade()
        self._show()

    def interrupt(self) -> bool:
        running = super().interrupt()
        self._show_words()
        return running

    def action_stop(self) -> None:
        if not self.interrupt():
            self.report("nothing is being counted")

    # What is shown.

    @property
    def _shown(self) -> Series:
        return self._minutes or self._series

    def _show(self) -> None:
        series, session = self._shown, self.session
        by_hour = series.every.by_hour
        if by_hour:
            times = tuple(hours_between(series.hours.start, series.hours.stop))
            gaps = frozenset(hour for hour in times if in_gaps(session.gaps, hour))
            odd = odd_counts(series.matches) if series.final else {}
        else:
            times, gaps, odd = minutes_of(series.hours.start), frozenset[datetime](), {}
        counts = TimeCounts(
            times,
            series.matches,
            series.split,
            gaps,
            odd,
            series.odd_split(odd) if series.final and by_hour else {},
            series.records if series.filter.narrows and by_hour else {},
            matches=series.filter.narrows,
            minutes=not by_hour,
        )
        self.chart.selection = session.selection
        self.chart.show(counts, session.place if by_hour else None)
        self._show_words()
        self._moved()

    def _show_words(self) -> None:
        series = self._shown
        odd = self.chart.shown.odd
        self.answer.show((headline(series, odd),), source(series, self._some))
        state = "" if series.final else "stopped" if self.cancel.is_set() else progress(series)
        where = series.hours.words() if series.every.by_hour else f"{series.hours.start:%a %Y-%m-%d %H:00}, by minute"
        self.header.show(self.session.name, "timeline", where, state)

    def on_chart_moved(self) -> None:
        self._moved()

    def _moved(self) -> None:
        hour = floor_hour(self.here)
        if self._minutes is None:
            self.session.place = hour
        self.peek.rest_on(hour)
        self.refresh_bindings()

    # Zooming, and the range.

    def on_chart_zoomed(self, message: Chart.Zoomed) -> None:
        chart = self.chart
        if message.step > 0 and self._minutes is not None:
            self.report("this is the closest view, with at least one cell per minute")
        elif message.step > 0 and (chart.near or chart.fits):
            self._closest()
        elif message.step > 0:
            chart.near = True
            self._show()
        elif self._minutes is not None:
            self._minutes = chart.began = None
            self._show()
        elif chart.near:
            chart.near = False
            self._show()
        else:
            self.report(f"these are all {plural(len(chart.shown.times), 'hour')}")

    def _closest(self) -> None:
        """Show the minutes of the hour under the cursor."""
        hour = self.here
        if not self.session.chunks(hour):
            self.report("this hour has no chunk, so it has no minutes")
        elif trouble := self.session.out_of_reach(hour):
            self.report(trouble, bad=True)
        else:
            self.chart.began = None
            self._minutes = Series(Hours.of(hour, hour), self.session.filter, self._series.by, MINUTE)
            self._count(self._minutes.hours, MINUTE)

    def action_range(self) -> None:
        chart = self.chart
        if self._minutes is not None and self.session.time_field is None:
            self.report("the records have no time field: only hours can be selected; k shows them")
        elif chart.marked is None:
            chart.began = chart.at
            self.report("move to the other end; press v again to select the range")
        else:
            self.session.selection = chart.selection = Selection.of(chart.marked)
            self.report(f"selected {chart.marked.words()}: s scans it, d shows what changed in it")
            chart.began = None
        chart.repaint()

    def action_step_back(self) -> None:
        """Cancel the range, else zoom out, else leave the screen."""
        if self.chart.began is not None:
            self.chart.began = None
            self.chart.repaint()
        elif self._minutes is not None or self.chart.near:
            self.on_chart_zoomed(Chart.Zoomed(-1))
        else:
            self.action_leave()

    # The cursor, and actions on the hours.

    @property
    def here(self) -> datetime:
        return self.chart.current or self._hours.start

    def move_to(self, time: datetime) -> None:
        self.chart.go_to(time)

    @property
    def marked(self) -> Selection:
        return Selection.of(self.chart.marked) if self.chart.marked else self.session.selection

    def action_match(self, step: int) -> None:
        self.move_ahead((time for time, number in self._shown.matches.items() if number), step, "matches")

    def action_trouble(self, step: int) -> None:
        """Move to the next or previous outlier or gap."""
        shown = self.chart.shown
        self.move_ahead({*shown.odd, *shown.gaps}.union(*shown.odd_split.values()), step, "outlier and no gap")

    def action_open(self) -> None:
        if sentence := super().go_to(floor_hour(self.here)):
            self.report(sentence)

    def go_to(self, hour: datetime) -> str | None:
        self._minutes = None
        self._show()
        self.chart.go_to(hour)
        return None if self.here == hour else f"{hour:%Y-%m-%d %H:00} is not shown; this is the nearest hour"

    def action_split(self) -> None:
        words = "split by a field (such as player.version; empty: no split):"
        self.ask(words, self._split, self._series.by)

    def _split(self, text: str) -> str | None:
        if by := text.strip():
            parse_expression(by)
        self._begin(by)
        return None

    def put_filter(self, filter_: Filter) -> str | None:
        self.session.filter = filter_
        self._begin(self._series.by)
        return None

    def command(self) -> str:
        series = self._shown
        words = [*series.filter.arguments(), *option_words({"by": series.by or None, "every": series.every.text})]
        return command_line("count", self.session.location, series.hours.start, series.hours.stop, words)

    @property
    def subject(self) -> str:
        time, shown = self.here, self.chart.shown
        until = "" if shown.minutes else f" to {time + shown.step:%H:%M}"
        return f"{time:%A} {time.day} {time:%B %Y} {time:%H:%M}{until}"

    def _under_cursor(self) -> str:
        """Return a sentence about the count under the cursor."""
        shown, time = self.chart.shown, self.here
        if time in shown.gaps:
            return "This is in a gap: the hour has no chunk."
        if shown.known is not None and time not in shown.known:
            return "This has not been counted yet."
        ratio = shown.odd.get(time)
        odd = "" if ratio is None else f"; {spell_factor(ratio)}" + (" the usual" if ratio < inf else "")
        verb = " match" if shown.matches else ""
        return f"{plural(shown.counts.get(time, 0), 'record')}{verb}{odd}."

    def explanation(self) -> tuple[str, ...]:
        return (
            self._under_cursor(),
            f"$ {self.command()}",
            "Each column is an hour, or several if there are more hours than cells. Its bar is the number of records "
            "that match the filter, or of all records without a filter. Magenta bars count matches, blue ones all "
            "records. f splits them by the values of a field, each on its own line and scale; magenta marks hours that "
            "are unusual for that value alone. With a filter, the matches' share of all records is shown too.",
            "j zooms in to the hours, then to the minutes of one hour, by the time in its records; k zooms out. v "
            "starts a range and ends it: it becomes the selection, of hours or of minutes. ·· is a gap. e goes to gaps "
            "and to hours with at least 2.5 times, or at most 0.4 times, as many records as is usual for that hour.",
            "Hours are those of the chunks' keys; minutes are the records' own times. Chunks whose counts are in the "
            "index are not read.",
        )


def page(session: Session, _: Selection) -> TimelinePage:
    """Return the timeline of an archive. The session's selection decides which hours are counted."""
    return TimelinePage(session)
