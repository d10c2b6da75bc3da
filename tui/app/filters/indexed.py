"""The fields of many hours, from the archive's index. No chunk is read."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from tui.analysis.sketch import Sketch
from tui.app.filters.sample import FEW, TOP, Facet, Measured, in_order
from tui.archive import Archive, Chunk
from tui.filter.fields import ANY, BINS, Field, FieldPath
from tui.index import open_index
from tui.index.summary import FieldSummary, read_json
from tui.units import count

_STEP = re.compile(r'\.?(?:([A-Za-z_]\w*)|("(?:\\.|[^"\\])*"))|\[\*\]')
_SHARES = 64  # quantiles from which a histogram is drawn


@dataclass
class _Merged:
    """One field of many chunks."""

    records: int = 0
    types: Counter[str] = field(default_factory=Counter)
    values: Counter[str] = field(default_factory=Counter)
    patterns: Counter[str] = field(default_factory=Counter)
    exact: bool = True
    distinct: int = 0
    others: int = 0
    numbers: Sketch = field(default_factory=Sketch)

    def add(self, summary: FieldSummary) -> None:
        self.records += summary.records
        self.types.update(summary.types)
        self.values.update(summary.values)
        self.patterns.update(summary.patterns)
        self.others += summary.others
        self.exact &= summary.exact
        self.distinct = max(self.distinct, summary.distinct, len(self.values))
        if summary.numbers is not None:
            self.numbers.merge(Sketch.of(summary.numbers))
        elif summary.distinct > FEW and summary.types.get("number"):  # its values include all its numbers
            for text, times in summary.values.items():
                if isinstance(number := read_json(text.encode()), int | float):
                    self.numbers.add([number] * times)

    def facet(self, path: FieldPath, records: int) -> Facet:
        top = tuple((read_json(text.encode()), times) for text, times in self.values.most_common(TOP))
        known = Field(path, self.records, self.records / records, self.types, self.distinct, self.exact, top)
        if self.numbers.count:
            quantiles = [self.numbers.quantile(at / _SHARES) or 0.0 for at in range(_SHARES + 1)]
            known = replace(
                known,
                low=self.numbers.low,
                median=quantiles[_SHARES // 2],
                high=self.numbers.high,
                bins=_bins(quantiles[1:-1]),  # without the extremes: outliers would press everything else into one bin
            )
        few = self.exact and self.distinct <= FEW
        return Facet(known, records, () if few else tuple(self.patterns.most_common(TOP)))


def _bins(quantiles: Sequence[float]) -> tuple[int, ...]:
    """Return how many quantiles are in each of `BINS` equal bins."""
    low, width = quantiles[0], (quantiles[-1] - quantiles[0]) / BINS
    steps = Counter(min(int((number - low) / width), BINS - 1) if width else 0 for number in quantiles)
    return tuple(steps[at] for at in range(BINS))


def is_indexed(archive: Archive, chunks: Sequence[Chunk]) -> bool:
    """Return whether any of the chunks is in the index."""
    with open_index(archive) as index:
        return bool(index.indexed(chunks))


def measure_indexed(archive: Archive, chunks: Sequence[Chunk]) -> Iterator[Measured | None]:
    """Yield the fields of the indexed chunks, once. A None before that is a point at which to cancel."""
    merged: dict[str, _Merged] = {}
    records = known = 0
    complete = True
    with open_index(archive) as index:
        for _, summary in index.summaries(chunks):
            if summary is not None:
                head = summary.head
                known, complete = known + 1, complete and head.whole
                records += head.records - head.not_json - head.unparsed
                for text, parts in summary.fields.items():
                    merged.setdefault(text, _Merged()).add(parts)
            yield None
    scalars = ((text, parts) for text, parts in merged.items() if parts.others < parts.records)
    facets = in_order(parts.facet(_path(text), records) for text, parts in scalars)
    source = "index: all chunks" if known == len(chunks) else f"index: {count(known)} of {count(len(chunks))}"
    yield Measured(facets, records, True, complete, source)


def _path(text: str) -> FieldPath:
    """Parse the index's spelling of a path: `tags[*]`, `visitor."odd key"`."""
    steps = _STEP.finditer(text)
    return tuple(step[1] or json.loads(step[2]) if step[1] or step[2] else ANY for step in steps)
