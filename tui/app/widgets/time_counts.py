"""The data of a chart: counts over time, with notes and an axis."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import log
from statistics import median

from tui.app.model.usual import spell_factor
from tui.units import count

_FEW = 6  # times: with fewer, nothing is usual
_FEW_HOURS = 3 * 24  # up to this number, the axis also names hours
MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class TimeCounts:
    """The data: `times` in order (hours or minutes), their counts, the counts of each value, gaps and outliers.

    `odd_split`: outliers of each value. `records`: all records, if the counts are matches; the share gets a line.
    `known`: the counted times, if not all were counted. `matches`: the counts are of a filter's matches. `spell`:
    returns a count with its unit.
    """

    times: tuple[datetime, ...] = ()
    counts: Mapping[datetime, int] = field(default_factory=dict)
    split: Mapping[str, Mapping[datetime, int]] = field(default_factory=dict)
    gaps: frozenset[datetime] = frozenset()
    odd: Mapping[datetime, float] = field(default_factory=dict)
    odd_split: Mapping[str, frozenset[datetime]] = field(default_factory=dict)
    records: Mapping[datetime, int] = field(default_factory=dict)
    known: frozenset[datetime] | None = None
    matches: bool = False
    minutes: bool = False
    spell: Callable[[int], str] = count

    @property
    def step(self) -> timedelta:
        return MINUTE if self.minutes else _HOUR

    def sums(self, counts: Mapping[datetime, int], columns: list[range]) -> list[int]:
        """Return the sum of each column."""
        return [sum(counts.get(self.times[at], 0) for at in column) for column in columns]

    def shares(self, columns: list[range]) -> list[float]:
        """Return the share of the records that match, for each column."""
        pairs = zip(self.sums(self.counts, columns), self.sums(self.records, columns), strict=True)
        return [matches / records if records else 0.0 for matches, records in pairs]

    def notes(self) -> list[tuple[str, bool]]:
        """Return short lines, the most informative first: what is usual, outliers (True), gaps."""
        known = [self.counts.get(time, 0) for time in self.times if time not in self.gaps]
        if len(known) < _FEW:
            return []
        unit = "minute" if self.minutes else "hour"
        lines = [(f"{self.spell(round(median(known)))} per {unit} is usual", False)]
        strongest = sorted(self.odd, key=lambda time: abs(log(self.odd[time] or 0.01)), reverse=True)
        for time in strongest:
            ratio = self.odd[time]
            lines.append((f"{'▲' if ratio > 1 else '▼'} {_name(time)}  {spell_factor(ratio)}", True))
        return [*lines, *((f"·· {_name(time)}  gap", False) for time in sorted(self.gaps))]

    def axis(self, columns: list[range], cells: int, *, near: bool) -> str:
        """Return the axis: days, hours if zoomed in, or minutes, as many as fit."""
        line = [" "] * (len(columns) * cells)
        free = 0
        before: datetime | None = None
        for place, column in enumerate(columns):
            time = self.times[column[0]]
            name = self._tick(time, before, near)
            if name and place * cells >= free and place * cells + len(name) <= len(line):
                line[place * cells : place * cells + len(name)] = name
                free = place * cells + len(name) + 1
            before = time
        return "".join(line)

    def _tick(self, time: datetime, before: datetime | None, near: bool) -> str:
        if self.minutes:
            return f"{time:%H:%M}" if time.minute % 10 == 0 else ""
        if before is None or time.date() != before.date():
            return f"{time:%a} {time.day} {time:%b}" if before is None or time.day == 1 else f"{time:%a} {time.day}"
        return f"{time:%H}" if (near or len(self.times) <= _FEW_HOURS) and time.hour % 3 == 0 else ""


def _name(time: datetime) -> str:
    return f"{time:%a} {time.day:2d} {time:%H:%M}"
