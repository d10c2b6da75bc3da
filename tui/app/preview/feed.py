"""An hour's records as they come: a reader that rests when enough is there, and a matcher that follows it.

Both run in threads. The reader's events are the scan's; two of its own report that it rests and that it has reached its
limit.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from textual.message import Message

from tui.app.records.matching import Matched, match_records
from tui.app.records.store import MOST_RECORDS, HourRecords
from tui.archive import Archive, Chunk, ChunkReader, Damage
from tui.archive.store import is_s3
from tui.archive.streams import FIRST_RANGE, ReadCancelled
from tui.errors import ArchiveError, HourscopeError
from tui.filter import Filter
from tui.scan import ChunkDamaged, ChunkDone, ChunkStarted, Counts, Progress

FIRST_RECORDS = 5_000
MORE_RECORDS = 5_000
EVERYTHING = MOST_RECORDS
FIRST_BYTES = FIRST_RANGE * 3 // 4  # of a bucket's objects: what is in memory of the rest needs no other request
_INTERVAL_SECONDS = 0.05  # between two reports


@dataclass(frozen=True, slots=True)
class Rested:
    """As much is there as was asked for; ask for the next event to wait for more."""


@dataclass(frozen=True, slots=True)
class Limit:
    """The preview holds as much as it ever does; the hour goes on."""

    records: int
    size: int


ReadEvent = ChunkStarted | Progress | ChunkDamaged | ChunkDone | Rested | Limit


class Appetite:
    """How many records to read so far. Screens raise it; the reader waits where it is met."""

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
        """No more than what is there, for now."""
        with self._changed:
            self._limit = 0

    def fetched(self, size: int) -> None:
        """So many bytes have come: from some size on that is enough, until somebody asks for more."""
        if size >= FIRST_BYTES and not self._asked:
            self.enough()

    def stop(self) -> None:
        """Nobody looks any more."""
        with self._changed:
            self._over = True
            self._changed.notify_all()

    @property
    def over(self) -> bool:
        return self._over

    def met(self, records: int) -> bool:
        return records >= self._limit

    def wait(self, records: int) -> None:
        """Sleep until more than `records` are to be read; ReadCancelled if nobody looks any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or records < self._limit)
        if self._over:
            raise ReadCancelled


def read_hour(
    archive: Archive, chunks: tuple[Chunk, ...], appetite: Appetite, into: HourRecords
) -> Iterator[ReadEvent]:
    """Read an hour's chunks `into` records, a block or more at a time. Ends early when nobody looks any more."""
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
                    cancelled=lambda: appetite.over,
                    reading=archive.reading,
                    newest=True,
                ) as reader:
                    for event in _blocks(chunk, reader, appetite, into, remote=is_s3(archive.store.url)):
                        read = reader.bytes_compressed
                        yield event
            except ArchiveError as error:  # the archive does not give it: the hour's other chunks can be read
                yield ChunkDamaged(chunk, Damage(read, chunk.size, str(error)), unread=True)
            if into.full:
                yield Limit(len(into), into.size)
                return
    except ReadCancelled:
        return


def _blocks(
    chunk: Chunk, reader: ChunkReader, appetite: Appetite, into: HourRecords, *, remote: bool
) -> Iterator[ReadEvent]:
    """One chunk, as far as there is room for it."""
    begun, reported = len(into), 0.0
    for item in reader.results(lambda: into.append, hold=0):  # all is shown at once
        if isinstance(item, Damage):
            yield ChunkDamaged(chunk, item)
            continue
        if remote and len(into):
            appetite.fetched(reader.bytes_compressed)
        rest = appetite.met(len(into)) or into.full
        if rest or (now := time.monotonic()) - reported > _INTERVAL_SECONDS:
            reported = 0.0 if rest else now
            yield Progress(chunk, reader.bytes_compressed, reader.bytes, len(into) - begun, 0)
        if into.full:
            return
        if rest:
            yield Rested()
            appetite.wait(len(into))
    yield ChunkDone(chunk, Counts(reader.bytes_compressed, reader.bytes, len(into) - begun))


@dataclass(frozen=True, slots=True)
class FeedState:
    """How far an hour has been read: `ended` at its end, or before it at the `limit` of what a preview holds or because
    of a `trouble`; `unread` if the archive did not give a chunk, or not all of it."""

    ended: bool = False
    trouble: str = ""
    limit: Limit | None = None
    unread: bool = False

    @property
    def whole(self) -> bool:
        """Is all of the hour here?"""
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
    """The preview read as far as it was asked to, or as far as it can."""

    reading: FeedState


@dataclass
class RecordsMatched(Message):
    """Which records the filter keeps, of some more."""

    filter: Filter
    matched: Matched


class Feed:
    """Fills `records`, and matches them; ends with `stop`. What it yields is for the screen."""

    def __init__(self, archive: Archive, chunks: tuple[Chunk, ...]) -> None:
        self._archive = archive
        self._chunks = chunks
        self._appetite = Appetite()
        self.records = HourRecords()

    def stop(self, *, keep: bool) -> None:
        """For good. The records are gone, unless somebody is to `keep` them for as long as they are of use to him."""
        self._appetite.stop()
        if not keep:
            self.records.discard()

    def more(self, *, everything: bool) -> None:
        """Read on: some more, or to the hour's end."""
        self._appetite.more(EVERYTHING if everything else len(self.records) + MORE_RECORDS)

    def rest(self) -> bool:
        """Read no more for now; False if nothing was being read."""
        busy = not self._appetite.met(len(self.records))
        self._appetite.enough()
        return busy

    def read(self) -> Iterator[Message]:
        """Read as far as there is an appetite."""
        unread, limit, trouble = False, None, ""
        try:
            for event in read_hour(self._archive, self._chunks, self._appetite, self.records):
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
            yield ReadingPaused(FeedState(ended=True, trouble="reading broke off", unread=unread))
            raise
        yield ReadingPaused(FeedState(True, trouble, limit, unread))

    def match(self, filter_: Filter, start: int) -> Iterator[Message | None]:
        """Match from record `start` on."""
        for matched in match_records(filter_, self.records, start):
            yield None if matched is None else RecordsMatched(filter_, matched)
