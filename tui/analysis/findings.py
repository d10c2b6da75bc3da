"""Which facts differ between the target's records and the baseline's: singles, then combinations, then what is left.

A finding is accepted with all records for which it holds taken out of both sides; what no longer differs then was a
part of it, or its reverse.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

from tui.analysis.facts import Fact
from tui.analysis.surprise import Shift, Windows, shift, stretch, windows
from tui.analysis.table import LEAST, Hour, Table
from tui.filter.fields import Path

_MARGIN = 12.0  # of the statistic, over what the largest of so many tries reaches by chance
_LIFT = 0.3  # doublings; a smaller change is none
_SHARPER = 1.05  # times the score of its parts that a combination must have
_BEAM = 25  # the most surprising facts, each combined with all others
_CROSS = 120  # facts that are combined with each other
_TOGETHER = 0.9  # of a finding's records, for a fact to be named with it
_UNUSUAL = 0.7  # its share elsewhere must be less than this part of that
_MOST = 50  # findings
_ALSO = 6
_ALONE = 1.5  # times as far from the usual as any other stretch of hours
_LONGEST = 4  # an incident takes at most this part of all hours; what takes longer is a trend
_LIKE = 0.5  # of the target's share: an hour outside of it with more looks like it


@dataclass(frozen=True, slots=True)
class Candidate:
    """Facts that hold together, the bits of their records, and how their share differs."""

    facts: tuple[Fact, ...]
    mask: int = field(repr=False)
    shift: Shift

    @property
    def rank(self) -> float:
        """Surprise, weighed by effect."""
        return abs(self.shift.score) * min(max(abs(self.shift.lift), 0.3), 3.0)


@dataclass(frozen=True, slots=True)
class Finding:
    """A candidate that stands out, and what is always there together with it. `since` and `until`: indexes of hours."""

    facts: tuple[Fact, ...]
    mask: int = field(repr=False)
    shift: Shift
    also: tuple[Fact, ...]
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Target and baseline, as bits of a table's records, and the hours of either.

    `target_hours` is empty where the target is not told by hours.
    """

    table: Table
    target: int = field(repr=False)
    baseline: int = field(repr=False)
    target_hours: tuple[int, ...]
    baseline_hours: tuple[int, ...]

    def shift_of(self, mask: int) -> Shift:
        """How the share of some records differs, beside how it varies from hour to hour."""
        here = self.table.by_hour(mask & self.baseline)
        size = self.table.by_hour(self.baseline)
        base = windows(
            [here[at] for at in self.baseline_hours],
            [size[at] for at in self.baseline_hours],
            max(len(self.target_hours), 1),
        )
        return shift((mask & self.target).bit_count(), self.target.bit_count(), base)

    def rough(self, mask: int) -> float:
        """The score without the variation: cheap, and never too low."""
        from tui.analysis.surprise import likelihood_ratio

        here, there = (mask & self.target).bit_count(), (mask & self.baseline).bit_count()
        return likelihood_ratio(here, self.target.bit_count(), there, self.baseline.bit_count())

    def without(self, mask: int) -> Comparison:
        """The same without some records."""
        return replace(self, target=self.target & ~mask, baseline=self.baseline & ~mask)


def compare_hours(table: Table, target: Sequence[int], baseline: Sequence[int]) -> Comparison:
    """The records of some hours beside those of others, by the hours' indexes."""

    def mask(hours: Iterable[int]) -> int:
        return table.mask_of([table.hours[at] for at in hours])

    return Comparison(table, mask(target), mask(baseline), tuple(target), tuple(baseline))


def findings(
    comparison: Comparison,
    *,
    leave_out: frozenset[Path] = frozenset(),
    cancelled: Callable[[], bool] = lambda: False,
) -> list[Finding]:
    """What stands out, the most surprising first; an empty list if nothing does."""
    facts = {fact: mask for fact, mask in comparison.table.masks.items() if fact.path not in leave_out}
    needed = 2 * math.log(max(len(facts), 2)) + _MARGIN
    candidates = _candidates(comparison, facts, needed, cancelled)
    accepted: list[Finding] = []
    rest = comparison
    for candidate in candidates:
        if cancelled() or len(accepted) == _MOST:
            break
        if accepted and not _stands_out(rest.shift_of(candidate.mask), needed):
            continue
        if candidate.shift.score > 0 and comparison.table.sources(candidate.mask & comparison.target) < LEAST:
            continue  # the doing of one user, whose records are alike
        accepted.append(_finding(comparison, candidate, facts))
        rest = rest.without(candidate.mask)
        if min(rest.target.bit_count(), rest.baseline.bit_count()) < LEAST:
            break
    return accepted


def _stands_out(found: Shift, needed: float) -> bool:
    enough = found.records >= LEAST if found.score > 0 else found.there > found.here
    return abs(found.score) >= needed and abs(found.lift) >= _LIFT and enough


def _candidates(
    comparison: Comparison, facts: dict[Fact, int], needed: float, cancelled: Callable[[], bool]
) -> list[Candidate]:
    """Facts and combinations that stand out, the highest rank first; a combination only where it is sharper."""
    rough = sorted(((comparison.rough(mask), fact) for fact, mask in facts.items()), key=lambda pair: -abs(pair[0]))
    singles = [
        Candidate((fact,), facts[fact], comparison.shift_of(facts[fact]))
        for score, fact in rough
        if abs(score) >= needed / 2
    ]
    singles.sort(key=lambda candidate: -candidate.rank)
    found = {frozenset(candidate.facts): candidate for candidate in singles if _stands_out(candidate.shift, needed)}
    pairs = _pairs(comparison, singles, rough, facts, needed, cancelled)
    triples = _sharper(comparison, pairs[:_BEAM], facts, needed, cancelled)
    for candidate in (*pairs, *triples):
        found[frozenset(candidate.facts)] = candidate
    return sorted(found.values(), key=lambda candidate: (-candidate.rank, len(candidate.facts)))


def _pairs(
    comparison: Comparison,
    singles: Sequence[Candidate],
    rough: Sequence[tuple[float, Fact]],
    facts: dict[Fact, int],
    needed: float,
    cancelled: Callable[[], bool],
) -> list[Candidate]:
    """Two facts that differ more together than each by itself."""
    beam = [candidate for candidate in singles[:_BEAM] if candidate.shift.score > 0]
    pairs = _sharper(comparison, beam, facts, needed, cancelled)
    known = {frozenset(pair.facts) for pair in pairs}
    crossed = [(score, fact) for score, fact in rough if score > 0 and fact.kind != "field"][:_CROSS]
    for (one_score, one), (other_score, other) in combinations(crossed, 2):
        if one.path == other.path or frozenset((one, other)) in known:
            continue
        mask = facts[one] & facts[other]
        if comparison.rough(mask) > max(one_score, other_score) * _SHARPER + needed:
            pairs += _sharp(comparison, (one, other), mask, needed)
    pairs.sort(key=lambda candidate: -candidate.rank)
    return pairs


def _sharper(
    comparison: Comparison,
    beam: Sequence[Candidate],
    facts: dict[Fact, int],
    needed: float,
    cancelled: Callable[[], bool],
) -> list[Candidate]:
    """Each of some candidates with one more fact, where that makes it sharper."""
    found: dict[frozenset[Fact], Candidate] = {}
    scores = {fact: comparison.rough(mask) for fact, mask in facts.items()}
    for candidate in beam:
        if cancelled():
            break
        own = comparison.rough(candidate.mask)
        paths = {fact.path for fact in candidate.facts}
        for fact, other in facts.items():
            if fact.path in paths or fact.kind == "field":
                continue
            mask = candidate.mask & other
            parts = max(own, scores[fact])
            if comparison.rough(mask) > parts * _SHARPER + 4:
                key = frozenset((*candidate.facts, fact))
                if key not in found:
                    for made in _sharp(comparison, (*candidate.facts, fact), mask, needed, candidate.shift.variation):
                        found[key] = made
    return sorted(found.values(), key=lambda candidate: -candidate.rank)


def _sharp(
    comparison: Comparison, facts: tuple[Fact, ...], mask: int, needed: float, variation: float = math.inf
) -> list[Candidate]:
    """A combination, if it stands out among all combinations of so many facts.

    It varies no more than the part that it was made of: what is seen of few records is rough.
    """
    moved = comparison.shift_of(mask)
    if variation < moved.variation:
        moved = replace(moved, score=moved.score * moved.variation / variation, variation=variation)
    candidate = Candidate(facts, mask, moved)
    among_all = len(facts) * (needed - _MARGIN) + _MARGIN
    return [candidate] if candidate.shift.score > 0 and _stands_out(candidate.shift, among_all) else []


def _finding(comparison: Comparison, candidate: Candidate, facts: dict[Fact, int]) -> Finding:
    """With what is always there together with it, and the hours that it lasts."""
    here = candidate.mask & comparison.target
    if candidate.shift.score < 0:
        here = candidate.mask & comparison.baseline
    number = here.bit_count()
    everywhere = comparison.table.records
    own = {fact.path for fact in candidate.facts}
    together = []
    for fact, mask in facts.items():
        if fact.path in own or fact.kind in ("field", "missing"):
            continue
        share = (mask & here).bit_count() / max(number, 1)
        usual = mask.bit_count() / max(everywhere, 1)
        if share >= _TOGETHER and usual < _UNUSUAL * share:
            together.append((usual / share, fact))
    together.sort(key=lambda pair: pair[0])
    also: dict[Path, Fact] = {}
    for _, fact in together:
        also.setdefault(fact.path, fact)
    since, until = duration(comparison, candidate.mask, candidate.shift)
    facts_found = _in_order(candidate.facts, comparison)
    return Finding(facts_found, candidate.mask, candidate.shift, tuple(also.values())[:_ALSO], since, until)


def _in_order(facts: tuple[Fact, ...], comparison: Comparison) -> tuple[Fact, ...]:
    """The fact that differs most by itself comes first: the finding takes its kind."""
    return tuple(sorted(facts, key=lambda fact: -abs(comparison.rough(comparison.table.masks[fact]))))


def duration(comparison: Comparison, mask: int, found: Shift) -> tuple[int, int]:
    """The hours [since, until) in which the share is like the target's rather than the baseline's."""
    table = comparison.table
    hits, sizes = table.by_hour(mask), [hour.records for hour in table.hours]
    first, stop = stretch(hits, sizes, found.here, found.there)
    size = sum(sizes[first:stop])
    if size and (first, stop) != (0, len(sizes)):  # once more with what it is in there, and outside
        inside = sum(hits[first:stop]) / size
        outside = (sum(hits) - sum(hits[first:stop])) / max(sum(sizes) - size, 1)
        first, stop = stretch(hits, sizes, inside, outside)
    return first, stop


def hours_like(comparison: Comparison, finding: Finding) -> list[int]:
    """Hours of the baseline whose share of a finding is like the target's."""
    table = comparison.table
    hits = table.by_hour(finding.mask)
    here, there = finding.shift.here, finding.shift.there
    bound = there + _LIKE * (here - there)
    return [
        at
        for at in comparison.baseline_hours
        if table.hours[at].records
        and (
            (hits[at] / table.hours[at].records > bound) if here > there else hits[at] / table.hours[at].records < bound
        )
    ]


def suspicious(table: Table, most: int, cancelled: Callable[[], bool] = lambda: False) -> list[tuple[int, int]]:
    """Stretches of hours [first, stop) in which some fact differs from all other hours, the most surprising first."""
    sizes = [hour.records for hour in table.hours]
    number = len(sizes)
    needed = 2 * math.log(max(len(table.masks), 2)) + 2 * math.log(max(number, 2)) + _MARGIN
    found: list[tuple[float, int, int]] = []
    for mask in table.masks.values():
        if cancelled():
            break
        found += _stretches(table.by_hour(mask), sizes, needed)
    return _distinct(found, most)


def _stretches(hits: Sequence[int], sizes: Sequence[int], needed: float) -> list[tuple[float, int, int]]:
    """The stretch in which a fact is more frequent than elsewhere, and the one in which it is rarer."""
    number, whole = len(sizes), sum(hits)
    found = []
    usual = sorted(hit / size for hit, size in zip(hits, sizes, strict=True) if size)
    if not usual:
        return []
    middle = max(usual[len(usual) // 2], 0.5 * whole / max(sum(sizes), 1) if not usual[len(usual) // 2] else 0.0)
    for extreme in (usual[-1], usual[0]):
        inside, outside = extreme, middle
        if inside == outside:
            continue
        first, stop = 0, number
        for _ in range(3):
            first, stop = stretch(hits, sizes, inside, outside)
            size = sum(sizes[first:stop])
            if not size or stop - first > number // _LONGEST:
                break
            inside = sum(hits[first:stop]) / size
            outside = (whole - sum(hits[first:stop])) / max(sum(sizes) - size, 1)
            if inside == outside:
                break
        size = sum(sizes[first:stop])
        if not size or stop - first > number // _LONGEST:
            continue
        base = windows([*hits[:first], *hits[stop:]], [*sizes[:first], *sizes[stop:]], stop - first)
        moved = shift(sum(hits[first:stop]), size, base)
        if _stands_out(moved, needed) and _is_alone(base, moved):
            found.append((abs(moved.score) * min(max(abs(moved.lift), 0.3), 3.0), first, stop))
    return found


def _is_alone(base: Windows, moved: Shift) -> bool:
    """Is no other stretch nearly as far from the usual share? What varies that much does so without a reason."""
    shares = [hit / size for hit, size in zip(base.hits, base.sizes, strict=True)]
    furthest = max(shares) if moved.score > 0 else min(shares)
    return abs(moved.here - moved.there) > _ALONE * abs(furthest - moved.there)


def _distinct(found: Iterable[tuple[float, int, int]], most: int) -> list[tuple[int, int]]:
    chosen: list[tuple[int, int]] = []
    for _, first, stop in sorted(found, reverse=True):
        if all(stop <= other_first or other_stop <= first for other_first, other_stop in chosen):
            chosen.append((first, stop))
        if len(chosen) == most:
            break
    return chosen


__all__ = ["Comparison", "Finding", "Hour", "Windows", "compare_hours", "findings", "hours_like", "suspicious"]
