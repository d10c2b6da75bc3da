"""A few records on other screens: the first ones of the hour under a cursor, and a list above the open record."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer
from textual.worker import get_current_worker

from tui.app.model.session import Session, damaged_words, gap_words
from tui.app.records.lines import record_table
from tui.app.records.record_list import RecordList
from tui.app.records.store import FewRecords
from tui.app.records.tree import JsonTree
from tui.app.widgets.cursor_list import REST_SECONDS
from tui.app.widgets.lines import LineWidget, Piece, both_ends, strip_of
from tui.app.widgets.workers import stream
from tui.archive import Chunk
from tui.filter import Filter
from tui.printable import printable
from tui.scan import ChunkDamaged
from tui.scan.heads import heads
from tui.units import count, plural

_LIST_LINES = 4  # above the records and below them
_TREE_LINES = 6  # a lower tree shows nothing useful
_MAX_CHUNKS = 4
_MAX_RECORDS = 1_000  # of a chunk, tested by a filter
_SHOWN = 60
_PROSE = 96  # cells of a sentence


@dataclass(frozen=True, slots=True)
class Peek:
    """The first matching records of an hour: `matches` of `seen` records match. `whole`: the whole hour was read.

    If none matches, `records` are the first ones that do not match. `damaged`: parts that could not be read for it.
    """

    hour: datetime
    filter: Filter
    records: tuple[bytes, ...]
    matches: int
    seen: int
    whole: bool
    damaged: tuple[ChunkDamaged, ...] = ()

    @property
    def words(self) -> str:
        """`81 of 1,243 records match event == 'error'`."""
        if self.damaged and not self.seen:
            return "! cannot be read"
        first = "" if self.whole else "the first "
        if not self.filter.narrows:
            return f"{first}{plural(self.seen, 'record')}"
        return f"{count(self.matches)} of {first}{plural(self.seen, 'record')} match {self.filter.describe()}"

    @property
    def brief_words(self) -> str:
        """`81 of 1,243 match`."""
        if not self.filter.narrows or not self.seen:
            return self.words
        return f"{count(self.matches)} of {'' if self.whole else 'the first '}{count(self.seen)} match"


def peek(session: Session, hour: datetime, chunks: tuple[Chunk, ...], filter_: Filter) -> Iterator[Peek]:
    """Read the first records of the hour's first chunks, in a worker."""
    worker, matcher = get_current_worker(), filter_.matcher()
    most = _SHOWN if matcher.selects_all else _MAX_RECORDS
    matches: list[bytes] = []
    others: list[bytes] = []
    damaged: list[ChunkDamaged] = []
    seen, whole, read = 0, True, chunks[:_MAX_CHUNKS]
    beginnings = heads(
        session.archive,
        read,
        limit=len(read),
        records=most,
        cancelled=lambda: worker.is_cancelled,
        report=damaged.append,
    )
    for _, head in beginnings:
        matches += [record for record in head if matcher.matches(record)]
        others += head[: 0 if matches else _SHOWN]
        seen, whole = seen + len(head), whole and len(head) < most
    whole = whole and len(read) == len(chunks) and not damaged
    yield Peek(hour, filter_, tuple((matches or others)[:_SHOWN]), len(matches), seen, whole, tuple(damaged))


class RecordPeek(LineWidget):
    """A bar with the hour, and its first records in their most informative columns, read when the cursor rests."""

    @dataclass
    class Ready(Message):
        """Records were read; only the newest message counts."""

        peek: Peek

    def __init__(
        self, session: Session, about: Callable[[datetime], list[Piece]] | None = None, *, opens: bool = True
    ) -> None:
        """`about`: returns what is known about an hour without reading it. The bar shows that at once if `brief`.

        `opens`: whether enter opens the hour.
        """
        super().__init__()
        self._session = session
        self._about = about
        self._opens = opens
        self.brief = False
        self._hour: datetime | None = None
        self._peek: Peek | None = None
        self._timer: Timer | None = None
        self._table: tuple[object, list[list[Piece]]] = (None, [])

    def rest_on(self, hour: datetime) -> None:
        """Show the hour's records once the cursor has rested on it."""
        known = self._peek
        if known is not None and known.hour == hour == self._hour and known.filter == self._session.filter:
            return
        self._hour = hour
        if self.brief:
            self.repaint(1)
        if self._timer is not None:
            self._timer.stop()
        if self.display:
            self._timer = self.set_timer(REST_SECONDS, self._begin)

    def on_show(self) -> None:
        if self._hour is not None:
            self.rest_on(self._hour)

    def _begin(self) -> None:
        session, hour = self._session, self._hour
        if hour is None:
            return
        chunks = session.chunks(hour)
        if not chunks or session.out_of_reach(hour):
            self.post_message(self.Ready(Peek(hour, session.filter, (), 0, 0, whole=True)))
            return
        stream(self, map(self.Ready, peek(session, hour, chunks, session.filter)), "peek")

    def on_record_peek_ready(self, message: Ready) -> None:
        if message.peek.hour != self._hour:
            message.stop()
        else:
            self._peek = message.peek
            self.repaint()

    def draw(self, y: int, width: int) -> Strip:
        palette, known = self.palette, self._peek
        if y == 0:
            return strip_of(self._bar(width), width, palette.cursor_idle)
        if known is None:
            return Strip.blank(width)
        lines = self._lines(known, width - 3)
        return strip_of([("  ", palette.text), *lines[y - 1]], width) if y <= len(lines) else Strip.blank(width)

    def _bar(self, width: int) -> list[Piece]:
        palette, known = self.palette, self._peek
        hour = self._hour if self.brief or known is None else known.hour
        if hour is None:
            return []
        title: list[Piece] = [(f" {hour:%a} {hour.day} {hour:%H:%M}", palette.title), ("  ", palette.dim)]
        if self.brief and self._about is not None:
            title += [*self._about(hour), (" · ", palette.dim)]
        elif not self._session.chunks(hour):
            return [*title, ("this hour has no chunk", palette.dim)]
        if trouble := self._session.out_of_reach(hour):
            return [*title, (trouble, palette.dim)]
        read = known if known is not None and known.hour == hour else None
        words = printable(read.brief_words if self.brief else read.words) if read else "reading …"
        title.append((words, palette.text))
        if read and read.damaged and read.seen:
            title.append((f" · ! {damaged_words(read.damaged)}", palette.trouble))
        key: list[Piece] = [("enter", palette.key), (" opens it ", palette.dim)]
        return both_ends(title, key if self._opens else [], width)

    def _lines(self, known: Peek, width: int) -> list[list[Piece]]:
        drawn = (known, width, self.palette)
        if self._table[0] != drawn:
            table = record_table(known.records, width, self.palette)
            hints = [] if known.matches else self._hints(known, width)
            self._table = drawn, [*hints, *self._dimmed(table)] if hints else table
        return self._table[1]

    def _dimmed(self, table: list[list[Piece]]) -> list[list[Piece]]:
        return [[("".join(text for text, _ in line), self.palette.dim)] for line in table]

    def _hints(self, known: Peek, width: int) -> list[list[Piece]]:
        """Return why there is nothing to show, and what to do."""
        palette, session = self.palette, self._session
        if not session.chunks(known.hour):
            if (gap := session.gap_at(known.hour)) is None:
                return []
            words = f"A {gap_words(gap)}."
            return [[], [(words, palette.title)], self._keys(("e", "next trouble"), ("x", "explains it"))]
        if session.out_of_reach(known.hour):
            return [[], self._keys(("e", "next trouble"), ("x", "explains it"))]
        if known.damaged and not known.seen:
            reason = textwrap.wrap(printable(known.damaged[0].sentence), max(min(width, _PROSE), 20))
            return [[], *([(line, palette.trouble)] for line in reason), self._keys(("x", "explains it"))]
        if not known.seen:
            return [[], [("No records in these chunks.", palette.title)], self._keys(("x", "explains them"))]
        matches = ("n", "next hour with matches") if session.matches or session.shade else ("s", "scan for matches")
        first = "" if known.whole else "first "
        return [
            [],
            [(f"No match among this hour's {first}records.", palette.title)],
            self._keys(matches, ("/", "another filter"), ("enter", "all records")),
            [],
            [("without the filter", palette.dim)],
        ]

    def _keys(self, *keys: tuple[str, str]) -> list[Piece]:
        pieces: list[Piece] = []
        for key, words in keys:
            pieces += [(key, self.palette.key), (f" {words}   ", self.palette.dim)]
        return pieces


class RecordsPane(Vertical):
    """A list of records and, if there is room, the one under its cursor as a tree below it, without focus."""

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
        """Show other records; hide the pane if there are none."""
        self.records[:] = records
        self.display = bool(records)
        self.listing.styles.height = len(records) + _LIST_LINES
        self.on_resize()
        self.listing.explain((title,), "")
        self.listing.show()
        self.listing.show_columns(())  # choose columns for the new records
        self.on_record_list_moved()

    def on_resize(self) -> None:
        self.opened.display = self.size.height - len(self.records) - _LIST_LINES >= _TREE_LINES

    def on_record_list_moved(self) -> None:
        current = self.listing.current
        self.opened.show(self.records[current] if current is not None else None)
