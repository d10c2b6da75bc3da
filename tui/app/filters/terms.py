"""The terms of a filter on one line, each with its switch and its own count; with the focus, also one per line below.

While the draft is invalid, the line shows the error and its column.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from tui.app.filters.drop import Drop, DropItem
from tui.app.records.matching import TermCounts, count_terms, key_of
from tui.app.records.store import HourRecords
from tui.app.requests import Failed, Report
from tui.app.terminal.clipboard import copy_text
from tui.app.widgets.lines import LineWidget, Piece, shorten, strip_of
from tui.app.widgets.workers import stream
from tui.filter import Filter, Term
from tui.filter.build import negated, whole_of
from tui.filter.terms import KINDS
from tui.printable import printable
from tui.units import count

_WIDEST = 60


class TermLine(LineWidget, can_focus=True):
    """The terms, with a cursor. Posts `Changed`, or `Edited` with the term removed from the filter."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "next term", show=False, id="down"),
        Binding("k,up", "move(-1)", "previous term", show=False, id="up"),
        Binding("l,right", "move(1)", "next term", show=False, id="right"),
        Binding("h,left", "move(-1)", "previous term", show=False, id="left"),
        Binding("space", "switch", "on/off", id="select"),
        Binding("enter", "edit", "edit", id="open"),
        Binding("minus", "negate", "opposite", id="not-these"),
        Binding("shift+down", "shift(1)", "move later", show=False, id="term-later"),
        Binding("shift+up", "shift(-1)", "move earlier", show=False, id="term-earlier"),
        Binding("delete,backspace", "delete", "delete", id="delete"),
        Binding("y", "copy", "copy all", id="copy"),
        Binding("ctrl+e", "edit_whole", "edit all", id="edit-text"),
    ]

    @dataclass
    class Changed(Message):
        filter: Filter

    @dataclass
    class Edited(Message):
        """Edit `term`, which replaces the terms removed from the filter."""

        filter: Filter
        term: Term

    @dataclass
    class Ready(Message):
        """How many records each term matches alone, of all that were read."""

        counted: TermCounts

    def __init__(self, shown: Filter, panel: Drop) -> None:
        super().__init__()
        self._filter = shown
        self._panel = panel
        self._records: HourRecords | None = None
        self._counts: TermCounts = {}
        self._counting = False
        self._at = 0
        self._error = ""
        self._column = 0

    def show(self, shown: Filter) -> None:
        self._filter = shown
        self._at = min(self._at, max(len(shown.terms) - 1, 0))
        self.can_focus = bool(shown.terms)
        if self.has_focus and not shown.terms:
            self.screen.focus_next()
        if self._records is not None:
            self.count(self._records)
        self._redraw()

    def count(self, records: HourRecords) -> None:
        """Count how many of these records each term matches alone, unless that is known."""
        self._records = records
        known = min((self._counts.get(key_of(term), (0, -1))[1] for term in self._filter.terms), default=len(records))
        if not self._counting and known < len(records):
            self._counting = True
            counts = count_terms(self._filter, records, self._counts)
            stream(self, (None if part is None else self.Ready(part) for part in counts), "terms")

    def on_term_line_ready(self, message: Ready) -> None:
        """Show the counts, and continue counting if there are more records or other terms by now."""
        message.stop()
        self._counts, self._counting = message.counted, False
        self._redraw()
        if self._records is not None:
            self.count(self._records)

    def show_error(self, error: str, column: int) -> None:
        """Show an error with its caret below `column`; an empty error shows the terms again."""
        self._error, self._column = printable(error), column
        self.repaint()

    def on_mount(self) -> None:
        self.can_focus = bool(self._filter.terms)

    def on_focus(self) -> None:
        self._redraw()

    def on_blur(self) -> None:
        self._panel.fill(())
        self.repaint()

    def _redraw(self) -> None:
        self.repaint()
        if self.screen.focused is not self:  # has_focus comes later
            return
        title = "records that do not match all of these (-v)" if self._filter.invert else "all of these must match"
        self._panel.fill([self._item(at) for at in range(len(self._filter.terms))], at=self._at, title=title)

    def _item(self, at: int) -> DropItem:
        term = self._filter.terms[at]
        kind = f"{KINDS[term.kind].name:<6} {KINDS[term.kind].place}"
        counts = self._counts.get(key_of(term))
        about = "" if counts is None else f"{count(counts[0])} of {count(counts[1])}"
        text = ("not " if term.negated else "") + printable(" ".join((term.text, *term.flags)), 400)
        kind_of_line = "text" if term.enabled else "off"
        return DropItem(text, about, f"{at + 1} {'●' if term.enabled else '○'} {kind}", kind_of_line)

    def action_move(self, step: int) -> None:
        self._at = max(0, min(self._at + step, len(self._filter.terms) - 1))
        self._redraw()

    def toggle(self, number: int) -> None:
        """Switch a term on or off, by its index."""
        terms = self._filter.terms
        if number < len(terms):
            self._put(number, replace(terms[number], enabled=not terms[number].enabled))

    def action_switch(self) -> None:
        self.toggle(self._at)

    def action_negate(self) -> None:
        term = self._filter.terms[self._at]
        if term.kind == "file":
            self.post_message(Failed("a list of texts has no opposite; invert the whole filter"))
        else:
            self._put(self._at, negated(term))

    def _put(self, number: int, term: Term) -> None:
        terms = self._filter.terms
        self._post((*terms[:number], term, *terms[number + 1 :]))

    def action_shift(self, step: int) -> None:
        terms, to = list(self._filter.terms), self._at + step
        if 0 <= to < len(terms):
            terms[self._at], terms[to] = terms[to], terms[self._at]
            self._at = to
            self._post(tuple(terms))

    @property
    def _rest(self) -> Filter:
        """The filter without the term under the cursor."""
        terms = self._filter.terms
        return replace(self._filter, terms=terms[: self._at] + terms[self._at + 1 :])

    def action_delete(self) -> None:
        self.post_message(self.Changed(self._rest))

    def action_edit(self) -> None:
        self.post_message(self.Edited(self._rest, self._filter.terms[self._at]))

    def action_edit_whole(self) -> None:
        """Edit all enabled JMESPath terms as one expression. Text, regex and disabled terms stay as they are."""
        whole = whole_of(self._filter)
        kept = tuple(term for term in self._filter.terms if term.kind != "match" or not term.enabled)
        if whole.expression:
            negated_ = self._filter.invert and not any(term.enabled for term in kept)  # the expression has !( )
            self.post_message(
                self.Edited(Filter(kept, self._filter.invert and not negated_), Term("match", whole.expression))
            )

    def action_copy(self) -> None:
        """Copy the whole filter as JMESPath."""
        whole = whole_of(self._filter)
        if not whole.expression:
            self.post_message(Failed("there is no JMESPath to copy: text and regex terms match raw bytes"))
            return
        copy_text(self.app, whole.expression)
        without = f" without {', '.join(whole.besides)}" if whole.besides else ""
        self.post_message(Report(f"copied the filter as JMESPath{without}, if this terminal allows it"))

    def action_invert(self) -> None:
        self.post_message(self.Changed(replace(self._filter, invert=not self._filter.invert)))

    def _post(self, terms: tuple[Term, ...]) -> None:
        self.post_message(self.Changed(replace(self._filter, terms=terms)))

    def draw(self, y: int, width: int) -> Strip:
        palette = self.palette
        if self._error:
            text = f"^ {self._error}"
            column, style = self._column, palette.trouble
            left = f"{self._error} ^"
            if column + len(text) > width and len(left) <= column:  # more room on the caret's other side
                return strip_of([(left.rjust(column + 1), style)], width)
            return strip_of([(" " * column + text, style)], width)
        return strip_of(self._chips(), width)

    def _chips(self) -> list[Piece]:
        palette = self.palette
        if not self._filter.terms:
            hint = "on a value: = only these, - not these, o more · L saved filters"
            return [(f" {'no' if self._filter.invert else 'every'} record · ", palette.faint), (hint, palette.faint)]
        pieces: list[Piece] = [(" not " if self._filter.invert else " ", palette.trouble)]
        for number, term in enumerate(self._filter.terms):
            here = self.has_focus and number == self._at
            name = Path(term.text).name if term.kind == "file" else term.text
            text = shorten(printable(("not " if term.negated else "") + KINDS[term.kind].lead + name, 200), _WIDEST)
            style = palette.text if term.enabled else palette.faint
            chip: list[Piece] = [
                (f"{number + 1} ", palette.dim),
                ("● " if term.enabled else "○ ", palette.selected if term.enabled else palette.faint),
                (text, style),
            ]
            if (counts := self._counts.get(key_of(term))) is not None:
                chip.append((f" {count(counts[0])}", palette.strong if term.enabled else palette.dim))
            pieces += [(words, palette.cursor if here else style) for words, style in chip]
            pieces.append(("   ", palette.dim))
        return pieces
