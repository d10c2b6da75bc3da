"""How much a share differs between two sets of records, relative to its usual variation from hour to hour."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from operator import sub

_PRIOR = 4  # windows with variation by chance only, added to the observed ones
_BURST = 0.05  # of the windows; a longer burst is normal
FEW = 8  # windows; among so few, none can be called unusual


@dataclass(frozen=True, slots=True)
class Shift:
    """A share in the target and in the baseline. `score`: the surprise, negative if the share fell.

    The score is the likelihood ratio statistic (Dunning 1993), divided by `variation`: how many times as much the share
    varies between windows of the baseline as by chance.
    """

    here: float
    there: float
    score: float
    records: int
    variation: float = 1.0

    @property
    def lift(self) -> float:
        """How many times the share doubled from there to here, from -10 to 10."""
        least = 1e-4
        return max(-10.0, min(10.0, math.log2((self.here + least) / (self.there + least))))


def varied(moved: Shift, least: float) -> Shift:
    """Return the shift with a variation of at least `least`, and its score reduced accordingly."""
    if least <= moved.variation:
        return moved
    return replace(moved, score=moved.score * moved.variation / least, variation=least)


def likelihood_ratio(hits: float, size: float, other_hits: float, other_size: float) -> float:
    """Return G of two proportions; negative if the first is smaller.

    Half a record is moved to the smaller proportion (Yates 1934), because G is too large for few records.
    """
    if not size or not other_size:
        return 0.0
    pooled = (hits + other_hits) / (size + other_size)
    excess = hits - size * pooled
    moved = min(abs(excess), 0.5)
    rose = excess >= 0
    hits, other_hits = (hits - moved, other_hits + moved) if rose else (hits + moved, other_hits - moved)

    def part(k: float, n: float) -> float:
        of_hits = k * math.log(k / (n * pooled)) if k else 0.0
        return of_hits + ((n - k) * math.log((n - k) / (n * (1 - pooled))) if n > k and pooled < 1 else 0.0)

    ratio = max(2 * (part(hits, size) + part(other_hits, other_size)), 0.0)
    return ratio if rose else -ratio


@dataclass(frozen=True, slots=True)
class Windows:
    """Hits and records of equally long stretches of the baseline."""

    hits: tuple[float, ...]
    sizes: tuple[float, ...]

    def usual(self) -> tuple[float, float, float]:
        """Return the hits and records of all windows except a burst, and how much the share varies between them.

        The variation is 1 if the windows differ only by chance.
        """
        kept = self._without_burst()
        hits, size = sum(self.hits[at] for at in kept), sum(self.sizes[at] for at in kept)
        share = (hits + 0.5) / (size + 1)
        chi = sum(
            (self.hits[at] - self.sizes[at] * share) ** 2 / max(self.sizes[at] * share * (1 - share), 0.5)
            for at in kept
        )
        return hits, size, max((chi + _PRIOR) / (max(len(kept) - 1, 0) + _PRIOR), 1.0)

    def _without_burst(self) -> list[int]:
        """Return the windows without the highest and its high neighbors; if they are few, they are another incident."""
        shares = [hit / size for hit, size in zip(self.hits, self.sizes, strict=True)]
        if len(shares) < FEW:
            return list(range(len(shares)))
        high = 2 * sorted(shares)[len(shares) // 2]
        first = stop = shares.index(max(shares))
        while first and shares[first - 1] > high:
            first -= 1
        while stop < len(shares) and shares[stop] > high:
            stop += 1
        stop = max(stop, first + 1)
        if stop - first > _BURST * len(shares) + 1:
            return list(range(len(shares)))
        return [*range(first), *range(stop, len(shares))]


def windows(hits: Sequence[float], sizes: Sequence[float], length: int) -> Windows:
    """Group neighboring hours, `length` in each window (fewer if there are few hours)."""
    length = max(1, min(length, len(hits) // 8))
    starts = range(0, len(hits), length)
    pairs = [(sum(hits[at : at + length]), sum(sizes[at : at + length])) for at in starts]
    pairs = [pair for pair in pairs if pair[1]]
    return Windows(tuple(hit for hit, _ in pairs), tuple(size for _, size in pairs))


def shift(hits: float, size: float, base: Windows, least: float = 1.0) -> Shift:
    """Compare the target's share with the baseline's windows. `least`: lower bound of the variation."""
    there_hits, there_size, variation = base.usual()
    variation = max(variation, least)
    if not size or not there_size:
        return Shift(0.0, 0.0, 0.0, round(hits))
    score = likelihood_ratio(hits, size, there_hits, there_size) / variation
    total = sum(base.sizes)
    return Shift(hits / size, sum(base.hits) / total if total else 0.0, score, round(hits), variation)


def stretch(hits: Sequence[float], sizes: Sequence[float], inside: float, outside: float) -> tuple[int, int]:
    """Return the stretch of hours [first, stop) that looks most like the share `inside` and least like `outside`.

    It has the largest sum of log likelihood ratios (Bentley's maximum subarray).
    """
    inside, outside = (min(max(share, 1e-6), 1 - 1e-6) for share in (inside, outside))
    hit, miss = math.log(inside / outside), math.log((1 - inside) / (1 - outside))
    gains = accumulate(
        [count * hit + (size - count) * miss for count, size in zip(hits, sizes, strict=True)], initial=0.0
    )
    sums = list(gains)
    lowest = list(accumulate(sums[:-1], min))  # of the sums before each hour
    rises = list(map(sub, sums[1:], lowest))
    if not rises:
        return 0, 0
    stop = rises.index(max(rises)) + 1
    return sums.index(lowest[stop - 1]), stop
