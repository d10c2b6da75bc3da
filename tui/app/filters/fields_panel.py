"""The fields of the previewed records: each with its most frequent value and that one's share, and its values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import chain
from textwrap import wrap
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer
from textual.worker import get_current_worker

from tui.analysis.patterns import HOLE, pattern_expression
from tui.app.filters.field_line import Line, field_line
from tui.app.filters.sample import MOST_MEASURED, Facet, Measured, Shown, measure
from tui.app.records.json_tree import JsonTree
from tui.app.requests import Failed
from tui.app.widgets.cursor_list import CursorList
from tui.app.widgets.lines import Piece, both_ends, strip_of
from tui.filter.build import spell_path, term_of
from tui.filter.fields import ANY, LONGEST, Path
from tui.filter.terms import Term
from tui.units import count, plural

_DEBOUNCE = 0.2
_NO_FIELDS = "No JSON object is shown, so there are no fields; where a filter is the reason, a shows all records."


class FieldsPanel(CursorList):
    """Looks at what it is given in a worker; `=` and `-` on a value post the tree's `Wanted`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("g,home", "move(-1_000_000_000)", "first field", show=False, id="first"),
        Binding("G,end", "move(1_000_000_000)", "last field", show=False, id="last"),
        Binding("l,right", "unfold", "values", show=False, id="right"),
        Binding("h,left", "fold", "close", show=False, id="left"),
        Binding("enter", "flip", "values, or not", show=False, id="open"),
    ]

    @dataclass
    class Ready(Message):
        """What is known so far."""

        measured: Measured

    @dataclass
    class Wanted(Message):
        """A term about a pattern."""

        term: Term

    def __init__(self) -> None:
        super().__init__()
        self._lines: tuple[Line, ...] = ()
        self._open: set[Path] = set()
        self._measured = Measured()
        self._subject: Shown | None = None
        self._timer: Timer | None = None

    def look_like(self, other: FieldsPanel) -> None:
        """The same fields are open."""
        self._open = set(other._open)

    def measure(self, shown: Shown) -> None:
        """Measure these records a moment from now, if the panel is shown."""
        if not self.display:
            return
        if self._timer is not None:
            self._timer.stop()
        self._subject = shown
        self._timer = self.set_timer(_DEBOUNCE, self._begin)

    def _begin(self) -> None:
        if self._subject is not None:
            self.run_worker(
                partial(self._measure, self._subject), thread=True, exit_on_error=False, group="fields", exclusive=True
            )

    def _measure(self, shown: Shown) -> None:
        worker = get_current_worker()
        for measured in measure(shown):
            if worker.is_cancelled:
                return
            if measured is not None:
                self.post_message(self.Ready(measured))

    def on_fields_panel_ready(self, message: Ready) -> None:
        message.stop()
        self._measured = message.measured
        self._arrange()

    def _arrange(self) -> None:
        here = self.current
        self._lines = lines = tuple(chain.from_iterable(map(self._lines_of, self._measured.fields)))
        if here is not None:
            key = (here.facet.path, here.value)
            self.at = next((at for at, each in enumerate(lines) if (each.facet.path, each.value) == key), self.at)
        self.at = max(0, min(self.at, len(lines) - 1))
        self.repaint()

    def _lines_of(self, each: Facet) -> list[Line]:
        if each.path not in self._open:
            return [Line(each)]
        return [Line(each), Line(each, -1), *(Line(each, at) for at in range(len(each.values)))]

    @property
    def current(self) -> Line | None:
        return self._lines[self.at] if self.at < len(self._lines) else None

    @property
    def value(self) -> tuple[tuple[str | int, ...], object, bool] | None:
        """Path and value under the cursor (of a field its most frequent one), and whether the value is cut."""
        line = self.current
        if line is None:
            return None
        field = line.facet.field
        value = field.top[0 if line.facet.patterns else max(line.value or 0, 0)][0]
        return _places(field.path), value, isinstance(value, str) and len(value) >= LONGEST

    def want(self, *, only: bool) -> None:
        """Ask for the value or the pattern under the cursor to become a term."""
        line, chosen = self.current, self.value
        if line is None or chosen is None:
            return
        path, value, cut = chosen
        if not line.is_value:
            self.post_message(Failed("this line is not a value; enter opens a field's values, o asks for others"))
        elif line.facet.patterns:
            self.post_message(self.Wanted(_pattern_term(path, line.facet.patterns[line.value or 0][0], only=only)))
        elif cut:
            self.post_message(Failed("only the beginning of this text is known here: o asks for texts that begin so"))
        else:
            self.post_message(JsonTree.Wanted(path, value, only))

    @property
    def length(self) -> int:
        return len(self._lines)

    @property
    def lead(self) -> int:
        return 1

    def action_flip(self) -> None:
        line = self.current
        if line is not None:
            self._open ^= {line.facet.path}
            self.at = next(at for at, each in enumerate(self._lines) if each.facet is line.facet)
            self._arrange()
            last = self.at + len(self._lines_of(line.facet)) - 1
            self.top = max(self.top, min(self.at, last - self.size.height + 2))  # its values come into sight
            self.repaint()

    def action_unfold(self) -> None:
        line = self.current
        if line is not None and line.facet.path not in self._open:
            self.action_flip()
        else:
            self.action_move(1)

    def action_fold(self) -> None:
        line = self.current
        if line is not None and line.facet.path in self._open:
            self.action_flip()

    def draw(self, y: int, width: int) -> Strip:
        palette = self.palette
        edge: Piece = ("│" if self.region.x else " ", palette.rule)
        if y == 0:
            self.keep_in_sight()
            return strip_of([edge, *self._title(width - 1)], width)
        number = self.top + y - 1
        if number >= len(self._lines):
            words = "" if self._lines else self._nothing(y - 1, width - 4)
            return strip_of([edge, (f"  {words}", palette.text)], width)
        ground = self.ground(number)
        line = self._lines[number]
        pieces = field_line(line, palette, width - 1, unfolded=line.facet.path in self._open)
        return Strip([*strip_of([edge], 1), *strip_of(pieces, width - 1, ground)])

    def _title(self, width: int) -> list[Piece]:
        palette, shown, measured = self.palette, self._subject, self._measured
        of = plural(measured.records, "match" if shown is not None and shown.of_matches else "record")
        some = f" of {count(len(shown.numbers))}" if shown is not None and len(shown.numbers) > MOST_MEASURED else ""
        fields = plural(len(measured.fields), "field")
        left: list[Piece] = [(f" {fields if measured.complete else f'the first {fields}'} of {of}", palette.selected)]
        left.append((some if measured.whole else " …", palette.dim))
        return both_ends(left, [("share  values ", palette.dim)], width)

    def _nothing(self, y: int, width: int) -> str:
        """Why there is no line."""
        wrapped = wrap(_NO_FIELDS if self._measured.whole else "", max(width, 20))
        return wrapped[y - 1] if 0 < y <= len(wrapped) else ""


def _pattern_term(path: tuple[str | int, ...], text: str, *, only: bool) -> Term:
    """The term for texts of a pattern, or for all others."""
    if HOLE not in text:
        return term_of(path, text, only=only)
    expression = pattern_expression(spell_path(path), text)
    return Term("match", expression if only else f"!({expression})")


def _places(path: Path) -> tuple[str | int, ...]:
    """A field's path with any item of a list as its first."""
    return tuple(0 if step is ANY else str(step) for step in path)
