"""`count`: count the matching records of a plan's chunks, by values and by time."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tui.analysis.counting import CountedPart, Counting, Every, Group, Values
from tui.analysis.indexed_counts import count_from, untimed
from tui.analysis.known import known_counts, known_from
from tui.analysis.sketch import Sketch
from tui.archive import Chunk
from tui.errors import TimeError
from tui.filter import Filter
from tui.index import Index
from tui.index.summary import read_json
from tui.scan import ChunkMeasured, Known, ScanEvent, ScanPlan, run_plan

_EVERY = re.compile(r"(\d{1,4})([mhd])")
_MINUTES = {"m": 1, "h": 60, "d": 1440}
_DAY = 1440
_INFINITE = (b"1e999", b"-1e999")


@dataclass(frozen=True, slots=True)
class CountedRow:
    """A group: its time (None without `every`), values as JSON texts, number of records, and a number's statistics."""

    time: datetime | None
    values: Values
    count: int
    sketch: Sketch | None = None

    @property
    def plain(self) -> list[Any]:
        """The values for JSON output; infinite numbers are texts (`1e999`)."""
        return [value.decode() if value in _INFINITE else read_json(value) for value in self.values]


@dataclass(frozen=True, slots=True)
class Counted:
    """The result of a count. `error`: by how much each count may be too low, 0 if counts are exact.

    `records`: matching records. `missing`: those of them without one of the fields. `no_time`: those without a readable
    time. `more`: groups that `top` left out. `crowded`: records in no row, because their lists have too many
    combinations.
    """

    rows: tuple[CountedRow, ...]
    records: int
    missing: int
    no_time: int
    error: int
    more: int
    crowded: int = 0


def parse_every(text: str) -> Every:
    """Parse `10m`, `1h` or `1d`: a divisor of an hour, a divisor of a day, or a day; TimeError for anything else."""
    match = _EVERY.fullmatch(text)
    minutes = int(match[1]) * _MINUTES[match[2]] if match else 0
    if not minutes or _DAY % minutes or (60 % minutes and minutes % 60):
        raise TimeError(
            f"'{text}' is not an interval of --every; use a part of the hour or the day, such as 1m, 10m, 6h or 1d"
        )
    return Every(minutes)


def count(
    plan: ScanPlan,
    counting: Counting,
    *,
    top: int | None = None,
    jobs: int | None = None,
    dask: str | None = None,
    cancel: threading.Event | None = None,
    index: Index | None = None,
) -> Iterator[ScanEvent | Counted]:
    """Read the plan's chunks; yield the events of a scan, except matches, then one Counted.

    With `top`, only the values most frequent overall are kept, with all their times. Chunks are not read if the `index`
    knows their counts or that nothing in them matches.
    """
    total = CountedPart()
    plan = replace(plan, excerpt=replace(plan.excerpt, measure=counting))
    known = known_counted(index, plan, counting, total) if index is not None else None
    for event in run_plan(plan, jobs=jobs, dask=dask, cancel=cancel, strict=True, exact=True, known=known):
        if isinstance(event, ChunkMeasured):
            assert isinstance(event.part, CountedPart)
            total.merge(event.part)
        else:
            yield event
    yield _counted(total, top)


def known_counted(
    index: Index, plan: ScanPlan, counting: Counting, total: CountedPart
) -> Callable[[Chunk, Filter], Known | None]:
    """Return a function that answers for chunks that need not be read; it adds their counts to `total`."""
    excluded = known_from(index, plan.chunks)

    def known(chunk: Chunk, filter: Filter) -> Known | None:  # noqa: A002
        summary = index.summary(chunk)
        part = count_from(summary, chunk, counting, filter) if summary is not None else None
        if summary is None or part is None:
            return excluded(chunk, filter)
        total.merge(part)
        parses = bool(filter.active or counting.by or counting.stats or (counting.by_minute and not filter.within))
        answer = known_counts(summary.head, parses=parses)
        matches = part.records if filter.narrows else summary.head.records
        no_time = untimed(summary) if filter.within else 0
        return replace(answer, counts=replace(answer.counts, matches=matches, no_time=no_time))

    return known


def _counted(total: CountedPart, top: int | None) -> Counted:
    exact_until = total.error
    total.drop_rare()
    groups = list(total.counts)
    if top is not None:
        by_values: Counter[Values] = Counter()
        for (_, values), number in total.counts.items():
            by_values[values] += number
        kept = set(sorted(by_values, key=lambda values: (-by_values[values], _order(values)))[:top])
        groups = [group for group in groups if group[1] in kept]
    error = max(exact_until, total.error)
    groups.sort(key=lambda group: _place(group, total.counts[group]))
    rows = tuple(CountedRow(*group, total.counts[group], total.sketches.get(group)) for group in groups)
    more = len({values for _, values in total.counts}) - len({values for _, values in groups})
    return Counted(rows, total.records, total.missing, total.no_time, error, more, total.crowded)


def _place(group: Group, number: int) -> tuple[Any, ...]:
    """Sort by time, then the most frequent first, then by value, so the order is always the same."""
    time, values = group
    return (time.isoformat() if time else "", -number, _order(values))


def _order(values: Values) -> tuple[Any, ...]:
    """Sort numbers by size before texts in alphabetical order."""
    return tuple((0, float(value), value) if value[:1] in b"-0123456789" else (1, 0.0, value) for value in values)
