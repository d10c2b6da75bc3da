"""The weekly rhythm of a share: what is usual at each hour of the week, and hours measured against that."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from statistics import median

from tui.analysis.surprise import windows

WEEKS = 3  # needed to know what is usual at an hour of the week: one of them may hold the incident
_PRIOR = 10  # records with the share of all hours, added to those of each hour
_RHYTHM = 2.0  # times as much variation as by chance, and as without the rhythm, before it counts as one

HourOfWeek = tuple[int, int]  # weekday and hour


def hours_of_week(times: Sequence[datetime]) -> list[HourOfWeek] | None:
    """Return the hour of the week of each hour; None if most hours of the week occur fewer than three times."""
    hours = [(time.weekday(), time.hour) for time in times]
    often = sum(number for number in Counter(hours).values() if number >= WEEKS)
    return hours if 2 * often > len(hours) > 0 else None


def without_rhythm(
    hits: Sequence[int], sizes: Sequence[int], hours: Sequence[HourOfWeek], length: int
) -> tuple[list[float], list[float]] | None:
    """Return hits and records by hour with the share at each hour of the week scaled to the share of all hours.

    None if the share has no weekly rhythm: then its variation between windows of `length` hours is not reduced. What is
    usual is the median of all weeks, so that an incident in one of them does not change it. Hours of the week that
    occur fewer than three times are left out.
    """
    variation = windows(hits, sizes, length).usual()[2]
    if variation < _RHYTHM:
        return None
    share = (sum(hits) + 0.5) / (sum(sizes) + 1)
    shares: defaultdict[HourOfWeek, list[float]] = defaultdict(list)
    for hit, size, hour in zip(hits, sizes, hours, strict=True):
        shares[hour].append((hit + _PRIOR * share) / (size + _PRIOR))
    factors = {hour: share / median(of_hour) if len(of_hour) >= WEEKS else 0.0 for hour, of_hour in shares.items()}
    known = [float(size) if factors[hour] else 0.0 for size, hour in zip(sizes, hours, strict=True)]
    scaled = [min(hit * factors[hour], size) for hit, size, hour in zip(hits, known, hours, strict=True)]
    return (scaled, known) if windows(scaled, known, length).usual()[2] * _RHYTHM <= variation else None
