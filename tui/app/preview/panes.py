"""The list of records, and beside it the one under the cursor as a tree, or the fields of all."""

from __future__ import annotations

from functools import partial

from textual.containers import Container

from tui.app.filters.fields_panel import FieldsPanel
from tui.app.filters.sample import Shown
from tui.app.model.session import Session
from tui.app.preview.marks import FindAlike, find_alike
from tui.app.preview.rows import VisibleRows
from tui.app.records.columns import LARGEST, columns_words, toggled
from tui.app.records.json_tree import JsonTree
from tui.app.records.record_list import RecordList
from tui.app.records.tree import outside
from tui.app.terminal.guard import Guarded
from tui.filter import Filter
from tui.filter.build import term_of


class Panes(Guarded, Container):
    """Shows `rows`. Methods that return a sentence have nothing else to show for what was asked."""

    def __init__(self, session: Session, rows: VisibleRows) -> None:
        self.listing = RecordList(rows.records)
        self.nodes = JsonTree(session.zone)
        self.panel = FieldsPanel()
        super().__init__(self.listing, self.nodes, self.panel, id="preview")
        self._session = session
        self._rows = rows

    def on_mount(self) -> None:
        self.listing.show_columns(self._session.columns)

    def look_like(self, other: Panes) -> None:
        """Show the panes, lines and fields that those of another hour show."""
        self.nodes.display, self.panel.display = other.nodes.display, other.panel.display
        self.listing.look_like(other.listing)
        self.panel.look_like(other.panel)

    def refresh_rows(self) -> None:
        """Everything again, after the rows have become others."""
        rows = self._rows
        self.listing.show(rows.numbers, rows.hits if rows.filtered else None, rows.marks)
        if not rows.behind:
            self.panel.measure(self._shown())
        self.refresh_record()

    def go_back_to(self, number: int) -> None:
        """Put the cursor where it was left, unless somebody went elsewhere meanwhile."""
        if not self.listing.current or self._rows.filtered:
            self.listing.go_to(number)

    def refresh_record(self) -> None:
        """Show the record under the cursor."""
        number, records = self.listing.current, self._rows.records
        if number is None:
            self.nodes.show(None)
        elif (length := records.length(number)) > LARGEST:
            self.nodes.show_large(number, length, partial(records.__getitem__, number))
        else:
            self.nodes.show(records[number])

    def _shown(self) -> Shown:
        """All records, or the matching where only these are shown."""
        rows = self._rows
        if rows.filtered and rows.only:
            return Shown(rows.records, rows.hits, rows.filter)
        return Shown(rows.records, range(len(rows.records)), Filter())

    # Which of them are there.

    def flip_fields(self) -> None:
        """The fields of all records, or again the one record."""
        shown = not self.panel.display
        self.panel.display, self.nodes.display = shown, not shown
        self.screen.set_focus(self.panel if shown else self.listing)
        self.refresh_rows()

    def flip_tree(self) -> None:
        """The record beside the list, or the list alone."""
        if self.panel.display:
            self.flip_fields()
            return
        self.nodes.display = not self.nodes.display
        if not self.nodes.display:
            self.screen.set_focus(self.listing)

    # What is under the cursor.

    @property
    def value(self) -> tuple[tuple[str | int, ...], object, bool] | None:
        """Path and value under the cursor of the fields or of the tree, and whether the value is cut."""
        return self.panel.value if self.panel.display else self.nodes.value

    def want(self, *, only: bool) -> None:
        """Ask for the value to become a term."""
        (self.panel if self.panel.display else self.nodes).want(only=only)

    def mark(self) -> str:
        """Mark the record, or take its mark away; the cursor goes on to the next."""
        number = self.listing.current
        if number is None:
            return "there is no record to mark"
        self._rows.marks.toggle(number)
        if not self._rows.marked:
            self.listing.action_move(1)
        return ""

    def alike(self) -> FindAlike | None:
        """A search for every record that has the value of the tree's cursor at the same path; FilterError if no term
        can ask for it."""
        value = self.nodes.value
        if value is None:
            return None
        return partial(find_alike, term_of(outside(value[0]), value[1]), self._rows.records)

    # Columns: the session's, for every hour.

    def toggle_column(self) -> str:
        """The value under the tree's cursor becomes a column, or no longer is one."""
        row = self.nodes.current
        if row is None or not row.path or row.embedded:
            return "put the tree's cursor on a value: c makes it a column; C takes any JMESPath"
        return self.put_columns(toggled(self._session.columns, row.path))

    def put_columns(self, columns: tuple[str, ...]) -> str:
        """Show these columns, JMESPath."""
        self._session.columns = columns
        self.listing.show_columns(columns)
        return columns_words(columns)
