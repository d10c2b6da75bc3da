"""Count records by values and time: the counts of one chunk, and how counts are merged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from itertools import accumulate, product, takewhile
from math import prod
from typing import Any

from tui.analysis.sketch import Sketch
from tui.archive import Block, Chunk
from tui.filter import Filter, Matcher
from tui.filter.columns import RecordTable, columns
from tui.filter.event_time import MINUTE, event_time, from_microseconds
from tui.index.summary import spell_json
from tui.scan.matching import matching_block

MAX_GROUPS = 200_000  # values × times counted exactly; of more groups, only the frequent ones are kept
MAX_BYTES = 256_000_000  # of the groups' values and sketches; with more, also only the frequent groups are kept
MAX_COMBINATIONS = 100_000  # of the values of a record's lists; two lists of 100,000 values have 10,000,000,000
_SPARE = 1.5  # times MAX_GROUPS or MAX_BYTES may be in memory before rare groups are dropped
BATCH = 20_000
_NUMBERS = {int, float}

Values = tuple[bytes, ...]  # each a JSON text: 1 and true are different, 1 and 1.0 are not
Group = tuple[datetime | None, Values]


@dataclass(slots=True)
class CountedPart:
    """The counts of some records.

    `missing`: records without one of the fields. `no_time`: records without a readable time. `crowded`: records with
    more than MAX_COMBINATIONS, which are in no group. `error`: by how much each count may be too low, because there
    were too many different values, or because each crowded record is missing once from each of its groups. `size`: the
    bytes of values and sketches, or more.
    """

    counts: Counter[Group] = field(default_factory=Counter)
    sketches: dict[Group, Sketch] = field(default_factory=dict)
    records: int = 0
    missing: int = 0
    no_time: int = 0
    crowded: int = 0
    error: int = 0
    size: int = 0

    @classmethod
    def of(cls, time: datetime | None, records: int) -> CountedPart:
        """Return the count of some records that are all in the one group of a time."""
        return cls(Counter({(time, ()): records}) if records else Counter(), records=records)

    def count(self, groups: Sequence[Group], number: int, numbers: Sequence[float] | None = None) -> None:
        """Count different groups `number` times each, and add `numbers` to the sketch of each; in batches, because the
        lists of one record can make many groups."""
        for start in range(0, len(groups), BATCH):
            batch = groups[start : start + BATCH]
            self.counts.update(dict.fromkeys(batch, number))
            self.size += sum([len(value) for _, values in batch for value in values])
            for group in batch if numbers is not None else ():
                sketch = Sketch()
                sketch.add(numbers or ())
                self._add_sketch(group, sketch)
            self._limit()

    def _add_sketch(self, group: Group, sketch: Sketch) -> None:
        mine = self.sketches.setdefault(group, sketch)
        before = mine.size if mine is not sketch else 0
        if mine is not sketch:
            mine.merge(sketch)
        self.size += mine.size - before

    def merge(self, other: CountedPart) -> None:
        """Add another part to this one. The other one is emptied, because two copies of its sketches may not fit."""
        self.counts.update(other.counts)
        self.size += other.size - sum(sketch.size for sketch in other.sketches.values())
        while other.sketches:
            self._add_sketch(*other.sketches.popitem())
        self.records += other.records
        self.missing += other.missing
        self.no_time += other.no_time
        self.crowded += other.crowded
        self.error += other.error
        self._limit()

    def _limit(self) -> None:
        if len(self.counts) > _SPARE * MAX_GROUPS or self.size > _SPARE * MAX_BYTES:
            self.drop_rare()

    def drop_rare(self) -> None:
        """Keep the most frequent groups, at most MAX_GROUPS of them with at most MAX_BYTES: subtract the next count
        from all (Misra and Gries 1982)."""
        kept = min(self._affordable(), MAX_GROUPS)
        if len(self.counts) <= kept:
            return
        taken = sorted(self.counts.values(), reverse=True)[kept]
        self.error += taken
        self.counts = Counter({group: count - taken for group, count in self.counts.items() if count > taken})
        self.sketches = {group: sketch for group, sketch in self.sketches.items() if group in self.counts}
        self.size = sum(map(self._size_of, self.counts))

    def _affordable(self) -> int:
        """Return how many of the most frequent groups have at most MAX_BYTES."""
        if self.size <= MAX_BYTES:
            return len(self.counts)
        for sketch in self.sketches.values():
            sketch.compact()
        self.size = sum(map(self._size_of, self.counts))
        if self.size <= MAX_BYTES:
            return len(self.counts)
        ranked = sorted(self.counts, key=lambda group: (-self.counts[group], group[1], str(group[0])))
        return sum(1 for _ in takewhile(MAX_BYTES.__ge__, accumulate(map(self._size_of, ranked))))

    def _size_of(self, group: Group) -> int:
        sketch = self.sketches.get(group)
        return sum(map(len, group[1])) + (sketch.size if sketch is not None else 0)


@dataclass(frozen=True, slots=True)
class Every:
    """Time buckets of `minutes`, counted from midnight. Buckets shorter than an hour need the records' own times."""

    minutes: int

    @property
    def by_hour(self) -> bool:
        return self.minutes % 60 == 0

    @property
    def text(self) -> str:
        return f"{self.minutes // 60}h" if self.by_hour else f"{self.minutes}m"

    def bucket(self, time: datetime) -> datetime:
        """Return the start of the bucket that contains a time in the archive's zone."""
        minute = (time.hour * 60 + time.minute) // self.minutes * self.minutes
        return time.replace(hour=minute // 60, minute=minute % 60, second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class Counting:
    """What to count: groups by the values of `by` and by time, with statistics of the numbers at `stats`.

    Picklable; `begin` is called once per chunk.
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
    ) -> Callable[[Block], tuple[CountedPart, int]]:
        """Return the function that counts each block of a chunk: it returns the counts and the number of matches."""
        hour = self.every.bucket(chunk.hour) if self.every and self.every.by_hour else None
        if not self._expressions:

            def counted(block: Block) -> tuple[CountedPart, int]:
                matches = matcher.count(block)
                return CountedPart.of(hour, matches), matches

            return counted
        read = columns(self._expressions)
        seen = filter.invert and any(term.kind == "match" for term in filter.active)  # the matcher counted non-JSON

        def grouped(block: Block) -> tuple[CountedPart, int]:
            matching, matches = matching_block(block, matcher)
            if not matches:
                return CountedPart(), 0
            table = read(matching)
            if not seen:
                matcher.count_unread(table.not_json, table.unparsed)
            return self._part(table, hour), matches

        return grouped

    @property
    def by_minute(self) -> bool:
        """True if records are counted by their own times."""
        return self.every is not None and not self.every.by_hour

    @property
    def _expressions(self) -> list[str]:
        """The expressions of the columns: the values, then the time, then the number."""
        times = [self.time_field] if self.by_minute and self.time_field else []
        return [*self.by, *times, *([self.stats] if self.stats else [])]

    def _part(self, table: RecordTable, hour: datetime | None) -> CountedPart:
        """Count a table's records. Counter counts equal keys fast; each different key is interpreted only once."""
        part = CountedPart(records=table.records)
        if not table.records:
            return part
        columns = [_hashable(column) for column in table.columns[: len(self.by)]]
        if self.by_minute:
            columns.append(list(map(self._bucketing(), table.columns[len(self.by)])))
        keys: list[_Key] = []
        if not columns:
            counted: Mapping[_Key, int] = {(): table.records}
        elif len(columns) == 1 and not self.stats:  # texts are counted in half the time of tuples
            counted = {(value,): number for value, number in Counter(columns[0]).items()}
        else:
            keys = list(zip(*columns, strict=True))
            counted = Counter(keys)
        numbers = _numbers_of(keys, table.columns[-1]) if self.stats else {}
        for key, number in counted.items():
            *values, time = key if self.by_minute else (*key, hour)
            if self.by_minute and time is None:
                part.no_time += number
                continue
            spelled = [value if type(value) is tuple else _spellings(value) for value in values]
            lengths = [len(texts) for texts in spelled]
            if prod(lengths) > max([MAX_COMBINATIONS, *lengths]):
                part.crowded += number
                part.error += number
                continue
            part.missing += 0 if all(lengths) else number
            groups = [(time, values) for values in product(*spelled)]
            part.count(groups, number, numbers.get(key))
        return part

    def bucket_of(self, minute: int) -> datetime:
        """Return the bucket of a minute since 1970."""
        assert self.every is not None and self.zone is not None
        return self.every.bucket(from_microseconds(minute * MINUTE, self.zone))

    def _bucketing(self) -> Callable[[Any], datetime | None]:
        known: dict[int, datetime] = {}  # buckets of the minutes seen so far
        zone = self.zone

        def bucket(value: Any) -> datetime | None:
            assert zone is not None
            time = event_time(value, zone)
            if time is None:
                return None
            minute = time // MINUTE
            if minute not in known:
                known[minute] = self.bucket_of(minute)
            return known[minute]

        return bucket


def _hashable(column: list[Any]) -> list[Any]:
    """Return values that are equal only if their JSON is: if types are mixed, as tuples of their JSON texts."""
    kinds = set(map(type, column))
    if kinds & {list, dict} or (bool in kinds and kinds & _NUMBERS):  # True == 1 in Python
        return [_spellings(value) for value in column]
    return column


_Key = tuple[Any, ...]  # a record's values and time, as read


def _numbers_of(keys: list[_Key], numbers: list[Any]) -> dict[_Key, list[float]]:
    """Return the numbers of each key's records. Without keys, there is only one group."""
    if not keys:
        return {(): numbers if set(map(type, numbers)) <= _NUMBERS else list(filter(_is_number, numbers))}
    of_key: dict[_Key, list[float]] = {}
    for key, number in zip(keys, numbers, strict=True):
        few = of_key.setdefault(key, [])
        if type(number) in _NUMBERS:
            few.append(number)
    return of_key


def _is_number(value: Any) -> bool:
    return type(value) in _NUMBERS


def _spellings(value: Any) -> tuple[bytes, ...]:
    """Return a value as JSON; each different element of a list; nothing for null."""
    if value is None:
        return ()
    if type(value) is list:
        return tuple({spell_json(element): None for element in value if element is not None})
    return (spell_json(value),)
