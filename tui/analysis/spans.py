"""Stretches of hours: those of a finding, those similar to it, and those in which anything differs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from operator import sub

from tui.analysis.comparison import MARGIN, Comparison, stands_out
from tui.analysis.rhythm import hours_of_week, without_rhythm
from tui.analysis.surprise import FEW, Shift, likelihood_ratio, shift, stretch, windows
from tui.analysis.table import Hits, Table

_ALONE = 2.0  # times as far from the usual share as any other stretch of the same length
_RESTLESS, _FAR = 4.0, 3.0  # shares that vary this much more than by chance have extremes: the factor for these
_FEW_RECORDS = 20  # of the usual share, added to each stretch: with few records, any share may be extreme
_LONG = 8  # a stretch longer than 1/8 of all hours may be a slow drift
_STEP = 0.5  # of the difference must appear at the start or end of such a stretch
_ENOUGH = 50  # records; the share of fewer says little
_LONGEST = 4  # an incident lasts at most 1/4 of all hours; anything longer is a trend
_RHYTHM_HOURS = 4  # windows in which a weekly rhythm is measured
_LIKE = 0.5  # of the difference: hours of the baseline beyond it look like the target


def duration(sizes: Sequence[float], hits: Sequence[float], shift_: Shift) -> tuple[int, int]:
    """Return the hours [since, until) in which a share is like the target's rather than the baseline's."""
    first, stop = stretch(hits, sizes, shift_.here, shift_.there)
    size = sum(sizes[first:stop])
    if size and (first, stop) != (0, len(sizes)):  # refine with the shares inside and outside
        inside = sum(hits[first:stop]) / size
        outside = (sum(hits) - sum(hits[first:stop])) / max(sum(sizes) - size, 1)
        first, stop = stretch(hits, sizes, inside, outside)
    return first, stop


def hours_like(comparison: Comparison, hits: Hits, shift_: Shift) -> list[int]:
    """Return the hours of the baseline whose share of a finding is like the target's."""
    bound = shift_.there + _LIKE * (shift_.here - shift_.there)
    rose = shift_.here > shift_.there
    shares = ((at, hits[at] / comparison.sizes[at]) for at in comparison.baseline if comparison.sizes[at])
    return [at for at, share in shares if (share > bound if rose else share < bound)]


def suspicious(table: Table, most: int, cancelled: Callable[[], bool] = lambda: False) -> list[tuple[int, int]]:
    """Return stretches [first, stop) in which a fact differs from all other hours, the most surprising first."""
    there = [at for at, hour in enumerate(table.hours) if hour.records]  # a filter may leave few hours with records
    sizes = [table.hours[at].records for at in there]
    number = len(sizes)
    needed = 2 * math.log(max(len(table.hits), 2)) + 2 * math.log(max(number, 2)) + MARGIN
    spans: list[tuple[float, int, int]] = []
    for hits in table.hits.values():
        if cancelled():
            break
        spans += _stretches([hits[at] for at in there], sizes, needed)
    return [(there[first], there[stop - 1] + 1) for first, stop in _distinct(spans, most)]


def suspicious_in_week(table: Table, most: int, cancelled: Callable[[], bool] = lambda: False) -> list[tuple[int, int]]:
    """Return stretches [first, stop) in which a fact with a weekly rhythm differs from the same hours of other weeks.

    None are found in archives of fewer than three weeks.
    """
    there = [at for at, hour in enumerate(table.hours) if hour.records]
    week = hours_of_week([table.hours[at].time for at in there])
    if week is None:
        return []
    sizes = [table.hours[at].records for at in there]
    needed = 2 * math.log(max(len(table.hits), 2)) + 2 * math.log(len(sizes)) + MARGIN
    spans: list[tuple[float, int, int]] = []
    for hits in table.hits.values():
        if cancelled():
            break
        if steady := without_rhythm([hits[at] for at in there], sizes, week, _RHYTHM_HOURS):
            spans += _stretches(*steady, needed)
    return [(there[first], there[stop - 1] + 1) for first, stop in _distinct(spans, most)]


def _stretches(hits: Sequence[float], sizes: Sequence[float], needed: float) -> list[tuple[float, int, int]]:
    """Return the stretch in which a fact is more frequent than elsewhere, and the one in which it is rarer."""
    number, all_hits, all_records = len(sizes), sum(hits), sum(sizes)
    stretches = []
    together = max(1, min(math.ceil(_ENOUGH * number / max(all_records, 1)), number // 8))
    pooled = zip(_sums(hits, together), _sums(sizes, together), strict=True)
    usual = sorted(hit / size for hit, size in pooled if size)
    if not usual:
        return []
    middle = max(usual[len(usual) // 2], 0.5 * all_hits / max(all_records, 1) if not usual[len(usual) // 2] else 0.0)
    for extreme in (usual[-1], usual[0]):
        inside, outside = extreme, middle
        if inside == outside:
            continue
        first, stop = 0, number
        for _ in range(3):
            before = first, stop
            first, stop = stretch(hits, sizes, inside, outside)
            size = sum(sizes[first:stop])
            if (first, stop) == before or not size or stop - first > number // _LONGEST:
                break
            inside = sum(hits[first:stop]) / size
            outside = (all_hits - sum(hits[first:stop])) / max(all_records - size, 1)
            if inside == outside:
                break
        here, size = sum(hits[first:stop]), sum(sizes[first:stop])
        if not size or stop - first > number // _LONGEST:
            continue
        if abs(likelihood_ratio(here, size, all_hits - here, all_records - size)) < needed / 2:
            continue  # too small even if variation is ignored
        base = windows([*hits[:first], *hits[stop:]], [*sizes[:first], *sizes[stop:]], stop - first)
        moved = shift(here, size, base)
        if (
            stands_out(moved, needed)
            and _is_alone(hits, sizes, first, stop, moved)
            and _has_edge(hits, sizes, first, stop)
        ):
            stretches.append((abs(moved.score) * min(max(abs(moved.lift), 0.3), 3.0), first, stop))
    return stretches


def _sums(counts: Sequence[float], together: int) -> Sequence[float]:
    """Return moving sums over `together` hours: in an hour with few records, any share may be extreme."""
    if together == 1:
        return counts
    before = list(accumulate(counts, initial=0))
    return list(map(sub, before[together:], before))


def _is_alone(hits: Sequence[float], sizes: Sequence[float], first: int, stop: int, moved: Shift) -> bool:
    """True if no other stretch is nearly as far from the usual share, so this is not ordinary or weekly variation."""
    length, usual = stop - first, moved.there
    rest_hits, rest_sizes = [*hits[:first], *hits[stop:]], [*sizes[:first], *sizes[stop:]]
    if len(rest_sizes) < FEW:
        return False
    pairs = zip(_sums(rest_hits, length), _sums(rest_sizes, length), strict=True)
    shares = [(hit + _FEW_RECORDS * usual) / (size + _FEW_RECORDS) for hit, size in pairs]
    furthest = max(shares) if moved.score > 0 else min(shares)
    times = _ALONE if moved.variation < _RESTLESS else _FAR
    return abs(moved.here - usual) > times * abs(furthest - usual)


def _has_edge(hits: Sequence[float], sizes: Sequence[float], first: int, stop: int) -> bool:
    """True if the share jumps at the start or end of the stretch, or it is short; a slow drift has no such jump."""
    if (stop - first) * _LONG <= len(sizes):
        return True
    near = max((stop - first) // 4, 1)

    def of(start: int, end: int) -> float:
        return sum(hits[start:end]) / max(sum(sizes[start:end]), 1)

    other_hits, other_records = sum(hits) - sum(hits[first:stop]), sum(sizes) - sum(sizes[first:stop])
    least = _STEP * abs(of(first, stop) - other_hits / max(other_records, 1))
    begins = first > 0 and abs(of(first, first + near) - of(max(first - near, 0), first)) >= least
    ends = stop < len(sizes) and abs(of(stop - near, stop) - of(stop, stop + near)) >= least
    return begins or ends


def _distinct(spans: Iterable[tuple[float, int, int]], most: int) -> list[tuple[int, int]]:
    chosen: list[tuple[int, int]] = []
    for _, first, stop in sorted(spans, reverse=True):
        if all(stop <= other_first or other_stop <= first for other_first, other_stop in chosen):
            chosen.append((first, stop))
        if len(chosen) == most:
            break
    return chosen
