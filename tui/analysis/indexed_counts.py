"""Counts from the index alone: no chunk is read."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, tzinfo

from tui.analysis.counting import CountedPart, Counting, Group
from tui.analysis.exact import field_asked, field_of, matching_values, plain_path, value_counts
from tui.analysis.sketch import Sketch
from tui.archive import Chunk
from tui.archive.times import zone_name
from tui.filter import Filter
from tui.filter.event_time import MINUTE
from tui.index.summary import Summary, read_json


def count_from(summary: Summary, chunk: Chunk, counting: Counting, filter_: Filter) -> CountedPart | None:
    """Return the counts of a chunk if its summary knows them exactly; None if the chunk must be read."""
    if len(counting.by) > 1:
        return None
    hour = counting.every.bucket(chunk.hour) if counting.every and counting.every.by_hour else None
    if counting.by_minute or filter_.within:
        return _by_time(summary, hour, counting, filter_)
    if filter_.active or filter_.invert:
        return _filtered(summary, hour, counting, filter_)
    if not counting.by:
        return _stats(summary, hour, counting)
    if counting.stats:
        return None
    values = value_counts(summary, plain_path(counting.by[0]))
    return _by_value(values, hour) if values is not None else None


def _by_time(summary: Summary, hour: datetime | None, counting: Counting, filter_: Filter) -> CountedPart | None:
    """Return the counts of records by their own minutes, or of those in a range of whole minutes."""
    if counting.by or counting.stats or filter_.active or filter_.invert:
        return None
    within, head = filter_.within, summary.head
    path, zone = (within.path, within.zone) if within else (counting.time_field, counting.zone)
    if not (path and zone and _knows_times(summary, path, zone)):
        return None
    minutes = summary.minutes
    part = CountedPart()
    if within is None:
        part.records = head.records - head.not_json - head.unparsed
        part.no_time = part.records - sum(minutes.values())
    elif within.in_minutes:
        holds = within.holds()
        minutes = {minute: number for minute, number in minutes.items() if holds(minute * MINUTE)}
        part.records = sum(minutes.values())
    else:
        return None
    for minute, number in minutes.items():
        part.counts[counting.bucket_of(minute) if counting.by_minute else hour, ()] += number
    return part


def _knows_times(summary: Summary, path: str, zone: tzinfo) -> bool:
    head = summary.head
    known = head.whole and head.time_field and head.zone == zone_name(zone)
    return bool(known) and plain_path(path) == plain_path(head.time_field)


def untimed(summary: Summary) -> int:
    """Return the number of records without a readable time, among them those that are not JSON."""
    return summary.head.records - sum(summary.minutes.values())


def _filtered(summary: Summary, hour: datetime | None, counting: Counting, filter_: Filter) -> CountedPart | None:
    """Return the counts of records that match a filter on one field: the total, or by that field."""
    path = field_asked(filter_)
    if summary.head.unparsed or summary.head.broken_json:  # the filter's texts decide how many of these a scan parses
        return None
    if not path or counting.stats or (counting.by and plain_path(counting.by[0]) != path):
        return None
    values = matching_values(summary, filter_)
    if values is None or counting.by:
        return _by_value(values, hour) if values is not None else None
    return CountedPart.of(hour, sum(values.values()))


def _by_value(values: dict[str | None, int], hour: datetime | None) -> CountedPart:
    counts: Counter[Group] = Counter(
        {(hour, (text.encode(),)): number for text, number in values.items() if text is not None}
    )
    return CountedPart(counts, {}, sum(values.values()), values.get(None, 0))


def _stats(summary: Summary, hour: datetime | None, counting: Counting) -> CountedPart | None:
    if counting.stats is None:
        return CountedPart.of(hour, summary.head.records)
    field = field_of(summary, plain_path(counting.stats))
    if field is None or field.others:
        return None
    judged = summary.head.records - summary.head.not_json - summary.head.unparsed
    sketch = Sketch()
    if field.numbers is not None:
        sketch = Sketch.of(field.numbers)
    elif field.exact:
        for text, number in field.values.items():
            if text[:1] in "-0123456789":
                sketch.add([read_json(text.encode())] * number)
    part = CountedPart.of(hour, judged)
    part.sketches = dict.fromkeys(part.counts, sketch)
    return part
