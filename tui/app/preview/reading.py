"""Reading an hour for the preview: its lines, chunk after chunk, as far as somebody wants to look.

The events are the scan's; two of its own say that the reader rests and that it goes no further.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tui.app.preview.records import MOST_RECORDS, HourRecords
from tui.archive import Archive, Chunk, ChunkReader, Damage
from tui.archive.reader import ReadCancelled
from tui.scan import ChunkDamaged, ChunkDone, ChunkStarted, Counts, Progress

FIRST_RECORDS = 5_000
MORE_RECORDS = 5_000
EVERYTHING = MOST_RECORDS
_INTERVAL = 0.05  # seconds between two reports


@dataclass(frozen=True, slots=True)
class Rested:
    """As much is there as was wanted; ask for the next event to wait for more."""


@dataclass(frozen=True, slots=True)
class Limit:
    """The preview holds as much as it ever does; the hour goes on."""

    records: int
    size: int


ReadEvent = ChunkStarted | Progress | ChunkDamaged | ChunkDone | Rested | Limit


class Appetite:
    """How many records are wanted so far. Screens raise it; the reader waits where it is met."""

    def __init__(self, records: int = FIRST_RECORDS) -> None:
        self._wanted = records
        self._changed = threading.Condition()
        self._over = False

    def more(self, records: int) -> None:
        with self._changed:
            self._wanted = max(self._wanted, records)
            self._changed.notify_all()

    def enough(self) -> None:
        """No more than what is there, for now."""
        with self._changed:
            self._wanted = 0

    def stop(self) -> None:
        """Nobody looks any more."""
        with self._changed:
            self._over = True
            self._changed.notify_all()

    @property
    def over(self) -> bool:
        return self._over

    def met(self, records: int) -> bool:
        return records >= self._wanted

    def wait(self, records: int) -> None:
        """Sleep until more than `records` are wanted; ReadCancelled if nobody looks any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or records < self._wanted)
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
            with ChunkReader(
                archive.store,
                chunk.key,
                etag=chunk.etag,
                cancelled=lambda: appetite.over,
                reading=archive.reading,
            ) as reader:
                yield from _blocks(chunk, reader, appetite, into)
                if into.full:
                    yield Limit(len(into), into.size)
                    return
    except ReadCancelled:
        return


def _blocks(chunk: Chunk, reader: ChunkReader, appetite: Appetite, into: HourRecords) -> Iterator[ReadEvent]:
    """One chunk, as far as there is room for it."""
    begun, told = len(into), 0.0
    for item in reader.results(lambda: into.append, hold=0):  # all is shown at once
        if isinstance(item, Damage):
            yield ChunkDamaged(chunk, item)
            continue
        rest = appetite.met(len(into)) or into.full
        if rest or (now := time.monotonic()) - told > _INTERVAL:
            told = 0.0 if rest else now
            yield Progress(chunk, reader.bytes_compressed, reader.bytes, len(into) - begun, 0)
        if into.full:
            return
        if rest:
            yield Rested()
            appetite.wait(len(into))
    yield ChunkDone(chunk, Counts(reader.bytes_compressed, reader.bytes, len(into) - begun))
