"""What changed: the answer in a sentence, the findings, and the one under the cursor opened."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.worker import get_current_worker

from tui.analysis.answers import (
    companions,
    filter_of_finding,
    headline,
    hours_in_words,
    line_of,
    name_of,
    source_of,
)
from tui.analysis.question import Answer, Found, Range, read_range
from tui.app.diff.details import FindingDetails
from tui.app.diff.list import FindingList
from tui.app.diff.run import Compared, Examples, Reading, compare, examples
from tui.app.model.cargo import cargo_of_hours
from tui.app.model.hours import Hours, Selection
from tui.app.model.session import Session, Shade
from tui.app.page import ArchivePage
from tui.app.requests import Failed, Leave, PlanScan, PlanSend, ShowTimeline
from tui.app.widgets.cursor_list import REST_SECONDS
from tui.app.widgets.words import Words
from tui.archive.location import command_line
from tui.archive.times import next_hour, spell_hour
from tui.errors import HourscopeError
from tui.filter import Filter, Term, parse_filter
from tui.history.entries import diff_entry
from tui.history.notebook import Spot
from tui.units import count

_EXAMPLES = 40


class DiffPage(ArchivePage):
    """Compares some hours with the usual ones; without hours it looks for them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "filter by it", id="open"),
        Binding("s", "scan", "scan", id="scan"),
        Binding("p", "send", "publish", id="send"),
        Binding("b", "baseline", "against …", id="baseline", priority=True),
        Binding("minus", "without", "without it", id="not-these"),
        Binding("i", "timeline", "timeline", show=False, id="timeline"),
        Binding("tab", "app.focus_next", "details", show=False, id="pane"),
    ]
    title_of_help = "What changed"
    ASKING = ArchivePage.ASKING | {"baseline"}

    def __init__(self, session: Session, target: Selection) -> None:
        super().__init__()
        self.session = session
        whole = session.first, next_hour(session.catalog_last)
        span = (target.span.start, target.span.stop) if target else whole
        self._target: Range | None = None if span == whole else span
        self._against: tuple[Range, ...] = ()
        self._answer: Answer | None = None
        self._filter = session.filter  # of the records that are compared
        self._examples: dict[str, tuple[bytes, ...]] = {}
        self._cancel = threading.Event()
        self.sentences = Words()
        self.list = FindingList()
        self.details = FindingDetails()

    def contents(self) -> list[Widget]:
        return [self.sentences, self.list, self.details]

    def on_mount(self) -> None:
        self.details.can_focus = True
        self.set_focus(self.list)
        self._begin()

    def on_unmount(self) -> None:
        self._cancel.set()

    # Comparing.

    def _begin(self) -> None:
        self._cancel.set()
        self._cancel = threading.Event()
        self._answer = None
        self.list.show(None)
        self.sentences.show(("Comparing …", self._subject()))
        self._show_header("reading")
        self.work(partial(self._compare, self._cancel), "compare", exclusive=True)

    def _compare(self, cancel: threading.Event) -> None:
        worker = get_current_worker()
        try:
            for message in compare(self.session, self._filter, self._target, self._against, cancel):
                if worker.is_cancelled:
                    cancel.set()
                    return
                self.post_message(message)
        except HourscopeError as error:
            self.post_message(Failed(str(error)))

    def on_reading(self, message: Reading) -> None:
        if message.chunks:
            self._show_header(f"reading {count(message.chunks)} of {count(message.of)} chunks")

    def on_compared(self, message: Compared) -> None:
        answer = self._answer = message.answer
        sentences = headline(answer), companions(answer), source_of(answer), *self._next(answer)
        self.sentences.show(tuple(filter(None, sentences)))
        self.list.show(answer)
        if answer.final:
            self.session.notebook.add(diff_entry(answer, self._filter, self.command()), self.report)
        self._show_header("" if answer.final else "reading on")

    def _next(self, answer: Answer) -> tuple[str, ...]:
        if answer.found or not answer.final:
            return ()
        return ("b compares with hours that you name; / compares only some records; q goes back.",)

    def _show_header(self, state: str) -> None:
        records = f"{count(self._answer.target.records)} records" if self._answer else ""
        self.header.show(self.session.title, "what changed", self._subject(), records, state)

    def _subject(self) -> str:
        hours = "all hours" if self._target is None else hours_in_words(*self._target)
        return hours if not self._filter.arguments() else f"{hours} · {self._filter.describe()}"

    # The finding under the cursor.

    def on_finding_list_moved(self) -> None:
        """It is opened below when the cursor rests on it."""
        self.refresh_bindings()
        self.set_timer(REST_SECONDS, partial(self._open, self.list.found, self._answer))

    def _open(self, found: Found | None, answer: Answer | None) -> None:
        if self.list.found is not found or self._answer is not answer:
            return
        records = self._examples.get(filter_of_finding(found)) if found else None
        self.details.show(found, answer, records)
        if found is not None and records is None:
            self.work(partial(self._find_examples, found, self._cancel), "examples", exclusive=True)

    def _find_examples(self, found: Found, cancel: threading.Event) -> None:
        expression = filter_of_finding(found)
        filter_ = parse_filter(match=[expression])
        records = examples(self.session, (found.since, found.until), filter_, _EXAMPLES, cancel)
        self.post_message(Examples(expression, records))

    def on_examples(self, message: Examples) -> None:
        self._examples[message.expression] = message.records
        found = self.list.found
        if found and filter_of_finding(found) == message.expression:
            self.details.show(found, self._answer, message.records)

    def note_subject(self) -> tuple[str, Spot, bytes | None]:
        """The finding under the cursor."""
        found = self.list.found
        if found is None:
            return super().note_subject()
        since, until = spell_hour(found.since), spell_hour(found.until)
        filter_ = tuple(self._filter_of(found).arguments())
        return line_of(found), Spot(hour=since, start=since, stop=until, filter=filter_), None

    # What is done with it.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("take", "scan", "send", "without"):
            return self.list.found is not None
        return super().check_action(action, parameters)

    def _with_found(self, then: Callable[[Hours], None]) -> None:
        """Make the finding the filter, and its hours the selection."""
        found = self.list.found
        if found is None:
            return
        span = Hours(found.since, found.until)
        self.session.filter = self._filter_of(found)
        self.session.selection = Selection.of(span)
        self.session.place = found.since
        if self._answer is not None:
            hours = self._answer.hours
            hits, records = (
                dict(zip(hours, found.by_hour, strict=True)),
                dict(zip(hours, self._answer.sizes, strict=True)),
            )
            exact = self.session.filter if self._answer.exact and not self._filter.active else None
            self.session.shade = Shade(name_of(found), exact, hits, records)
        then(span)

    def _filter_of(self, found: Found) -> Filter:
        made = parse_filter(match=[filter_of_finding(found)])
        return Filter((*self._filter.terms, *made.terms), self._filter.invert) if self._filter.active else made

    def action_take(self) -> None:
        self._with_found(lambda _: self.request(Leave()))

    def action_scan(self) -> None:
        self._with_found(lambda hours: self.request(PlanScan(self.session, Selection.of(hours))))

    def action_send(self) -> None:
        self._with_found(
            lambda hours: self.request(PlanSend(self.session, cargo_of_hours(self.session, hours, self.session.filter)))
        )

    def action_without(self) -> None:
        """Compare the records that are left without those of the finding."""
        if (found := self.list.found) is not None:
            others = Term("match", f"!({filter_of_finding(found)})")
            self._filter = Filter((*self._filter.terms, others), self._filter.invert)
            self._begin()

    def action_timeline(self) -> None:
        """Of the finding, over the selected hours or the archive."""
        if (found := self.list.found) is not None:
            self.session.filter, self.session.place = self._filter_of(found), found.since
        self.request(ShowTimeline(self.session))

    def action_baseline(self) -> None:
        against = ", ".join(f"{spell_hour(start)}..{spell_hour(stop)}" for start, stop in self._against)
        self.ask("compare with (2015-01-13T13..2015-01-13T19, …; empty: the usual hours):", self._put_baseline, against)

    def _put_baseline(self, text: str) -> str | None:
        zone = self.session.archive.zone
        self._against = tuple(read_range(part, zone) for part in text.split(",") if part.strip())
        self._begin()
        return None

    def put_filter(self, filter_: Filter) -> str | None:
        self.session.filter = self._filter = filter_
        self._begin()
        return None

    def action_stop(self) -> None:
        if not self.interrupt():
            self.report("nothing is being read")

    def interrupt(self) -> bool:
        running = (self._answer is None or not self._answer.final) and not self._cancel.is_set()
        self._cancel.set()
        if running:
            self._show_header("stopped")
        return running

    def command(self) -> str:
        start, stop = self._target or (None, None)
        against = [f"--against={spell_hour(first)}..{spell_hour(last)}" for first, last in self._against]
        return command_line("diff", self.session.location, start, stop, [*against, *self._filter.arguments()])

    def situation(self) -> dict[str, object]:
        answer = self._answer
        return {"findings": len(answer.found) if answer and answer.final else 0}

    def explanation(self) -> tuple[str, ...]:
        return (
            "Every field, value, pattern of a text, large number and missing field is counted in these hours and in "
            "the hours that they are compared with: the same hours of other weeks where there are two such weeks, "
            "else all other hours around. Combinations of up to three are tried where they are sharper.",
            "The surprise is how unlikely the difference is, divided by how much the share varies from hour to hour "
            "anyway; with so many tries, only what is far beyond chance is shown. Ids and times are left out. What "
            "always comes together is one finding.",
            *((source_of(self._answer),) if self._answer else ()),
            f"$ {self.command()}",
        )
