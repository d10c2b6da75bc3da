"""Counts that the index has: no chunk is read for them."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from tui.analysis.counting import CountedPart, Counting, Group
from tui.analysis.exact import field_asked, field_of, matching_values, plain_path, value_counts
from tui.analysis.sketch import Sketch
from tui.archive import Chunk
from tui.filter import Filter
from tui.index.summary import Summary, read_json


def count_from(summary: Summary, chunk: Chunk, counting: Counting, filter_: Filter) -> CountedPart | None:
    """What counting a chunk would give, if its summary is exact about that; None where the chunk must be read."""
    if len(counting.by) > 1 or (counting.every and not counting.every.by_hour) or filter_.within:
        return None
    hour = counting.every.bucket(chunk.hour) if counting.every else None
    if filter_.active or filter_.invert:
        return _filtered(summary, hour, counting, filter_)
    if not counting.by:
        return _stats(summary, hour, counting)
    if counting.stats:
        return None
    values = value_counts(summary, plain_path(counting.by[0]))
    return _by_value(values, hour) if values is not None else None


def _filtered(summary: Summary, hour: datetime | None, counting: Counting, filter_: Filter) -> CountedPart | None:
    """The same of the records that match a filter of one field: all of them, or by that field."""
    path = field_asked(filter_)
    if (
        summary.head.unparsed or summary.head.broken_json
    ):  # how many of them reading looks at depends on the filter's texts
        return None
    if not path or counting.stats or (counting.by and plain_path(counting.by[0]) != path):
        return None
    values = matching_values(summary, filter_)
    if values is None or counting.by:
        return _by_value(values, hour) if values is not None else None
    matches = sum(values.values())
    return CountedPart(Counter({(hour, ()): matches}) if matches else Counter(), {}, matches)


def _by_value(values: dict[str | None, int], hour: datetime | None) -> CountedPart:
    counts: Counter[Group] = Counter(
        {(hour, (text.encode(),)): number for text, number in values.items() if text is not None}
    )
    return CountedPart(counts, {}, sum(values.values()), values.get(None, 0))


def _stats(summary: Summary, hour: datetime | None, counting: Counting) -> CountedPart | None:
    group: Group = (hour, ())
    if counting.stats is None:
        return CountedPart(
            Counter({group: summary.head.records}) if summary.head.records else Counter(), {}, summary.head.records
        )
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
    return CountedPart(Counter({group: judged}) if judged else Counter(), {group: sketch} if judged else {}, judged)
