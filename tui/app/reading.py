"""Reading an hour for the preview: batches of records, chunk after chunk, as far as somebody wants to look."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tui.archive import Archive, Chunk, ChunkReader, Damage

FIRST_RECORDS = 5_000
MORE_RECORDS = 5_000
MOST_RECORDS = 100_000
MOST_BYTES = 256 << 20
_BATCH_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one chunk, in order, and how far the chunk is read (in bytes as stored)."""

    chunk: Chunk
    records: tuple[bytes, ...]
    bytes_compressed: int


@dataclass(frozen=True, slots=True)
class Torn:
    """Where a chunk's lines end before the chunk does."""

    chunk: Chunk
    offset: int
    reason: str


@dataclass(frozen=True, slots=True)
class Limit:
    """The preview holds as much as it ever does; the hour goes on."""

    records: int
    size: int


class Appetite:
    """How many records are wanted so far. Screens raise it; the reader waits where it is met."""

    def __init__(self, records: int = FIRST_RECORDS) -> None:
        self._wanted = records
        self._changed = threading.Condition()
        self._over = False

    def more(self, records: int) -> None:
        with self._changed:
            self._wanted = min(max(self._wanted, records), MOST_RECORDS)
            self._changed.notify_all()

    def stop(self) -> None:
        with self._changed:
            self._over = True
            self._changed.notify_all()

    @property
    def over(self) -> bool:
        return self._over

    def met(self, records: int) -> bool:
        return records >= self._wanted

    def wait(self, records: int) -> bool:
        """Sleep until more than `records` are wanted; False if nobody looks any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or records < self._wanted)
            return not self._over


def read_hour(archive: Archive, chunks: tuple[Chunk, ...], appetite: Appetite) -> Iterator[Batch | Torn | Limit | None]:
    """The records of an hour's chunks. None says that the appetite is met; ask for the next to wait for more."""
    count = size = 0
    for chunk in chunks:
        with ChunkReader(archive.store, chunk.key, etag=chunk.etag) as reader:
            pending: list[bytes] = []
            since = time.monotonic()
            try:
                for block in reader:
                    for record in block.records():
                        pending.append(record)
                        count, size = count + 1, size + len(record)
                        full = count >= MOST_RECORDS or size >= MOST_BYTES
                        if full or appetite.met(count):
                            yield Batch(chunk, tuple(pending), reader.bytes_compressed)
                            pending, since = [], time.monotonic()
                            if full:
                                yield Limit(count, size)
                                return
                            yield None
                            if not appetite.wait(count):
                                return
                    if appetite.over:
                        return
                    if pending and time.monotonic() - since > _BATCH_SECONDS:
                        yield Batch(chunk, tuple(pending), reader.bytes_compressed)
                        pending, since = [], time.monotonic()
            except Damage as damage:
                yield Batch(chunk, tuple(pending), reader.bytes_compressed)
                yield Torn(chunk, damage.offset, damage.reason)
            else:
                yield Batch(chunk, tuple(pending), reader.bytes_compressed)
