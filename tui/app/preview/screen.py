"""The preview: an hour's records, the one under the cursor as a tree, and a filter that counts while it is typed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.worker import get_current_worker

from tui.app.filters.bar import FilterBar
from tui.app.filters.sample import baseline_of
from tui.app.model.hours import Hours, Selection
from tui.app.model.session import Session
from tui.app.page import Page
from tui.app.preview.copy_menu import CopyMenu
from tui.app.preview.export import new_extract, pick, plan_send, write
from tui.app.preview.feed import ChunkTorn, Feed, Limit, ReadingPaused, RecordsMatched, RecordsRead
from tui.app.preview.marks import AlikeFound, Marks
from tui.app.preview.panes import Panes
from tui.app.preview.rows import VisibleRows
from tui.app.preview.text import PreviewState, explanation, header_words, place
from tui.app.records.columns import split
from tui.app.records.json_tree import JsonTree
from tui.app.records.record_list import RecordList
from tui.app.requests import PlanScan, PlanSend, Report, refusal
from tui.archive import Chunk
from tui.errors import FilterError, HourscopeError
from tui.filter import Filter
from tui.filter.build import term_of

_MOST_TORN = 2  # chunks that are reported over the list
_BREATH_SECONDS = 0.01  # for keys, between two steps of something long


class PreviewPage(Page):
    """Reads on while one scrolls; everything slow happens in workers."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", id="filter", priority=True),
        Binding("equals_sign", "only(True)", "only these", id="only-these"),
        Binding("minus", "only(False)", "not these", id="not-these"),
        Binding("o", "ask_value", "more of this value", id="ask-of-value"),
        Binding("F", "saved", "saved filters", show=False, id="saved-filters"),
        Binding("T", "terms", "terms of the filter", show=False, id="terms"),
        Binding("a", "all", "all/matches", id="all-or-matches"),
        Binding("A", "around", "lines around", show=False, id="lines-around"),
        Binding("space", "mark", "mark", id="mark"),
        Binding("comma", "mark_alike", "mark all like this value", show=False, id="mark-like"),
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
        self.feed = Feed(session.archive, self.chunks, post=self.post_message, work=self.work)
        self.records = self.feed.records
        self.rows = VisibleRows(self.records, session.filter, Marks(session.marks))
        self.panes = Panes(session, self.rows, baseline_of(session, hour, self.chunks))
        self.listing, self.nodes, self.panel = self.panes.listing, self.panes.nodes, self.panes.panel
        self.bar = FilterBar(session.filter, session.config.path)
        self.menu = CopyMenu(self.nodes, self.rows)
        self.ended = False  # reading; at the hour's end, or before it because of a trouble or a limit
        self.trouble = ""
        self.limit: Limit | None = None
        self._writing = False
        self._catching_up = False
        line = session.line
        self._left_at = line[1] if line and line[0] == hour else 0  # the record that was under the cursor

    def contents(self) -> list[Widget]:
        return [self.bar, self.panes, self.menu]

    def on_mount(self) -> None:
        self.set_focus(self.listing)
        self._refresh_words()
        self.feed.start()

    def on_unmount(self) -> None:
        self.session.line = (self.hour, self.listing.current or 0)
        self.session.marks.update(self.rows.marks.kept(self.records))
        self.feed.stop(keep=self._writing)

    def show_times(self) -> None:
        self.nodes.show_times(self.session.zone)

    @property
    def filter(self) -> Filter:
        return self.rows.filter

    @property
    def state(self) -> PreviewState:
        return PreviewState.of(self.rows, ended=self.ended, trouble=self.trouble, limit=self.limit)

    @property
    def whole(self) -> bool:
        """Is all of the hour here?"""
        return self.state.whole

    # What the feed posts.

    def on_records_read(self, _: RecordsRead) -> None:
        self.rows.marks.restore(self.records)
        self._match()
        self.refresh_rows()

    def on_chunk_torn(self, message: ChunkTorn) -> None:
        self.session.damage[message.damaged.chunk.key] = message.damaged.damage.reason
        self._refresh_words()

    def on_reading_paused(self, message: ReadingPaused) -> None:
        self.ended, self.trouble, self.limit = message.ended, message.trouble, message.limit
        self._refresh_words()

    def on_records_matched(self, message: RecordsMatched) -> None:
        self.feed.matched(message)
        if message.filter is self.filter:
            self.rows.add(message.matched)
            self._match()
            self.refresh_rows()

    def on_filter_bar_changed(self, message: FilterBar.Changed) -> None:
        self.session.filter = self.bar.terms
        if message.filter != self.filter:
            self.rows.put(message.filter)
            self._match()
            if not self.rows.filtered:
                self.refresh_rows()

    def _match(self) -> None:
        """What the filter has not seen yet."""
        if self.rows.behind:
            self.feed.match(self.filter, self.rows.seen)

    # What is shown.

    def refresh_rows(self) -> None:
        """Everything again, after the rows have become others."""
        rows = self.rows
        if rows.catch_up() and not self._catching_up:
            self._catching_up = True
            self.set_timer(_BREATH_SECONDS, self._catch_up)
        self.panes.refresh_rows()
        if not rows.behind:
            self.bar.show_records(self.records)
        self._refresh_words()
        if 0 < self._left_at < len(self.records) and not rows.behind:
            left, self._left_at = self._left_at, 0
            self.panes.go_back_to(left)

    def _catch_up(self) -> None:
        """Some more matches get their lines around, and then a key its turn."""
        self._catching_up = False
        self.refresh_rows()

    def _refresh_words(self) -> None:
        """The header, the count, and the line over the list."""
        state, damage, number = self.state, self.session.damage, self.listing.current
        self.header.show(self.session.title, *header_words(state, self.session, self.hour, self.chunks))
        self.bar.count(state.count_words())
        torn = [f"!! torn: {damage[chunk.key]}" for chunk in self.chunks if chunk.key in damage]
        where = place(self.records, number) if number is not None else () if self.ended else ("reading …",)
        notes = [f"!! {self.trouble}"] if self.trouble else torn[:_MOST_TORN]
        self.listing.explain(where, state.empty_words(), state.rows_words(), (*notes, *state.limit_words()))

    def on_record_list_moved(self) -> None:
        self.panes.refresh_record()
        self._refresh_words()

    def on_record_list_near_end(self, message: RecordList.NearEnd) -> None:
        if not self.ended:
            self.feed.more(everything=message.everything)

    def interrupt(self) -> bool:
        """Read no more for now."""
        reading = not self.ended and self.feed.rest()
        if reading:
            self.listing.follow(False)
            self.report("stopped reading; what was read is here, G reads on")
        return reading

    def _show(self, sentence: str) -> None:
        """Other rows, and a sentence about them."""
        self.refresh_rows()
        if sentence:
            self.report(sentence)

    def action_all(self) -> None:
        self._show(self.rows.flip_only())

    def action_around(self) -> None:
        self._show(self.rows.flip_around())

    def action_marks(self) -> None:
        self._show(self.rows.flip_marked())

    def action_unmark(self) -> None:
        self._show(self.rows.forget_marks())

    def action_fields(self) -> None:
        self.panes.flip_fields()
        self._refresh_words()

    def action_tree(self) -> None:
        self.panes.flip_tree()
        self._refresh_words()

    def action_raw(self) -> None:
        self.listing.action_raw()

    def action_leave(self, step: bool = False) -> None:
        """Back to the calendar; as a `step`, out of the fields, of the marks, or of the tree first."""
        if step and self.panel.display:
            self.action_fields()
        elif step and self.rows.marked:
            self.action_marks()
        elif step and self.focused is not self.listing:
            self.set_focus(self.listing)
        else:
            super().action_leave()

    # Columns.

    def action_column(self) -> None:
        self.report(self.panes.toggle_column())

    def action_columns(self) -> None:
        """All of them as text: any JMESPath, in any order."""
        shown = ", ".join(self.session.columns)
        self.ask("columns, as JMESPath, … (none: what suits):", lambda text: self.panes.put_columns(split(text)), shown)

    # The filter.

    def on_filter_bar_closed(self) -> None:
        self.set_focus(self.listing)

    def on_json_tree_wanted(self, message: JsonTree.Wanted) -> None:
        try:
            self.bar.add(term_of(message.path, message.value, only=message.only))
        except FilterError as error:
            self.report(str(error), bad=True)

    def action_filter(self) -> None:
        self.bar.open()

    def action_only(self, only: bool) -> None:
        self.panes.want(only=only)

    def action_ask_value(self) -> None:
        """What can be asked of the value under the cursor of the tree, or of the fields."""
        value = self.panes.value
        if value is None:
            self.report("put the cursor on a value, of the tree or of the fields: o asks whether others are like it")
        else:
            self.bar.compare(*value)

    def action_saved(self) -> None:
        self.bar.action_saved()

    def action_terms(self) -> None:
        if self.bar.line.can_focus:
            self.set_focus(self.bar.line)
        else:
            self.report("the filter has no terms yet: = on a value makes one, / types one")

    def action_switch(self, number: int) -> None:
        self.bar.line.toggle(number)

    def action_invert(self) -> None:
        self.bar.line.action_invert()

    # Marks.

    def action_mark(self) -> None:
        self._show(self.panes.mark())

    def action_mark_alike(self) -> None:
        """Mark every record that has the value under the tree's cursor at the same path."""
        try:
            search = self.panes.alike()
        except FilterError as error:
            self.report(str(error), bad=True)
            return
        if search is None:
            self.report("put the tree's cursor on a value: a comma marks all records that have it")
        else:
            self.work(partial(self._find_alike, search), "mark", exclusive=True)

    def _find_alike(self, search: Callable[[Callable[[], bool]], AlikeFound | None]) -> None:
        worker = get_current_worker()
        if message := search(lambda: worker.is_cancelled):
            self.post_message(message)

    def on_alike_found(self, message: AlikeFound) -> None:
        self.rows.marks.add(message.flags)
        self._show(message.sentence)

    # What leaves.

    def action_scan(self) -> None:
        """A scan; but of marked records an extract."""
        if self.rows.marks:
            self.action_write(new_extract(self.session, self.hour))
            return
        self.session.filter = self.filter
        here = Selection.of(Hours.of(self.hour, self.hour))
        self.request(PlanScan(self.session, self.session.selection or here))

    def action_send(self) -> None:
        plan = plan_send(self.rows, self.session, self.hour, self.chunks, whole=self.whole)
        if isinstance(plan, str):
            self.report(plan)
        elif plan[1]:
            self._write(plan[1], then=plan[0])
        else:
            self.request(plan[0])

    def action_copy(self) -> None:
        if self.listing.current is None:
            self.report("there is no record to copy")
        else:
            self.menu.offer()

    def on_copy_menu_write(self) -> None:
        self.action_write()

    def action_write(self, out: str = "") -> None:
        self.menu.close()
        if not self.rows.picked:
            self.report("there is nothing to write: no record matches")
        else:
            self.ask(f"{self.rows.title} into a file (.gz, .zst) or folder/:", self._write, out)

    def _write(self, text: str, then: PlanSend | None = None) -> None:
        """Write what is picked. Then plan the send, if one is still here; else report it on whatever screen one is."""
        out, picked, title, app = text.strip(), pick(self.rows, whole=self.whole), self.rows.title, self.app
        if not out:
            return
        self._writing = True

        def work() -> None:
            try:
                sentence = write(picked, title, out, self.session, self.hour)
            except HourscopeError as error:
                app.post_message(refusal(error))
            else:
                if then is None:
                    app.post_message(Report(sentence))
                elif self.is_current:
                    app.call_from_thread(self.request, then)
            finally:
                self._writing = False

        self.work(work, "write")

    def explanation(self) -> tuple[str, ...]:
        return explanation(self.session, self.hour, self.chunks, self.filter)
