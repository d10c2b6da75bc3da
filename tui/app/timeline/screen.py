"""The timeline: how many records match, hour by hour or minute by minute, and the records under the cursor."""

from __future__ import annotations

import threading
from datetime import datetime
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.worker import get_current_worker

from tui.analysis.counting import Every
from tui.app.archive_page import ArchivePage
from tui.app.model.counts import HOUR, MINUTE, Series, count_over_time, counted_hours, minutes_of
from tui.app.model.hours import Hours, Selection
from tui.app.model.session import Session
from tui.app.model.usual import odd_counts
from tui.app.records.peek import RecordPeek
from tui.app.requests import CountedMore, Failed, PlanScan, ShowDiff
from tui.app.timeline.chart import Chart, Drawn
from tui.app.widgets.words import Words
from tui.archive.catalog import in_gaps
from tui.archive.location import command_line, option_words
from tui.archive.times import floor_hour, hours_between
from tui.errors import HourscopeError
from tui.filter import Filter
from tui.filter.jmespath import parse_expression
from tui.units import count, plural


class TimelinePage(ArchivePage):
    """Counts of the selected hours; of the whole archive where none are, or of the days around where that is large."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "preview", id="open"),
        Binding("f", "split", "split by a field", id="split", priority=True),
        Binding("v", "range", "range", id="range"),
        Binding("s", "scan", "scan", id="scan"),
        Binding("d", "diff", "what changed", id="what-changed"),
        Binding("n", "match(1)", "next with matches", show=False, id="next-match"),
        Binding("N", "match(-1)", "previous with matches", show=False, id="previous-match"),
        Binding("e", "odd(1)", "next outlier", id="next-trouble"),
        Binding("E", "odd(-1)", "previous outlier", show=False, id="previous-trouble"),
    ]
    title_of_help = "The timeline"
    ASKING = ArchivePage.ASKING | {"split"}

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._hours, self._some = counted_hours(session)
        self._series: Series | None = None
        self._minutes: Series | None = None  # of the hour that is seen from nearest
        self._by = ""
        self._cancel = threading.Event()
        self.sentences = Words()
        self.chart = Chart()
        self.peek = RecordPeek(session)

    def contents(self) -> list[Widget]:
        return [self.sentences, self.chart, self.peek]

    def on_mount(self) -> None:
        self.set_focus(self.chart)
        self._begin()

    def on_unmount(self) -> None:
        self._cancel.set()

    # Counting.

    def _begin(self) -> None:
        self._minutes = None
        self._series = Series(self._hours, self.session.filter, self._by)
        self._count(self._hours, HOUR)

    def _count(self, hours: Hours, every: Every) -> None:
        self._cancel.set()
        self._cancel = threading.Event()
        self._show()
        self.work(partial(self._work, hours, every, self._by, self._cancel), "count", exclusive=True)

    def _work(self, hours: Hours, every: Every, by: str, cancel: threading.Event) -> None:
        worker = get_current_worker()
        try:
            for series in count_over_time(self.session, hours, self.session.filter, by, every, cancel):
                if worker.is_cancelled:
                    cancel.set()
                    return
                self.post_message(CountedMore(series))
        except HourscopeError as error:
            self.post_message(Failed(str(error)))

    def on_counted_more(self, message: CountedMore) -> None:
        series = message.series
        if not series.every.by_hour:
            self._minutes = series
        else:
            self._series = series
            if series.final and series.filtered:
                self.session.shade = series.shade()
        self._show()

    def interrupt(self) -> bool:
        running = not (self._minutes or self._series or Series(self._hours, Filter())).final
        running = running and not self._cancel.is_set()
        self._cancel.set()
        self._show_words()
        return running

    def action_stop(self) -> None:
        if not self.interrupt():
            self.report("nothing is being counted")

    # What is shown.

    @property
    def _shown(self) -> Series:
        assert self._series is not None
        return self._minutes or self._series

    def _show(self) -> None:
        series, session = self._shown, self.session
        if series.every.by_hour:
            times = tuple(hours_between(series.hours.start, series.hours.stop))
            gaps = frozenset(hour for hour in times if in_gaps(session.gaps, hour))
            odd = frozenset(odd_counts(series.matches)) if series.final else frozenset[datetime]()
            drawn = Drawn(times, series.matches, series.split, gaps, odd, series.filtered)
        else:
            times = minutes_of(series.hours.start)
            drawn = Drawn(times, series.matches, series.split, matches=series.filtered, minutes=True)
        self.chart.selection = session.selection
        self.chart.show(drawn, session.place if series.every.by_hour else None)
        self._show_words()
        self._moved()

    def _show_words(self) -> None:
        series = self._shown
        self.sentences.show((self._headline(series), self._source(series)))
        state = "" if series.final else "stopped" if self._cancel.is_set() else _progress(series)
        where = _span(series.hours) if series.every.by_hour else f"{series.hours.start:%a %Y-%m-%d %H:00}, by minute"
        self.header.show(self.session.title, "timeline", where, state)

    def _headline(self, series: Series) -> str:
        what = f"match {series.filter.describe()}" if series.filtered else "are in these hours"
        if not series.final and not series.matches:
            return "Counting …"
        peak = max(series.matches, key=lambda time: series.matches[time], default=None)
        if peak is None or not series.total:
            return f"No record {'matches ' + series.filter.describe() if series.filtered else 'is in these hours'}."
        most = f"{peak:%a} {peak.day} {peak:%b %H:%M}"
        so_far = "" if series.final else " so far"
        return f"{plural(series.total, 'record')} {what}{so_far}; most, {count(series.matches[peak])}, in {most}."

    def _source(self, series: Series) -> str:
        read = series.chunks - series.skipped
        parts = [f"split by {series.by}" if series.by else "f splits it by a field"]
        parts += [f"{plural(read, 'chunk')} read"] if series.chunks else []
        parts += [f"{count(series.skipped)} known from the index"] if series.skipped else []
        parts += [f"{plural(series.damaged, 'chunk')} damaged"] if series.damaged else []
        parts += [f"{plural(series.no_time, 'record')} without a time"] if series.no_time else []
        return " · ".join([*parts, *([self._some] if self._some else [])])

    def on_chart_moved(self) -> None:
        self._moved()

    def _moved(self) -> None:
        time = self.chart.current
        if time is None:
            return
        hour = floor_hour(time)
        if self._minutes is None:
            self.session.place = hour
        self.peek.rest_on(hour)
        self.refresh_bindings()

    # Zooming, and the range.

    def on_chart_zoomed(self, message: Chart.Zoomed) -> None:
        chart = self.chart
        if message.step > 0 and self._minutes is not None:
            self.report("this is as close as it gets: a cell or more for each minute")
        elif message.step > 0 and (chart.near or chart.fits):
            self._closest()
        elif message.step > 0:
            chart.near = True
            self._show()
        elif self._minutes is not None:
            self._minutes = None
            self._show()
        elif chart.near:
            chart.near = False
            self._show()
        else:
            self.report(f"these are all {plural(len(self.chart.drawn.times), 'hour')}")

    def _closest(self) -> None:
        """The minutes of the hour under the cursor."""
        hour = self.chart.current
        if hour is None or not self.session.chunks(hour):
            self.report("no chunk names this hour: it has no minutes")
        elif trouble := self.session.out_of_reach(hour):
            self.report(trouble, bad=True)
        else:
            self.chart.began = None
            self._minutes = Series(Hours.of(hour, hour), self.session.filter, self._by, MINUTE)
            self._count(self._minutes.hours, MINUTE)

    def action_range(self) -> None:
        chart = self.chart
        if self._minutes is not None:
            self.report("a selection is of hours: k shows them")
        elif chart.began is None:
            chart.began = chart.at
            self.report("move to the other end; v again selects the range")
        elif chart.marked is not None:
            self.session.selection = chart.selection = Selection.of(chart.marked)
            chart.began = None
            self.report(f"selected {_span(self.session.selection.span)}: s scans it, d says what changed in it")
        chart.repaint()

    def action_step_back(self) -> None:
        """Out of the range, of the minutes, of the nearness, of the screen."""
        if self.chart.began is not None:
            self.chart.began = None
            self.chart.repaint()
        elif self._minutes is not None or self.chart.near:
            self.on_chart_zoomed(Chart.Zoomed(-1))
        else:
            self.action_leave()

    # Going on.

    def _ahead(self, times: set[datetime], step: int, what: str) -> None:
        here = self.chart.current
        ahead = [time for time in times if here and (time > here if step > 0 else time < here)]
        if ahead:
            self.chart.go_to(min(ahead) if step > 0 else max(ahead))
        else:
            self.report(f"no {what} {'after' if step > 0 else 'before'} this one")

    def action_match(self, step: int) -> None:
        self._ahead({time for time, number in self._shown.matches.items() if number}, step, "more matches")

    def action_odd(self, step: int) -> None:
        """To the next outlier or gap."""
        self._ahead(set(self.chart.drawn.odd | self.chart.drawn.gaps), step, "outlier and no gap")

    def action_open(self) -> None:
        time = self.chart.current
        if time is not None and (sentence := super().go_to(floor_hour(time))):
            self.report(sentence)

    def go_to(self, hour: datetime) -> str | None:
        self._minutes = None
        self._show()
        self.chart.go_to(hour)
        return None if self.chart.current == hour else f"{hour:%Y-%m-%d %H:00} is not shown; this is the nearest hour"

    def action_split(self) -> None:
        words = "split by a field (such as player.version; empty: not at all):"
        self.ask(words, self._split, self._by)

    def _split(self, text: str) -> str | None:
        if text.strip():
            parse_expression(text.strip())
        self._by = text.strip()
        self._begin()
        return None

    def put_filter(self, filter_: Filter) -> str | None:
        self.session.filter = filter_
        self._begin()
        return None

    @property
    def _selected(self) -> Selection:
        marked, hour = self.chart.marked, self.chart.current
        if marked is not None:
            return Selection.of(marked)
        here = floor_hour(hour) if hour else self._hours.start
        return self.session.selection or Selection.of(Hours.of(here, here))

    def action_scan(self) -> None:
        self.request(PlanScan(self.session, self._selected))

    def action_diff(self) -> None:
        self.request(ShowDiff(self.session, self._selected))

    def command(self) -> str:
        series = self._shown
        words = [*series.filter.arguments(), *option_words({"by": series.by or None, "every": series.every.text})]
        return command_line("count", self.session.location, series.hours.start, series.hours.stop, words)

    def explanation(self) -> tuple[str, ...]:
        return (
            "Every column is an hour (or several, where there are more hours than cells), and its bar the number of "
            "records that match the filter; of all records, if there is none. Magenta bars count matches, blue ones "
            "all records. f splits them by the values of a field, each with its own line and scale.",
            "j shows the hours closer, then the minutes of one hour, by the time in its records; k goes back. v starts "
            "a range and ends it: it becomes the selection. ·· is a gap. e walks over gaps and over hours with "
            "2.5 times as many records as is usual for that hour, or less than 0.4 times.",
            "Hours are what the chunks' keys name; minutes are the records' own times. Chunks whose counts are in the "
            "index are not read.",
            f"$ {self.command()}",
        )


def _span(hours: Hours) -> str:
    start, stop = hours.start, hours.stop
    return f"{start:%a} {start.day} {start:%b %H:00} to {stop:%a} {stop.day} {stop:%b %H:00}"


def _progress(series: Series) -> str:
    return f"counting, {count(series.chunks)} of {count(series.of)} chunks" if series.of else "counting"
