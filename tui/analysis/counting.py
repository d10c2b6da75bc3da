"""Counting records by values and time: one chunk's part, and how parts add up."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from itertools import islice, product
from typing import Any

from tui.analysis.sketch import Sketch
from tui.archive import Block, Chunk
from tui.filter import Filter, Matcher
from tui.filter.columns import Row, columns
from tui.filter.event_time import event_time, from_microseconds
from tui.index.summary import spell_json
from tui.scan.matching import matching_block

MOST_GROUPS = 200_000  # values × times that are counted exactly; of more, only the frequent ones are kept
_SPARE = 1.5  # times as many are held before the rare ones are dropped
_BATCH = 20_000

Values = tuple[bytes, ...]  # each a JSON text: 1 and true are different, 1 and 1.0 are not
Group = tuple[datetime | None, Values]


@dataclass(slots=True)
class Part:
    """What was counted of some records.

    `missing`: records without one of the fields. `no_time`: without a time that can be read. `error`: each count may be
    too low by so much, where there were too many different values.
    """

    counts: Counter[Group] = field(default_factory=Counter)
    sketches: dict[Group, Sketch] = field(default_factory=dict)
    records: int = 0
    missing: int = 0
    no_time: int = 0
    error: int = 0

    def count(self, groups: Iterable[Group]) -> None:
        """Count groups, as many as there may be: the lists of one record can make millions."""
        groups = iter(groups)
        while batch := tuple(islice(groups, _BATCH)):
            self.counts.update(batch)
            if len(self.counts) > _SPARE * MOST_GROUPS:
                self.drop_rare()

    def merge(self, other: Part) -> None:
        """Add another part to this one."""
        self.counts.update(other.counts)
        for group, sketch in other.sketches.items():
            self.sketches.setdefault(group, Sketch()).merge(sketch)
        self.records += other.records
        self.missing += other.missing
        self.no_time += other.no_time
        self.error += other.error
        if len(self.counts) > _SPARE * MOST_GROUPS:
            self.drop_rare()

    def drop_rare(self) -> None:
        """Keep the most frequent groups: subtract the first count that is too many from all (Misra and Gries 1982)."""
        if len(self.counts) <= MOST_GROUPS:
            return
        taken = sorted(self.counts.values(), reverse=True)[MOST_GROUPS]
        self.error += taken
        self.counts = Counter({group: count - taken for group, count in self.counts.items() if count > taken})
        self.sketches = {group: sketch for group, sketch in self.sketches.items() if group in self.counts}


@dataclass(frozen=True, slots=True)
class Every:
    """A bucket of time: `minutes` long, counted from midnight. Below an hour it needs the records' own times."""

    minutes: int

    @property
    def by_hour(self) -> bool:
        return self.minutes % 60 == 0

    @property
    def text(self) -> str:
        return f"{self.minutes // 60}h" if self.by_hour else f"{self.minutes}m"

    def bucket(self, time: datetime) -> datetime:
        """The beginning of the bucket that a time of the archive's zone lies in."""
        minute = (time.hour * 60 + time.minute) // self.minutes * self.minutes
        return time.replace(hour=minute // 60, minute=minute % 60, second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class Counting:
    """What is counted: groups by the values of `by` and by time, with statistics of the numbers at `stats`.

    It is pickled, and begun once for each chunk.
    """

    by: tuple[str, ...] = ()
    every: Every | None = None
    stats: str | None = None
    time_field: str | None = None
    zone: tzinfo | None = None

    def begin(
        self,
        chunk: Chunk,
        filter: Filter,  # noqa: A002
        matcher: Matcher,
    ) -> Callable[[Block], tuple[Part, int]]:
        """The work on each block of a chunk: what was counted in it, and how many records matched."""
        hour = self.every.bucket(chunk.hour) if self.every and self.every.by_hour else None
        if not self._expressions:

            def counted(block: Block) -> tuple[Part, int]:
                matches = matcher.count(block)
                return Part(Counter({(hour, ()): matches}) if matches else Counter(), records=matches), matches

            return counted
        read = columns(self._expressions)
        seen = filter.invert and any(term.kind == "match" for term in filter.active)  # and counted, if not JSON

        def grouped(block: Block) -> tuple[Part, int]:
            matching, matches = matching_block(block, matcher)
            if not matches:
                return Part(), 0
            table = read(matching)
            if not seen:
                matcher.count_unread(table.not_json, table.unparsed)
            return self._part(table.rows, hour), matches

        return grouped

    @property
    def _by_minute(self) -> bool:
        return self.every is not None and not self.every.by_hour

    @property
    def _expressions(self) -> list[str]:
        """The columns: the values, then the time, then the number."""
        times = [self.time_field] if self._by_minute and self.time_field else []
        return [*self.by, *times, *([self.stats] if self.stats else [])]

    def _part(self, rows: list[Row], hour: datetime | None) -> Part:
        part = Part(records=len(rows))
        if len(self.by) == 1 and not self._by_minute and not self.stats:
            self._count_values(part, [row[0] for row in rows], hour)
            return part
        numbers: dict[Group, list[float]] = defaultdict(list)
        width = len(self.by)
        bucket = self._bucketing()
        for row in rows:
            time = hour
            if self._by_minute:
                time = bucket(row[width])
                if time is None:
                    part.no_time += 1
                    continue
            spelled = [_spellings(value) for value in row[:width]]
            if not all(spelled):
                part.missing += 1
                continue
            if all(len(each) == 1 for each in spelled):  # so it is for nearly all
                part.counts[time, tuple(each[0] for each in spelled)] += 1
            else:
                part.count((time, values) for values in product(*spelled))
            if self.stats:
                number = row[-1]
                there = [number] if type(number) is int or type(number) is float else []
                for texts in product(*spelled):
                    if (time, texts) in part.counts:
                        numbers[time, texts] += there
                if len(numbers) > _SPARE * MOST_GROUPS:
                    numbers = defaultdict(list, {group: numbers[group] for group in part.counts})
        for group, values in numbers.items():
            sketch = part.sketches[group] = Sketch()
            sketch.add(values)
        return part

    def _bucketing(self) -> Callable[[Any], datetime | None]:
        known: dict[int, datetime] = {}  # of the minutes that were seen
        zone, every = self.zone, self.every
        assert zone is not None or not self._by_minute

        def bucket(value: Any) -> datetime | None:
            assert every is not None and zone is not None
            time = event_time(value, zone)
            if time is None:
                return None
            minute = time // 60_000_000
            if minute not in known:
                known[minute] = every.bucket(from_microseconds(time, zone))
            return known[minute]

        return bucket

    @staticmethod
    def _count_values(part: Part, column: list[Any], hour: datetime | None) -> None:
        """One column of plain values: counted by the interpreter's own loop."""
        kinds = set(map(type, column))
        if kinds & {list, dict} or (bool in kinds and kinds & {int, float}):  # True == 1 in Python
            for value in column:
                spelled = _spellings(value)
                part.missing += not spelled
                part.count((hour, (text,)) for text in spelled)
            return
        counts = Counter(column)
        part.missing += counts.pop(None, 0)
        for value, count in counts.items():
            part.counts[hour, (spell_json(value),)] += count


def _spellings(value: Any) -> Sequence[bytes]:
    if value is None:
        return ()
    if type(value) is list:
        return tuple({spell_json(element): None for element in value if element is not None})
    return (spell_json(value),)
