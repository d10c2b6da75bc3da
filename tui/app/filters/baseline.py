"""The same hour of another week, to compare an hour with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from tui.app.filters.sampling import MOST_BYTES
from tui.app.session import Session, shifted
from tui.archive import Archive, Chunk, ChunkReader
from tui.archive.reader import ReadCancelled
from tui.filter import Filter

MOST_RECORDS = 20_000
_WEEK, _DAY = 7 * 24, 24
_TRIED = (*(-_WEEK * weeks for weeks in range(1, 5)), _WEEK, *(-_DAY * days for days in range(1, 4)), -1)


@dataclass(frozen=True, slots=True)
class Baseline:
    """Another hour of the archive, and its chunks."""

    archive: Archive
    hour: datetime
    chunks: tuple[Chunk, ...]

    def records(self, wanted: Filter, most: int, cancelled: Callable[[], bool]) -> Iterator[bytes]:
        """Its first records, and of those the ones that match: at most so many are looked at. A torn chunk ends early.

        ArchiveError if a chunk cannot be read.
        """
        seen = size = 0
        for chunk in self.chunks:
            try:
                with ChunkReader(
                    self.archive.store,
                    chunk.key,
                    etag=chunk.etag,
                    cancelled=cancelled,
                    reading=self.archive.reading,
                ) as reader:
                    for block in reader.blocks():
                        for record in block.records():
                            seen, size = seen + 1, size + len(record)
                            if wanted.matches(record):
                                yield record
                            if seen >= most or size >= MOST_BYTES:
                                return
            except ReadCancelled:
                return


def baseline_of(session: Session, hour: datetime, of: tuple[Chunk, ...]) -> Baseline | None:
    """The same hour last week; else of the weeks before, of the next, of the days before; None if none is there.

    If only some hosts' chunks are looked at (`of`), theirs.
    """
    hosts = {chunk.host for chunk in of}
    for hours in _TRIED:
        other = shifted(hour, hours)
        every = session.chunks(other)
        chunks = tuple(chunk for chunk in every if chunk.host in hosts) or every
        if chunks and not any(chunk.needs_restore for chunk in chunks):
            return Baseline(session.archive, other, chunks)
    return None
