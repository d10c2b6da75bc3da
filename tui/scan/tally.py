"""The totals of a scan's events."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from tui.archive import Chunk
from tui.archive.codec import promised
from tui.archive.forms import LINES, Unchosen
from tui.scan.events import (
    ChunkDamaged,
    ChunkDone,
    ChunkKept,
    ChunkRestarted,
    ChunkStarted,
    Counts,
    Progress,
    ScanEvent,
)
from tui.shell import shell_word
from tui.units import plural


@dataclass
class Totals:
    """Running totals; `add` every event of one scan. Chunks in progress count with their last progress."""

    clock: Callable[[], float] = time.monotonic
    chunks: int = 0
    skipped: int = 0  # chunks that need not be read
    kept: int = 0
    partial: int = 0
    damaged: list[ChunkDamaged] = field(default_factory=list)
    matches_by_hour: dict[datetime, int] = field(default_factory=dict)
    running: dict[str, Chunk] = field(default_factory=dict)
    forms: Counter[str] = field(default_factory=Counter)  # chunks by how their records are separated
    unchosen: Counter[Unchosen] = field(default_factory=Counter)  # chunks by the place that may hold the real records
    mislabeled: list[str] = field(default_factory=list)  # plain text, but named as compressed
    _counts: dict[str, Counts] = field(default_factory=dict)
    _done: Counts = field(default_factory=Counts)
    _limit: int | None = None
    _of_lines: int = 0  # chunks of several lines
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
            case ChunkRestarted(chunk):
                self.damaged = [damaged for damaged in self.damaged if damaged.chunk.key != chunk.key]
                self._count(chunk, Counts())
            case ChunkDone(chunk, counts) | ChunkKept(chunk, counts):
                key = chunk.key
                self.running.pop(key, None)
                skipped = isinstance(event, ChunkDone) and event.skipped
                self.chunks += not skipped
                self.skipped += skipped
                self.kept += isinstance(event, ChunkKept)
                self.partial += isinstance(event, ChunkDone) and event.partial
                self._hours.add(chunk.hour)
                if isinstance(event, ChunkDone) and event.unchosen:
                    self.unchosen[event.unchosen] += 1
                elif isinstance(event, ChunkDone) and event.form == str(LINES) and counts.records > 1:
                    self._of_lines += 1
                if isinstance(event, ChunkDone) and event.form:
                    self.forms[event.form] += 1
                    if not event.codec and promised(key):
                        self.mislabeled.append(key)
                self._count(chunk, counts)
                self._done = self._done.plus(self._counts.pop(key))

    def limit(self, matches: int) -> None:
        """Limit the matches to the number at which the scan was ended; jobs ahead may have counted more."""
        self._limit = matches

    def _count(self, chunk: Chunk, counts: Counts) -> None:
        before = self._counts.get(key := chunk.key)
        hour = self.matches_by_hour.get(chunk.hour, 0)
        self.matches_by_hour[chunk.hour] = hour + counts.matches - (before.matches if before else 0)
        self._counts[key] = counts

    @property
    def counts(self) -> Counts:
        """The counts of all chunks, including those in progress."""
        total = self._done
        for counts in self._counts.values():
            total = total.plus(counts)
        if self._limit is None:
            return total
        return replace(total, matches=self._limit, records=max(total.records, self._limit))

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
        """The seconds since the totals were created."""
        return self.clock() - self._began

    def as_json(self) -> dict[str, object]:
        """The summary of `scan --json`."""
        counts = self.counts
        return {
            "version": 2,
            "forms": dict(sorted(self.forms.items())),
            "chunks": self.chunks,
            "chunks_skipped": self.skipped,
            "hours": self.hours,
            "bytes_compressed": counts.bytes_compressed,
            "bytes": counts.bytes,
            "records": counts.records,
            "matches": counts.matches,
            "not_json": counts.not_json,
            "blank": counts.blank,
            "unparsed": counts.unparsed,
            "no_time": counts.no_time,
            "damaged": [
                {
                    "key": event.chunk.key,
                    "from": event.damage.start,
                    "to": event.damage.stop,
                    "reason": event.damage.reason,
                    "doubtful": event.damage.doubtful,
                }
                for event in sorted(self.damaged, key=lambda event: event.chunk.order)
            ],
            "warnings": self.warnings(),
            "kept": self.kept,
            "partial": self.partial,
            "seconds": round(self.seconds, 3),
        }

    def warnings(self) -> list[str]:
        """Warnings about the numbers, except damage, which is listed separately."""
        counts, warnings = self.counts, []
        if counts.not_json:
            warnings.append(not_json_text(counts.not_json, counts.broken_json))
        if counts.unparsed:
            warnings.append(
                f"{plural(counts.unparsed, 'record')} over 8 MiB not parsed; a JMESPath term cannot match them"
            )
        if counts.no_time:
            warnings.append(f"left out {plural(counts.no_time, 'record')} without a readable time")
        if counts.split:
            warnings.append(f"{plural(counts.split, 'record')} shared a line with another record; the lines were split")
        warnings += misread(self.unchosen, self._of_lines)
        if len(self.forms) > 1:
            by_number = sorted(self.forms.items(), key=lambda item: (-item[1], item[0]))
            kinds = ", ".join(f"{form} in {plural(chunks, 'chunk')}" for form, chunks in by_number)
            warnings.append(f"the chunks differ in how their records are separated: {kinds}")
        if self.mislabeled:
            mislabeled = plural(len(self.mislabeled), "chunk")
            warnings.append(f"{mislabeled} named as compressed but plain text, such as {min(self.mislabeled)}")
        return warnings

    @property
    def understood(self) -> bool:
        """True if everything was read and understood. Only then does no match mean that there is none."""
        counts = self.counts
        unread = counts.not_json or counts.unparsed or counts.no_time
        return not (self.damaged or unread or misread(self.unchosen, self._of_lines))


def misread(unchosen: Mapping[Unchosen, int], of_lines: int) -> list[str]:
    """Return warnings about chunks whose real records may be inside those that were read, and how to select them.

    A single line with a short list is an ordinary record if at least as many chunks are `of_lines`.
    """
    return [_misread(place, chunks) for place, chunks in unchosen.items() if place.kind != "line" or chunks > of_lines]


def _misread(unchosen: Unchosen, chunks: int) -> str:
    number = plural(chunks, "chunk")
    if unchosen.kind == "strings":
        return f"{number} of strings that contain JSON, read as strings; only -g and -e can match inside them, not -m"
    if unchosen.kind == "map":
        return f"{number} read as one document, not as the named objects in it (--records . if it is one record)"
    path = shell_word(unchosen.path)
    if unchosen.kind == "lists":
        return f"{number} with a list on each line, read as one record each; for its items add --records {path}"
    if unchosen.kind == "nested":
        return f"{number} of records that are lists; -m tests each list as a whole (--records {path} if that is right)"
    where = f"its records may be at --records {path}" if unchosen.path else "--records cannot select the list in it"
    return f"{number} read as one document; {where} (--records . if it is one record)"


def not_json_text(number: int, broken: int) -> str:
    """Return a warning with how many records are not JSON, and what they are instead."""
    are, shape = "is" if number == 1 else "are", not_json_shape(number, broken)
    return f"{plural(number, 'record')} {are} not JSON ({shape}); only -g and -e can match them"


def not_json_shape(number: int, broken: int) -> str:
    """Describe records that are not JSON; `broken` of them begin like JSON."""
    return "text" if not broken else "broken JSON" if broken == number else f"text, {broken:,} broken JSON"
