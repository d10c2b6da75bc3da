"""Compare two sets of hours: how the shares of facts differ, singly and in combination."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from operator import and_, itemgetter

from tui.analysis.facts import RecordFact
from tui.analysis.records import TableRecords
from tui.analysis.rhythm import HourOfWeek, hours_of_week, without_rhythm
from tui.analysis.sources import Sources
from tui.analysis.surprise import Shift, likelihood_ratio, shift, windows
from tui.analysis.table import MIN_RECORDS, Hits, Table
from tui.filter.fields import FieldPath

MARGIN = 12.0  # of the statistic, above what the largest of as many tries reaches by chance
_LIFT = 0.3  # doublings; smaller changes are ignored
_ENOUGH = 8  # times the target's hours: the length of a baseline that shows how much a share varies
_MAX_RECORDS = 40_000  # per side, searched for combinations


@dataclass(frozen=True, slots=True)
class Candidate:
    """Facts that hold together. `hits`: their records by hour, of `sizes` records. `shift`: how their share differs.

    `mask`: their bits in `Comparison.records`, to find overlaps. `weight`: all records, divided by the records counted.
    """

    facts: tuple[RecordFact, ...]
    mask: int = field(repr=False)
    hits: Hits = field(repr=False)
    sizes: Hits = field(repr=False)
    shift: Shift
    weight: float = 1.0

    def rank(self, needed: float) -> float:
        """Return the surprise beyond chance, weighted by effect. `needed`: the score that a single fact needs."""
        by_chance = len(self.facts) * (needed - MARGIN)
        return max(self.weight * abs(self.shift.score) - by_chance, 0.0) * min(max(abs(self.shift.lift), 0.3), 3.0)


@dataclass(frozen=True)
class Comparison:
    """Some hours of a table (by index) compared with others.

    `spread`: if the baseline is too short to show how much a share varies, the hours to measure that in.
    """

    table: Table
    target: tuple[int, ...]
    baseline: tuple[int, ...]
    spread: tuple[int, ...] = ()

    @cached_property
    def sizes(self) -> Hits:
        """The number of records in each hour."""
        return [hour.records for hour in self.table.hours]

    @cached_property
    def records(self) -> TableRecords:
        """The records in which combinations are searched: all, or an evenly spaced sample of each side."""
        sizes = self.table.every_record.sizes
        strides = [0] * len(sizes)
        for hours, chosen in zip((self.target, self.baseline), self._sides, strict=True):
            for hour in hours:
                strides[hour] = max(1, sum(chosen(sizes)) // _MAX_RECORDS)
        return self.table.of_records(strides.__getitem__)

    @cached_property
    def here(self) -> int:
        """The mask of the target's records."""
        return self.records.of_hours(self.target)

    @cached_property
    def there(self) -> int:
        """The mask of the baseline's records."""
        return self.records.of_hours(self.baseline)

    def moved(self, hits: Hits, sizes: Hits, left: tuple[float, float, float, float] | None = None) -> Shift:
        """Return how a share differs. `left`: the fraction to count of hits and records here, then of those there."""
        here, there = self._sides
        length = max(len(self.target), 1)
        count, size = float(sum(here(hits))), float(sum(here(sizes)))
        base_hits: Sequence[float] = there(hits)
        base_sizes: Sequence[float] = there(sizes)
        if left is not None:
            count, size = count * left[0], size * left[1]
            base_hits, base_sizes = [n * left[2] for n in base_hits], [n * left[3] for n in base_sizes]
        base = windows(base_hits, base_sizes, length)
        if not self.spread:
            return shift(count, size, base)
        others = windows([hits[at] for at in self.spread], [sizes[at] for at in self.spread], length)
        moved = shift(count, size, base, others.usual()[2])
        if abs(moved.score) < MARGIN <= abs(shift(count, size, base).score) and (steady := self.steady(hits, sizes)):
            steady_hits, steady_sizes = ([counts[at] for at in self.spread] for counts in steady)
            moved = shift(count, size, base, windows(steady_hits, steady_sizes, length).usual()[2])
        if moved.there == 0 and left is None:  # all other hours show better than a short baseline how new it is
            return replace(moved, score=max(moved.score, shift(count, size, others).score))
        return moved

    def steady(self, hits: Hits, sizes: Hits) -> tuple[list[float], list[float]] | None:
        """Return hits and records by hour without their weekly rhythm, if they have one and the baseline is short."""
        if self._hours_of_week is None:
            return None
        return without_rhythm(hits, sizes, self._hours_of_week, max(len(self.target), 1))

    @cached_property
    def _hours_of_week(self) -> list[HourOfWeek] | None:
        return hours_of_week([hour.time for hour in self.table.hours]) if self.spread else None

    @cached_property
    def _sides(self) -> tuple[Callable[[Hits], Sequence[int]], Callable[[Hits], Sequence[int]]]:
        return _chosen(self.target), _chosen(self.baseline)

    def single(self, fact: RecordFact) -> Candidate:
        """Return the candidate of one fact."""
        hits = self.table.hits[fact]
        return Candidate((fact,), self.records.mask(fact), hits, self.sizes, self.moved(hits, self.sizes))

    def combination(self, facts: tuple[RecordFact, ...], mask: int) -> Candidate:
        """Return the candidate of several facts, counted in all records whose values are known. `mask`: its mask."""
        records = self.table.every_record
        hits = records.by_hour(reduce(and_, map(records.mask, facts)))
        here, _ = self._sides
        weight = sum(here(self.sizes)) / max(sum(here(records.sizes)), 1)
        return Candidate(facts, mask, hits, records.sizes, self.moved(hits, records.sizes), weight)

    def rough(self, hits: Hits, sizes: Hits) -> float:
        """Return a score that ignores variation: cheap, and never too low."""
        here, there = self._sides
        return likelihood_ratio(sum(here(hits)), sum(here(sizes)), sum(there(hits)), sum(there(sizes)))

    def rough_mask(self, mask: int) -> float:
        """Return the rough score of a mask in `records`."""
        here, there = self._counts
        return likelihood_ratio((mask & self.here).bit_count(), here, (mask & self.there).bit_count(), there)

    def can_reach(self, here: int, least: float) -> bool:
        """True if a mask in the target could score more than `least` with no records in the baseline. Cheap."""
        size, other = self._counts
        return likelihood_ratio(here.bit_count(), size, 0, other) > least

    @cached_property
    def _counts(self) -> tuple[int, int]:
        return self.here.bit_count(), self.there.bit_count()

    def sources(self, candidate: Candidate) -> tuple[int, float]:
        """Return from how many sources (users, sessions) a candidate's records are, and how much more its share varies.

        The sources are those of the side with the higher share. Of all fields of ids, the fewest sources and the most
        variation count; without such a field, MIN_RECORDS and 1.
        """
        paths = {fact.path for fact in candidate.facts}
        others = [path for path in self.table.sources if path not in paths]
        if not others:
            return MIN_RECORDS, 1.0
        records = self.table.every_record
        mask = reduce(and_, map(records.mask, candidate.facts))
        estimates = [self._of_field(path, mask, rose=candidate.shift.score > 0) for path in others]
        return min(number for number, _ in estimates), max(more for _, more in estimates)

    def _of_field(self, path: FieldPath, mask: int, *, rose: bool) -> tuple[int, float]:
        if path not in self._sources:
            records, numbers = self.table.every_record, self.table.sources[path]
            sides = [records.of_hours(hours) for hours in (self.target, self.baseline)]
            self._sources[path] = Sources.of_side(numbers, sides[0]), Sources.of_side(numbers, sides[1])
        here, there = (side.variance(mask) for side in self._sources[path])
        by_chance = here[2] + there[2]
        return (here if rose else there)[0], (here[1] + there[1]) / by_chance if by_chance else 1.0

    @cached_property
    def _sources(self) -> dict[FieldPath, tuple[Sources, Sources]]:
        return {}

    def without(self, candidate: Candidate, taken: int) -> Shift:
        """Return how a candidate's share differs among the records that are not taken."""
        here, there = self.here, self.there

        def left(mask: int) -> float:
            count = mask.bit_count()
            return (mask & ~taken).bit_count() / count if count else 1.0

        shares = left(candidate.mask & here), left(here), left(candidate.mask & there), left(there)
        return self.moved(candidate.hits, candidate.sizes, shares)


def compare_hours(table: Table, target: Sequence[int], baseline: Sequence[int]) -> Comparison:
    """Compare some hours with others; if the others are few, variation is measured in all hours but the target's."""
    others: tuple[int, ...] = ()
    if len(baseline) < _ENOUGH * max(len(target), 1):
        inside = set(target)
        others = tuple(at for at in range(len(table.hours)) if at not in inside)
    return Comparison(table, tuple(target), tuple(baseline), others if len(others) > len(baseline) else ())


def _chosen(hours: Sequence[int]) -> Callable[[Hits], Sequence[int]]:
    """Return a function that selects the counts of some hours."""
    if len(hours) > 1:
        return itemgetter(*hours)
    return lambda hits: [hits[at] for at in hours]


def needed_score(tries: int) -> float:
    """Return the statistic that a fact must reach if there are so many tries."""
    return 2 * math.log(max(tries, 2)) + MARGIN


def stands_out(shift_: Shift, needed: float) -> bool:
    """True if a shift is more than chance and large enough to matter."""
    enough = shift_.records >= MIN_RECORDS if shift_.score > 0 else shift_.there > shift_.here
    return abs(shift_.score) >= needed and abs(shift_.lift) >= _LIFT and enough
