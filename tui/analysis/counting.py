"""Count records by values and time: the counts of one chunk, and how counts are merged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from itertools import islice, product
from math import prod
from typing import Any

from tui.analysis.sketch import Sketch
from tui.archive import Block, Chunk
from tui.filter import Filter, Matcher
from tui.filter.columns import RecordTable, columns
from tui.filter.event_time import event_time, from_microseconds
from tui.index.summary import spell_json
from tui.scan.matching import matching_block

MAX_GROUPS = 200_000  # values × times counted exactly; of more groups, only the frequent ones are kept
_MANY = 1_000  # groups per record; more are counted in batches, to bound memory
_SPARE = 1.5  # times MAX_GROUPS may be in memory before rare groups are dropped
BATCH = 20_000
_NUMBERS = {int, float}

Values = tuple[bytes, ...]  # each a JSON text: 1 and true are different, 1 and 1.0 are not
Group = tuple[datetime | None, Values]


@dataclass(slots=True)
class CountedPart:
    """The counts of some records.

    `missing`: records without one of the fields. `no_time`: records without a readable time. `error`: by how much each
    count may be too low because there were too many different values.
    """

    counts: Counter[Group] = field(default_factory=Counter)
    sketches: dict[Group, Sketch] = field(default_factory=dict)
    records: int = 0
    missing: int = 0
    no_time: int = 0
    error: int = 0

    def count(self, groups: Iterable[Group]) -> None:
        """Count groups in batches: the lists of one record can make millions."""
        groups = iter(groups)
        while batch := tuple(islice(groups, BATCH)):
            self.counts.update(batch)
            if len(self.counts) > _SPARE * MAX_GROUPS:
                self.drop_rare()

    def merge(self, other: CountedPart) -> None:
        """Add another part to this one."""
        self.counts.update(other.counts)
        for group, sketch in other.sketches.items():
            self.sketches.setdefault(group, Sketch()).merge(sketch)
        self.records += other.records
        self.missing += other.missing
        self.no_time += other.no_time
        self.error += other.error
        if len(self.counts) > _SPARE * MAX_GROUPS:
            self.drop_rare()

    def drop_rare(self) -> None:
        """Keep the MAX_GROUPS most frequent groups: subtract the next count from all (Misra and Gries 1982)."""
        if len(self.counts) <= MAX_GROUPS:
            return
        taken = sorted(self.counts.values(), reverse=True)[MAX_GROUPS]
        self.error += taken
        self.counts = Counter({group: count - taken for group, count in self.counts.items() if count > taken})
        self.sketches = {group: sketch for group, sketch in self.sketches.items() if group in self.counts}


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
                return CountedPart(Counter({(hour, ()): matches}) if matches else Counter(), records=matches), matches

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
    def _by_minute(self) -> bool:
        return self.every is not None and not self.every.by_hour

    @property
    def _expressions(self) -> list[str]:
        """The expressions of the columns: the values, then the time, then the number."""
        times = [self.time_field] if self._by_minute and self.time_field else []
        return [*self.by, *times, *([self.stats] if self.stats else [])]

    def _part(self, table: RecordTable, hour: datetime | None) -> CountedPart:
        """Count a table's records. Counter counts equal keys fast; each different key is interpreted only once."""
        part = CountedPart(records=table.records)
        if not table.records:
            return part
        columns = [_hashable(column) for column in table.columns[: len(self.by)]]
        if self._by_minute:
            columns.append(list(map(self._bucketing(), table.columns[len(self.by)])))
        keys: list[_Key] = []
        if not columns:
            counted: Mapping[_Key, int] = {(): table.records}
        elif len(columns) == 1 and not self.stats:  # texts are counted in half the time of tuples
            counted = {(value,): number for value, number in Counter(columns[0]).items()}
        else:
            keys = list(zip(*columns, strict=True))
            counted = Counter(keys)
        parts_of: dict[_Key, _KeyParts] = {}
        for key, number in counted.items():
            *values, time = key if self._by_minute else (*key, hour)
            if self._by_minute and time is None:
                part.no_time += number
                continue
            spelled = [value if type(value) is tuple else _spellings(value) for value in values]
            groups = prod(map(len, spelled))
            part.missing += 0 if groups else number
            parts_of[key] = time, spelled
            if groups > _MANY:
                part.count(group for _ in range(number) for group in _groups(time, spelled))
            else:
                part.counts.update(dict.fromkeys(_groups(time, spelled), number))
        if self.stats:
            _add_numbers(part, parts_of, keys, table.columns[-1])
        return part

    def _bucketing(self) -> Callable[[Any], datetime | None]:
        known: dict[int, datetime] = {}  # buckets of the minutes seen so far
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


def _hashable(column: list[Any]) -> list[Any]:
    """Return values that are equal only if their JSON is: if types are mixed, as tuples of their JSON texts."""
    kinds = set(map(type, column))
    if kinds & {list, dict} or (bool in kinds and kinds & _NUMBERS):  # True == 1 in Python
        return [_spellings(value) for value in column]
    return column


_Key = tuple[Any, ...]  # a record's values and time, as read
_KeyParts = tuple[datetime | None, list[tuple[bytes, ...]]]  # the time, and the values of each field


def _groups(time: datetime | None, spelled: list[tuple[bytes, ...]]) -> Iterator[Group]:
    """Yield the groups of a record: none if it lacks a field, several if it has a list."""
    return ((time, values) for values in product(*spelled))


def _add_numbers(part: CountedPart, parts_of: dict[_Key, _KeyParts], keys: list[_Key], numbers: list[Any]) -> None:
    """Add each record's number to the sketches of its groups; groups that were dropped as too many get none."""
    of_key: dict[_Key, list[float]] = {key: [] for key in parts_of}
    if () in of_key:  # there is only one group
        of_key[()] = numbers if set(map(type, numbers)) <= _NUMBERS else list(filter(_is_number, numbers))
    else:
        for key, number in zip(keys, numbers, strict=True):
            if key in of_key and _is_number(number):
                of_key[key].append(number)
    for key, numbers_of_key in of_key.items():
        for group in _groups(*parts_of[key]):
            if group in part.counts:
                part.sketches.setdefault(group, Sketch()).add(numbers_of_key)


def _is_number(value: Any) -> bool:
    return type(value) in _NUMBERS


def _spellings(value: Any) -> tuple[bytes, ...]:
    """Return a value as JSON; each different element of a list; nothing for null."""
    if value is None:
        return ()
    if type(value) is list:
        return tuple({spell_json(element): None for element in value if element is not None})
    return (spell_json(value),)
