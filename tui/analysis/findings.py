"""Facts that differ between the target's records and the baseline's, singly and in combination.

Once a finding is accepted, its records are removed from both sides. Whatever no longer differs then was part of the
finding, or its inverse.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tui.analysis.combinations import combined
from tui.analysis.comparison import Candidate, Comparison, needed_score, stands_out
from tui.analysis.facts import RecordFact
from tui.analysis.spans import duration
from tui.analysis.surprise import Shift, varied
from tui.analysis.table import MIN_RECORDS, Hits
from tui.filter.fields import FieldPath

_TOGETHER = 0.9  # of a finding's records must have a fact for it to be listed with the finding
_UNUSUAL = 0.7  # times that share: the fact's share of all records must be lower
_MAX_FINDINGS = 50  # findings
_ALSO = 6


@dataclass(frozen=True, slots=True)
class Finding:
    """A candidate that stands out. `also`: facts that hold for nearly all of its records.

    `hits`: its records by hour. `rank`: its surprise, weighted by effect. `since` and `until`: indices of hours.
    """

    facts: tuple[RecordFact, ...]
    hits: Hits = field(repr=False)
    shift: Shift
    rank: float
    also: tuple[RecordFact, ...]
    since: int
    until: int


def findings(
    comparison: Comparison,
    *,
    leave_out: frozenset[FieldPath] = frozenset(),
    cancelled: Callable[[], bool] = lambda: False,
) -> list[Finding]:
    """Return what stands out, the most surprising first."""
    facts = [fact for fact in comparison.table.hits if fact.path not in leave_out]
    needed = needed_score(len(facts))
    accepted: list[Candidate] = []
    directions: set[tuple[FieldPath, bool]] = set()  # fields of numbers and their direction
    taken = 0
    for candidate in _candidates(comparison, facts, needed, cancelled):
        if cancelled() or len(accepted) == _MAX_FINDINGS:
            break
        if (direction := _direction(candidate)) in directions:
            continue  # only the bound that separates best is a finding
        left = comparison.without(candidate, taken) if accepted else candidate.shift
        if not stands_out(left, needed):
            continue
        sources, variation = comparison.sources(candidate)
        if sources < MIN_RECORDS or not stands_out(varied(left, variation), needed):
            continue  # it comes from a few users or sessions, whose records are similar
        accepted.append(replace(candidate, shift=varied(candidate.shift, variation)))
        taken |= candidate.mask
        if direction is not None:
            directions.add(direction)
        if min((side & ~taken).bit_count() for side in (comparison.here, comparison.there)) < MIN_RECORDS:
            break
    accepted.sort(key=lambda candidate: -candidate.rank(needed))
    return [_finding(comparison, candidate, facts, candidate.rank(needed)) for candidate in accepted]


def _direction(candidate: Candidate) -> tuple[FieldPath, bool] | None:
    """Return a field of numbers, and whether they became larger; None for other findings."""
    fact = candidate.facts[0]
    if len(candidate.facts) > 1 or fact.kind not in ("above", "below"):
        return None
    return fact.path, (fact.kind == "above") == (candidate.shift.score > 0)


def _candidates(
    comparison: Comparison, facts: list[RecordFact], needed: float, cancelled: Callable[[], bool]
) -> list[Candidate]:
    """Return the facts that stand out, and the combinations that are sharper, the highest rank first."""
    singles = [
        comparison.single(fact)
        for fact in facts
        if abs(comparison.rough(comparison.table.hits[fact], comparison.sizes)) >= needed / 2
    ]
    candidates = {frozenset(candidate.facts): candidate for candidate in singles if stands_out(candidate.shift, needed)}
    for candidate in combined(comparison, facts, needed, cancelled):
        candidates[frozenset(candidate.facts)] = candidate
    return sorted(candidates.values(), key=lambda candidate: (-candidate.rank(needed), len(candidate.facts)))


def _finding(comparison: Comparison, candidate: Candidate, facts: list[RecordFact], rank: float) -> Finding:
    """Make a finding of a candidate, with the facts that always occur with it and the hours that it lasts."""
    hits, moved = candidate.hits, candidate.shift
    since, until = _duration(comparison, candidate)
    if candidate.sizes is not comparison.sizes:  # counted in a sample: estimated for all
        pairs = zip(hits, candidate.sizes, comparison.sizes, strict=True)
        hits = [round(count * size / sampled) if sampled else 0 for count, sampled, size in pairs]
        moved = replace(moved, records=sum(hits[at] for at in comparison.target))
    rough = {fact: abs(comparison.rough(comparison.table.hits[fact], comparison.sizes)) for fact in candidate.facts}
    strongest = tuple(
        sorted(candidate.facts, key=lambda fact: -rough[fact])
    )  # the first fact decides the finding's kind
    return Finding(strongest, hits, moved, rank, _also(comparison, candidate, hits, facts), since, until)


def _duration(comparison: Comparison, candidate: Candidate) -> tuple[int, int]:
    """Return the hours that a candidate lasts, compared with the hours of other weeks if it has a weekly rhythm."""
    steady = comparison.steady(candidate.hits, candidate.sizes)
    if steady is None:
        return duration(candidate.sizes, candidate.hits, candidate.shift)
    hits, sizes = steady
    size = sum(sizes[at] for at in comparison.target)
    here = sum(hits[at] for at in comparison.target) / size if size else candidate.shift.here
    return duration(sizes, hits, replace(candidate.shift, here=here, there=sum(hits) / max(sum(sizes), 1)))


def _also(comparison: Comparison, candidate: Candidate, hits: Hits, facts: list[RecordFact]) -> tuple[RecordFact, ...]:
    """Return facts of other fields that hold for nearly all of a candidate's records, but for fewer of all records."""
    rising = candidate.shift.score > 0
    hours = comparison.target if rising else comparison.baseline
    mask = candidate.mask & (comparison.here if rising else comparison.there)
    number, everywhere = mask.bit_count(), comparison.table.records
    least = _TOGETHER * sum(hits[at] for at in hours)
    paths = {fact.path for fact in candidate.facts}
    together = []
    for fact in facts:
        counts = comparison.table.hits[fact]
        if fact.path in paths or fact.kind in ("field", "missing") or sum(counts[at] for at in hours) < least:
            continue
        share = (comparison.records.mask(fact) & mask).bit_count() / max(number, 1)
        usual = sum(counts) / max(everywhere, 1)
        if share >= _TOGETHER and usual < _UNUSUAL * share:
            together.append((usual / share, fact))
    together.sort(key=lambda pair: pair[0])
    also: dict[FieldPath, RecordFact] = {}
    for _, fact in together:
        also.setdefault(fact.path, fact)
    return tuple(also.values())[:_ALSO]
