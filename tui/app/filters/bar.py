"""The filter bar: the kind of term, the expression and the live count; below them the terms, or the error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Click
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input

from tui.app.filters.drop import Comparisons, Drop
from tui.app.filters.input import FilterInput
from tui.app.filters.labels import KIND_WIDTH, CountLabel, HintLine, KindLabel, WholeLine
from tui.app.filters.pasted import list_term
from tui.app.filters.sample import slips
from tui.app.filters.saved import SavedFilters
from tui.app.filters.terms import TermLine
from tui.app.records.store import HourRecords
from tui.app.requests import Failed, Report
from tui.app.terminal.guard import Guarded
from tui.app.widgets.workers import stream
from tui.errors import FilterError, HourscopeError
from tui.filter import Filter, Term
from tui.filter.build import ValuePath
from tui.units import plural

DEBOUNCE = 0.15
_OFFERED, _OFFERED_WIDTH = 5, 62  # lines and cells; opening and closing it repaints that much
_JUDGED_RECORDS = 1_000  # the sample for hints: with more records, a filter is not checked again


class FilterBar(Guarded, Vertical):
    """Edits a filter: terms, and a draft being typed. Posts `Changed` with the last valid filter."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+t", "kind", "text/regex/JMESPath", id="filter-kind"),
        Binding("ctrl+s", "saved", "saved", id="filter-saved"),
        Binding("escape", "close", "back to the records", id="step-back"),
    ]

    @dataclass
    class Changed(Message):
        """The filter has changed: the terms, and the draft if it is valid."""

        filter: Filter

    @dataclass
    class Judged(Message):
        """What may be wrong with a filter, in words; or empty."""

        filter: Filter
        words: str

    def __init__(self, base: Filter, config: Path) -> None:
        """`config`: the file with the saved filters."""
        super().__init__()
        self.terms = base
        self._kind = KindLabel()
        self._offers = Drop(_OFFERED, _OFFERED_WIDTH, id="offers")
        self._input = FilterInput(self._kind, self._offers)
        self._count = CountLabel()
        self._panel = Drop()
        self.comparisons = Comparisons()
        self.saved = SavedFilters(config)
        self.line = TermLine(base, self._panel)
        self._whole = WholeLine()
        self._hint = HintLine()
        self._judged: tuple[Filter, bool, int] | None = None  # the last check for slips
        self._timer: Timer | None = None
        self._records: HourRecords | None = None

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield self._kind
            yield self._input
            yield self._count
        yield self.line
        yield self._whole
        yield self._hint
        yield self._offers
        yield self._panel
        yield self.comparisons
        yield self.saved

    def on_mount(self) -> None:
        self._refresh_whole(self.terms)

    def open(self) -> None:
        self._input.open(self._records)

    def on_click(self, event: Click) -> None:
        if event.widget is self._input:
            self.open()

    def count(self, words: str) -> None:
        self._count.show(words)

    @property
    def draft(self) -> str:
        return self._input.value

    def show_records(self, records: HourRecords) -> None:
        """Use the records read so far for completion and for the count of each term."""
        self._records = records
        self.line.count(records)

    # Likely slips.

    def look_for_slips(self, filter_: Filter, *, matched: bool) -> None:
        """Show a hint if a filter, having run on the records, may not mean what the user intends."""
        records, known = self._records, (filter_, matched, min(len(self._records or ()), _JUDGED_RECORDS))
        if records is not None and known != self._judged:
            self._judged = known
            stream(self, self._judge(filter_, records, matched=matched), "slips")

    def _judge(self, filter_: Filter, records: HourRecords, *, matched: bool) -> Iterator[Judged]:
        yield self.Judged(filter_, slips(filter_, records, matched=matched))

    def on_filter_bar_judged(self, message: Judged) -> None:
        message.stop()
        if self._judged and message.filter is self._judged[0]:
            self._hint.show(message.words)
            self._fit()

    # The draft.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enable the bar's keys in its input; `escape` also leaves the terms."""
        return self._input.has_focus or (action == "close" and self.line.has_focus)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._wait()
        self._timer = self.set_timer(DEBOUNCE, self._settle)

    def _settle(self) -> None:
        """Apply what was typed. An incomplete name is not applied: it would only empty the list."""
        self._input.offer()
        if self._input.partial:
            self.line.show_error("", 0)
        else:
            self._try()

    def _wait(self) -> None:
        """Cancel the pending update."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Make the draft a term if it is valid."""
        event.stop()
        self._wait()
        filter_ = self._read(finished=True)
        if filter_ is None:
            return
        self._input.keep()
        self._input.value = ""
        self.put(replace(filter_, terms=tuple(dict.fromkeys(filter_.terms))))  # duplicates have no effect
        self.post_message(FilterInput.Left())

    def on_filter_input_list_pasted(self, message: FilterInput.ListPasted) -> None:
        """Add one term for all pasted lines."""
        message.stop()
        try:
            term = list_term(message.lines)
        except HourscopeError as error:
            self.post_message(Failed(str(error)))
            return
        self.add(term)
        lines = plural(len(message.lines), "pasted line")
        self.post_message(Report(f"{lines} as one term: records with any of them, like -f FILE; T shows the file"))

    def add(self, term: Term) -> None:
        """Add a term, such as a value of a record, unless the filter has it already."""
        if term not in self.terms.terms:
            self.put(self.terms.with_term(term))

    def put(self, filter_: Filter) -> None:
        """Replace the terms and keep the draft."""
        self.terms = filter_
        self.line.show(filter_)
        self._try()

    def _try(self) -> None:
        filter_ = self._read()
        if filter_ is not None:
            self._refresh_whole(filter_)
            self.post_message(self.Changed(filter_))

    def _refresh_whole(self, filter_: Filter) -> None:
        alone = len(filter_.terms) == 1 and filter_.terms[0].kind == "match" and not filter_.invert
        self._whole.show(filter_, stacked=bool(self.terms.terms) and not alone)
        if self._judged and filter_ != self._judged[0]:
            self._judged = None
            self._hint.show("")
        self._fit()

    def _fit(self) -> None:
        """Set the height to the number of lines."""
        self.styles.height = 2 + self._whole.display + (self._hint.lines if self._hint.display else 0)

    def _read(self, *, finished: bool = False) -> Filter | None:
        """Return terms and draft as a filter; None if the draft is invalid.

        The error is shown unless further typing may fix it: the draft is not `finished`, and the error is at its end
        or is a missing closing part.
        """
        text = self._input.value
        try:
            filter_ = self.terms.with_term(Term(self._kind.kind, text)) if text.strip() else self.terms
        except FilterError as error:
            cells = cell_len(text[: error.column or 0]) - self._input.scroll_offset.x
            room = max(self._input.size.width - 1, 0)
            end = len(text.rstrip().rstrip("=&"))  # the first half of == or &&
            fixable = (error.column or 0) >= end or error.reason.startswith("missing")
            reason = error.reason if finished or not fixable else ""
            self.line.show_error(reason, KIND_WIDTH + max(0, min(cells, room)))
            return None
        self.line.show_error("", 0)
        return filter_

    def take_draft(self, other: FilterBar) -> None:
        """Copy the draft of another bar."""
        self._input.put((other._kind.kind, other.draft))

    def edit(self, term: Term, selected: tuple[int, int] = (0, 0)) -> None:
        """Put a term into the input for editing. Typing replaces the `selected` part.

        The previous draft becomes a term if it is valid.
        """
        before = self._draft()
        self._input.put((term.kind, term.text), selected)
        if before is not None:
            self.put(self.terms.with_term(before))
        self.open()

    def _draft(self) -> Term | None:
        """Return the draft as a term; None if it is empty or invalid."""
        try:
            return Term(self._kind.kind, self.draft) if self.draft.strip() else None
        except FilterError:
            return None

    def action_kind(self) -> None:
        self._kind.put_next()
        self._settle()

    def action_saved(self) -> None:
        self.saved.show(self._read())

    def action_close(self) -> None:
        if not self._input.close_offers():
            self.post_message(FilterInput.Left())

    # The terms.

    def compare(self, path: ValuePath, value: object, cut: bool) -> None:
        """Offer comparisons for a value. `cut`: only the start of a longer text is known."""
        self.comparisons.ask(path, value, cut=cut)

    def on_comparisons_picked(self, message: Comparisons.Picked) -> None:
        message.stop()
        term = Term("match", message.comparison.expression)
        if message.edit:
            self.edit(term, message.comparison.part)
        else:
            self.add(term)

    def on_saved_filters_used(self, message: SavedFilters.Used) -> None:
        """Use the saved filter in place of the terms, or in addition to them."""
        message.stop()
        saved, alone = message.filter, message.alone
        terms = saved.terms if alone else (*self.terms.terms, *saved.terms)
        self.put(Filter(terms, saved.invert if alone else self.terms.invert))
        if saved.invert and not alone:
            self.post_message(Failed("the saved filter is inverted (-v) as a whole; use it alone, with enter"))

    def on_term_line_changed(self, event: TermLine.Changed) -> None:
        event.stop()
        self.put(event.filter)

    def on_term_line_edited(self, event: TermLine.Edited) -> None:
        event.stop()
        self.terms = event.filter
        self.edit(event.term)
        self.put(self.terms)
