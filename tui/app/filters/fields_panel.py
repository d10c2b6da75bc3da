"""The fields of the previewed records, each with its most frequent value, that value's share, and its values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from textwrap import wrap

from textual.message import Message
from textual.timer import Timer

from tui.analysis.patterns import HOLE, pattern_expression
from tui.app.filters.field_line import FieldLine, field_line, opened
from tui.app.filters.indexed import measure_indexed
from tui.app.filters.sample import MAX_MEASURED, Facet, Measured, Shown, measure
from tui.app.widgets.cursor_list import REST_SECONDS, FoldingList
from tui.app.widgets.lines import Piece, both_ends
from tui.app.widgets.workers import stream
from tui.archive import Archive, Chunk
from tui.errors import FilterError
from tui.filter.build import spell_path, term_of
from tui.filter.fields import ANY, LONGEST, FieldPath
from tui.filter.terms import Term
from tui.units import count, plural

_DEBOUNCE = 0.2
_MIN_BELOW = 4  # lines for the values of the field under the cursor
_NO_FIELDS = "No JSON object is shown, so there are no fields. If a filter is the reason, a shows all records."


class FieldsPanel(FoldingList):
    """The fields panel. It measures records in a worker."""

    @dataclass
    class Ready(Message):
        """The fields known so far."""

        measured: Measured

    def __init__(self) -> None:
        super().__init__()
        self._lines: tuple[FieldLine, ...] = ()
        self._open: set[FieldPath] = set()
        self._measured = Measured()
        self._subject: Shown | None = None
        self._below: Facet | None = None
        self._timer: Timer | None = None
        self.indexed = False  # the fields come from the index

    def look_like(self, other: FieldsPanel) -> None:
        """Open the same fields as another panel."""
        self._open = set(other._open)

    def measure(self, shown: Shown) -> None:
        """Measure these records after a short delay, unless the panel is hidden or shows the index."""
        if not self.display or self.indexed:
            return
        if self._timer is not None:
            self._timer.stop()
        self._subject = shown
        self._timer = self.set_timer(_DEBOUNCE, self._begin)

    def measure_indexed(self, archive: Archive, chunks: Sequence[Chunk]) -> None:
        """Show the fields of these chunks from the index until `indexed` is false again."""
        self.indexed = True
        self._stream(measure_indexed(archive, chunks))

    def _begin(self) -> None:
        if self._subject is not None:
            self._stream(measure(self._subject))

    def _stream(self, parts: Iterator[Measured | None]) -> None:
        stream(self, (None if part is None else self.Ready(part) for part in parts), "fields")

    def on_fields_panel_ready(self, message: Ready) -> None:
        message.stop()
        self._measured = message.measured
        self._arrange()

    def _arrange(self) -> None:
        here = self.current
        self._lines = lines = tuple(chain.from_iterable(map(self._lines_of, self._measured.fields)))
        if here is not None:
            key = (here.facet.path, here.value)
            self.at = next((at for at, line in enumerate(lines) if (line.facet.path, line.value) == key), self.at)
        self.at = max(0, min(self.at, len(lines) - 1))
        self._open_below()

    def go(self, at: int) -> None:
        super().go(at)
        self.set_timer(REST_SECONDS, self._open_below)

    def _open_below(self) -> None:
        """Show the field under the cursor below the list, unless it is open in the list."""
        facet = self.current.facet if self.current and not self.opened else None
        self._below = facet
        self.repaint()

    def _lines_of(self, facet: Facet) -> list[FieldLine]:
        if facet.path not in self._open:
            return [FieldLine(facet)]
        return [FieldLine(facet), FieldLine(facet, -1), *(FieldLine(facet, at) for at in range(len(facet.values)))]

    @property
    def current(self) -> FieldLine | None:
        return self._lines[self.at] if self.at < len(self._lines) else None

    @property
    def value(self) -> tuple[tuple[str | int, ...], object, bool] | None:
        """(path, value, whether it is cut) under the cursor; of a field, its most frequent value."""
        line = self.current
        if line is None or not line.facet.field.top:
            return None
        field = line.facet.field
        value = field.top[0 if line.facet.patterns else max(line.value or 0, 0)][0]
        return _places(field.path), value, isinstance(value, str) and len(value) >= LONGEST

    def term(self, *, only: bool) -> Term | None:
        """Return a term for records with the value or pattern under the cursor, or for all others (not `only`).

        Raises FilterError if no term can express it.
        """
        line, chosen = self.current, self.value
        if line is None or chosen is None:
            return None
        path, value, cut = chosen
        if not line.is_value:
            raise FilterError("this line is not a value; enter opens a field's values, o shows comparisons")
        if line.facet.patterns:
            return _pattern_term(path, line.facet.patterns[line.value or 0][0], only=only)
        if cut:
            raise FilterError("only the start of this text is known here; o offers a prefix filter")
        return term_of(path, value, only=only)

    @property
    def length(self) -> int:
        return len(self._lines)

    @property
    def opened(self) -> bool | None:
        return self.current.facet.path in self._open if self.current else None

    def action_flip(self) -> None:
        line = self.current
        if line is not None:
            self._open ^= {line.facet.path}
            self.at = next(at for at, other in enumerate(self._lines) if other.facet is line.facet)
            self._arrange()
            last = self.at + len(self._lines_of(line.facet)) - 1
            self.top = max(self.top, min(self.at, last - self.size.height + 2))  # scroll its values into view
            self.repaint()

    def row(self, number: int, width: int) -> list[Piece]:
        line = self._lines[number]
        return field_line(line, self.palette, width, unfolded=line.facet.path in self._open)

    def void(self, y: int, width: int) -> list[Piece]:
        """Return a line of the values of the field under the cursor, if they fit, or why there are no fields."""
        if self._lines:
            lines = opened(self._below, self.palette, width) if self._below else []
            room = self.size.height - self.lead - self.length
            return lines[y] if y < len(lines) and room >= _MIN_BELOW else []
        wrapped = wrap(_NO_FIELDS if self._measured.whole else "", max(width - 4, 20))
        return [(f"  {wrapped[y - 1]}", self.palette.text)] if 0 < y <= len(wrapped) else []

    def title(self, width: int) -> list[Piece]:
        palette, shown, measured = self.palette, self._subject, self._measured
        of = plural(measured.records, "match" if shown is not None and shown.filter.narrows else "record")
        some = f" of {count(len(shown.numbers))}" if shown is not None and len(shown.numbers) > MAX_MEASURED else ""
        fields = plural(len(measured.fields), "field")
        left: list[Piece] = [(f" {fields if measured.complete else f'the first {fields}'} of {of}", palette.title)]
        left.append((f"  {measured.source}" if measured.source else some if measured.whole else " …", palette.dim))
        columns = "share  values "
        room = width - sum(len(text) for text, _ in left) > len(columns) + 1
        return both_ends(left, [(columns, palette.dim)] if room or not measured.source else [], width)


def _pattern_term(path: tuple[str | int, ...], text: str, *, only: bool) -> Term:
    """Return a term for texts of a pattern, or for all others (not `only`)."""
    if HOLE not in text:
        return term_of(path, text, only=only)
    expression = pattern_expression(spell_path(path), text)
    return Term("match", expression if only else f"!({expression})")


def _places(path: FieldPath) -> tuple[str | int, ...]:
    """Return a field's path with each list step replaced by its first item."""
    return tuple(0 if step is ANY else str(step) for step in path)
