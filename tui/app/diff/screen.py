"""What changed: the answer in a sentence, the findings, and the details of the one under the cursor."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.events import Resize
from textual.widget import Widget

from tui.analysis.answers import (
    companions,
    filter_of_finding,
    headline,
    hours_in_words,
    line_of,
    name_of,
    source_of,
    volume_sentence,
)
from tui.analysis.question import Answer, LocatedFinding, TimeRange, read_range
from tui.app.diff.days import FindingDays
from tui.app.diff.details import FindingDetails, finding_words
from tui.app.diff.findings import FindingList
from tui.app.diff.run import ChunksRead, Compared, Examples, compare, examples
from tui.app.hours_page import SelectionPage
from tui.app.model.hours import Hours, Selection
from tui.app.model.session import Session, Shade, damaged_words, unread_words
from tui.app.records.peek import RecordPeek
from tui.app.records.tree import JsonTree
from tui.app.requests import Leave
from tui.app.widgets.breakpoints import HUGE
from tui.app.widgets.chart import Chart
from tui.app.widgets.cursor_list import REST_SECONDS
from tui.app.widgets.paragraphs import Paragraphs
from tui.app.widgets.time_counts import TimeCounts
from tui.archive.location import command_line
from tui.archive.times import ceil_hour, floor_hour, hours_between, next_hour, spell_hour, spell_time
from tui.filter import Filter, Term, parse_filter
from tui.history.entries import diff_entry
from tui.history.notebook import Spot
from tui.units import count, size

_EXAMPLES = 40
_NEXT = "b compares with other hours; / compares only some records; i shows the timeline; s scans."
_BELOW = "Below are the sizes of the compared days; the compared hours are underlined."
_WITH_FINDING = ("open", "without")  # actions that need one under the cursor


class DiffPage(SelectionPage):
    """Compares some hours with the usual ones. Without hours, it also finds the hours that changed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "filter by it", id="open"),
        Binding("p", "send", "publish", id="send"),
        Binding("b", "baseline", "against …", id="baseline", priority=True),
        Binding("minus", "without", "without it", id="not-these"),
        Binding("n", "match(1)", "next finding", show=False, id="next-match"),
        Binding("N", "match(-1)", "previous finding", show=False, id="previous-match"),
        Binding("tab", "app.focus_next", "details", show=False, id="pane"),
    ]
    title_of_help = "What changed"
    ASKING = SelectionPage.ASKING | {"baseline"}

    def __init__(self, session: Session, target: Selection) -> None:
        super().__init__()
        self.session = session
        whole = session.first, next_hour(session.catalog_last)
        hours = target if session.time_field is not None else target.whole
        span = (hours.span.start, hours.span.stop) if hours else whole
        self._target: TimeRange | None = None if span == whole else span
        self._against: tuple[TimeRange, ...] = ()
        self._answer: Answer | None = None
        self._filter = session.filter  # the records that are compared
        self._damaged = ""  # how many chunks could be read only in part
        self._examples: dict[str, tuple[bytes, ...]] = {}
        self.sentences = Paragraphs()
        self.list = FindingList()
        self.details = FindingDetails()
        self.days = FindingDays()
        self.sizes = Chart(cursor=False)  # of the compared days, if nothing stands out
        self.peek = RecordPeek(session, opens=False)  # of their first hour, then
        self.record = JsonTree(session.zone)  # the first of the examples
        self.record.can_focus = False
        self._beside = Vertical(self.days, self.record)
        self.opened = Container(self.details, self._beside, id="finding")

    def contents(self) -> list[Widget]:
        return [self.sentences, self.list, self.sizes, self.opened, self.peek]

    def on_resize(self, event: Resize) -> None:
        self._beside.display = event.size.width >= HUGE

    def on_mount(self) -> None:
        self.details.can_focus = True
        self.set_focus(self.list)
        self._begin()

    # Comparing.

    def _begin(self) -> None:
        self._answer, self._damaged = None, ""
        self.list.show(None)
        self.sentences.show(("Comparing …",), self._subject())
        self._show_header("reading")
        self._examples.clear()  # they belong to the previous comparison
        comparing = partial(compare, self.session, self._filter, self._target, self._against)
        self.stream("compare", comparing, lambda message: message)

    def on_chunks_read(self, message: ChunksRead) -> None:
        self.session.add_damage(*message.damaged)  # also if the screen is left before the answer
        self._damaged = damaged_words(message.damaged)
        if message.chunks == message.of:
            self._show_header("comparing")
        elif message.chunks:
            self._show_header(f"reading {count(message.chunks)} of {count(message.of)} chunks")

    def on_compared(self, message: Compared) -> None:
        if self._answer is None:
            self.clear_report()  # the keys have an effect now
        answer = self._answer = message.answer
        self.session.add_damage(*message.damaged)
        self._damaged = damaged_words(message.damaged)
        unread = answer.final and message.damaged and not answer.target.records
        first = unread_words(message.damaged) if unread else headline(answer)
        nothing = () if answer.findings else (_NEXT, _BELOW if answer.hours else "")
        sentences = filter(None, (first, companions(answer), volume_sentence(answer), *nothing))
        self.sentences.show(tuple(sentences), " · ".join(filter(None, (source_of(answer), self._damaged))))
        self.list.show(answer)
        self._show_sizes(answer)
        if answer.final:
            self.sentences.refresh(layout=True)  # there may be fewer than before
            self.session.notebook.add(diff_entry(answer, self._filter, self.command()), self.report)
        self._show_header("" if answer.final else "reading more")

    def _show_sizes(self, answer: Answer) -> None:
        """If there are no findings, show the sizes of the compared days in their place."""
        none = not answer.findings and bool(answer.hours)
        self.sizes.display = self.peek.display = none
        self.list.display = self.opened.display = not none
        if none:
            self.peek.rest_on(floor_hour(answer.target.ranges[0][0]) if answer.target.ranges else answer.hours[0])
            times = tuple(hours_between(floor_hour(answer.hours[0]), next_hour(floor_hour(answer.hours[-1]))))
            self.sizes.selection = Selection.of(*(Hours(*range_) for range_ in answer.target.ranges))
            self.sizes.show(TimeCounts(times, self.session.hour_size, spell=size))

    def _show_header(self, state: str) -> None:
        records = f"{count(self._answer.target.records)} records" if self._answer else ""
        damaged = self._damaged and f"! {self._damaged}"
        self.header.show(self.session.name, "what changed", state, damaged, self._subject(), records)

    def _subject(self) -> str:
        hours = "all hours" if self._target is None else hours_in_words(*self._target)
        return hours if not self._filter.arguments() else f"{hours} · {self._filter.describe()}"

    # The finding under the cursor.

    def on_finding_list_moved(self) -> None:
        """Show the finding's details once the cursor rests on it."""
        self.refresh_bindings()
        self.set_timer(REST_SECONDS, partial(self._open, self.list.current, self._answer))

    def _open(self, located: LocatedFinding | None, answer: Answer | None) -> None:
        if self.list.current is not located or self._answer is not answer:
            return
        records = self._examples.get(filter_of_finding(located)) if located else None
        self._show_finding(located, records)
        if located is not None and records is None:
            self.work(partial(self._find_examples, located), "examples", exclusive=True)

    def _find_examples(self, located: LocatedFinding) -> None:
        hours = Hours(located.since, located.until)
        filter_ = self.session.filter_within(Selection.of(hours), self._filter_of(located))
        records = examples(self.session, hours.whole, filter_, _EXAMPLES, self.cancel)
        self.post_message(Examples(filter_of_finding(located), records))

    def on_examples(self, message: Examples) -> None:
        self._examples[message.expression] = message.records
        current = self.list.current
        if current and filter_of_finding(current) == message.expression:
            self._show_finding(current, message.records)

    def _show_finding(self, located: LocatedFinding | None, records: tuple[bytes, ...] | None) -> None:
        self.details.show(located, self._answer, records)
        self.days.show(located, self._answer)
        self.record.show(records[0] if records else None)

    def note_subject(self) -> tuple[str, Spot, bytes | None]:
        """Return the finding under the cursor, as the subject of a note."""
        current = self.list.current
        if current is None:
            return super().note_subject()
        since, until = spell_hour(current.since), spell_hour(ceil_hour(current.until))
        filter_ = tuple(self._filter_of(current).arguments())
        return line_of(current), Spot(hour=since, start=since, stop=until, filter=filter_), None

    # Actions on the finding.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in _WITH_FINDING and self.list.current is None:
            return False
        return super().check_action(action, parameters)

    def take_hours(self) -> Selection:
        """Return the hours of the finding, which becomes the filter, selection and shades; else the compared hours."""
        current, answer, session = self.list.current, self._answer, self.session
        if current is None or answer is None:
            return Selection.of(Hours(*(self._target or (session.first, next_hour(session.catalog_last)))))
        session.filter = self._filter_of(current)
        session.selection = Selection.of(Hours(current.since, current.until))
        session.place = floor_hour(current.since)
        if session.selection.in_minutes:
            return session.selection
        hits = dict(zip(answer.hours, current.by_hour, strict=True))
        records = dict(zip(answer.hours, answer.sizes, strict=True))
        exact = session.filter if answer.exact and not self._filter.active else None
        session.shade = Shade(name_of(current), exact, hits, records, of_finding=True)
        return session.selection

    def _filter_of(self, located: LocatedFinding) -> Filter:
        made = parse_filter(match=[filter_of_finding(located)])
        return Filter((*self._filter.terms, *made.terms), self._filter.invert) if self._filter.active else made

    def action_match(self, step: int) -> None:
        if 0 <= self.list.at + step < self.list.length:
            self.list.go(self.list.at + step)
        else:
            self.report(f"no more findings {'after' if step > 0 else 'before'} this one")

    def action_open(self) -> None:
        self.take_hours()
        self.request(Leave())

    def action_without(self) -> None:
        """Compare again without the finding's records."""
        if (current := self.list.current) is not None:
            others = Term("match", f"!({filter_of_finding(current)})")
            self._filter = Filter((*self._filter.terms, others), self._filter.invert)
            self._begin()

    def action_show_screen(self, name: str) -> None:
        """Show a screen; the timeline shows the finding over the selected hours or the archive."""
        if name == "timeline" and (current := self.list.current) is not None:
            self.session.filter, self.session.place = self._filter_of(current), floor_hour(current.since)
        super().action_show_screen(name)

    def action_baseline(self) -> None:
        against = ", ".join(f"{spell_time(start)}..{spell_time(stop)}" for start, stop in self._against)
        self.ask("compare with 2015-01-13T13..2015-01-13T19, … (empty: usual):", self._put_baseline, against)

    def _put_baseline(self, text: str) -> str | None:
        zone = self.session.archive.zone
        self._against = tuple(read_range(part, zone) for part in text.split(",") if part.strip())
        self._begin()
        return None

    def put_filter(self, filter_: Filter) -> str | None:
        self.session.filter = self._filter = filter_
        self._begin()
        return None

    def interrupt(self) -> bool:
        if running := super().interrupt():
            self._show_header("stopped")
        return running

    def command(self) -> str:
        start, stop = self._target or (None, None)
        against = [f"--against={spell_time(first)}..{spell_time(last)}" for first, last in self._against]
        return command_line("diff", self.session.location, start, stop, [*against, *self._filter.arguments()])

    def situation(self) -> dict[str, object]:
        answer = self._answer
        return {"findings": len(answer.findings) if answer and answer.final else 0}

    @property
    def subject(self) -> str:
        current = self.list.current
        return name_of(current) if current is not None else self.title_of_help

    def explanation(self) -> tuple[str, ...]:
        current, answer = self.list.current, self._answer
        return (
            *(finding_words(current, answer) if current is not None and answer is not None else ()),
            f"$ {self.command()}",
            "Fields, values, text patterns, large numbers and missing fields are counted in these hours and in the "
            "hours that they are compared with: the same hours of other weeks if there are at least two such weeks, "
            "else all other hours. Combinations of up to three conditions are tried if they separate better.",
            "The surprise is how unlikely the difference is, divided by how much the share varies from hour to hour. "
            "Because so many differences are tested, only those far beyond chance are shown. Ids and times are left "
            "out. Values that always occur together are one finding.",
            *((source_of(answer),) if answer else ()),
        )


def page(session: Session, hours: Selection) -> DiffPage:
    """Return the screen that compares some hours; with no hours, it also finds them."""
    return DiffPage(session, hours)
