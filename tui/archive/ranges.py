"""Ranges of wall-clock hours, and their texts in keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from tui.archive.holes import Hole, NamePart, spell_parts, steps
from tui.archive.layout import Layout
from tui.archive.time_codes import year_of

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
YEAR, MONTH = frozenset("Yy"), frozenset("Yym")
_WEEK = MONTH | frozenset("GV")
DATE = _WEEK | frozenset("dju")
_TIME = DATE | frozenset("HIp")
# Which codes to spell out for a range: the codes, the step in which they change, and the longest range.
_SPELLED = (
    (_TIME, _HOUR, timedelta(hours=6)),
    (DATE, _DAY, timedelta(days=3)),
    (_WEEK, _DAY, timedelta(days=1000)),
    (DATE, _DAY, timedelta(days=400)),  # layouts whose day comes first
    (_TIME, _HOUR, timedelta(days=30)),
)


@dataclass(frozen=True, slots=True)
class Range:
    """Wall-clock hours [start, stop) without a time zone. None: no bound."""

    start: datetime | None = None
    stop: datetime | None = None

    @classmethod
    def of(cls, start: datetime | None, stop: datetime | None) -> Range:
        """Return a zoned range as wall-clock hours."""
        return cls(start and start.replace(tzinfo=None), stop and stop.replace(tzinfo=None))

    def holds(self, hour: datetime) -> bool:
        """True if the range contains an hour by its wall-clock time."""
        wall = hour.replace(tzinfo=None)
        return (self.start is None or self.start <= wall) and (self.stop is None or wall < self.stop)

    def within(self, start: datetime, stop: datetime) -> Range | None:
        """Return the part in [start, stop), or None."""
        first = max(self.start, start) if self.start else start
        last = min(self.stop, stop) if self.stop else stop
        return Range(first, last) if first < last else None


def spelled(layout: Layout, at: int, hours: Range) -> tuple[str, ...] | None:
    """Return the keys' possible texts from part `at` on for a range, as short as possible; None if unknown."""
    if hours.start is None or hours.stop is None:
        return None
    start, stop = hours.start, hours.stop
    for quantities, step, longest in _SPELLED[layout.has_epoch :]:  # a day wider at each end is 50 hours
        if stop - start > longest:
            continue
        parts = _known(layout, at, quantities)
        if parts:
            begin, end = layout.dates(start, stop)
            return tuple(dict.fromkeys(spell_parts(parts, time, {}) for time in steps(begin, end, step)))
    return None


def _known(layout: Layout, at: int, quantities: frozenset[str]) -> tuple[NamePart, ...]:
    """Return the parts from `at` on that a time determines by these codes."""
    parts: list[NamePart] = []
    for part in layout.parts[at:]:
        if isinstance(part, Hole) and part.fixed is None:
            code = part.code
            if code is None or code.step is None or code.quantity not in quantities:
                break
        parts.append(part)
    return tuple(parts)


def window(values: dict[str, int]) -> tuple[datetime, datetime] | None:
    """Return the range of times of a year, month or day; None without a valid year."""
    year = values.get("Y", year_of(values["y"]) if "y" in values else 0)
    month, day = values.get("m"), values.get("d")
    try:
        if month is None:
            return datetime(year, 1, 1), datetime(year + 1, 1, 1)
        if day is None:
            return datetime(year, month, 1), datetime(year + month // 12, month % 12 + 1, 1)
        return datetime(year, month, day), datetime(year, month, day) + _DAY
    except (ValueError, OverflowError):
        return None
