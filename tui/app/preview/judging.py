"""Which of the previewed records a filter keeps, in slices, so that a newer filter need not wait for an older one."""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from tui.app.preview.records import HourRecords
from tui.filter import Filter

_FIRST = 1 << 16  # bytes
_SLICE = 1 << 18
_INTERVAL = 0.05  # seconds between two reports


@dataclass(frozen=True, slots=True)
class Judgement:
    """The numbers of those of the records [start, end) that match; `last` if no more were there."""

    start: int
    end: int
    hits: array[int]
    last: bool


def judge(wanted: Filter, records: HourRecords, start: int = 0) -> Iterator[Judgement | None]:
    """Judge what is there from `start` on, and what comes meanwhile. None: a moment to give up, if nobody waits."""
    matcher = wanted.matcher()
    hits, at = array("I"), start
    told = 0.0  # the first slice is told at once
    while True:
        block = records.block(at, _SLICE if at else _FIRST)
        number = at
        for begin, _ in matcher.spans(block):
            number = records.number_at(block.offset + begin, number)
            hits.append(number)
        at += block.count()
        last = at >= len(records)
        if last or time.monotonic() - told > _INTERVAL:
            told = time.monotonic()
            yield Judgement(start, at, hits, last)
            hits, start = array("I"), at
        else:
            yield None
        if last:
            return
