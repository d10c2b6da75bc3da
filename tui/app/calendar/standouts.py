"""What stands out in the hour under the cursor, compared with the same hour of the days around it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from textwrap import wrap

from rich.cells import cell_len
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer

from tui.analysis.answers import share, words_of
from tui.analysis.diff import diff
from tui.analysis.question import Answer, LocatedFinding, Question
from tui.app.model.hours import Hours, Selection
from tui.app.model.session import Session, shifted
from tui.app.widgets.findings import conditions, sign_of
from tui.app.widgets.lines import LineWidget, Piece, shorten, strip_of
from tui.app.widgets.workers import stream
from tui.errors import HourscopeError
from tui.filter import Filter
from tui.printable import printable
from tui.scan import ScanPlan
from tui.units import count, plural

_REST_SECONDS = 0.6  # longer than for the first records, because more is read
_DAYS = 4  # before and after
_SHARE, _USUAL = 8, 14  # cells
_NAME = 44  # cells at most: keep the share near its name


def standouts(session: Session, hour: datetime, cancel: threading.Event) -> Answer | None:
    """Return the first answer of a comparison with a few other days; None if there is nothing to compare with."""
    beside = (shifted(hour, 24 * days) for days in range(-_DAYS, _DAYS + 1) if days)
    known = [other for other in beside if session.chunks(other) and not session.out_of_reach(other)]
    if not known or not session.chunks(hour) or session.out_of_reach(hour):
        return None
    hours = Selection.of(*(Hours.of(other, other) for other in (hour, *known)))
    against = tuple((span.start, span.stop) for span in (Hours.of(other, other) for other in known))
    target = Hours.of(hour, hour)
    plan = ScanPlan(session.archive, hours.span.start, hours.span.stop, Filter(), hours.chunks(session.catalog))
    answers = diff(plan, Question((target.start, target.stop), against), cancel=cancel, early=True)
    return next((event for event in answers if isinstance(event, Answer)), None)


class Standouts(LineWidget):
    """One line per finding. The hour is read once the cursor has rested on it."""

    @dataclass
    class Ready(Message):
        """The findings of an hour."""

        hour: datetime
        answer: Answer | None

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._hour: datetime | None = None
        self._known: Standouts.Ready | None = None
        self._timer: Timer | None = None
        self._cancel = threading.Event()

    def rest_on(self, hour: datetime) -> None:
        """Compare the hour once the cursor has rested on it."""
        if hour == self._hour or not self.display:
            return
        self._hour = hour
        self._cancel.set()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(_REST_SECONDS, partial(self._begin, hour))

    def on_show(self) -> None:
        self.rest_on(self._session.place or self._session.last)

    def _begin(self, hour: datetime) -> None:
        self._cancel = threading.Event()
        stream(self, self._compare(hour, self._cancel), "standouts")

    def _compare(self, hour: datetime, cancel: threading.Event) -> Iterator[Ready]:
        try:
            answer = standouts(self._session, hour, cancel)
        except HourscopeError:  # the hour's own screens report why it cannot be read
            answer = None
        if not cancel.is_set():
            yield self.Ready(hour, answer)

    def on_standouts_ready(self, message: Ready) -> None:
        message.stop()
        if message.hour == self._hour:
            self._known = message
            self.repaint()

    def on_unmount(self) -> None:
        self._cancel.set()

    def draw(self, y: int, width: int) -> Strip:
        lines = self._lines(width - 3)
        return strip_of([("│ ", self.palette.rule), *(lines[y] if y < len(lines) else [])], width)

    def _lines(self, width: int) -> list[list[Piece]]:
        palette, shown = self.palette, self._known
        lines: list[list[Piece]] = [[("What stands out in this hour", palette.title)]]
        if shown is None:
            return lines
        if shown.answer is None:
            return [*lines, [("nothing to compare: no chunk in this hour, or none on other days", palette.dim)]]
        answer = shown.answer
        days = plural(len(answer.baseline.ranges), "other day")
        how = "" if answer.exact else f", the first {count(answer.records)} records"
        against = f"{shown.hour:%a} {shown.hour.day} {shown.hour:%H:%M} against {days}{how}"
        beside = cell_len(lines[0][0][0]) + 2 + cell_len(against) <= width
        lines[0] += [(f"  {against}", palette.dim)] if beside else []
        lines += [[]] if beside else [[(shorten(against, width), palette.dim)], []]
        if not answer.findings:
            return [*lines, [("nothing", palette.text)], [], [("d", palette.key), (" compares in full", palette.dim)]]
        room = self.size.height - 2
        for located in answer.findings:
            rows = [self._row(located, width), *self._also(located, width)]
            if len(lines) + len(rows) <= room:
                lines += rows
        return [*lines, [], [("d", palette.key), (" shows everything that changed", palette.dim)]]

    def _also(self, located: LocatedFinding, width: int) -> list[list[Piece]]:
        words = " · ".join(map(words_of, located.finding.also))
        room = max(min(width - 4, _NAME + _SHARE + _USUAL), 10)
        return [[(f"    {line}", self.palette.dim)] for line in wrap(f"with {printable(words)}", room) if words]

    def _row(self, located: LocatedFinding, width: int) -> list[Piece]:
        palette, shift = self.palette, located.finding.shift
        return [
            sign_of(located, palette),
            *conditions(located, max(min(width - 4 - _SHARE - _USUAL, _NAME), 10), palette, palette.text),
            (f"{share(shift.here):>{_SHARE}}", palette.strong),
            (f"{f'usual {share(shift.there)}':>{_USUAL}}", palette.dim),
        ]
