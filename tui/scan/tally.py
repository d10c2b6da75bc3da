"""Adding up what a scan tells."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from datetime import datetime

from tui.archive import Chunk
from tui.scan.events import ChunkDamaged, ChunkDone, ChunkKept, ChunkStarted, Counts, Progress, ScanEvent


@dataclass
class Totals:
    """Running totals; `add` every event of one scan. Chunks in progress count with what they told last."""

    clock: Callable[[], float] = time.monotonic
    chunks: int = 0
    kept: int = 0
    partial: int = 0
    damaged: list[ChunkDamaged] = field(default_factory=list)
    matches_by_hour: dict[datetime, int] = field(default_factory=dict)
    running: dict[str, Chunk] = field(default_factory=dict)
    _counts: dict[str, Counts] = field(default_factory=dict)
    _done: Counts = field(default_factory=Counts)
    _limit: int | None = None
    _hours: set[datetime] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._began = self.clock()

    def add(self, event: ScanEvent) -> None:
        match event:
            case ChunkStarted(chunk):
                self.running[chunk.key] = chunk
            case Progress(chunk, compressed, size, records, matches):
                self._count(chunk, Counts(compressed, size, records, matches))
            case ChunkDamaged():
                self.damaged.append(event)
            case ChunkDone(chunk, counts) | ChunkKept(chunk, counts):
                self.running.pop(chunk.key, None)
                self.chunks += 1
                self.kept += isinstance(event, ChunkKept)
                self.partial += isinstance(event, ChunkDone) and event.partial
                self._hours.add(chunk.hour)
                self._count(chunk, counts)
                self._done = _sum(self._done, self._counts.pop(chunk.key))

    def limit(self, matches: int) -> None:
        """The scan was ended at this many matches: jobs that were ahead may have counted more."""
        self._limit = matches

    def _count(self, chunk: Chunk, counts: Counts) -> None:
        before = self._counts.get(chunk.key, Counts())
        hour = self.matches_by_hour.get(chunk.hour, 0)
        self.matches_by_hour[chunk.hour] = hour + counts.matches - before.matches
        self._counts[chunk.key] = counts

    @property
    def counts(self) -> Counts:
        """Of all chunks, those in progress included."""
        total = self._done
        for counts in self._counts.values():
            total = _sum(total, counts)
        return total if self._limit is None else replace(total, matches=self._limit)

    @property
    def hours(self) -> int:
        return len(self._hours)

    @property
    def bytes_compressed(self) -> int:
        return self.counts.bytes_compressed

    @property
    def bytes(self) -> int:
        return self.counts.bytes

    @property
    def records(self) -> int:
        return self.counts.records

    @property
    def matches(self) -> int:
        return self.counts.matches

    @property
    def seconds(self) -> float:
        """Since the totals were made."""
        return self.clock() - self._began

    def as_json(self) -> dict[str, object]:
        """The summary of `scan --json`."""
        counts = self.counts
        return {
            "chunks": self.chunks,
            "hours": self.hours,
            "bytes_compressed": counts.bytes_compressed,
            "bytes": counts.bytes,
            "records": counts.records,
            "matches": counts.matches,
            "not_json": counts.not_json,
            "damaged": [
                {"key": event.chunk.key, "offset": event.offset, "reason": event.reason}
                for event in sorted(self.damaged, key=lambda event: event.chunk.order)
            ],
            "kept": self.kept,
            "partial": self.partial,
            "seconds": round(self.seconds, 3),
        }


def _sum(one: Counts, other: Counts) -> Counts:
    return Counts(*(getattr(one, f.name) + getattr(other, f.name) for f in fields(Counts)))
