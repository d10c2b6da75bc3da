"""The preview: an hour's records, the one under the cursor as a tree, and a filter that counts while it is typed."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widget import Widget
from textual.worker import get_current_worker

from tui.app.judging import judge
from tui.app.messages import ChunkTorn, Failed, Judged, ReadingPaused, RecordsRead
from tui.app.ordering import cargo_of_hours
from tui.app.preview_words import explanation, place
from tui.app.reading import MORE_RECORDS, Appetite, Batch, Limit, Torn, read_hour
from tui.app.screens.page import Page
from tui.app.selection import Hours, Selection
from tui.app.session import Session
from tui.app.widgets.fields_panel import FieldsPanel
from tui.app.widgets.filter_bar import FilterBar
from tui.app.widgets.json_tree import MOST_COPIED, JsonTree
from tui.app.widgets.record_list import RecordList
from tui.archive.times import zone_name
from tui.archive.writer import file_of_lines
from tui.errors import FilterError, HourscopeError
from tui.filter import Filter
from tui.filter.build import term_of
from tui.units import count, plural, size


class PreviewPage(Page):
    """Reads on while one scrolls; everything slow happens in workers."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", id="filter", priority=True),
        Binding("equals_sign", "only(True)", "only these", id="only-these"),
        Binding("minus", "only(False)", "not these", id="not-these"),
        Binding("a", "all", "all/matches", id="all-or-matches"),
        Binding("tab", "app.focus_next", "next pane", show=False),
        Binding("s", "scan", "scan", id="scan"),
        Binding("w", "write", "write to file", id="write", priority=True),
        Binding("p", "send", "publish", id="send"),
        Binding("f", "fields", "fields", id="fields"),
        Binding("y", "copy(False)", "copy value", show=False, id="copy"),
        Binding("Y", "copy(True)", "copy path", show=False, id="copy-path"),
        Binding("exclamation_mark", "invert", "turn the filter round", show=False, id="invert"),
        *(Binding(str(n), f"switch({n - 1})", f"term {n} on/off", show=False) for n in range(1, 10)),
    ]
    title_of_help = "The preview"
    ASKING = frozenset({"filter", "write"})

    def __init__(self, session: Session, hour: datetime) -> None:
        super().__init__()
        self.session = session
        self.hour = hour
        self.chunks = session.chunks(hour)
        self.records: list[bytes] = []
        self.starts: list[int] = []  # where each chunk's records begin
        self.hits: list[int] = []
        self.judged = 0
        self.filter = session.filter
        self.appetite = Appetite()
        self.ended = False
        self.limit: Limit | None = None
        self.only = True
        self.listing = RecordList(self.records)
        self.nodes = JsonTree(session.archive.zone)
        self.panel = FieldsPanel()
        self.bar = FilterBar(session.filter)
        self._reading: str | None = None
        self._trouble = ""

    def contents(self) -> list[Widget]:
        return [self.bar, Container(self.listing, self.nodes, self.panel, id="preview")]

    def on_mount(self) -> None:
        self.set_focus(self.listing)
        self._tell()
        self.run_worker(self._read, thread=True, exit_on_error=False, group="read")

    def on_unmount(self) -> None:
        self.appetite.stop()

    # Workers: iterate the core, post what comes.

    def _read(self) -> None:
        trouble, limit = "", None
        try:
            for item in read_hour(self.session.archive, self.chunks, self.appetite):
                if isinstance(item, Batch):
                    self.post_message(RecordsRead(item))
                elif isinstance(item, Torn):
                    self.post_message(ChunkTorn(item))
                elif isinstance(item, Limit):
                    limit = item
                else:
                    self.post_message(ReadingPaused(ended=False))
        except HourscopeError as error:
            trouble = str(error)
        self.post_message(ReadingPaused(ended=True, trouble=trouble, limit=limit))

    def _judge(self, wanted: Filter, start: int, stop: int) -> None:
        worker = get_current_worker()
        for first, end, hits in judge(wanted, self.records, start, stop):
            if worker.is_cancelled:
                return
            self.post_message(Judged(wanted, first, end, hits))

    # What they tell.

    def on_records_read(self, message: RecordsRead) -> None:
        batch = message.batch
        if batch.chunk.key != self._reading:
            self._reading = batch.chunk.key
            self.starts.append(len(self.records))
        self.records.extend(batch.records)
        self._go_on()
        self._show()

    def on_chunk_torn(self, message: ChunkTorn) -> None:
        self.session.damage[message.torn.chunk.key] = message.torn.reason
        self._tell()

    def on_reading_paused(self, message: ReadingPaused) -> None:
        self.ended, self._trouble, self.limit = message.ended, message.trouble, message.limit
        self._tell()

    def on_judged(self, message: Judged) -> None:
        if message.filter is not self.filter or message.start not in (0, self.judged):
            return  # of a filter that is gone
        if message.start == 0:
            self.hits = []
        self.hits.extend(message.hits)
        self.judged = message.end
        self._go_on()
        self._show()

    def on_filter_bar_changed(self, message: FilterBar.Changed) -> None:
        self.session.filter = self.bar.terms
        if message.filter == self.filter:
            return
        self.filter = message.filter
        self.judged = 0
        self._go_on()
        if not self._filtered:
            self._show()

    def _go_on(self) -> None:
        """Judge what was not judged yet; the slice in work is let finish unless the filter is another."""
        if self._filtered and self.judged < len(self.records):
            wanted, start, stop = self.filter, self.judged, len(self.records)
            job = lambda: self._judge(wanted, start, stop)  # noqa: E731
            self.run_worker(job, thread=True, exit_on_error=False, group="judge", exclusive=True)

    @property
    def _filtered(self) -> bool:
        return bool(self.filter.active) or self.filter.invert

    def _show(self) -> None:
        self.listing.show(self.hits if self._filtered else None, only=self.only)
        self._look()
        self._tell()
        self.on_record_list_moved()

    def _look(self) -> None:
        """At the fields, of the matching records if there is a filter."""
        if not self._filtered or self.judged >= len(self.records):
            self.panel.look(self.records, self.hits if self._filtered else None)

    def _tell(self) -> None:
        """The header, the count, and the line over the list."""
        session, known = self.session, count(len(self.records))
        more = "" if self.whole else "+"
        zone = zone_name(session.archive.zone)
        weight = size(session.hour_size.get(self.hour, 0))
        until = (self.hour + timedelta(hours=1)).strftime("%H:%M")
        self.header.show(
            session.title,
            f"{self.hour:%a %Y-%m-%d %H:%M}–{until} {zone}",
            f"{known}{more} records",
            f"{plural(len(self.chunks), 'chunk')}, {weight}",
        )
        if not self._filtered:
            self.bar.count(f"{known}{more} previewed")
        else:
            behind = "" if self.judged >= len(self.records) else " so far"
            self.bar.count(f"{count(len(self.hits))} of {count(self.judged)} previewed{behind}")
        damaged = [chunk for chunk in self.chunks if chunk.key in session.damage]
        trouble = self._trouble or (f"torn: {session.damage[damaged[0].key]}" if damaged else "")
        self.listing.explain(self._place(), self._empty(), trouble, self._stopped())

    @property
    def whole(self) -> bool:
        """Is all of the hour here?"""
        return self.ended and self.limit is None

    def _stopped(self) -> str:
        """That the hour goes on behind what the preview holds."""
        if self.limit is None:
            return ""
        return f"stopped at {count(self.limit.records)} records, {size(self.limit.size)}: s scans the whole hour"

    def _place(self) -> str:
        """Chunk and line of the record under the cursor."""
        number = self.listing.current
        if number is None or not self.starts:
            return "reading …" if not self.ended and not self.records else ""
        return place(self.chunks, self.starts, number)

    def _empty(self) -> str:
        if not self.records:
            nothing = self._trouble or "this hour's chunks hold no record"
            return nothing if self.ended else "reading …"
        if self.judged < len(self.records):
            return "filtering …"
        rest = "" if self.whole else "; s scans all" if self.limit else "; there is more: G reads on, s scans all"
        return f"none of {count(len(self.records))} records matches {self.filter.describe()}{rest}"

    # Moving and acting.

    def on_record_list_moved(self) -> None:
        number = self.listing.current
        self.nodes.show(None if number is None else self.records[number])
        self._tell()

    def on_record_list_near_end(self) -> None:
        if not self.ended:
            self.appetite.more(len(self.records) + MORE_RECORDS)

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

    def action_fields(self) -> None:
        """The fields of all records, or again the one record."""
        shown = not self.panel.display
        self.panel.display, self.nodes.display = shown, not shown
        self.set_focus(self.panel if shown else self.listing)
        self._look()

    def action_all(self) -> None:
        self.only = not self.only
        self._show()
        self.say("only matching records" if self.only else "all records; ▎ marks the matching ones, n and N go to them")

    def action_switch(self, number: int) -> None:
        self.bar.line.toggle(number)

    def action_invert(self) -> None:
        self.bar.line.action_invert()

    def action_scan(self) -> None:
        from tui.app.screens.scan import ScanPage

        self.session.filter = self.filter
        here = Selection.of(Hours.of(self.hour, self.hour))
        self.app.push_screen(ScanPage(self.session, self.session.selection or here))

    def action_send(self) -> None:
        from tui.app.screens.send import SendPage

        hours = Hours.of(self.hour, self.hour)
        self.app.push_screen(SendPage(self.session, cargo_of_hours(self.session, hours, self.filter)))

    def action_copy(self, path: bool) -> None:
        """The record under the cursor; in the tree its value, or its path."""
        what, text = self.nodes.copied(path=path, value=self.nodes.has_focus)
        if not what:
            return
        if len(text) > MOST_COPIED:
            self.say(f"{size(len(text))} are too much for a terminal's clipboard; w writes to a file", bad=True)
            return
        self.app.copy_to_clipboard(text)
        self.say(f"copied the {what} ({plural(len(text), 'character')}), if this terminal can; w writes to a file")

    def action_write(self) -> None:
        wanted = self.hits if self._filtered else list(range(len(self.records)))
        if not wanted:
            self.say("there is nothing to write: no record matches")
            return
        lines = [self.records[number] for number in wanted]
        self.prompt.ask(
            f"write {plural(len(lines), 'record')} to (.gz, .zst or plain):", lambda path: self._save(path, lines)
        )

    def _save(self, path: str, lines: list[bytes]) -> None:
        if path.strip():
            target = Path(path.strip()).expanduser()
            self.run_worker(lambda: self._write(target, lines), thread=True, exit_on_error=False, group="write")

    def _write(self, target: Path, lines: list[bytes]) -> None:
        try:
            with file_of_lines(target, overwrite=False) as stream:
                stream.writelines(line + b"\n" for line in lines)
        except HourscopeError as error:
            self.post_message(Failed(str(error)))
            return
        rest = "" if self.whole else " (of those previewed; s scans all)"
        self.app.call_from_thread(self.say, f"wrote {plural(len(lines), 'record')} to {target}{rest}")

    def explanation(self) -> tuple[str, ...]:
        return explanation(self.session, self.hour, self.filter)
