"""From a listing to the hours: which chunks each has, which hours are gaps, which keys are not chunks at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from tui.archive.chunk import Chunk, StoredObject
from tui.archive.times import hours_between, next_hour

# Kept beside chunks on purpose: an extract's manifest, and what other writers leave.
_NOT_CHUNKS = ("manifest.json", "_SUCCESS")


@dataclass(frozen=True)
class Catalog:
    """The hours of a range of an archive, from its listing alone.

    `hours` holds only hours that have chunks, in order, each with its chunks by key. `first` and `stop` bound the gaps:
    the part of the archive's own span that was asked for, half-open (None where there is no chunk at all).
    """

    hours: Mapping[datetime, tuple[Chunk, ...]]
    first: datetime | None
    stop: datetime | None
    unmatched: tuple[str, ...] = ()

    @cached_property
    def chunks(self) -> tuple[Chunk, ...]:
        """Every chunk, by hour, then key."""
        return tuple(chunk for chunks in self.hours.values() for chunk in chunks)

    @cached_property
    def gaps(self) -> tuple[datetime, ...]:
        """The hours inside the span that have no chunk."""
        if self.first is None or self.stop is None:
            return ()
        return tuple(hour for hour in hours_between(self.first, self.stop) if hour not in self.hours)

    @cached_property
    def size(self) -> int:
        """Bytes as stored (compressed)."""
        return sum(chunk.size for chunk in self.chunks)

    def between(self, start: datetime | None, stop: datetime | None) -> tuple[Chunk, ...]:
        """The chunks of [start, stop), by hour, then key."""
        return tuple(c for c in self.chunks if (start is None or c.hour >= start) and (stop is None or c.hour < stop))


def is_chunk_name(key: str) -> bool:
    """False for what is no chunk by its name: manifests, folder markers, hidden files."""
    name = key.rpartition("/")[2]
    return bool(name) and not name.startswith(".") and name not in _NOT_CHUNKS


def make_catalog(
    chunks: Iterator[Chunk | StoredObject], start: datetime | None = None, stop: datetime | None = None
) -> Catalog:
    """Sort chunks into hours. Chunks outside [start, stop) only widen the span in which a missing hour is a gap."""
    hours: dict[datetime, list[Chunk]] = {}
    unmatched: list[str] = []
    seen_first: datetime | None = None
    seen_last: datetime | None = None
    for chunk in chunks:
        if isinstance(chunk, StoredObject):
            unmatched.append(chunk.key)
            continue
        seen_first = chunk.hour if seen_first is None else min(seen_first, chunk.hour)
        seen_last = chunk.hour if seen_last is None else max(seen_last, chunk.hour)
        if (start is None or chunk.hour >= start) and (stop is None or chunk.hour < stop):
            hours.setdefault(chunk.hour, []).append(chunk)
    ordered = {hour: tuple(sorted(hours[hour], key=lambda c: c.key)) for hour in sorted(hours)}
    if seen_first is None or seen_last is None:
        return Catalog(ordered, None, None, tuple(sorted(unmatched)))
    first, end = seen_first, next_hour(seen_last)
    return Catalog(
        ordered,
        max(first, start) if start else first,
        min(end, stop) if stop else end,
        tuple(sorted(unmatched)),
    )


def widened(start: datetime | None, stop: datetime | None) -> tuple[datetime | None, datetime | None]:
    """A day more on each side, so that a gap at the range's edge is known from the end of the archive."""
    day = timedelta(days=1)
    try:
        return (start - day if start else None), (stop + day if stop else None)
    except OverflowError:  # a range from or to the end of the calendar: all there is
        return None, None
