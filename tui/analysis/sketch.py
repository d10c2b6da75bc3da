"""Quantiles of numbers within 1 %, in bounded memory; merging two sketches gives the sketch of all their numbers.

Numbers are counted in buckets by sign and logarithm, with bounds 2 % apart (Masson, Rim and Lee: DDSketch, VLDB 2019):
1,220 buckets cover everything from a nanosecond to ten seconds.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, compress, repeat
from operator import mul

ERROR = 0.01  # of a quantile, relative
_BUCKET_ERROR = 0.0095  # the rest of ERROR is for rounding to four digits
_GAMMA = (1 + _BUCKET_ERROR) / (1 - _BUCKET_ERROR)
_PER_LOG = 1 / math.log(_GAMMA)
SketchNumbers = tuple[int, float, float, float, list[int], list[int]]

_TINY = 1e-300  # smaller numbers count as zero
_HUGE = 1e300  # larger numbers count as infinite: their sums may overflow a float
_ABOVE_ZERO = 1 << 16  # added to the bucket of a positive number, so that its code is positive
_COUNT_BITS = 44
_COUNT = (1 << _COUNT_BITS) - 1
_FEW = 64  # entries that may wait to be sorted
_SINGLE = 8  # numbers that are added one by one; more are counted by bucket first


@dataclass(slots=True, eq=False)
class Sketch:
    """A sketch of finite numbers up to 1e300. `count`, `low` and `high` are exact, `total` except for rounding.

    `entries`: each is the code of a bucket, shifted by _COUNT_BITS, plus how many numbers it has. Codes have the order
    of the numbers: negative, 0, positive. New entries are appended; when there are `most`, those of a bucket are added
    up. A bucket takes 8 bytes; in a dictionary it would take 100, and each of 100,000 values may have a sketch.
    """

    count: int = 0
    low: float = math.inf
    high: float = -math.inf
    total: float = 0.0
    entries: array[int] = field(default_factory=lambda: array("q"))
    most: int = _FEW

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sketch) and self.plain == other.plain

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
        first = _code_of(low)
        if first == _code_of(high):  # all in one bucket, like times
            self._append([(first << _COUNT_BITS) + count])
        elif len(numbers) <= _SINGLE:
            codes = zip(map(_code_of, numbers), times or [1] * len(numbers), strict=True)
            self._append([(code << _COUNT_BITS) + number for code, number in codes])
        else:
            counts = _counts(numbers, times, low)
            self._append([(code << _COUNT_BITS) + number for code, number in counts.items()])

    def merge(self, other: Sketch) -> None:
        """Add the numbers of another sketch."""
        self.count += other.count
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)
        self.total += other.total
        self._append(other.entries)

    @property
    def size(self) -> int:
        """The bytes that its buckets take."""
        return self.entries.itemsize * len(self.entries)

    def compact(self) -> None:
        """Add up the entries of each bucket, and sort them."""
        counts: Counter[int] = Counter()
        for entry in self.entries:
            counts[entry >> _COUNT_BITS] += entry & _COUNT
        self.entries = array("q", [(code << _COUNT_BITS) + counts[code] for code in sorted(counts)])
        self.most = max(_FEW, 2 * len(self.entries))

    def _append(self, entries: Sequence[int]) -> None:
        if self.entries:
            self.entries.extend(entries)
        else:
            self.entries = array("q", entries)  # with no spare room, unlike extend
        if len(self.entries) > self.most:
            self.compact()

    def _buckets(self) -> Iterator[tuple[int, int]]:
        """Yield the code of each bucket and its count, in the order of the numbers."""
        self.compact()
        return ((entry >> _COUNT_BITS, entry & _COUNT) for entry in self.entries)

    @property
    def plain(self) -> SketchNumbers:
        """The parts to store; `Sketch.of` restores a sketch from them."""
        buckets = list(self._buckets())
        positive = [(code - _ABOVE_ZERO, number) for code, number in buckets if code > 0]
        negative = [(-code - _ABOVE_ZERO, number) for code, number in reversed(buckets) if code < 0]
        return self.count, self.low, self.high, self.total, _flat(positive), _flat(negative)

    @classmethod
    def of(cls, plain: SketchNumbers) -> Sketch:
        count, low, high, total, positive, negative = plain
        counts = {bucket + _ABOVE_ZERO: n for bucket, n in zip(buckets_of(positive), positive[1::2], strict=True)}
        counts |= {-bucket - _ABOVE_ZERO: n for bucket, n in zip(buckets_of(negative), negative[1::2], strict=True)}
        counts[0] = count - sum(counts.values())
        sketch = cls(count, low, high, total)
        sketch._append([(code << _COUNT_BITS) + number for code, number in counts.items() if number])
        return sketch

    @property
    def mean(self) -> float | None:
        """The mean in 12 digits, which do not depend on the order of merging; None without numbers."""
        return min(max(float(f"{self.total / self.count:.12g}"), self.low), self.high) if self.count else None

    def quantile(self, share: float) -> float | None:
        """Return the quantile at `share` (0 to 1), within 1 %, in four digits unless it is the minimum or maximum; None
        without numbers."""
        if not self.count:
            return None
        rank, passed = share * (self.count - 1), 0
        for code, number in self._buckets():
            passed += number
            if passed > rank:
                return self._within(_middle(code)) if code else 0.0
        return self.high

    def _within(self, number: float) -> float:
        return min(max(float(f"{number:.4g}"), self.low), self.high)


def _select(numbers: Sequence[float], times: Sequence[int], chosen: list[bool]) -> tuple[list[float], list[int]]:
    return list(compress(numbers, chosen)), list(compress(times, chosen))


def _code_of(number: float) -> int:
    """Return the code of a number's bucket: of the same sign, and in the order of the numbers."""
    if number > _TINY:
        return bucket_of(number) + _ABOVE_ZERO
    return -bucket_of(-number) - _ABOVE_ZERO if number < -_TINY else 0


def _counts(numbers: Sequence[float], times: Sequence[int], low: float) -> Counter[int]:
    """Count numbers, of which `low` is the least, by the code of their bucket; positive ones in C code, in half the
    time of `_code_of`."""
    counts: Counter[int] = Counter()
    if not times:
        positive = numbers if low > _TINY else [number for number in numbers if number > _TINY]
        buckets = Counter(map(math.ceil, map(_PER_LOG.__mul__, map(math.log, positive))))
        counts.update({bucket + _ABOVE_ZERO: number for bucket, number in buckets.items()})
        numbers = [] if low > _TINY else [number for number in numbers if number <= _TINY]
    for number, more in zip(numbers, times or repeat(1), strict=False):
        counts[_code_of(number)] += more
    return counts


def bucket_of(number: float) -> int:
    """Return the bucket of a positive number."""
    return math.ceil(math.log(number) * _PER_LOG)


def bound_of(bucket: int) -> float:
    """Return the largest number of a bucket."""
    return math.exp(bucket / _PER_LOG)


def _flat(counts: Sequence[tuple[int, int]]) -> list[int]:
    """Return buckets, given in order, each as the difference to the previous one and its count; compact to store."""
    before, flat = 0, []
    for bucket, number in counts:
        flat += [bucket - before, number]
        before = bucket
    return flat


def buckets_of(flat: Sequence[int]) -> list[int]:
    """Return the buckets of a flat list."""
    return list(accumulate(flat[::2]))


def _middle(code: int) -> float:
    """Return the number that is as near as possible to all numbers in the bucket with a code other than 0."""
    bucket = abs(code) - _ABOVE_ZERO
    return math.copysign(2 * math.exp(bucket / _PER_LOG) / (1 + _GAMMA), code)
