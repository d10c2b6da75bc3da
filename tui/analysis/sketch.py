"""Quantiles of numbers within 1 %, in bounded memory; merging two sketches gives the sketch of all their numbers.

Numbers are counted in buckets by sign and logarithm, with bounds 2 % apart (Masson, Rim and Lee: DDSketch, VLDB 2019):
1,220 buckets cover everything from a nanosecond to ten seconds.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, compress
from operator import mul

ERROR = 0.01  # of a quantile, relative
_BUCKET_ERROR = 0.0095  # the rest of ERROR is for rounding to four digits
_GAMMA = (1 + _BUCKET_ERROR) / (1 - _BUCKET_ERROR)
_PER_LOG = 1 / math.log(_GAMMA)
SketchNumbers = tuple[int, float, float, float, list[int], list[int]]

_TINY = 1e-300  # smaller numbers count as zero
_HUGE = 1e300  # larger numbers count as infinite: their sums may overflow a float


@dataclass(slots=True)
class Sketch:
    """A sketch of finite numbers up to 1e300. `count`, `low` and `high` are exact, `total` except for rounding."""

    count: int = 0
    low: float = math.inf
    high: float = -math.inf
    total: float = 0.0
    positive: Counter[int] = field(default_factory=Counter)
    negative: Counter[int] = field(default_factory=Counter)

    def add(self, numbers: Sequence[float], times: Sequence[int] = ()) -> None:
        """Add numbers, each once or as many `times`. They must not be NaN; infinite ones are left out."""
        if not numbers:
            return
        low, high = min(numbers), max(numbers)
        if not -_HUGE <= low <= high <= _HUGE:
            self.add(*_select(numbers, times, [-_HUGE <= number <= _HUGE for number in numbers]))
            return
        count = sum(times) if times else len(numbers)
        self.count += count
        low, high = float(low), float(high)
        self.low, self.high = min(self.low, low), max(self.high, high)
        self.total += math.fsum(map(mul, numbers, times) if times else numbers)
        if low > _TINY and bucket_of(low) == bucket_of(high):  # all in one bucket, like times
            self.positive[bucket_of(low)] += count
            return
        _add(self.positive, numbers, times, low)
        if low < -_TINY:
            _add(self.negative, [-number for number in numbers], times, -high)

    def merge(self, other: Sketch) -> None:
        """Add the numbers of another sketch."""
        self.count += other.count
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)
        self.total += other.total
        self.positive.update(other.positive)
        self.negative.update(other.negative)

    @property
    def plain(self) -> SketchNumbers:
        """The parts to store; `Sketch.of` restores a sketch from them."""
        return self.count, self.low, self.high, self.total, _flat(self.positive), _flat(self.negative)

    @classmethod
    def of(cls, plain: SketchNumbers) -> Sketch:
        count, low, high, total, positive, negative = plain
        counters = (Counter(dict(zip(buckets_of(flat), flat[1::2], strict=True))) for flat in (positive, negative))
        return cls(count, low, high, total, *counters)

    @property
    def mean(self) -> float | None:
        """The mean in 12 digits, which do not depend on the order of merging; None without numbers."""
        return min(max(float(f"{self.total / self.count:.12g}"), self.low), self.high) if self.count else None

    def quantile(self, share: float) -> float | None:
        """Return the quantile at `share` (0 to 1), within 1 %, in four digits unless it is the minimum or maximum; None
        without numbers."""
        if not self.count:
            return None
        rank = share * (self.count - 1)
        passed = 0
        for bucket in sorted(self.negative, reverse=True):
            passed += self.negative[bucket]
            if passed > rank:
                return self._within(-_middle(bucket))
        passed = self.count - self.positive.total()
        if passed > rank:
            return 0.0
        for bucket in sorted(self.positive):
            passed += self.positive[bucket]
            if passed > rank:
                return self._within(_middle(bucket))
        return self.high

    def _within(self, number: float) -> float:
        return min(max(float(f"{number:.4g}"), self.low), self.high)


def _select(numbers: Sequence[float], times: Sequence[int], chosen: list[bool]) -> tuple[list[float], list[int]]:
    return list(compress(numbers, chosen)), list(compress(times, chosen))


def _add(counts: Counter[int], numbers: Sequence[float], times: Sequence[int], low: float) -> None:
    """Count the positive numbers, of which `low` is the least, in C code and so in half the time of `bucket_of`."""
    if low <= _TINY:
        numbers, times = _select(numbers, times, [number > _TINY for number in numbers])
    buckets = map(math.ceil, map(_PER_LOG.__mul__, map(math.log, numbers)))
    if not times:
        counts.update(buckets)
    for bucket, number in zip(buckets, times, strict=False):
        counts[bucket] += number


def bucket_of(number: float) -> int:
    """Return the bucket of a positive number."""
    return math.ceil(math.log(number) * _PER_LOG)


def bound_of(bucket: int) -> float:
    """Return the largest number of a bucket."""
    return math.exp(bucket / _PER_LOG)


def _flat(counts: Counter[int]) -> list[int]:
    """Return the buckets in order, each as the difference to the previous one and its count; compact to store."""
    before, flat = 0, []
    for bucket in sorted(counts):
        flat += [bucket - before, counts[bucket]]
        before = bucket
    return flat


def buckets_of(flat: Sequence[int]) -> list[int]:
    """Return the buckets of a flat list."""
    return list(accumulate(flat[::2]))


def _middle(bucket: int) -> float:
    """Return the number that is as near as possible to all numbers in the bucket."""
    return float(2 * math.exp(bucket / _PER_LOG) / (1 + _GAMMA))
