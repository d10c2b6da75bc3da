"""The filter bar: the kind and what it looks at, the expression, the live count; below it the terms, or the error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer
from textual.widgets import Input

from tui.app.widgets.lines import LineWidget, strip_of
from tui.app.widgets.terms import TermLine
from tui.errors import FilterError
from tui.filter import Filter, Kind, Term

DEBOUNCE = 0.15
KINDS: tuple[Kind, ...] = ("match", "grep", "regex")
_WORDS = {
    "match": ("JMESPath", "of values"),
    "grep": ("text", "in raw bytes"),
    "regex": ("regex", "in raw bytes"),
}
_KIND_WIDTH = 20


class KindLabel(LineWidget):
    """What kind of expression is typed, and what it looks at."""

    def __init__(self) -> None:
        super().__init__()
        self.kind: Kind = KINDS[0]

    def draw(self, y: int, width: int) -> Strip:
        name, about = _WORDS[self.kind]
        palette = self.palette
        return strip_of([(f" {name}", palette.title), (f" {about}", palette.dim)], width)


class CountLabel(LineWidget):
    """How many of the previewed records match; on the right."""

    def __init__(self) -> None:
        super().__init__()
        self._words = ""

    def say(self, words: str) -> None:
        self._words = words
        self.repaint()

    def draw(self, y: int, width: int) -> Strip:
        words = self._words if len(self._words) < width else self._words.replace(" previewed", "")
        return strip_of([(f"{words} ".rjust(width), self.palette.strong)], width)


class FilterInput(Input):
    """The input of the bar; it tells what enter does."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "submit", "keep as a term", id="filter-keep")]


class FilterBar(Vertical):
    """Edits a filter: a draft that is being typed, on top of terms. Posts `Changed` with the last good whole."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+t", "kind", "text/regex/JMESPath", id="filter-kind"),
        Binding("escape", "close", "back to the records", id="filter-close"),
        Binding("down", "close", "records", show=False),
    ]

    @dataclass
    class Changed(Message):
        """The filter is another one: the terms, and the draft if it is well formed."""

        filter: Filter

    @dataclass
    class Closed(Message):
        """The focus should go back to the records."""

    def __init__(self, base: Filter) -> None:
        super().__init__()
        self.terms = base
        self._kind = KindLabel()
        self._input = FilterInput(placeholder="type to filter; enter keeps it", compact=True, select_on_focus=False)
        self._input.cursor_blink = False
        self._count = CountLabel()
        self.line = TermLine(base)
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield self._kind
            yield self._input
            yield self._count
        yield self.line

    def open(self) -> None:
        self.screen.set_focus(self._input)

    def count(self, words: str) -> None:
        self._count.say(words)

    @property
    def draft(self) -> str:
        return self._input.value

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._wait()
        self._timer = self.set_timer(DEBOUNCE, self._try)

    def _wait(self) -> None:
        """Forget the try that was due."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The draft becomes a term, if it is one."""
        event.stop()
        self._wait()
        wanted = self._read()
        if wanted is None:
            return
        self._input.value = ""
        self.put(wanted)
        self.post_message(self.Closed())

    def add(self, term: Term) -> None:
        """A term made elsewhere (a value of a record); one that is there already is not added twice."""
        if term not in self.terms.terms:
            self.put(self.terms.with_term(term))

    def put(self, wanted: Filter) -> None:
        """Other terms; the draft stays on top of them."""
        self.terms = wanted
        self.line.show(wanted)
        self._try()

    def _try(self) -> None:
        wanted = self._read()
        if wanted is not None:
            self.post_message(self.Changed(wanted))

    def _read(self) -> Filter | None:
        """Terms and draft; None (and the error shown) if the draft is malformed."""
        text = self._input.value
        try:
            wanted = self.terms.with_term(Term(self._kind.kind, text)) if text.strip() else self.terms
        except FilterError as error:
            column = error.column or 0
            self.line.complain(error.reason, _KIND_WIDTH + min(column, max(self._input.size.width - 2, 0)))
            return None
        self.line.complain("", 0)
        return wanted

    def edit(self, term: Term) -> None:
        """Put a term back into the input."""
        self._kind.kind = term.kind
        self._kind.repaint()
        self._input.value = term.text
        self._input.cursor_position = len(term.text)
        self.screen.set_focus(self._input)

    def action_kind(self) -> None:
        self._kind.kind = KINDS[(KINDS.index(self._kind.kind) + 1) % len(KINDS)]
        self._kind.repaint()
        self._try()

    def action_close(self) -> None:
        self.post_message(self.Closed())

    def on_term_line_changed(self, event: TermLine.Changed) -> None:
        event.stop()
        self.put(event.filter)

    def on_term_line_edited(self, event: TermLine.Edited) -> None:
        event.stop()
        self.put(event.filter)
        self.edit(event.term)
