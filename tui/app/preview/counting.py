"""How many records each term of a filter lets through by itself, counted once and then only for what came since."""

from __future__ import annotations

from collections.abc import Iterator

from tui.app.preview.judging import judge
from tui.app.preview.records import HourRecords
from tui.filter import Filter, Kind, Term

TermKey = tuple[Kind, str, bool]
Counted = dict[TermKey, tuple[int, int]]
"""Of each term how many records it lets through, of how many that were looked at."""


def key_of(term: Term) -> TermKey:
    """A term, whether it is on or off."""
    return term.kind, term.text, term.negated


def count_terms(wanted: Filter, records: HourRecords, known: Counted) -> Iterator[Counted | None]:
    """The counts of a filter's terms, given those that are known. None is a moment to give up; the last is all."""
    counted: Counted = {}
    for term in wanted.terms:
        found, seen = known.get(key_of(term), (0, 0))
        alone = Filter((Term(term.kind, term.text, negated=term.negated),))
        for part in judge(alone, records, seen):
            if part is not None:
                found, seen = found + len(part.hits), part.end
            yield None
        counted[key_of(term)] = (found, seen)
    yield {**known, **counted}
