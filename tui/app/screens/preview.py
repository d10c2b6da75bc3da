"""The preview: an hour's records, the one under the cursor as a tree, and a filter that counts while it is typed."""

from __future__ import annotations

from array import array
from datetime import datetime
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widget import Widget

from tui.app.calendar.selection import Hours, Selection
from tui.app.filters.baseline import baseline_of
from tui.app.filters.measuring import Look
from tui.app.messages import ChunkTorn, Judged, ReadingPaused, RecordsRead
from tui.app.preview.columns import LARGEST
from tui.app.preview.feed import Feed
from tui.app.preview.marking import Marking
from tui.app.preview.outgoing import Outgoing
from tui.app.preview.reading import Limit
from tui.app.preview.showing import Showing
from tui.app.preview.tabling import Tabling
from tui.app.preview.viewing import Viewing
from tui.app.preview.words import count_words, empty_words, explanation, header_words, limit_words, place, state_words
from tui.app.screens.page import Page
from tui.app.session import Session
from tui.app.widgets.fields_panel import FieldsPanel
from tui.app.widgets.filter_bar import FilterBar
from tui.app.widgets.json_tree import JsonTree
from tui.app.widgets.record_list import RecordList
from tui.archive import Chunk
from tui.errors import FilterError
from tui.filter import Filter
from tui.filter.build import term_of

_TOLD = 2  # torn chunks that are told about
_BREATH = 0.01  # seconds for keys, between two steps of something long


class PreviewPage(Page):
    """Reads on while one scrolls; everything slow happens in workers."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", id="filter", priority=True),
        Binding("equals_sign", "only(True)", "only these", id="only-these"),
        Binding("minus", "only(False)", "not these", id="not-these"),
        Binding("o", "ask", "more of this value", id="ask-of-value"),
        Binding("F", "saved", "saved filters", show=False, id="saved-filters"),
        Binding("T", "terms", "terms of the filter", show=False, id="terms"),
        Binding("a", "all", "all/matches", id="all-or-matches"),
        Binding("A", "around", "lines around", show=False, id="lines-around"),
        Binding("space", "mark", "mark", id="mark"),
        Binding("comma", "mark_like", "mark all like this value", show=False, id="mark-like"),
        Binding("m", "marks", "marks", id="marks"),
        Binding("U", "unmark", "forget all marks", show=False, id="unmark"),
        Binding("tab", "app.focus_next", "next pane", show=False),
        Binding("s", "scan", "scan", id="scan"),
        Binding("w", "write", "write to file", id="write", priority=True),
        Binding("p", "send", "publish", id="send"),
        Binding("f", "fields", "fields", id="fields"),
        Binding("c", "column", "column of this value, or not", show=False, id="column"),
        Binding("C", "columns", "choose and order columns", show=False, id="columns", priority=True),
        Binding("r", "raw", "columns/raw", show=False, id="raw"),
        Binding("t", "tree", "tree beside the list, or not", show=False, id="tree"),
        Binding("y", "copy", "copy", id="copy"),
        Binding("escape", "leave(True)", "close, to the list, or back", show=False, id="step-back"),
        Binding("exclamation_mark", "invert", "turn the filter round", show=False, id="invert"),
        *(Binding(str(n), f"switch({n - 1})", f"term {n} on/off", show=False) for n in range(1, 10)),
    ]
    title_of_help = "The preview"
    ASKING = frozenset({"filter", "write", "columns"})
    session: Session

    def __init__(self, session: Session, hour: datetime, chunks: tuple[Chunk, ...] = ()) -> None:
        super().__init__()
        self.session = session
        self.hour = hour
        self.chunks = chunks or session.chunks(hour)  # some of them, or the hour's
        self.feed = Feed(self, session.archive, self.chunks)
        self.records = self.feed.records
        self.showing = Showing(self.records, session.filter)
        self.ended = False
        self.limit: Limit | None = None
        self.listing = RecordList(self.records)
        self.nodes = JsonTree(session.zone)
        self.panel = FieldsPanel(baseline_of(session, hour, self.chunks))
        self.bar = FilterBar(session.filter, session.config.path)
        self.outgoing, self.marking = Outgoing(self), Marking(self)
        self.tabling, self.viewing = Tabling(self), Viewing(self)
        self.trouble = ""
        self._catching_up = False
        line = session.line
        self._left_at = line[1] if line and line[0] == hour else 0  # the record that was under the cursor

    def contents(self) -> list[Widget]:
        return [self.bar, Container(self.listing, self.nodes, self.panel, id="preview"), self.outgoing.menu]

    def on_mount(self) -> None:
        self.set_focus(self.listing)
        self.listing.ordain(self.session.columns)
        self._tell()
        self.feed.start()

    def show_times(self) -> None:
        self.nodes.show_times(self.session.zone)

    def on_unmount(self) -> None:
        self.session.line = (self.hour, self.listing.current or 0)
        self.marking.keep()
        self.feed.stop(keep=self.outgoing.writing)

    @property
    def filter(self) -> Filter:
        return self.showing.filter

    @property
    def hits(self) -> array[int]:
        """The numbers of the records that match."""
        return self.showing.hits

    @property
    def judged(self) -> int:
        """How many records the filter has seen."""
        return self.showing.judged

    @property
    def whole(self) -> bool:
        """Is all of the hour here?"""
        return self.ended and self.limit is None and not self.trouble

    # What the feed tells.

    def on_records_read(self, _: RecordsRead) -> None:
        self.marking.restore()
        self._judge()
        self.show()

    def on_chunk_torn(self, message: ChunkTorn) -> None:
        self.session.damage[message.damaged.chunk.key] = message.damaged.damage.reason
        self._tell()

    def on_reading_paused(self, message: ReadingPaused) -> None:
        self.ended, self.trouble, self.limit = message.ended, message.trouble, message.limit
        self._tell()

    def on_judged(self, message: Judged) -> None:
        self.feed.judged(message)
        if message.filter is self.filter:
            self.showing.take(message.found)
            self._judge()
            self.show()

    def on_filter_bar_changed(self, message: FilterBar.Changed) -> None:
        self.session.filter = self.bar.terms
        if message.filter != self.filter:
            self.showing.put(message.filter)
            self._judge()
            if not self.showing.filtered:
                self.show()

    def _judge(self) -> None:
        """What was not judged yet."""
        if self.showing.behind:
            self.feed.judge(self.filter, self.judged)

    def show(self) -> None:
        """Everything again, after what is shown has become other records."""
        showing = self.showing
        if showing.catch_up() and not self._catching_up:
            self._catching_up = True
            self.set_timer(_BREATH, self._catch_up)
        self.listing.show(showing.rows, self.hits if showing.filtered else None, showing.marks)
        self._look()
        self.on_record_list_moved()
        if 0 < self._left_at < len(self.records) and not showing.behind:
            left, self._left_at = self._left_at, 0
            if not self.listing.current or showing.filtered:  # nobody went elsewhere meanwhile
                self.listing.go_to(left)

    def _catch_up(self) -> None:
        """Some more matches get their lines around, and then a key its turn."""
        self._catching_up = False
        self.show()

    def _look(self) -> None:
        """At the fields, of the matching records if there is a filter."""
        if not self.showing.behind:
            self.bar.look(self.records)
            self.panel.look(self._looked_at())

    def _looked_at(self) -> Look:
        """All records, or the matching where only these are shown."""
        if self.showing.filtered and self.showing.only:
            return Look(self.records, self.hits, self.filter)
        return Look(self.records, range(len(self.records)), Filter())

    def _tell(self) -> None:
        """The header, the count, and the line over the list."""
        self.header.show(self.session.title, *header_words(self))
        self.bar.count(count_words(self))
        damage = self.session.damage
        torn = [f"!! torn: {damage[chunk.key]}" for chunk in self.chunks if chunk.key in damage]
        number = self.listing.current
        where = place(self.records, number) if number is not None else () if self.ended else ("reading …",)
        notes = [f"!! {self.trouble}"] if self.trouble else torn[:_TOLD]
        self.listing.explain(where, empty_words(self), state_words(self), (*notes, *limit_words(self)))

    # Moving and choosing what is shown.

    def on_record_list_moved(self) -> None:
        number = self.listing.current
        if number is None:
            self.nodes.show(None)
        elif (length := self.records.length(number)) > LARGEST:
            self.nodes.show_large(number, length, partial(self.records.__getitem__, number))
        else:
            self.nodes.show(self.records[number])
        self._tell()

    def on_record_list_near_end(self, message: RecordList.NearEnd) -> None:
        if not self.ended:
            self.feed.more(everything=message.everything)

    def interrupt(self) -> bool:
        """Read no more for now."""
        reading = not self.ended and self.feed.rest()
        if reading:
            self.listing.follow(False)
            self.say("stopped reading; what was read is here, G reads on")
        return reading

    def on_filter_bar_closed(self) -> None:
        self.set_focus(self.listing)

    def on_json_tree_wanted(self, message: JsonTree.Wanted) -> None:
        try:
            self.bar.add(term_of(message.path, message.value, only=message.only))
        except FilterError as error:
            self.say(str(error), bad=True)

    def action_filter(self) -> None:
        self.bar.open()

    def action_only(self, only: bool) -> None:
        (self.panel if self.panel.display else self.nodes).want(only=only)

    def action_ask(self) -> None:
        """What can be asked of the value under the cursor of the tree, or of the fields."""
        row = self.nodes.current
        plain = row is not None and bool(row.path) and not row.embedded and not row.large
        if (
            found := self.panel.value if self.panel.display else (row.path, row.value, False) if row and plain else None
        ) is None:
            self.say("put the cursor on a value, of the tree or of the fields: o asks whether others are like it")
        else:
            self.bar.ask(*found)

    def action_saved(self) -> None:
        self.bar.action_saved()

    def action_terms(self) -> None:
        if self.bar.line.can_focus:
            self.set_focus(self.bar.line)
        else:
            self.say("the filter has no terms yet: = on a value makes one, / types one")

    def action_fields(self) -> None:
        self.viewing.fields()

    def action_tree(self) -> None:
        self.viewing.tree()

    def action_all(self) -> None:
        self.viewing.all()

    def action_around(self) -> None:
        self.viewing.around()

    def action_column(self) -> None:
        self.tabling.node()

    def action_columns(self) -> None:
        self.tabling.ask()

    def action_raw(self) -> None:
        self.listing.action_raw()

    def action_switch(self, number: int) -> None:
        self.bar.line.toggle(number)

    def action_invert(self) -> None:
        self.bar.line.action_invert()

    # Marks, and what leaves.

    def action_mark(self) -> None:
        self.marking.one()

    def action_mark_like(self) -> None:
        self.marking.alike()

    def action_marks(self) -> None:
        self.marking.look()

    def action_unmark(self) -> None:
        self.marking.forget()

    def action_scan(self) -> None:
        from tui.app.screens.scan import ScanPage

        if self.outgoing.scan():
            return
        self.session.filter = self.filter
        here = Selection.of(Hours.of(self.hour, self.hour))
        self.app.push_screen(ScanPage(self.session, self.session.selection or here))

    def action_send(self) -> None:
        self.outgoing.send()

    def action_copy(self) -> None:
        self.outgoing.copy()

    def action_write(self) -> None:
        self.outgoing.menu.close()
        self.outgoing.write()

    def action_leave(self, step: bool = False) -> None:
        """Back to the calendar; as a `step`, out of what was opened here first."""
        if not (step and self.viewing.back()):
            super().action_leave()

    def explanation(self) -> tuple[str, ...]:
        return explanation(self.session, self.hour, self.chunks, self.filter)
