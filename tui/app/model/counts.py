"""Counts over time: matches and all records per hour, or matches per minute, optionally split by value."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tui.analysis.count import Counted, CountedRow, count
from tui.analysis.counting import Counting, Every
from tui.analysis.indexed_counts import count_from
from tui.app.model.hours import Hours, Selection
from tui.app.model.session import Session, Shade, shifted
from tui.app.model.usual import odd_counts
from tui.archive.store import is_s3
from tui.archive.times import next_hour
from tui.filter import Filter
from tui.index import open_index
from tui.scan import ChunkDamaged, ChunkDone, ScanPlan, plan_scan
from tui.scan.time_field import detect_time_field
from tui.units import size

HOUR, MINUTE = Every(60), Every(1)
_INTERVAL_SECONDS = 0.4  # between two reports
_MAX_VALUES = 8  # shown in a split; the others are counted together
OTHERS = "all others"
_MAX_BYTES, _MAX_BYTES_S3 = 2 << 30, 128 << 20  # the largest archive that is counted in full without a selection
_DAYS_AROUND = 3  # of a larger archive, the days on each side of the cursor
_TRIED = 20  # chunks tried to see whether the index can count


@dataclass(frozen=True, slots=True)
class Series:
    """Counts per hour, or per minute if `every` is a minute.

    `records`: all records of each hour. `split`: the counts of each of the most frequent values (as text). `chunks` of
    `of` are done, `skipped` of them without reading. `no_time`: matches without a known minute. `time_field`: the field
    with the records' time, for counts per minute.
    """

    hours: Hours
    filter: Filter
    by: str = ""
    every: Every = HOUR
    matches: Mapping[datetime, int] = field(default_factory=dict)
    records: Mapping[datetime, int] = field(default_factory=dict)
    split: Mapping[str, Mapping[datetime, int]] = field(default_factory=dict)
    chunks: int = 0
    of: int = 0
    skipped: int = 0
    damaged: int = 0
    no_time: int = 0
    final: bool = False
    time_field: str | None = None

    def odd_split(self, odd: Container[datetime]) -> dict[str, frozenset[datetime]]:
        """Return the hours with far more or fewer records of a value than usual, without `odd` hours."""
        return {
            value: frozenset(odd_counts({hour: counts.get(hour, 0) for hour in self.records if hour not in odd}))
            for value, counts in self.split.items()
        }

    def shade(self) -> Shade:
        """Return the counts as shades for the calendar."""
        return Shade(self.filter.describe(), self.filter, self.matches, self.records)

    @property
    def total(self) -> int:
        return sum(self.matches.values())


def count_over_time(
    session: Session, hours: Hours, filter_: Filter, by: str, every: Every, cancel: threading.Event
) -> Iterator[Series]:
    """Yield more and more complete counts; the last is final unless cancelled. Indexed chunks are not read.

    Raises FilterError if `by` is not a JMESPath.
    """
    archive = session.archive
    if session.catalog.is_listed(hours.start, hours.stop):
        plan = ScanPlan(archive, hours.start, hours.stop, filter_, session.catalog.between(hours.start, hours.stop))
    else:
        plan = plan_scan(archive, hours.start, hours.stop, filter_)
    chunks = plan.chunks
    time_field = None if every.by_hour else detect_time_field(archive, chunks, cancelled=cancel.is_set)
    counting = Counting((by,) if by else (), every, None, time_field, archive.zone)
    matches, records = Counter[datetime](), Counter[datetime]()
    done = skipped = damaged = 0
    reported = time.monotonic()
    with open_index(archive) as index:
        for event in count(plan, counting, cancel=cancel, index=index):
            if isinstance(event, ChunkDone):
                matches[event.chunk.hour] += event.counts.matches
                records[event.chunk.hour] += event.counts.records
                done, skipped = done + 1, skipped + event.skipped
                if every.by_hour and time.monotonic() - reported > _INTERVAL_SECONDS:
                    reported = time.monotonic()
                    so_far = dict(matches), dict(records)
                    yield Series(hours, filter_, by, every, *so_far, {}, done, len(chunks), skipped, damaged)
            elif isinstance(event, ChunkDamaged):
                damaged += 1
            elif isinstance(event, Counted) and not cancel.is_set():
                split = _split(event.rows) if by else {}
                counts = dict(matches) if every.by_hour else _by_time(event.rows)
                rest = (done, len(chunks), skipped, damaged, event.no_time, True, time_field)
                yield Series(hours, filter_, by, every, counts, dict(records), split, *rest)


def _by_time(rows: tuple[CountedRow, ...]) -> dict[datetime, int]:
    """Return counts by minute. A record with a list of values counts once for each value."""
    counts = Counter[datetime]()
    for row in rows:
        if row.time is not None:
            counts[row.time] += row.count
    return dict(counts)


def _split(rows: tuple[CountedRow, ...]) -> dict[str, dict[datetime, int]]:
    """Return the counts of the most frequent values, then those of all others together."""
    totals, split = Counter[str](), dict[str, Counter[datetime]]()
    for row in rows:
        (value,) = row.plain
        text = value if isinstance(value, str) else row.values[0].decode("utf-8", "replace")
        totals[text] += row.count
        if row.time is not None:
            split.setdefault(text, Counter())[row.time] += row.count
    first = [text for text, _ in totals.most_common(_MAX_VALUES)]
    kept = {text: dict(split.get(text, {})) for text in first}
    others = Counter[datetime]()
    for text in split.keys() - kept.keys():
        others.update(split[text])
    return {**kept, OTHERS: dict(others)} if others else kept


def minutes_of(hour: datetime) -> tuple[datetime, ...]:
    return tuple(hour + timedelta(minutes=minute) for minute in range(60))


def counted_hours(session: Session) -> tuple[Hours, str]:
    """Return the hours to count, and a sentence if they are only a part of a large archive.

    These are the selection, else the whole archive if it is small or the index can answer, else days around the cursor.
    """
    if session.selection:
        return session.selection.span.whole, ""
    whole = Hours(session.first, next_hour(session.catalog_last))
    weight = session.totals(Selection.of(whole))[2]
    if not session.catalog.unlisted and weight <= (_MAX_BYTES_S3 if is_s3(session.archive.store.url) else _MAX_BYTES):
        return whole, ""
    if not session.catalog.unlisted and _is_known(session):
        return whole, ""
    place = (session.place or session.last).replace(hour=0)
    start, stop = shifted(place, -24 * _DAYS_AROUND), shifted(place, 24 * (_DAYS_AROUND + 1))
    some = f"of an archive of {size(weight)}: select hours on the calendar to see others"
    return Hours(max(start, whole.start), min(stop, whole.stop)), some


def _is_known(session: Session) -> bool:
    """Return whether all chunks are indexed and the index can count the filter's matches in a few of them."""
    chunks, counting = session.catalog.chunks, Counting((), HOUR, None, None, session.archive.zone)
    with open_index(session.archive) as index:
        if len(index.indexed(chunks)) < len(chunks):
            return False
        some = index.summaries(chunks[:: max(len(chunks) // _TRIED, 1)])
        parts = (summary and count_from(summary, chunk, counting, session.filter) for chunk, summary in some)
        return all(part is not None for part in parts)
