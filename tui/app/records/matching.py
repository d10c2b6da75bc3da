"""Matching the previewed records in slices: a newer filter does not wait for an older one."""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tui.app.records.store import HourRecords, RecordsGone
from tui.filter import Filter, Term, TermKind

_FIRST_BYTES = 1 << 16
_SLICE_BYTES = 1 << 18
_INTERVAL_SECONDS = 0.05  # between two reports


@dataclass(frozen=True, slots=True)
class Matched:
    """The numbers of the records in [start, end) that match. `last`: there were no more records.

    A JMESPath term could not match `not_json` of the records; `broken_json` of these start like JSON (see Matcher).
    """

    start: int
    end: int
    hits: array[int]
    last: bool
    not_json: int = 0
    broken_json: int = 0


def match_records(filter_: Filter, records: HourRecords, start: int = 0) -> Iterator[Matched | None]:
    """Match the records from `start` on, including those that arrive meanwhile. A None is a point at which to cancel.

    Ends early if the records are gone.
    """
    matcher = filter_.matcher()
    hits, at = array("I"), start
    reported = 0.0  # the first slice is reported at once
    while True:
        try:
            block = records.block(at, _SLICE_BYTES if at else _FIRST_BYTES)
        except RecordsGone:
            return
        number = at
        for begin, _ in matcher.spans(block):
            number = records.number_at(block.offset + begin, number)
            hits.append(number)
        at += block.count()
        last = at >= len(records)
        if last or time.monotonic() - reported > _INTERVAL_SECONDS:
            reported = time.monotonic()
            yield Matched(start, at, hits, last, matcher.not_json, matcher.broken_json)
            hits, start = array("I"), at
            matcher.not_json = matcher.broken_json = 0
        else:
            yield None
        if last:
            return


TermKey = tuple[TermKind, str, bool, bool, bool]
TermCounts = dict[TermKey, tuple[int, int]]
"""For each term: (records that match it, records tested)."""


def key_of(term: Term) -> TermKey:
    """Return a term's identity, whether it is on or off."""
    return term.kind, term.text, term.negated, term.ignore_case, term.words


def count_terms(filter_: Filter, records: HourRecords, known: TermCounts) -> Iterator[TermCounts | None]:
    """Yield the counts of a filter's terms, starting from the `known` ones. A None is a point at which to cancel."""
    counted: TermCounts = {}
    for term in filter_.terms:
        matches, seen = known.get(key_of(term), (0, 0))
        alone = Filter((replace(term, enabled=True),))
        for part in match_records(alone, records, seen):
            if part is not None:
                matches, seen = matches + len(part.hits), part.end
            yield None
        counted[key_of(term)] = (matches, seen)
    yield {**known, **counted}
