"""The list of records, and beside it the one under the cursor as a tree, or the fields of all."""

from __future__ import annotations

import re
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

_THREE_PANES = 200  # cells from which the record and the fields are shown side by side
_STACKED = (160, 50)  # cells and lines from which they are shown one below the other, without a key
_COMMA = re.compile(r""",|[\[({]|[\])}]|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`""")


class PreviewPanes(Guarded, Container):
    """Shows `rows`. Methods that return a sentence have nothing else to show for what was asked."""

    def __init__(self, session: Session, rows: VisibleRows, left_at: int) -> None:
        """`left_at`: the record that was under the cursor when the hour was left; 0 if it was not looked at."""
        self.listing = RecordList(rows.records)
        self.nodes = JsonTree(session.zone)
        self.panel = FieldsPanel()
        super().__init__(self.listing, self.nodes, self.panel, id="preview")
        self._session = session
        self._rows = rows
        self._left_at = left_at
        self._fields_asked: bool | None = None  # by a key, to be there or not
        self._last: FieldsPanel | JsonTree = self.nodes  # of the two that are beside the list, the one used last

    def on_mount(self) -> None:
        self.listing.show_columns(self._session.columns)

    def look_like(self, other: PreviewPanes) -> None:
        """Show the panes, lines and fields that those of another hour show."""
        self.nodes.display, self.panel.display = other.nodes.display, other.panel.display
        self._fields_asked = other._fields_asked
        self._last = self.panel if other.pane is other.panel else self.nodes
        self.listing.look_like(other.listing)
        self.panel.look_like(other.panel)

    def refresh_rows(self) -> None:
        """Everything again, after the rows have become others."""
        rows = self._rows
        self.listing.show(rows.numbers, rows.hits if rows.filtered else None, rows.marks, rows.filter)
        if not rows.behind:
            self.panel.measure(self._shown())
        self.refresh_record()
        if 0 < self._left_at < len(rows.records) and not rows.behind:
            if not self.listing.current or rows.filtered:  # else somebody went elsewhere meanwhile
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
        """The line over the list: where its cursor is, what is shown, and what is wrong; or why there is no record."""
        rows, number = self._rows, self.listing.current
        damage = [words for chunk in chunks for words in self._session.damage.get(chunk.key, ())]
        where = place(rows.records, number) if number is not None else () if reading.ended else ("reading …",)
        notes = notes_words(reading, damage)
        empty = empty_words(rows, reading) if rows.records or not damage else notes[0]
        self.listing.explain(where, empty, rows_words(rows), notes)

    def _shown(self) -> Shown:
        """All records, or the matching where only these are shown."""
        rows = self._rows
        if rows.filtered and rows.only:
            return Shown(rows.records, rows.hits, rows.filter)
        return Shown(rows.records, range(len(rows.records)), Filter())

    # Which of them are there.

    def flip_fields(self) -> str:
        """The fields of all records; then those of all selected hours, if the index has them; then again the record."""
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
        """Are the record and the fields there whenever nobody has closed them?"""
        return self.app.size.width >= _STACKED[0] and self.app.size.height >= _STACKED[1]

    def _lay_out(self) -> None:
        """The fields in the place of the record, or where there is room for both, below or beside it."""
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

    def close_fields(self) -> None:
        """Again the record alone."""
        self._fields_asked = self.panel.indexed = False
        self._lay_out()
        self.screen.set_focus(self.listing)
        self.refresh_rows()

    def flip_tree(self) -> None:
        """The record beside the list, or the list alone."""
        if self.panel.display:
            self.close_fields()
            return
        self.nodes.display = not self.nodes.display
        if not self.nodes.display:
            self.screen.set_focus(self.listing)

    # What is under the cursor.

    @property
    def pane(self) -> FieldsPanel | JsonTree:
        """What is beside the list, and has a value under its cursor: of two the one that was used last."""
        if self.panel.display and self.nodes.display:
            return self._last
        return self.panel if self.panel.display else self.nodes

    @property
    def first(self) -> FieldsPanel | RecordList:
        """The pane that has the focus where the panes are shown."""
        return self.panel if self.panel.display and self.pane is self.panel else self.listing

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        if event.widget in (self.panel, self.nodes):
            self._last = self.panel if event.widget is self.panel else self.nodes

    def mark(self) -> str:
        """Mark the record, or take its mark away; the cursor goes on to the next."""
        number = self.listing.current
        if number is None:
            return "there is no record to mark"
        self._rows.marks.toggle(number)
        if not self._rows.marked:
            self.listing.action_move(1)
        return ""

    # Columns: the session's, for every hour.

    def toggle_column(self) -> str:
        """The value under the tree's cursor becomes a column, or no longer is one."""
        row = self.nodes.current
        if row is None or not row.path or row.embedded:
            return "put the tree's cursor on a value: c makes it a column; C takes any JMESPath"
        text, columns = spell_path(row.path), self._session.columns
        without = tuple(column for column in columns if column != text)
        return self.put_columns(without if text in columns else (*columns, text))

    def put_columns(self, columns: tuple[str, ...]) -> str:
        """Show these columns, JMESPath."""
        self._session.columns = columns
        self.listing.show_columns(columns)
        return f"columns: {', '.join(columns)}; C orders them" if columns else "the columns that suit these records"


def split(texts: str) -> tuple[str, ...]:
    """`ts, player.version, length(tags)` → its expressions; FilterError for one that is malformed.

    A comma inside brackets or quotes divides nothing.
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
