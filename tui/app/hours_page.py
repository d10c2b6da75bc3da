"""Screens on which hours are selected, counted, scanned, compared and sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.message import Message

from tui.app.archive_page import ArchivePage
from tui.app.model.cargo import cargo_of_hours
from tui.app.model.hours import Hours, Selection, nearest_ahead
from tui.app.requests import PlanIndex, PlanScan, PlanSend, ShowScreen
from tui.app.widgets.workers import stream
from tui.archive.times import floor_hour
from tui.units import count

AnswerT = TypeVar("AnswerT")


class SelectionPage(ArchivePage):
    """What every screen with selected hours does with them. Subclasses define `take_hours`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "scan", "scan", id="scan"),
        Binding("p", "send", "publish", show=False, id="send"),
        Binding("w", "write", "scan into a file", show=False, id="write", priority=True),
    ]
    ASKING = ArchivePage.ASKING | {"write"}

    def __init__(self) -> None:
        super().__init__()
        self.cancel = threading.Event()  # cancels the thread

    def take_hours(self) -> Selection:
        """Return the hours that a key acts on; from then on, the session's filter is this screen's."""
        raise NotImplementedError

    def is_listed(self, hours: Selection) -> bool:
        """Return whether all of them are listed; report a sentence if not."""
        return bool(hours)

    def action_scan(self) -> None:
        if self.is_listed(hours := self.take_hours()):
            self.request(PlanScan(self.session, hours))

    def action_write(self) -> None:
        if self.is_listed(hours := self.take_hours()):
            words = "scan into a file (.gz, .zst) or folder/:"
            self.ask(words, lambda text: self.request(PlanScan(self.session, hours, text.strip())))

    def action_send(self) -> None:
        self.send_hours(self.take_hours())

    def send_hours(self, hours: Selection) -> None:
        """Plan a send of the matching records of one range of hours."""
        session = self.session
        if len(hours.ranges) > 1:
            self.report("a send accepts one range only: scan the ranges into an extract (s), then publish it there (p)")
        elif self.is_listed(hours):
            if hours.chunks(session.catalog):
                self.request(PlanSend(session, cargo_of_hours(session, hours.span, session.filter)))
            else:
                self.report("there is no chunk in these hours; v and space select others")

    # Answers that get better while a thread works on them.

    def stream(
        self, group: str, answers: Callable[[threading.Event], Iterator[AnswerT]], post: Callable[[AnswerT], Message]
    ) -> None:
        """Post a message for each answer, until the last, another stream, or until the screen is left."""
        self.cancel.set()
        self.cancel = threading.Event()
        stream(self, map(post, answers(self.cancel)), group)

    @property
    def streaming(self) -> bool:
        """True while better answers are coming."""
        running = (worker.group for worker in self.workers if worker.node is self and not worker.is_finished)
        return not self.cancel.is_set() and not {"count", "compare"}.isdisjoint(running)

    def interrupt(self) -> bool:
        running = self.streaming
        self.cancel.set()
        return running

    def action_stop(self) -> None:
        if not self.interrupt():
            self.report("nothing is being read or counted")

    def on_unmount(self) -> None:
        self.cancel.set()


class HoursPage(SelectionPage):
    """A screen with a cursor over hours and a range that starts and ends at it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "range", "range", id="range"),
        Binding("d", "diff", "what changed", id="what-changed"),
        Binding("I", "index", "index", show=False, id="index"),
        Binding("e", "trouble(1)", "next trouble", id="next-trouble"),
        Binding("n", "match(1)", "next hour with matches", show=False, id="next-match"),
        Binding("N", "match(-1)", "previous hour with matches", show=False, id="previous-match"),
    ]

    @property
    def here(self) -> datetime:
        """The time under the cursor."""
        raise NotImplementedError

    @property
    def subject(self) -> str:
        return f"{self.here:%A} {self.here.day} {self.here:%B %Y %H:00}"

    def move_to(self, time: datetime) -> None:
        """Put the cursor on a time."""
        raise NotImplementedError

    @property
    def marked(self) -> Selection:
        """The selected hours, including the open range."""
        raise NotImplementedError

    def take_hours(self) -> Selection:
        """Return the selected hours, or the hour under the cursor."""
        hour = floor_hour(self.here)
        return self.marked or Selection.of(Hours.of(hour, hour))

    def action_diff(self) -> None:
        if self.is_listed(hours := self.take_hours()):
            self.request(ShowScreen("diff", self.session, hours))

    def action_index(self) -> None:
        if self.is_listed(hours := self.take_hours()):
            self.request(PlanIndex(self.session, hours))

    def move_ahead(self, times: Iterable[datetime], step: int, what: str, keys: str) -> datetime | None:
        """Move to the nearest of `times` after (`step` 1) or before (-1) the cursor; report it if there is none.

        `keys`: the key for the next one, then the key for the previous one.
        """
        here, times = self.here, tuple(times)
        nearest = nearest_ahead(times, here, step)
        if nearest is None:
            side, other = ("after", "before") if step > 0 else ("before", "after")
            behind = sum(time != here for time in times)
            back = f"; {keys[step > 0]} goes to the {count(behind)} {other} it" if behind else ""
            self.report(f"no more {what} {side} this one{back}")
        else:
            self.move_to(nearest)
        return nearest
