"""Quantiles of numbers within 1 %, in bounded memory; two sketches add up to that of all their numbers.

A number is counted in a bucket whose bounds are 2 % apart, by its sign and its logarithm (Masson, Rim and Lee:
DDSketch, VLDB 2019): 1,160 buckets hold everything from a nanosecond to ten seconds.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, compress
from operator import mul

ERROR = 0.01  # of a quantile, relative
_GAMMA = (1 + ERROR) / (1 - ERROR)
_PER_LOG = 1 / math.log(_GAMMA)
SketchNumbers = tuple[int, float, float, float, list[int], list[int]]

_LEAST = 1e-300  # smaller ones count as zero
_MOST = 1e300  # larger ones count as infinite: sums of them would have no float


@dataclass(slots=True)
class Sketch:
    """Of finite numbers, up to 1e300. `count`, `low`, `high` and `total` are exact (`total` but for rounding)."""

    count: int = 0
    low: float = math.inf
    high: float = -math.inf
    total: float = 0.0
    positive: Counter[int] = field(default_factory=Counter)
    negative: Counter[int] = field(default_factory=Counter)

    def add(self, numbers: Sequence[float], times: Sequence[int] = ()) -> None:
        """Count some more numbers, none of them NaN, each once or as many `times`; those that are not finite are left
        out."""
        if numbers and not -_MOST <= min(numbers) <= max(numbers) <= _MOST:
            numbers, times = _some(numbers, times, [-_MOST <= number <= _MOST for number in numbers])
        if not numbers:
            return
        count = sum(times) if times else len(numbers)
        self.count += count
        low, high = float(min(numbers)), float(max(numbers))
        self.low, self.high = min(self.low, low), max(self.high, high)
        self.total += math.fsum(map(mul, numbers, times) if times else numbers)
        if low > _LEAST and bucket_of(low) == bucket_of(high):  # a clock
            self.positive[bucket_of(low)] += count
            return
        _add(self.positive, numbers, times)
        if low < -_LEAST:
            _add(self.negative, [-number for number in numbers], times)

    def merge(self, other: Sketch) -> None:
        """Count another's numbers, too."""
        self.count += other.count
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)
        self.total += other.total
        self.positive.update(other.positive)
        self.negative.update(other.negative)

    @property
    def plain(self) -> SketchNumbers:
        """Its parts, to be stored; `Sketch.of` takes them."""
        return self.count, self.low, self.high, self.total, _flat(self.positive), _flat(self.negative)

    @classmethod
    def of(cls, plain: SketchNumbers) -> Sketch:
        count, low, high, total, positive, negative = plain
        counters = (Counter(dict(zip(buckets_of(flat), flat[1::2], strict=True))) for flat in (positive, negative))
        return cls(count, low, high, total, *counters)

    @property
    def mean(self) -> float | None:
        return float(f"{self.total / self.count:.12g}") if self.count else None

    def quantile(self, share: float) -> float | None:
        """The number that this share of all (0 to 1) does not exceed, within 1 %; None if there is none."""
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
        return min(max(number, self.low), self.high)


def _some(numbers: Sequence[float], times: Sequence[int], chosen: list[bool]) -> tuple[list[float], list[int]]:
    return list(compress(numbers, chosen)), list(compress(times, chosen))


def _add(counts: Counter[int], numbers: Sequence[float], times: Sequence[int]) -> None:
    """Count the positive ones in their buckets, in half the time that `bucket_of` takes: this runs no Python."""
    if min(numbers) <= _LEAST:
        numbers, times = _some(numbers, times, [number > _LEAST for number in numbers])
    buckets = map(math.ceil, map(_PER_LOG.__mul__, map(math.log, numbers)))
    if not times:
        counts.update(buckets)
    for bucket, number in zip(buckets, times, strict=False):
        counts[bucket] += number


def bucket_of(number: float) -> int:
    """The bucket of a positive number."""
    return math.ceil(math.log(number) * _PER_LOG)


def bound_of(bucket: int) -> float:
    """The largest number of a bucket."""
    return math.exp(bucket / _PER_LOG)


def _flat(counts: Counter[int]) -> list[int]:
    """Buckets in order, each as its distance from the one before, and its count: small when stored."""
    before, flat = 0, []
    for bucket in sorted(counts):
        flat += [bucket - before, counts[bucket]]
        before = bucket
    return flat


def buckets_of(flat: Sequence[int]) -> list[int]:
    """The buckets of such a list."""
    return list(accumulate(flat[::2]))


def _middle(bucket: int) -> float:
    """The number that is at most 1 % off from all of the bucket's."""
    return float(2 * math.exp(bucket / _PER_LOG) / (1 + _GAMMA))
