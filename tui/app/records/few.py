"""A few records as a list, and the one under the cursor as a tree below it, where there is room."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from textual.app import ComposeResult
from textual.containers import Vertical

from tui.app.records.record_list import RecordList
from tui.app.records.store import FewRecords
from tui.app.records.tree import JsonTree

_LIST_LINES = 4  # above the records and below them
_TREE_LINES = 6  # less shows nothing


class RecordsPane(Vertical):
    """The list takes the focus; the tree only shows."""

    def __init__(self, zone: tzinfo) -> None:
        super().__init__()
        self.records = FewRecords()
        self.listing = RecordList(self.records)
        self.opened = JsonTree(zone)
        self.opened.can_focus = False

    def compose(self) -> ComposeResult:
        yield self.listing
        yield self.opened

    def show(self, records: Sequence[bytes], title: str) -> None:
        """Other records; nothing is shown where there are none."""
        self.records[:] = records
        self.display = bool(records)
        self.listing.styles.height = len(records) + _LIST_LINES
        self.on_resize()
        self.listing.explain((title,), "")
        self.listing.show()
        self.listing.show_columns(())  # of these records, whatever stood in their lines before
        self.on_record_list_moved()

    def on_resize(self) -> None:
        self.opened.display = self.size.height - len(self.records) - _LIST_LINES >= _TREE_LINES

    def on_record_list_moved(self) -> None:
        current = self.listing.current
        self.opened.show(self.records[current] if current is not None else None)
