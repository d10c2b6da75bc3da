"""Find two or three facts that differ more together than each alone: a beam search over the bits of some records."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations

from tui.analysis.comparison import MARGIN, Candidate, Comparison, stands_out
from tui.analysis.facts import RecordFact

_SHARPER = 1.05  # times the score of its parts is the least score of a combination,
_MARGIN = 4  # plus this margin
_BEAM = 25  # of the most surprising facts are combined with all others
_CROSS = 120  # facts are combined with each other


def combined(
    comparison: Comparison,
    facts: Sequence[RecordFact],
    needed: float,
    cancelled: Callable[[], bool],
) -> list[Candidate]:
    """Return the pairs and triples that stand out."""
    search = _Search(comparison, facts, needed, cancelled)
    pairs = search.sharper([comparison.single(fact) for fact in search.rising[:_BEAM]])
    known = {frozenset(pair.facts) for pair in pairs}
    pairs += [pair for pair in search.crossed() if frozenset(pair.facts) not in known]
    pairs.sort(key=lambda candidate: -candidate.rank(needed))
    # a pair that does not stand out itself may be part of a triple that does
    return [made for made in (*pairs, *search.sharper(pairs[:_BEAM])) if search.stands_out(made)]


class _Search:
    """The state of one search."""

    def __init__(
        self, comparison: Comparison, facts: Sequence[RecordFact], needed: float, cancelled: Callable[[], bool]
    ) -> None:
        self.comparison = comparison
        self.needed = needed
        self.cancelled = cancelled
        self.masks = {fact: comparison.records.mask(fact) for fact in facts if fact.kind != "field"}
        self._singles: dict[RecordFact, Candidate] = {}
        self.scores = {fact: comparison.rough_mask(mask) for fact, mask in self.masks.items()}

        self.rising = sorted(
            (fact for fact, score in self.scores.items() if score > 0), key=lambda fact: -self.scores[fact]
        )

    def sharper(self, beam: Sequence[Candidate]) -> list[Candidate]:
        """Combine each candidate with one more fact; return the combinations that are sharper."""
        sharper: dict[frozenset[RecordFact], Candidate] = {}
        for candidate in beam:
            if self.cancelled():
                break
            score = self.comparison.rough_mask(candidate.mask)
            here = candidate.mask & self.comparison.here
            paths = {fact.path for fact in candidate.facts}
            for fact, other in self.masks.items():
                least = max(score, self.scores[fact]) * _SHARPER + _MARGIN
                if fact.path in paths or not self.comparison.can_reach(here & other, least):
                    continue
                mask = candidate.mask & other
                key = frozenset((*candidate.facts, fact))
                if key not in sharper and self.comparison.rough_mask(mask) > least:
                    base = self._single(candidate.facts[0], candidate.mask) if len(candidate.facts) == 1 else candidate
                    facts = (*candidate.facts, fact)
                    parts = base, self._single(fact, other)
                    for made in self._combination(facts, mask, parts, _MARGIN, candidate.shift.variation):
                        sharper[key] = made
        return sorted(sharper.values(), key=lambda candidate: -candidate.rank(self.needed))

    def crossed(self) -> list[Candidate]:
        """Return pairs of facts that need not differ much alone."""
        pairs: list[Candidate] = []
        for one, other in combinations(self.rising[:_CROSS], 2):
            if one.path == other.path:
                continue
            mask = self.masks[one] & self.masks[other]
            least = max(self.scores[one], self.scores[other]) * _SHARPER + self.needed
            if self.comparison.rough_mask(mask) > least:
                pairs += self._combination(
                    (one, other),
                    mask,
                    (self._single(one, self.masks[one]), self._single(other, self.masks[other])),
                    self.needed,
                )
        return pairs

    def _combination(
        self,
        facts: tuple[RecordFact, ...],
        mask: int,
        parts: Sequence[Candidate],
        margin: float,
        variation: float = math.inf,
    ) -> list[Candidate]:
        """Return the combination if it is sharper than its parts, counted in all records; else an empty list.

        Its variation is capped at that of the part that it extends, since it is measured roughly on few records. A
        sample would vary less than users' activities do.
        """
        made = self.comparison.combination(facts, mask)
        if self._score(made) <= max(map(self._score, parts)) * _SHARPER + margin:
            return []
        moved = made.shift
        if variation < moved.variation:
            moved = replace(moved, score=moved.score * moved.variation / variation, variation=variation)
        return [replace(made, shift=moved)] if moved.score > 0 else []

    def stands_out(self, candidate: Candidate) -> bool:
        """True if a candidate stands out among all combinations of as many facts."""
        return stands_out(candidate.shift, len(candidate.facts) * (self.needed - MARGIN) + MARGIN)

    def _score(self, candidate: Candidate) -> float:
        return self.comparison.rough(candidate.hits, candidate.sizes)

    def _single(self, fact: RecordFact, mask: int) -> Candidate:
        """Return a fact as a combination of one, counted in the same records."""
        if fact not in self._singles:
            self._singles[fact] = self.comparison.combination((fact,), mask)
        return self._singles[fact]
