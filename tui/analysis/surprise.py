"""How much a share differs between two sets of records, beside how much it differs from hour to hour anyway."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from operator import sub

_PRIOR = 4  # windows that vary by chance only, added to those that were seen
_BURST = 0.05  # of the windows: a burst that is longer is how it always is
FEW = 8  # windows among which none can be told from the others


@dataclass(frozen=True, slots=True)
class Shift:
    """A share in the target and in the baseline; `score` is its surprise, negative where the share fell.

    `score` is the likelihood ratio statistic (Dunning 1993), divided by how many times more the share varies between
    windows of the baseline than by chance (`variation`).
    """

    here: float
    there: float
    score: float
    records: int
    variation: float = 1.0

    @property
    def lift(self) -> float:
        """Doublings from there to here; at most 10 either way."""
        least = 1e-4
        return max(-10.0, min(10.0, math.log2((self.here + least) / (self.there + least))))


def varied(moved: Shift, least: float) -> Shift:
    """A shift whose share varies `least` times as much as by chance, or more."""
    if least <= moved.variation:
        return moved
    return replace(moved, score=moved.score * moved.variation / least, variation=least)


def likelihood_ratio(hits: float, size: float, other_hits: float, other_size: float) -> float:
    """G of two proportions; negative if the first is the smaller.

    Half a record is moved to where there are fewer (Yates 1934): of few records G is too large.
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
        """Hits and records of all windows but one burst, if there is one; how much the share varies between them.

        The variation is 1 where the windows differ as much as by chance.
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
        """The windows but the highest and those beside it that are high, too: another incident, if they are few."""
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
    """Neighboring hours together, `length` of them (fewer if there are few in all)."""
    length = max(1, min(length, len(hits) // 8))
    starts = range(0, len(hits), length)
    pairs = [(sum(hits[at : at + length]), sum(sizes[at : at + length])) for at in starts]
    pairs = [pair for pair in pairs if pair[1]]
    return Windows(tuple(hit for hit, _ in pairs), tuple(size for _, size in pairs))


def shift(hits: float, size: float, base: Windows, least: float = 1.0) -> Shift:
    """The share of the target beside the baseline's windows; it varies `least` times as much as by chance, or more."""
    there_hits, there_size, variation = base.usual()
    variation = max(variation, least)
    if not size or not there_size:
        return Shift(0.0, 0.0, 0.0, round(hits))
    score = likelihood_ratio(hits, size, there_hits, there_size) / variation
    whole = sum(base.sizes)
    return Shift(hits / size, sum(base.hits) / whole if whole else 0.0, score, round(hits), variation)


def stretch(hits: Sequence[int], sizes: Sequence[int], inside: float, outside: float) -> tuple[int, int]:
    """The stretch of hours [first, stop) that looks most like the share `inside` and least like `outside`.

    The largest sum of log likelihood ratios (Bentley's maximum subarray).
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
