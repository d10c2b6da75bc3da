"""What a scan will read, where it goes, what does the work: asked one by one, with an estimate that follows."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.app.calendar.selection import Selection, read_selection
from tui.app.command import read_filter
from tui.app.messages import Estimated
from tui.app.screens.job import JobPage
from tui.app.session import Session
from tui.app.work.estimating import Estimator
from tui.app.work.scanning import Power, default_out
from tui.errors import ConfigError, FilterError, TimeError
from tui.scan import Estimate, ScanPlan


class PlanPage(JobPage):
    """The half of the scan's page that asks. `tell` shows what has changed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "range", "range", id="scan-range", priority=True),
        Binding("r", "again", "resume", id="scan-resume"),  # the same key: it is one or the other
        Binding("slash", "filter", "filter", id="scan-filter", priority=True),
        Binding("o", "out", "where to", id="scan-out", priority=True),
        Binding("W", "power", "workers, Dask", id="scan-jobs", priority=True),
    ]
    ASKING = frozenset({"range", "filter", "out", "power"})

    def __init__(self, session: Session, hours: Selection) -> None:
        super().__init__()
        self.session = session
        self.hours = hours
        self.wanted = session.filter
        self.out = self._proposed = default_out(session.title, hours.span.start)
        self.power = Power()
        self.plan = self._planned()
        self.estimate: Estimate | None = None
        self.failure = self.unread = ""
        self.estimator = Estimator(self, session.config.prices)

    def tell(self) -> None:
        raise NotImplementedError

    def _planned(self) -> ScanPlan:
        span, chunks = self.hours.span, self.hours.chunks(self.session.catalog)
        ranges = tuple((hours.start, hours.stop) for hours in self.hours.ranges)
        return ScanPlan(self.session.archive, span.start, span.stop, self.wanted, chunks, ranges=ranges)

    def action_range(self) -> None:
        self.prompt.ask("hours, from … to …, …:", self._take_range, self.hours.words())

    def _take_range(self, text: str) -> None:
        try:
            self.hours = read_selection(text, self.session.archive.zone, self.session.catalog.stop)
        except TimeError as error:
            self.refuse(str(error))
            return
        if self.out == self._proposed:  # its name says the first hour
            self.out = self._proposed = default_out(self.session.title, self.hours.span.start)
        self._changed()

    def action_filter(self) -> None:
        words = "" if not self.wanted.arguments() else self.wanted.describe()
        self.prompt.ask("filter, JMESPath or -g TEXT -e RE -m EXPR -v:", self._take_filter, words)

    def _take_filter(self, words: str) -> None:
        try:
            self.wanted = read_filter(words)
        except FilterError as error:
            self.refuse(str(error))
            return
        self.session.filter = self.wanted
        self._changed()

    def action_out(self) -> None:
        self.prompt.ask("into a folder/ (an extract) or a file (.gz, .zst, plain):", self._take_out, self.out)

    def _take_out(self, text: str) -> None:
        self.out = text.strip() or self.out
        self._changed()

    def action_power(self) -> None:
        question = "chunks at a time, or a Dask scheduler's tcp://HOST:PORT, or both:"
        self.prompt.ask(question, self._take_power, str(self.power))

    def _take_power(self, words: str) -> None:
        try:
            self.power = Power.read(words)
        except ConfigError as error:
            self.refuse(str(error))
            return
        self._changed()

    def _changed(self) -> None:
        self.plan = self._planned()
        self.estimate, self.failure, self.unread = None, "", ""
        self.estimator.ask(self.plan, self.power.jobs)
        self.tell()

    def on_estimated(self, message: Estimated) -> None:
        if message.plan is self.plan:
            self.estimate, self.unread = message.estimate, message.trouble
            self.tell()
