"""Which of the previewed records a filter keeps, in slices, so that a newer filter need not wait for an older one."""

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
    """The numbers of those of the records [start, end) that match; `last` if no more were there.

    `not_json` of them a JMESPath term could not look at, `broken_json` of these begin like JSON (see Matcher).
    """

    start: int
    end: int
    hits: array[int]
    last: bool
    not_json: int = 0
    broken_json: int = 0


def match_records(filter_: Filter, records: HourRecords, start: int = 0) -> Iterator[Matched | None]:
    """Match what is there from `start` on, and what comes meanwhile. None: a moment to give up, if nobody waits.

    It ends early once the records are gone.
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
"""Of each term how many records it lets through, of how many that were looked at."""


def key_of(term: Term) -> TermKey:
    """A term, whether it is on or off."""
    return term.kind, term.text, term.negated, term.ignore_case, term.words


def count_terms(filter_: Filter, records: HourRecords, known: TermCounts) -> Iterator[TermCounts | None]:
    """The counts of a filter's terms, given those that are known. None is a moment to give up; the last is all."""
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
