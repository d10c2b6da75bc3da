"""The list of records, and beside it the record under the cursor as a tree, or the fields of all records."""

from __future__ import annotations

import re
from functools import partial

from textual.containers import Container

from tui.app.filters.fields_panel import FieldsPanel
from tui.app.filters.indexed import is_indexed
from tui.app.filters.sample import Shown
from tui.app.model.session import Session
from tui.app.preview.feed import FeedState
from tui.app.preview.rows import VisibleRows
from tui.app.preview.text import empty_words, notes_words, place, rows_words
from tui.app.records.columns import LARGEST
from tui.app.records.record_list import RecordList
from tui.app.records.tree import JsonTree
from tui.app.terminal.guard import Guarded
from tui.archive import Chunk
from tui.filter import Filter
from tui.filter.build import spell_path
from tui.filter.jmespath import parse_expression

_THREE_PANES = 200  # cells
_COMMA = re.compile(r""",|[\[({]|[\])}]|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`""")


class PreviewPanes(Guarded, Container):
    """Shows `rows`. Some methods return a sentence to report."""

    def __init__(self, session: Session, rows: VisibleRows, left_at: int) -> None:
        """`left_at`: the record that was under the cursor when the hour was last left; 0 if it never was."""
        self.listing = RecordList(rows.records)
        self.nodes = JsonTree(session.zone)
        self.panel = FieldsPanel()
        super().__init__(self.listing, self.nodes, self.panel, id="preview")
        self._session = session
        self._rows = rows
        self._left_at = left_at

    def on_mount(self) -> None:
        self.listing.show_columns(self._session.columns)

    def look_like(self, other: PreviewPanes) -> None:
        """Show the same panes, lines and fields as those of another hour."""
        self.nodes.display, self.panel.display = other.nodes.display, other.panel.display
        self.listing.look_like(other.listing)
        self.panel.look_like(other.panel)

    def refresh_rows(self) -> None:
        """Redraw everything after the rows have changed."""
        rows = self._rows
        self.listing.show(rows.numbers, rows.hits if rows.filtered else None, rows.marks, rows.filter)
        if not rows.behind:
            self.panel.measure(self._shown())
        self.refresh_record()
        if 0 < self._left_at < len(rows.records) and not rows.behind:
            if not self.listing.current or rows.filtered:  # else the user has moved meanwhile
                self.listing.go_to(self._left_at)
            self._left_at = 0

    def refresh_record(self) -> None:
        """Show the record under the cursor."""
        number, records = self.listing.current, self._rows.records
        if number is None:
            self.nodes.show(None)
        elif (length := records.length(number)) > LARGEST:
            self.nodes.show_large(number, length, partial(records.__getitem__, number))
        else:
            self.nodes.show(records[number])

    def explain(self, reading: FeedState, chunks: tuple[Chunk, ...]) -> None:
        """Update the line above the list: the cursor's place, the shown rows and troubles, or why there are none."""
        rows, number = self._rows, self.listing.current
        damage = [words for chunk in chunks for words in self._session.damage.get(chunk.key, ())]
        where = place(rows.records, number) if number is not None else () if reading.ended else ("reading …",)
        notes = notes_words(reading, damage)
        empty = empty_words(rows, reading) if rows.records or not damage else notes[0]
        self.listing.explain(where, empty, rows_words(rows), notes)

    def _shown(self) -> Shown:
        """Return all records, or the matching ones if only these are shown."""
        rows = self._rows
        if rows.filtered and rows.only:
            return Shown(rows.records, rows.hits, rows.filter)
        return Shown(rows.records, range(len(rows.records)), Filter())

    # Which panes are shown.

    def flip_fields(self) -> str:
        """Switch from the record to the fields of all records, then to the selected hours' (index), and back."""
        panel, session = self.panel, self._session
        selection = session.selection
        chunks = [
            chunk
            for hour, some in session.catalog.hours.items()
            for chunk in some
            if not selection or hour in selection
        ]
        if panel.display and not panel.indexed and is_indexed(session.archive, chunks):
            panel.measure_indexed(session.archive, chunks)
            of = "the selected hours" if selection else "the whole archive"
            return f"the fields of all records of {of}, from the index; f again closes them"
        if panel.display:
            self.close_fields()
        else:
            self._open_fields()
        return ""

    def _open_fields(self) -> None:
        """Open the fields in place of the record or, if there is room for both, beside it."""
        self.panel.display, self.nodes.display = True, self.app.size.width >= _THREE_PANES
        self.set_class(self.nodes.display, "-three")
        self.screen.set_focus(self.panel)
        self.refresh_rows()

    def on_resize(self) -> None:
        if self.panel.display and self.app.size.width < _THREE_PANES:
            self.nodes.display = False

    def close_fields(self) -> None:
        """Show the record again."""
        self.panel.indexed, self.panel.display, self.nodes.display = False, False, True
        self.remove_class("-three")
        self.screen.set_focus(self.listing)
        self.refresh_rows()

    def flip_tree(self) -> None:
        """Show or hide the record beside the list."""
        if self.panel.display:
            self.close_fields()
            return
        self.nodes.display = not self.nodes.display
        if not self.nodes.display:
            self.screen.set_focus(self.listing)

    # The value and record under the cursor.

    @property
    def pane(self) -> FieldsPanel | JsonTree:
        """The pane beside the list that has the value under its cursor."""
        return self.panel if self.panel.display and not self.nodes.has_focus else self.nodes

    def mark(self) -> str:
        """Mark or unmark the record, and move to the next."""
        number = self.listing.current
        if number is None:
            return "there is no record to mark"
        self._rows.marks.toggle(number)
        if not self._rows.marked:
            self.listing.action_move(1)
        return ""

    # Columns: the session's, for every hour.

    def toggle_column(self) -> str:
        """Add the value under the tree's cursor as a column, or remove that column."""
        row = self.nodes.current
        if row is None or not row.path or row.embedded:
            return "put the tree's cursor on a value: c makes it a column; C accepts any JMESPath"
        text, columns = spell_path(row.path), self._session.columns
        without = tuple(column for column in columns if column != text)
        return self.put_columns(without if text in columns else (*columns, text))

    def put_columns(self, columns: tuple[str, ...]) -> str:
        """Show these columns (JMESPath)."""
        self._session.columns = columns
        self.listing.show_columns(columns)
        return f"columns: {', '.join(columns)}; C reorders them" if columns else "columns: chosen for these records"


def split(texts: str) -> tuple[str, ...]:
    """Split `ts, player.version, length(tags)` into expressions. Raises FilterError for an invalid one.

    A comma inside brackets or quotes does not separate.
    """
    parts, start, depth = [], 0, 0
    for match in _COMMA.finditer(texts):
        token = match.group()
        depth += (token in ("[", "(", "{")) - (token in ("]", ")", "}"))
        if token == "," and depth <= 0:
            parts.append(texts[start : match.start()])
            start = match.end()
    expressions = tuple(part.strip() for part in (*parts, texts[start:]) if part.strip())
    for expression in expressions:
        parse_expression(expression)
    return tuple(dict.fromkeys(expressions))
