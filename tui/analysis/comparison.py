"""Two sets of hours beside each other: how the shares of facts differ, alone and together."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter

from tui.analysis.facts import Fact
from tui.analysis.records import Records
from tui.analysis.surprise import Shift, likelihood_ratio, shift, windows
from tui.analysis.table import LEAST, Hits, Table

MARGIN = 12.0  # of the statistic, over what the largest of so many tries reaches by chance
_LIFT = 0.3  # doublings; a smaller change is none
_MOST_RECORDS = 40_000  # of either side that combinations are looked for in


@dataclass(frozen=True, slots=True)
class Candidate:
    """Facts that hold together: their records by hour, and how their share differs.

    `mask`: those of the records that tell how facts overlap.
    """

    facts: tuple[Fact, ...]
    mask: int = field(repr=False)
    hits: Hits = field(repr=False)
    shift: Shift

    @property
    def rank(self) -> float:
        """Surprise, weighed by effect."""
        return abs(self.shift.score) * min(max(abs(self.shift.lift), 0.3), 3.0)


@dataclass(frozen=True)
class Comparison:
    """Some hours of a table, by their numbers, beside others."""

    table: Table
    target: tuple[int, ...]
    baseline: tuple[int, ...]

    @cached_property
    def sizes(self) -> Hits:
        """The records of each hour."""
        return [hour.records for hour in self.table.hours]

    @cached_property
    def records(self) -> Records:
        """Records of both sides, spread evenly, if they are very many: they tell which facts hold together."""
        strides = [0] * len(self.sizes)
        for hours in (self.target, self.baseline):
            for hour in hours:
                strides[hour] = max(1, sum(self.sizes[at] for at in hours) // _MOST_RECORDS)
        return self.table.of_records(strides.__getitem__)

    @cached_property
    def here(self) -> int:
        """Those of the target."""
        return self.records.of_hours(self.target)

    @cached_property
    def there(self) -> int:
        """Those of the baseline."""
        return self.records.of_hours(self.baseline)

    def moved(self, hits: Hits, left: tuple[float, float, float, float] | None = None) -> Shift:
        """How a share differs. `left`: of the hits here, the records here, the hits there and the records there."""
        here, there = self._sides
        found, usual, sizes = sum(here(hits)), there(hits), there(self.sizes)
        size = self._sums[0]
        if left is None:
            return shift(found, size, windows(usual, sizes, max(len(self.target), 1)))
        base = windows([n * left[2] for n in usual], [n * left[3] for n in sizes], max(len(self.target), 1))
        return shift(found * left[0], size * left[1], base)

    @cached_property
    def _sides(self) -> tuple[Callable[[Hits], Sequence[int]], Callable[[Hits], Sequence[int]]]:
        return _chosen(self.target), _chosen(self.baseline)

    def single(self, fact: Fact) -> Candidate:
        """One fact."""
        hits = self.table.hits[fact]
        return Candidate((fact,), self.records.mask(fact), hits, self.moved(hits))

    def rough(self, hits: Hits) -> float:
        """A score without the variation: cheap, and never too low."""
        here, there = self._sides
        return likelihood_ratio(sum(here(hits)), self._sums[0], sum(there(hits)), self._sums[1])

    @cached_property
    def _sums(self) -> tuple[int, int]:
        here, there = self._sides
        return sum(here(self.sizes)), sum(there(self.sizes))

    def rough_mask(self, mask: int) -> float:
        """The same of some records, of those that are looked at."""
        here, there = self._counts
        return likelihood_ratio((mask & self.here).bit_count(), here, (mask & self.there).bit_count(), there)

    def can_reach(self, here: int, least: float) -> bool:
        """Can some of the target's records have that score, if there are none in the baseline? Cheap."""
        size, other = self._counts
        return likelihood_ratio(here.bit_count(), size, 0, other) > least

    @cached_property
    def _counts(self) -> tuple[int, int]:
        return self.here.bit_count(), self.there.bit_count()

    def without(self, candidate: Candidate, taken: int) -> Shift:
        """How a candidate's share differs among the records that are not taken."""
        here, there = self.here, self.there

        def left(mask: int) -> float:
            whole = mask.bit_count()
            return (mask & ~taken).bit_count() / whole if whole else 1.0

        shares = left(candidate.mask & here), left(here), left(candidate.mask & there), left(there)
        return self.moved(candidate.hits, shares)


def compare_hours(table: Table, target: Sequence[int], baseline: Sequence[int]) -> Comparison:
    """The records of some hours beside those of others."""
    return Comparison(table, tuple(target), tuple(baseline))


def _chosen(hours: Sequence[int]) -> Callable[[Hits], Sequence[int]]:
    """A function that gives the counts of some hours."""
    if len(hours) > 1:
        return itemgetter(*hours)
    return lambda hits: [hits[at] for at in hours]


def needed_score(tries: int) -> float:
    """The statistic that a fact must have among so many."""
    return 2 * math.log(max(tries, 2)) + MARGIN


def stands_out(found: Shift, needed: float) -> bool:
    """Is it more than chance, and does it matter?"""
    enough = found.records >= LEAST if found.score > 0 else found.there > found.here
    return abs(found.score) >= needed and abs(found.lift) >= _LIFT and enough
