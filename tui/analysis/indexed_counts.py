"""Counts that the index has: no chunk is read for them."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from tui.analysis.counting import Counting, Group, Part
from tui.analysis.known import field_of, path_name
from tui.analysis.sketch import Sketch
from tui.archive import Chunk
from tui.filter.jmespath import parse_expression
from tui.index import Summary


def count_from(summary: Summary, chunk: Chunk, counting: Counting) -> Part | None:
    """What counting a chunk would give, if its summary is exact about that; None where the chunk must be read."""
    if len(counting.by) > 1 or (counting.every and not counting.every.by_hour):
        return None
    hour = counting.every.bucket(chunk.hour) if counting.every else None
    if not counting.by:
        return _stats(summary, hour, counting)
    if counting.stats:
        return None
    node = parse_expression(counting.by[0]).parsed
    field = field_of(summary, node)
    if field is None or not field.exact or field.others:
        return None
    if f"{path_name(node)}[*]" in summary.fields:  # a list counts once for each different item
        return None
    counts: Counter[Group] = Counter({(hour, (text.encode(),)): number for text, number in field.values.items()})
    judged = summary.records - summary.not_json - summary.unparsed
    return Part(counts, {}, judged, judged - field.records)


def _stats(summary: Summary, hour: datetime | None, counting: Counting) -> Part | None:
    group: Group = (hour, ())
    if counting.stats is None:
        return Part(Counter({group: summary.records}) if summary.records else Counter(), {}, summary.records)
    field = field_of(summary, parse_expression(counting.stats).parsed)
    if field is None or field.others:
        return None
    judged = summary.records - summary.not_json - summary.unparsed
    sketch = Sketch()
    if field.numbers is not None:
        sketch = Sketch.of(field.numbers)
    elif field.exact:
        for text, number in field.values.items():
            if text[:1] in "-0123456789":
                sketch.add([float(text)] * number)
    return Part(Counter({group: judged}) if judged else Counter(), {group: sketch} if judged else {}, judged)
