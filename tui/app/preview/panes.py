"""The list of records, and beside it the record under the cursor as a tree, or the fields of all records."""

from __future__ import annotations

from functools import partial

from textual.containers import Container
from textual.events import DescendantFocus

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
from tui.filter.paths import split_expressions

_THREE_PANES = 200  # cells: from this width, the fields open beside the record
_STACKED = (160, 50)  # (cells, lines): from this size, the fields are shown below the record by default


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
        self._fields_asked: bool | None = None  # whether the user opened or closed the fields; None: neither
        self._last: FieldsPanel | JsonTree = self.nodes  # the pane beside the list that was used last
        self._tallest = 0  # lines of a record shown so far

    def on_mount(self) -> None:
        self.listing.show_columns(self._session.columns)

    def look_like(self, other: PreviewPanes) -> None:
        """Show the same panes, lines and fields as those of another hour."""
        self.nodes.display, self.panel.display = other.nodes.display, other.panel.display
        self._fields_asked, self._tallest = other._fields_asked, other._tallest
        self._last = self.panel if other.pane is other.panel else self.nodes
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
        if damage and not rows.records:
            self.listing.explain(where, notes[0], rows_words(rows), ())  # wrapped, in place of the records
        else:
            self.listing.explain(where, empty_words(rows, reading), rows_words(rows), notes)

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
        if panel.display and self.stacked and not panel.has_focus:
            self._fields_asked = True
            self.screen.set_focus(panel)
            return ""
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
            self._fields_asked = True
            self._lay_out()
            self.screen.set_focus(panel)
        return ""

    @property
    def stacked(self) -> bool:
        """Whether there is room to show the fields below the record by default."""
        return self.app.size.width >= _STACKED[0] and self.app.size.height >= _STACKED[1]

    def _lay_out(self) -> None:
        """Show the fields in place of the record or, if there is room for both, below or beside it."""
        both = self.stacked or self.app.size.width >= _THREE_PANES
        shown = self.stacked if self._fields_asked is None else self._fields_asked
        appears = shown and not self.panel.display
        if shown != self.panel.display or (shown and both != self.nodes.display):
            self.panel.display, self.nodes.display = shown, both or not shown
        if appears and not self._rows.behind:
            self.panel.measure(self._shown())
        both = self.panel.display and self.nodes.display
        self.set_class(both and self.stacked, "-stacked")
        self.set_class(both and not self.stacked, "-three")

    def on_resize(self) -> None:
        self._lay_out()
        self.on_json_tree_arranged()

    def on_json_tree_arranged(self) -> None:
        """Give the record the lines of the tallest one so far, at most three sevenths, and the fields the rest."""
        self._tallest = max(self._tallest, self.nodes.length + 2 if self.nodes.length else 0)
        if self._tallest:
            self.styles.grid_rows = f"{max(min(self._tallest, 3 * self.size.height // 7), 1)} 1fr"

    def close_fields(self) -> None:
        """Show only the record again."""
        self._fields_asked = self.panel.indexed = False
        self._lay_out()
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
        """The pane beside the list that has the value under its cursor; of two panes, the one used last."""
        if self.panel.display and self.nodes.display:
            return self._last
        return self.panel if self.panel.display else self.nodes

    @property
    def first(self) -> FieldsPanel | RecordList:
        """The pane that gets the focus when the panes are shown."""
        return self.panel if self.panel.display and self.pane is self.panel else self.listing

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        if event.widget in (self.panel, self.nodes):
            self._last = self.panel if event.widget is self.panel else self.nodes

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


def read_columns(texts: str) -> tuple[str, ...]:
    """Parse `ts, player.version, length(tags)`. Raises FilterError for an invalid expression."""
    expressions = tuple(dict.fromkeys(filter(None, split_expressions(texts))))
    for expression in expressions:
        parse_expression(expression)
    return expressions
