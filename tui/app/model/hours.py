"""Selections of hours: disjoint ranges in order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from tui.archive import Catalog, Chunk
from tui.archive.moments import clock_notes, parse_moments, parse_range
from tui.archive.times import ceil_hour, floor_hour, hours_between, next_hour, spell_time
from tui.errors import TimeError

MinuteRange = tuple[datetime, datetime]  # [start, stop) to the minute


@dataclass(frozen=True, slots=True)
class Hours:
    """A half-open range of hours; or of minutes, which refer to the times in records, not in keys."""

    start: datetime
    stop: datetime

    def __contains__(self, hour: datetime) -> bool:
        return self.start <= hour < self.stop

    @classmethod
    def of(cls, one: datetime, other: datetime) -> Hours:
        """Return the range from one hour through the other, in either order."""
        return cls(min(one, other), next_hour(max(one, other)))

    def words(self) -> str:
        """Return `Tue 20 Jan 13:00–19:00`, with both days if they differ."""
        same_day = self.stop.date() == self.start.date()
        stop = f"{self.stop:%H:%M}" if same_day else f" {self.stop:%a} {self.stop.day} {self.stop:%b %H:%M}"
        return f"{self.start:%a} {self.start.day} {self.start:%b %H:%M}{'' if same_day else ' '}–{stop}"

    @property
    def in_minutes(self) -> bool:
        return bool(self.start.minute or self.stop.minute)

    @property
    def whole(self) -> Hours:
        """The range extended to whole hours."""
        return Hours(floor_hour(self.start), ceil_hour(self.stop)) if self.in_minutes else self


@dataclass(frozen=True, slots=True)
class Selection:
    """Selected hours; false if empty. `of` accepts any ranges."""

    ranges: tuple[Hours, ...] = ()

    @classmethod
    def of(cls, *ranges: Hours) -> Selection:
        """Return a selection of these ranges. Ranges that overlap or touch are merged."""
        joined: list[Hours] = []
        for hours in sorted(ranges, key=lambda hours: hours.start):
            if joined and hours.start <= joined[-1].stop:
                joined[-1] = Hours(joined[-1].start, max(joined[-1].stop, hours.stop))
            else:
                joined.append(hours)
        return cls(tuple(joined))

    def __bool__(self) -> bool:
        return bool(self.ranges)

    def __contains__(self, hour: datetime) -> bool:
        return any(hour in hours.whole for hours in self.ranges)

    @property
    def in_minutes(self) -> bool:
        return any(hours.in_minutes for hours in self.ranges)

    @property
    def whole(self) -> Selection:
        """The selection extended to whole hours."""
        return Selection.of(*(hours.whole for hours in self.ranges)) if self.in_minutes else self

    def covers(self, other: Hours) -> bool:
        return any(hours.start <= other.start and other.stop <= hours.stop for hours in self.ranges)

    def added(self, hours: Hours) -> Selection:
        return Selection.of(*self.ranges, hours)

    def without(self, cut: Hours) -> Selection:
        pieces = [
            piece
            for hours in self.ranges
            for piece in (
                Hours(hours.start, min(hours.stop, cut.start)),
                Hours(max(hours.start, cut.stop), hours.stop),
            )
            if piece.start < piece.stop
        ]
        return Selection.of(*pieces)

    def toggled(self, hours: Hours) -> Selection:
        """Return the selection with these hours, or without them if all were selected."""
        return self.without(hours) if self.covers(hours) else self.added(hours)

    @property
    def span(self) -> Hours:
        """From the first selected hour to the last."""
        return Hours(self.ranges[0].start, self.ranges[-1].stop)

    def hours(self) -> tuple[datetime, ...]:
        return tuple(hour for hours in self.whole.ranges for hour in hours_between(hours.start, hours.stop))

    def chunks(self, catalog: Catalog) -> tuple[Chunk, ...]:
        """Return the chunks, by hour and key. Records of a range of minutes may be in the following hour."""
        ends = ((hours.start, next_hour(hours.stop) if self.in_minutes else hours.stop) for hours in self.whole.ranges)
        return tuple(chunk for start, stop in ends for chunk in catalog.between(start, stop))

    def words(self) -> str:
        """Return the selection as `read_selection` parses it: `2015-01-20T13 to 2015-01-21T00, …`."""
        return ", ".join(f"{spell_time(hours.start)} to {spell_time(hours.stop)}" for hours in self.ranges)


def nearest_ahead(times: Iterable[datetime], here: datetime, step: int) -> datetime | None:
    """Return the nearest time after (`step` 1) or before (-1) `here`."""
    if step > 0:
        return min((time for time in times if time > here), default=None)
    return max((time for time in times if time < here), default=None)


def read_selection(text: str, zone: tzinfo, end: datetime | None) -> Selection:
    """Parse ranges separated by commas; one without an end goes to `end`. Raises TimeError."""
    ranges: list[Hours] = []
    for part in text.split(","):
        first, last = parse_range(*_ends(part), zone)
        last = last or end
        if first is None or last is None or first >= last:
            raise TimeError("enter two times, such as 2015-01-20T13 to 2015-01-21; a comma starts another range")
        ranges.append(Hours(first, last))
    return Selection.of(*ranges)


def read_moments(text: str, zone: tzinfo) -> MinuteRange | None:
    """Parse a range to the minute, `2015-01-20T14:05..14:25`; return None if it is in whole hours.

    Raises TimeError if it is invalid or one of several ranges.
    """
    several = [parse_moments(*_ends(part), zone) for part in text.split(",")]
    if not any(several):
        return None
    start, stop = several[0] or (None, None)
    if len(several) > 1 or start is None or stop is None:
        raise TimeError("a range to the minute needs two ends and must be the only one: 2015-01-20T14:05..14:25")
    return start, stop


def range_notes(text: str, zone: tzinfo, *, minutes: bool) -> list[str]:
    """Return notes about clock changes at the ends of typed ranges. `minutes`: they are times in records."""
    return [note for part in text.split(",") for note in clock_notes(*_ends(part), zone, minutes=minutes)]


def _ends(text: str) -> tuple[str, str | None]:
    """Return the two ends of a typed range. The second may be a time of day alone, `14:25`."""
    start, _, stop = (part.strip() for part in text.replace("..", " to ").partition(" to "))
    if re.fullmatch(r"\d\d?:\d\d", stop):
        stop = f"{start[:10]}T{stop:>05}"
    return start, stop or None
