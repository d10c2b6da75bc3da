"""Group listed chunks by hour; find gaps and keys that are not chunks."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise

from tui.archive.chunk import Chunk, StoredObject
from tui.archive.clocks import count_hours
from tui.archive.times import HOUR, exists, first_hour, next_hour

_FAR = timedelta(days=366)  # wall-clock time


@dataclass(frozen=True)
class Gap:
    """A half-open range of hours without a chunk. Its first hour exists in the time zone."""

    start: datetime
    stop: datetime

    @cached_property
    def hours(self) -> int:
        """The number of hours in it."""
        return count_hours(self.start, self.stop)


@dataclass(frozen=True)
class Catalog:
    """The hours of a range of an archive, as listed.

    `hours` holds only hours with chunks, in order, each with its chunks sorted by key. `first` and `stop` bound the
    gaps: the requested part of the archive's span, half-open (None if there is no chunk at all). Chunks of hours that
    are `far` from all others are in `hours` but do not widen the span: a host that booted without a clock must not
    turn 50 years into a gap.

    `unlisted`: ranges, in order, that were not listed. They are unknown and not gaps.
    """

    hours: Mapping[datetime, tuple[Chunk, ...]]
    first: datetime | None
    stop: datetime | None
    unmatched: tuple[str, ...] = ()
    far: tuple[Chunk, ...] = ()
    unlisted: tuple[tuple[datetime, datetime], ...] = ()

    @cached_property
    def chunks(self) -> tuple[Chunk, ...]:
        """Every chunk, by hour, then key."""
        return tuple(chunk for chunks in self.hours.values() for chunk in chunks)

    @cached_property
    def last(self) -> datetime | None:
        """The last hour of the span with a chunk."""
        return max((hour for hour in self.hours if self.stop is None or hour < self.stop), default=None)

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """The ranges of hours in the span without a chunk, in order."""
        if self.first is None or self.stop is None:
            return ()
        gaps: list[Gap] = []
        begin = self.first
        for start, stop in (*self.unlisted, (self.stop, self.stop)):
            if begin < start:
                gaps += gaps_between(self.hours, begin, start)
            begin = max(begin, stop)
        return tuple(gaps)

    def is_listed(self, start: datetime, stop: datetime) -> bool:
        """True if all of [start, stop) was listed."""
        return not any(begin < stop and start < end for begin, end in self.unlisted)

    @cached_property
    def gap_hours(self) -> int:
        """The number of hours in the span without a chunk."""
        return sum(gap.hours for gap in self.gaps)

    def is_gap(self, hour: datetime) -> bool:
        """True for an hour in the span without a chunk."""
        return in_gaps(self.gaps, hour)

    @cached_property
    def size(self) -> int:
        """The total size of the chunks in bytes, as stored (compressed)."""
        return sum(chunk.size for chunk in self.chunks)

    def between(self, start: datetime | None, stop: datetime | None) -> tuple[Chunk, ...]:
        """Return the chunks of [start, stop), by hour, then key."""
        return tuple(c for c in self.chunks if (start is None or c.hour >= start) and (stop is None or c.hour < stop))


def gaps_between(present: Iterable[datetime], first: datetime, stop: datetime) -> tuple[Gap, ...]:
    """Return the ranges of [first, stop) without any of the hours `present`, in order, without counting hours."""
    gaps = []
    begin = first_hour(first) if first < stop else stop
    for hour in [*sorted(hour for hour in present if first <= hour < stop), stop]:
        if begin < hour:
            gaps.append(Gap(begin, hour))
        if hour < stop:
            begin = next_hour(hour)
    return tuple(gaps)


def in_gaps(gaps: Sequence[Gap], hour: datetime) -> bool:
    """True if one of the sorted ranges contains the hour."""
    index = bisect_right(gaps, hour, key=lambda gap: gap.start) - 1
    return index >= 0 and hour < gaps[index].stop and exists(hour)


def make_catalog(
    chunks: Iterable[Chunk | StoredObject],
    start: datetime | None = None,
    stop: datetime | None = None,
    reaches: Callable[[datetime, datetime], bool] | None = None,
) -> Catalog:
    """Group chunks by hour. Chunks outside [start, stop) only widen the span in which a missing hour is a gap.

    If the range's first or last hours have no chunk, and no given chunk is beyond them, `reaches` is called to find out
    whether there is one within a year of them: then these hours are a gap.
    """
    hours: dict[datetime, list[Chunk]] = {}
    unmatched: list[str] = []
    seen: set[datetime] = set()
    for chunk in chunks:
        if isinstance(chunk, StoredObject):
            unmatched.append(chunk.key)
            continue
        seen.add(chunk.hour)
        if (start is None or chunk.hour >= start) and (stop is None or chunk.hour < stop):
            hours.setdefault(chunk.hour, []).append(chunk)
    ordered = {hour: tuple(sorted(hours[hour], key=lambda c: c.key)) for hour in sorted(hours)}
    if reaches:
        seen |= _edges(seen, start, stop, reaches)
    if not seen:
        return Catalog(ordered, None, None, tuple(sorted(unmatched)))
    far = far_hours(seen)
    near = seen - far
    first, end = min(near), next_hour(max(near))
    first, end = max(first, start) if start else first, min(end, stop) if stop else end
    if first >= end and ordered:  # the range is outside the span and contains only far hours
        first, end = min(ordered), next_hour(max(ordered))
    return Catalog(
        ordered,
        first,
        end,
        tuple(sorted(unmatched)),
        tuple(chunk for hour, chunks_of_hour in ordered.items() if hour in far for chunk in chunks_of_hour),
    )


def _edges(
    seen: set[datetime],
    start: datetime | None,
    stop: datetime | None,
    reaches: Callable[[datetime, datetime], bool],
) -> set[datetime]:
    """Return hours just outside the range that represent chunks beyond it."""
    edges = set()
    if start and (first := first_hour(start)) not in seen and min(seen, default=first) >= first:
        begin = _shifted(start, -_FAR)
        edges |= {start - HOUR} if reaches(begin, start) else set()
    if stop and stop - HOUR not in seen and max(seen, default=stop - HOUR) < stop:
        end = _shifted(stop, _FAR)
        edges |= {stop} if reaches(stop, end) else set()
    return edges


def _shifted(time: datetime, by: timedelta) -> datetime:
    """Add a difference, within the limits of the calendar."""
    try:
        return time + by
    except OverflowError:
        return time.replace(year=9999 if by > timedelta(0) else 1, month=1, day=1)


def far_hours(hours: Iterable[datetime]) -> set[datetime]:
    """Return the hours that are more than 366 days from every other; none if that is true of all hours."""
    ordered = sorted(hours)
    apart = [True, *(later - earlier > _FAR for earlier, later in pairwise(ordered)), True]
    far = {hour for hour, before, after in zip(ordered, apart, apart[1:], strict=False) if before and after}
    return far if len(far) < len(ordered) else set()
