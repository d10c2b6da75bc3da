"""The records of an hour below a filter bar. Scrolling reads more of them; typing filters them."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message

from tui.app.filters.bar import FilterBar
from tui.app.model.session import Session
from tui.app.preview.feed import ChunkTorn, Feed, FeedState, ReadingPaused, RecordsMatched, RecordsRead
from tui.app.preview.marks import AlikeMarked, Marks, find_alike
from tui.app.preview.panes import PreviewPanes
from tui.app.preview.rows import VisibleRows
from tui.app.preview.text import count_words
from tui.app.records.record_list import RecordList
from tui.app.requests import Failed, Report
from tui.app.terminal.guard import Guarded
from tui.app.widgets.workers import stream
from tui.archive import Chunk
from tui.errors import FilterError
from tui.filter import Filter, Term

_KEY_SECONDS = 0.01  # for keys, between two steps of a long operation
_NO_VALUE = "put the cursor on a value of the tree or of the fields: = only these, - not these, o more"


class HourView(Guarded, Vertical):
    """The filter bar, and the panes below it. Everything slow happens in workers. Posts `Changed`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("equals_sign", "only(True)", "only these", id="only-these"),
        Binding("minus", "only(False)", "not these", id="not-these"),
        Binding("o", "ask_value", "more of this value", id="more-of-value"),
        Binding("L", "saved", "saved filters", show=False, id="saved-filters"),
        Binding("T", "terms", "terms", show=False, id="terms"),
        Binding("a", "all", "all/matches", id="all-or-matches"),
        Binding("A", "around", "lines around", show=False, id="lines-around"),
        Binding("space", "mark", "mark", id="select"),
        Binding("comma", "mark_alike", "mark all like this value", show=False, id="mark-like"),
        Binding("m", "marks", "marks", id="marks"),
        Binding("U", "unmark", "remove all marks", show=False, id="unmark"),
        Binding("tab", "app.focus_next", "next pane", show=False, id="pane"),
        Binding("s", "screen.scan", "scan", id="scan"),
        Binding("w", "screen.write", "write to file", id="write", priority=True),
        Binding("p", "screen.send", "publish", id="send"),
        Binding("d", "screen.diff", "what changed", show=False, id="what-changed"),
        Binding("F", "screen.follow", "follow the newest hour", show=False, id="follow"),
        Binding("f", "fields", "fields", id="fields"),
        Binding("c", "column", "column of this value", show=False, id="column"),
        Binding("C", "screen.columns", "choose columns", show=False, id="columns", priority=True),
        Binding("r", "raw", "columns/raw", show=False, id="raw"),
        Binding("t", "tree", "tree", show=False, id="tree"),
        Binding("y", "screen.copy", "copy", id="copy"),
        Binding("exclamation_mark", "invert", "invert the filter", show=False, id="invert"),
        *(Binding(str(n), f"switch({n - 1})", f"term {n} on/off", show=False) for n in range(1, 10)),
    ]

    class Changed(Message):
        """More records were read or matched, or another record is under the cursor."""

    def __init__(
        self, session: Session, hour: datetime, chunks: tuple[Chunk, ...], like: HourView | None = None
    ) -> None:
        """`like`: the view of another hour whose filter, columns and panes this view adopts."""
        super().__init__()
        self.session = session
        self.hour = hour
        self.chunks = chunks  # some of the hour's, or all
        self.feed = Feed(session.archive, chunks)
        self.records = self.feed.records
        self.rows = VisibleRows(self.records, like.filter if like else session.filter, Marks(session.marks))
        self.panes = PreviewPanes(
            session, self.rows, session.line[1] if session.line and session.line[0] == hour else 0
        )
        self.listing, self.nodes = self.panes.listing, self.panes.nodes
        self.bar = FilterBar(session.filter, session.config.path)
        self.reading = FeedState()
        self._matching: Filter | None = None  # the filter of the running matcher
        self._catching_up = False
        self._like = like
        self._arriving = 0

    def compose(self) -> ComposeResult:
        yield self.bar
        yield self.panes

    def on_mount(self) -> None:
        if self._like is not None:
            self.rows.look_like(self._like.rows)
            self.panes.look_like(self._like.panes)
            self.bar.take_draft(self._like.bar)
            self._like = None
        self.screen.set_focus(self.panes.first)
        self._refresh_words()
        stream(self, self.feed.read(), "read")

    def arrive(self, step: int) -> None:
        """Move the cursor to the first match (`step` 1) or the last (-1) once it is known."""
        self._arriving = step
        if step < 0:
            self.feed.more(everything=True)

    def leave(self, *, keep: bool) -> None:
        """Store the cursor and the marks, and stop reading. `keep`: the records are still being written."""
        self.session.line = (self.hour, self.listing.current or 0)
        self.session.marks.update(self.rows.marks.kept(self.records))
        self.feed.stop(keep=keep)

    @property
    def filter(self) -> Filter:
        return self.rows.filter

    def on_records_read(self, message: RecordsRead) -> None:
        self.rows.marks.restore(self.records)
        self._match()
        self.refresh_rows()

    def on_chunk_torn(self, message: ChunkTorn) -> None:
        self.session.add_damage(message.damaged)
        self._refresh_words()

    def on_reading_paused(self, message: ReadingPaused) -> None:
        self.reading = message.reading
        self._refresh_words()
        if self._arriving:
            self._arrive()

    def on_records_matched(self, message: RecordsMatched) -> None:
        if message.matched.last and message.filter is self._matching:
            self._matching = None
        if message.filter is self.filter:
            self.rows.add(message.matched)
            self._match()
            self.refresh_rows()

    def _match(self) -> None:
        """Match new records, unless a matcher with this filter is running; it continues by itself."""
        if self.rows.behind and self.filter is not self._matching:
            self._matching = self.filter
            stream(self, self.feed.match(self.filter, self.rows.seen), "match")

    def rest(self) -> bool:
        """Pause reading; return False if nothing was being read."""
        reading = not self.reading.ended and self.feed.rest()
        if reading:
            self.listing.stop_following()
        return reading

    def refresh_rows(self) -> None:
        """Redraw everything after the rows have changed."""
        rows = self.rows
        if rows.catch_up() and not self._catching_up:
            self._catching_up = True
            self.set_timer(_KEY_SECONDS, self._catch_up)
        self.panes.refresh_rows()
        if not rows.behind:
            self.bar.show_records(self.records)
            if rows.filtered:
                self.bar.look_for_slips(rows.filter, matched=len(rows.hits) > 0)
        self._refresh_words()
        if self._arriving:
            self._arrive()

    def _arrive(self) -> None:
        rows, last, ended = self.rows, self._arriving < 0, self.reading.ended
        if ended and not rows.behind and rows.filtered and not rows.hits:
            self._arriving = 0
            self.post_message(Report(f"no match in {self.hour:%a %d %b %H:00}; {'N' if last else 'n'} continues"))
        elif rows.filtered and rows.hits and (not last or (ended and not rows.behind)):
            self._arriving = 0
            self.listing.go_to(rows.hits[-1 if last else 0])

    def _catch_up(self) -> None:
        """Add the lines around some more matches; keys are handled between two calls."""
        self._catching_up = False
        self.refresh_rows()

    def _refresh_words(self) -> None:
        """Update the count and the line above the list."""
        self.bar.count(count_words(self.rows, self.reading))
        self.panes.explain(self.reading, self.chunks)
        self.post_message(self.Changed())

    def on_record_list_moved(self) -> None:
        self.panes.refresh_record()
        self._refresh_words()

    def on_record_list_near_end(self, message: RecordList.NearEnd) -> None:
        if not self.reading.ended:
            self.feed.more(everything=message.everything)

    def _show(self, sentence: str) -> None:
        """Show changed rows, and report a sentence about them."""
        self.refresh_rows()
        if sentence:
            self.post_message(Report(sentence))

    def action_all(self) -> None:
        self._show(self.rows.flip_only())

    def action_around(self) -> None:
        self._show(self.rows.flip_around())

    def action_marks(self) -> None:
        self._show(self.rows.flip_marked())

    def action_unmark(self) -> None:
        self._show(self.rows.forget_marks())

    def action_fields(self) -> None:
        if sentence := self.panes.flip_fields():
            self.post_message(Report(sentence))

    def action_tree(self) -> None:
        self.panes.flip_tree()

    def action_raw(self) -> None:
        self.listing.action_raw()

    def action_column(self) -> None:
        self.post_message(Report(self.panes.toggle_column()))

    def step_back(self) -> bool:
        """Leave the fields, the marks or the tree; return False if nothing is open."""
        if self.panes.panel.display and not self.panes.stacked:
            self.panes.close_fields()
        elif self.rows.marked:
            self.action_marks()
        elif not self.listing.has_focus:
            self.screen.set_focus(self.listing)
        else:
            return False
        return True

    def on_filter_bar_changed(self, message: FilterBar.Changed) -> None:
        self.session.filter = self.bar.terms
        if message.filter != self.filter:
            self.rows.put(message.filter)
            self._match()
            if not self.rows.filtered:
                self.refresh_rows()

    def on_filter_input_left(self) -> None:
        self.screen.set_focus(self.listing)

    def _term(self, *, only: bool) -> Term | None:
        """Return a term for records with the value under the cursor, or for all others; report it if there is none."""
        term = None
        try:
            if (term := self.panes.pane.term(only=only)) is None:
                self.post_message(Report(_NO_VALUE))
        except FilterError as error:
            self.post_message(Failed(str(error)))
        return term

    def action_only(self, only: bool) -> None:
        if term := self._term(only=only):
            self.bar.add(term)

    def action_ask_value(self) -> None:
        """Offer comparisons for the value under the cursor of the tree or of the fields."""
        if value := self.panes.pane.value:
            self.bar.compare(*value)
        else:
            self.post_message(Report(_NO_VALUE))

    def action_saved(self) -> None:
        self.bar.action_saved()

    def action_terms(self) -> None:
        if self.bar.line.can_focus:
            self.screen.set_focus(self.bar.line)
        else:
            self.post_message(Report("the filter has no terms yet: = on a value makes one, / types one"))

    def action_switch(self, number: int) -> None:
        self.bar.line.toggle(number)

    def action_invert(self) -> None:
        self.bar.line.action_invert()

    def action_mark(self) -> None:
        self._show(self.panes.mark())

    def action_mark_alike(self) -> None:
        """Mark every record that has the value under the cursor at the same path."""
        if term := self._term(only=True):
            stream(self, find_alike(term, self.records), "mark")

    def on_alike_marked(self, message: AlikeMarked) -> None:
        self.rows.marks.add(message.flags)
        self._show(message.sentence)
