"""An hour's records as they are read: a reader that pauses when it has enough, and a matcher that follows it.

Both run in threads. The reader's events are those of a scan, plus two: it has paused, or has reached the limit.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from textual.message import Message

from tui.app.records.matching import Matched, match_records
from tui.app.records.store import MAX_RECORDS, HourRecords
from tui.archive import Archive, Chunk, ChunkReader, Damage
from tui.archive.store import is_s3
from tui.archive.streams import FIRST_RANGE, ReadCancelled
from tui.errors import ArchiveError, HourscopeError
from tui.filter import Filter
from tui.scan import ChunkDamaged, ChunkDone, ChunkStarted, Counts, Progress

FIRST_RECORDS = 5_000
MORE_RECORDS = 5_000
EVERYTHING = MAX_RECORDS
FIRST_BYTES = FIRST_RANGE * 3 // 4  # of a bucket's object: the rest of the first range needs no further request
_INTERVAL_SECONDS = 0.05  # between two reports


@dataclass(frozen=True, slots=True)
class Rested:
    """The demand is met. Asking for the next event waits for more demand."""


@dataclass(frozen=True, slots=True)
class Limit:
    """The preview is full; the hour has more records."""

    records: int
    size: int


ReadEvent = ChunkStarted | Progress | ChunkDamaged | ChunkDone | Rested | Limit


class Demand:
    """How many records to read. Screens raise it; the reader waits while it is met."""

    def __init__(self, records: int = FIRST_RECORDS) -> None:
        self._limit = records
        self._asked = False
        self._changed = threading.Condition()
        self._over = False

    def more(self, records: int) -> None:
        with self._changed:
            self._asked = True
            self._limit = max(self._limit, records)
            self._changed.notify_all()

    def enough(self) -> None:
        """Read no more for now."""
        with self._changed:
            self._limit = 0

    def fetched(self, size: int) -> None:
        """Report the bytes read so far. `FIRST_BYTES` are enough until more is requested."""
        if size >= FIRST_BYTES and not self._asked:
            self.enough()

    def stop(self) -> None:
        """End the reading: the preview was left."""
        with self._changed:
            self._over = True
            self._changed.notify_all()

    @property
    def over(self) -> bool:
        return self._over

    def met(self, records: int) -> bool:
        return records >= self._limit

    def wait(self, records: int) -> None:
        """Wait until more than `records` are requested. Raises ReadCancelled if the preview was left."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or records < self._limit)
        if self._over:
            raise ReadCancelled


def read_hour(archive: Archive, chunks: tuple[Chunk, ...], demand: Demand, into: HourRecords) -> Iterator[ReadEvent]:
    """Read an hour's chunks `into` records, a block or more at a time. Ends early if the preview is left."""
    try:
        for chunk in chunks:
            yield ChunkStarted(chunk)
            into.begin(chunk)
            read = 0
            try:
                with ChunkReader(
                    archive.store.stepwise(),
                    chunk.key,
                    etag=chunk.etag,
                    size=chunk.size,
                    cancelled=lambda: demand.over,
                    reading=archive.reading,
                    newest=True,
                ) as reader:
                    for event in _blocks(chunk, reader, demand, into, remote=is_s3(archive.store.url)):
                        read = reader.bytes_compressed
                        yield event
            except ArchiveError as error:  # the hour's other chunks can still be read
                yield ChunkDamaged(chunk, Damage(read, chunk.size, str(error)), unread=True)
            if into.full:
                yield Limit(len(into), into.size)
                return
    except ReadCancelled:
        return


def _blocks(
    chunk: Chunk, reader: ChunkReader, demand: Demand, into: HourRecords, *, remote: bool
) -> Iterator[ReadEvent]:
    """Read one chunk, as far as there is room for it."""
    begun, reported = len(into), 0.0
    for item in reader.results(lambda: into.append, hold=0):  # records are shown before their checksum is known
        if isinstance(item, Damage):
            yield ChunkDamaged(chunk, item)
            continue
        if remote and len(into):
            demand.fetched(reader.bytes_compressed)
        rest = demand.met(len(into)) or into.full
        if rest or (now := time.monotonic()) - reported > _INTERVAL_SECONDS:
            reported = 0.0 if rest else now
            yield Progress(chunk, reader.bytes_compressed, reader.bytes, len(into) - begun, 0)
        if into.full:
            return
        if rest:
            yield Rested()
            demand.wait(len(into))
    yield ChunkDone(chunk, Counts(reader.bytes_compressed, reader.bytes, len(into) - begun))


@dataclass(frozen=True, slots=True)
class FeedState:
    """How far an hour has been read. `ended`: to its end, or to the preview's `limit`, or to a `trouble`. `unread`: a
    chunk, or a part of it, could not be read from the archive."""

    ended: bool = False
    trouble: str = ""
    limit: Limit | None = None
    unread: bool = False

    @property
    def whole(self) -> bool:
        """Whether the whole hour was read."""
        return self.ended and self.limit is None and not self.trouble and not self.unread


class RecordsRead(Message):
    """The preview has more records."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, RecordsRead)


@dataclass
class ChunkTorn(Message):
    """A part of a chunk cannot be read."""

    damaged: ChunkDamaged


@dataclass
class ReadingPaused(Message):
    """The preview has read as far as requested, or as far as it can."""

    reading: FeedState


@dataclass
class RecordsMatched(Message):
    """Which of the next records match the filter."""

    filter: Filter
    matched: Matched


class Feed:
    """Reads and matches an hour's `records` until `stop`. Yields messages for the screen."""

    def __init__(self, archive: Archive, chunks: tuple[Chunk, ...]) -> None:
        self._archive = archive
        self._chunks = chunks
        self._demand = Demand()
        self.records = HourRecords()

    def stop(self, *, keep: bool) -> None:
        """Stop for good, and discard the records unless `keep` is set because they are still in use."""
        self._demand.stop()
        if not keep:
            self.records.discard()

    def more(self, *, everything: bool) -> None:
        """Continue reading: some more, or to the hour's end."""
        self._demand.more(EVERYTHING if everything else len(self.records) + MORE_RECORDS)

    def rest(self) -> bool:
        """Pause reading; return False if nothing was being read."""
        busy = not self._demand.met(len(self.records))
        self._demand.enough()
        return busy

    def read(self) -> Iterator[Message]:
        """Read as far as requested."""
        unread, limit, trouble = False, None, ""
        try:
            for event in read_hour(self._archive, self._chunks, self._demand, self.records):
                if isinstance(event, Progress | ChunkDone):
                    yield RecordsRead()
                elif isinstance(event, ChunkDamaged):
                    unread |= event.unread
                    yield ChunkTorn(event)
                elif isinstance(event, Limit):
                    limit = event
                elif isinstance(event, Rested):
                    yield ReadingPaused(FeedState(unread=unread))
        except HourscopeError as error:
            trouble = str(error)
        except Exception:
            yield ReadingPaused(FeedState(ended=True, trouble="reading failed", unread=unread))
            raise
        yield ReadingPaused(FeedState(True, trouble, limit, unread))

    def match(self, filter_: Filter, start: int) -> Iterator[Message | None]:
        """Match the records from `start` on."""
        for matched in match_records(filter_, self.records, start):
            yield None if matched is None else RecordsMatched(filter_, matched)
