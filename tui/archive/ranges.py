"""Ranges of hours by the clock, and the texts that keys have for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from tui.archive.holes import Hole, steps, year_of
from tui.archive.key_heads import NamePart
from tui.archive.layout import Layout

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
YEAR, MONTH = frozenset("Yy"), frozenset("Yym")
DATE = MONTH | frozenset("dj")
_TIME = DATE | frozenset("HIp")
# How far a range's texts are spelled: codes, the step in which they change, the longest range.
_SPELLED = (
    (_TIME, _HOUR, timedelta(hours=6)),
    (DATE, _DAY, timedelta(days=3)),
    (MONTH, _DAY, timedelta(days=1000)),
    (DATE, _DAY, timedelta(days=400)),  # layouts whose day comes first
    (_TIME, _HOUR, timedelta(days=30)),
)


@dataclass(frozen=True, slots=True)
class Range:
    """Wall-clock hours [start, stop) without a zone; None: no bound."""

    start: datetime | None = None
    stop: datetime | None = None

    @classmethod
    def of(cls, start: datetime | None, stop: datetime | None) -> Range:
        """A range of some zone, as its clocks show it."""
        return cls(start and start.replace(tzinfo=None), stop and stop.replace(tzinfo=None))

    def holds(self, hour: datetime) -> bool:
        """Is an hour, of any zone, in it by the clock?"""
        wall = hour.replace(tzinfo=None)
        return (self.start is None or self.start <= wall) and (self.stop is None or wall < self.stop)

    def within(self, start: datetime, stop: datetime) -> Range | None:
        """The part of it in [start, stop), if there is one."""
        first = max(self.start, start) if self.start else start
        last = min(self.stop, stop) if self.stop else stop
        return Range(first, last) if first < last else None


def spelled(layout: Layout, at: int, hours: Range) -> tuple[str, ...] | None:
    """What keys can have from part `at` on for a range, as short as it allows; None where it cannot be told."""
    if hours.start is None or hours.stop is None:
        return None
    start, stop = hours.start, hours.stop
    for quantities, step, longest in _SPELLED:
        if stop - start > longest:
            continue
        parts = _known(layout, at, quantities)
        if parts:
            begin, end = layout.dates(start, stop)
            return tuple(dict.fromkeys(_spell(parts, time) for time in steps(begin, end, step)))
    return None


def _known(layout: Layout, at: int, quantities: frozenset[str]) -> tuple[NamePart, ...]:
    """The parts behind the head that a time gives, if only these codes are known."""
    parts: list[NamePart] = []
    for part in layout.parts[at:]:
        if isinstance(part, Hole) and part.fixed is None:
            code = part.code
            if code is None or code.step is None or code.quantity not in quantities:
                break
        parts.append(part)
    return tuple(parts)


def _spell(parts: tuple[NamePart, ...], time: datetime) -> str:
    return "".join(
        part if isinstance(part, str) else part.code.spell(time) if part.code else part.fixed or "" for part in parts
    )


def window(values: dict[str, int]) -> tuple[datetime, datetime] | None:
    """The times of a year, month or day; None without a year, or with one of no calendar."""
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
