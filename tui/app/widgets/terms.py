"""The terms of a filter on one line, each with its switch; or, while a draft is malformed, what is wrong and where."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from tui.app.widgets.lines import LineWidget, Piece, shorten, strip_of
from tui.filter import Filter, Term
from tui.printable import printable

_KIND = {"grep": "text ", "regex": "regex ", "match": ""}
_WIDEST = 60


class TermLine(LineWidget, can_focus=True):
    """Keys work on the term under the cursor. Posts `Changed`, or `Edited` with the term taken out."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("h,left", "move(-1)", "term before", show=False, id="left"),
        Binding("l,right", "move(1)", "term after", show=False, id="right"),
        Binding("space", "switch", "on/off", id="term-toggle"),
        Binding("enter", "edit", "edit", id="term-edit"),
        Binding("d,delete,backspace", "delete", "delete", id="term-delete"),
        Binding("exclamation_mark", "invert", "turn the whole round", id="term-invert"),
    ]

    @dataclass
    class Changed(Message):
        filter: Filter

    @dataclass
    class Edited(Message):
        filter: Filter
        term: Term

    def __init__(self, shown: Filter) -> None:
        super().__init__()
        self._filter = shown
        self._at = 0
        self._error = ""
        self._column = 0

    def show(self, shown: Filter) -> None:
        self._filter = shown
        self._at = min(self._at, max(len(shown.terms) - 1, 0))
        self.can_focus = bool(shown.terms)
        self.repaint()

    def complain(self, error: str, column: int) -> None:
        """Show an error whose caret stands below `column`; an empty one shows the terms again."""
        self._error, self._column = printable(error), column
        self.repaint()

    def on_mount(self) -> None:
        self.can_focus = bool(self._filter.terms)

    def on_focus(self) -> None:
        self.repaint()

    def on_blur(self) -> None:
        self.repaint()

    def action_move(self, step: int) -> None:
        self._at = max(0, min(self._at + step, len(self._filter.terms) - 1))
        self.repaint()

    def toggle(self, number: int) -> None:
        """Switch a term on or off, by its place."""
        terms = self._filter.terms
        if number < len(terms):
            term = replace(terms[number], enabled=not terms[number].enabled)
            self._post((*terms[:number], term, *terms[number + 1 :]))

    def action_switch(self) -> None:
        self.toggle(self._at)

    def action_delete(self) -> None:
        terms = self._filter.terms
        if terms:
            self._post(terms[: self._at] + terms[self._at + 1 :])

    def action_edit(self) -> None:
        terms = self._filter.terms
        if terms:
            rest = replace(self._filter, terms=terms[: self._at] + terms[self._at + 1 :])
            self.post_message(self.Edited(rest, terms[self._at]))

    def action_invert(self) -> None:
        self.post_message(self.Changed(replace(self._filter, invert=not self._filter.invert)))

    def _post(self, terms: tuple[Term, ...]) -> None:
        self.post_message(self.Changed(replace(self._filter, terms=terms)))

    def draw(self, y: int, width: int) -> Strip:
        palette = self.palette
        if self._error:
            text = f"^ {self._error}"
            column = self._column
            left = f"{self._error} ^"
            if column + len(text) > width and len(left) <= column:  # more room on the caret's other side
                return strip_of([(left.rjust(column + 1), palette.trouble)], width)
            return strip_of([(" " * column + text, palette.trouble)], width)
        return strip_of(self._chips(), width)

    def _chips(self) -> list[Piece]:
        palette = self.palette
        if not self._filter.terms:
            return [(" every record · ", palette.faint), ("= on a value keeps only these", palette.faint)]
        pieces: list[Piece] = [(" not " if self._filter.invert else " ", palette.trouble)]
        for number, term in enumerate(self._filter.terms):
            here = self.has_focus and number == self._at
            text = shorten(printable(_KIND[term.kind] + term.text, 200), _WIDEST)
            style = palette.text if term.enabled else palette.faint
            chip: list[Piece] = [
                (f"{number + 1} ", palette.dim),
                ("● " if term.enabled else "○ ", palette.selected if term.enabled else palette.faint),
                (text, style),
            ]
            pieces += [(words, palette.cursor if here else style) for words, style in chip]
            pieces.append(("   ", palette.dim))
        return pieces
