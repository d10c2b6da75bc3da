"""What is usual for an hour: the size of the same hour in other weeks, and the upload lag of the days around it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from math import inf
from statistics import median

from tui.archive import Catalog
from tui.units import plural

_AROUND = 6  # similar hours before and after to compare with; not more, because archives grow
_ENOUGH = 3  # other hours; with fewer, one odd hour would make the rest look odd
_DAYS = 3  # days before and after whose uploads define the usual lag
_LATE = 3600.0  # seconds: an upload is late only if it exceeds the usual lag by more


@dataclass(frozen=True, slots=True)
class UsualSize:
    """The median size of the hours compared with, and these hours in words: `8 Sundays`."""

    size: float
    among: str


@dataclass(frozen=True)
class Usual:
    """`lags`: seconds from an hour's end to its last upload (negative: before). `usual_lags`: by day."""

    sizes: Mapping[datetime, UsualSize] = field(default_factory=dict)
    lags: Mapping[datetime, float] = field(default_factory=dict)
    usual_lags: Mapping[date, float] = field(default_factory=dict)

    def ratio(self, hour: datetime, size: int) -> float | None:
        """Return the size divided by the usual size; None if there is too little to compare with."""
        usual = self.sizes.get(hour)
        return size / usual.size if usual and usual.size else None

    def late(self, hour: datetime) -> bool:
        """Return whether an hour was uploaded at least an hour later than usual, and twice as late.

        In a copied archive, with old hours, none is late.
        """
        if hour not in self.lags:
            return False
        usual = self.usual_lags[hour.date()]
        return self.lags[hour] - usual > max(_LATE, abs(usual))

    @property
    def lag(self) -> float | None:
        """The usual lag of the newest days."""
        return self.usual_lags[max(self.usual_lags)] if self.usual_lags else None


def usual_of(catalog: Catalog) -> Usual:
    """Return what is usual, from the listing alone."""
    lags = {hour: _lag(hour, max(c.uploaded for c in chunks)) for hour, chunks in catalog.hours.items()}
    sizes = {hour: sum(chunk.size for chunk in chunks) for hour, chunks in catalog.hours.items()}
    return Usual(_sizes(sizes), lags, _usual_lags(lags))


ODD_LARGE, ODD_SMALL = 2.5, 0.4  # times the usual
_CHANCE = 4.0  # standard deviations of a count (its square root) within which an hour is usual


def usual_counts(counts: Mapping[datetime, float]) -> dict[datetime, float]:
    """Return the usual count of each hour, without hours that have too little to compare with."""
    return {hour: usual.size for hour, usual in _sizes(counts).items()}


def odd_counts(counts: Mapping[datetime, int]) -> dict[datetime, float]:
    """Return the hours with far more or fewer than usual, beyond chance, and the ratio to the usual count.

    The ratio is infinite if the usual count is zero.
    """
    odd: dict[datetime, float] = {}
    for hour, usual in _sizes(counts).items():
        ratio = counts[hour] / usual.size if usual.size else inf
        beyond = abs(counts[hour] - usual.size) > _CHANCE * max(usual.size, 1.0) ** 0.5
        if beyond and (ratio >= ODD_LARGE or ratio <= ODD_SMALL):
            odd[hour] = ratio
    return odd


def spell_factor(ratio: float) -> str:
    """Return a ratio to the usual as `3.9×`."""
    return "usually 0" if ratio == inf else f"{ratio:.1f}×"


def _lag(hour: datetime, uploaded: datetime) -> float:
    return (uploaded - (hour.astimezone(UTC) + timedelta(hours=1))).total_seconds()


def _sizes(sizes: Mapping[datetime, float]) -> dict[datetime, UsualSize]:
    """Compare with the same hour of the week, else the same kind of day, else any day: the first with enough others."""
    usual: dict[datetime, UsualSize] = {}
    for kind, name in (
        (lambda hour: (hour.weekday(), hour.hour), lambda hour, n: plural(n, f"{hour:%A}")),
        (lambda hour: (hour.weekday() > 4, hour.hour), lambda hour, n: plural(n, _day_kind(hour))),
        (lambda hour: hour.hour, lambda hour, n: plural(n, "day")),
    ):
        left = {hour: size for hour, size in sizes.items() if hour not in usual} if usual else sizes
        if left:
            usual |= _compared(sizes, left, kind, name)
    return usual


def _day_kind(hour: datetime) -> str:
    return "weekend day" if hour.weekday() > 4 else "weekday"


def _compared(
    sizes: Mapping[datetime, float],
    compared: Mapping[datetime, float],
    kind: Callable[[datetime], Hashable],
    name: Callable[[datetime, int], str],
) -> dict[datetime, UsualSize]:
    groups: dict[Hashable, list[datetime]] = {}
    for hour in sizes:  # in order
        groups.setdefault(kind(hour), []).append(hour)
    usual: dict[datetime, UsualSize] = {}
    for hours in groups.values():
        if len(hours) <= _ENOUGH:
            continue
        values = [sizes[hour] for hour in hours]
        for at, hour in enumerate(hours):
            if hour in compared:
                others = values[max(0, at - _AROUND) : at] + values[at + 1 : at + 1 + _AROUND]
                usual[hour] = UsualSize(float(median(others)), name(hour, len(others)))
    return usual


def _usual_lags(lags: Mapping[datetime, float]) -> dict[date, float]:
    days: dict[date, list[float]] = {}
    for hour, lag in lags.items():
        days.setdefault(hour.date(), []).append(lag)
    medians = [median(day_lags) for day_lags in days.values()]
    return {day: median(medians[max(0, at - _DAYS) : at + _DAYS + 1]) for at, day in enumerate(days)}
