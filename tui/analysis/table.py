"""Facts about the records of some hours, and for how many records of each hour each fact holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from functools import cached_property
from typing import Any

from tui.analysis.facts import RecordFact
from tui.analysis.kinds import are_ids, are_times, is_clock
from tui.analysis.observed import Blanked, FieldColumn, Observed, Truth, Value
from tui.analysis.patterns import LONGEST
from tui.analysis.records import ChunkRecords, Classes, Holding, TableRecords, pattern_of
from tui.analysis.sources import sources_of
from tui.archive.times import next_hour
from tui.filter.fields import ANY, FieldPath

MIN_RECORDS = 5  # records that a fact must have
FEW_NUMBERS = 20  # different numbers; a field with no more is compared by its values, not by bounds
SHARES = (0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999)  # quantiles of the bounds for numbers
_CONFINED = 0.1  # of the archive's hours: a value that occurs only in so short a span may be a date, batch or session
_VERY_MANY = 300  # different values
_MANY_NUMBERS = 100
_COMMON, _FREQUENT = 0.002, 0.01  # of all records
_BURST, _BURST_RECORDS = 0.05, 20  # of an hour's records: a value this frequent counts even if there are very many
_NUMBERS_OF_PART = 100  # sampled from each chunk to find quantiles and clocks

Hits = list[int]  # by hour


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour and its number of records."""

    time: datetime
    records: int


@dataclass(slots=True)
class FieldCounts:
    """How often each value of a field occurs: for each chunk, the number of its hour and the records with each value.

    `there`: records that have the field, by hour. `unique`: records whose values are not known.
    """

    path: FieldPath
    there: Hits
    counts: list[tuple[int, Mapping[Value, int]]]
    unique: int = 0
    numeric: bool = False


@dataclass
class Table:
    """Facts with their records by hour, and the chunks' records to look up which ones they are.

    `cuts`: the bounds of the facts about numbers. `ids`: fields of ids. `step`: the length of an "hour", if not 1 h.
    """

    hours: list[Hour]
    hits: dict[RecordFact, Hits] = field(default_factory=dict)
    parts: list[ChunkRecords] = field(default_factory=list)
    cuts: dict[FieldPath, list[float]] = field(default_factory=dict)
    ids: list[FieldPath] = field(default_factory=list)
    step: timedelta | None = None

    def end(self, hour: int) -> datetime:
        """Return when an hour ends."""
        time = self.hours[hour].time
        return next_hour(time) if self.step is None else time + self.step

    @property
    def records(self) -> int:
        """The number of records in all hours."""
        return sum(hour.records for hour in self.hours)

    def of_records(self, stride: Callable[[int], int]) -> TableRecords:
        """Return a sample to look facts up in: every `stride(hour)`-th record of an hour."""
        return TableRecords(self.parts, len(self.hours), self._classes, self.cuts, stride)

    @cached_property
    def every_record(self) -> TableRecords:
        """All records, to look facts up in."""
        return TableRecords(self.parts, len(self.hours), self._classes, self.cuts)

    @cached_property
    def sources(self) -> dict[FieldPath, list[int]]:
        """The source of every record, for each field of ids in which several records share an id."""
        by_path = ((path, sources_of(self.parts, path)) for path in self.ids if ANY not in path)
        return {path: numbers for path, numbers in by_path if numbers is not None}

    @cached_property
    def _classes(self) -> dict[FieldPath, Classes]:
        facts: dict[FieldPath, list[RecordFact]] = {}
        for fact in self.hits:
            facts.setdefault(fact.path, []).append(fact)
        return {path: Classes(of_path) for path, of_path in facts.items()}

    def add(self, counts: FieldCounts, zone: tzinfo) -> bool:
        """Add the facts of one field, except bounds for numbers.

        Return False for a field of times: its only facts are that it is there or missing.
        """
        sizes = [hour.records for hour in self.hours]
        missing = [size - there for size, there in zip(sizes, counts.there, strict=True)]
        if min(sum(counts.there), sum(missing)) >= MIN_RECORDS:
            self.hits[RecordFact(counts.path, "missing")] = missing
            self.hits[RecordFact(counts.path, "field")] = counts.there
        totals: Counter[Value] = Counter()
        for _, values in counts.counts:
            for value, number in values.items():
                totals[value] += number
        if are_times(totals, zone):
            return False
        facts = list(self._values(counts, totals))
        if not self._dates(hits for _, hits in facts):
            self.hits.update(facts)
        if not counts.numeric and counts.path not in self.ids:
            self.hits.update(self._patterns(counts, totals))
        return True

    def _values(self, counts: FieldCounts, totals: Counter[Value]) -> Iterator[tuple[RecordFact, Hits]]:
        least = MIN_RECORDS
        if not counts.numeric and are_ids(totals, counts.unique):
            self.ids.append(counts.path)
            least = max(MIN_RECORDS, round(_COMMON * self.records))
        elif len(totals) + counts.unique > (_MANY_NUMBERS if counts.numeric else _VERY_MANY):
            least = max(MIN_RECORDS, round((_FREQUENT if counts.numeric else _COMMON) * self.records))
        bursts = set(self._bursts(counts)) if least > MIN_RECORDS else set()
        hits = {
            value: [0] * len(self.hours)
            for value, number in totals.items()
            if (number >= least or value in bursts)
            and type(value) is not Blanked
            and not (type(value) is str and len(value) > LONGEST)
        }
        for hour, values in counts.counts:
            for value in values.keys() & hits.keys():
                hits[value][hour] += values[value]
        for value, by_hour in hits.items():
            yield RecordFact(counts.path, "value", value.value if isinstance(value, Truth) else value), by_hour

    def _bursts(self, counts: FieldCounts) -> Iterator[Value]:
        """Yield values that are frequent in some chunk, however rare they are overall."""
        for hour, values in counts.counts:
            bound = max(_BURST_RECORDS, _BURST * self.hours[hour].records)
            yield from (value for value, number in values.items() if number >= bound)

    def _patterns(self, counts: FieldCounts, totals: Counter[Value]) -> Iterator[tuple[RecordFact, Hits]]:
        of_value = {value: text for value in totals if _may_vary(value) and (text := pattern_of(value)) is not None}
        number: Counter[str] = Counter()
        for value, text in of_value.items():
            number[text] += totals[value]
        others = len(totals) - len(of_value)
        if len(number) + others < 2 and not counts.unique:
            return
        hits = {text: [0] * len(self.hours) for text, records in number.items() if records >= MIN_RECORDS}
        holding = Holding(hits)
        for hour, values in counts.counts if hits else ():
            for value, records in values.items():
                for text in holding.of(value):
                    by_hour = hits[text]
                    by_hour[hour] = min(by_hour[hour] + records, counts.there[hour])
        for text, by_hour in hits.items():
            yield RecordFact(counts.path, "pattern", text), by_hour

    def _dates(self, values: Iterable[Hits]) -> bool:
        """True if each value occurs in a few hours only, like dates, batches and sessions: these are not findings.

        Such values alternate over all hours; the values of an incident are all in the same few hours.
        """
        values = list(values)
        if len(values) < 4 or len(self.hours) < 8:
            return False
        confined = total = 0
        hours, covered = set[int](), set[int]()
        for hits in values:
            at = [index for index, count in enumerate(hits) if count]
            number = sum(hits)
            total += number
            hours.update(at)
            if at[-1] - at[0] < max(2, _CONFINED * len(self.hours)):
                confined += number
                covered.update(at)
        return confined > total / 2 and 2 * len(covered) > len(hours)


def table_of(observed: Iterable[tuple[datetime, Observed]], zone: tzinfo, step: timedelta | None = None) -> Table:
    """Make a table. `observed`: the chunks' records in order by hour, or by stretch of `step`; hours may repeat."""
    table = Table([], step=step)
    fields: dict[FieldPath, list[tuple[ChunkRecords, FieldColumn]]] = {}
    for time, seen in observed:
        if table.hours and table.hours[-1].time == time:
            table.hours[-1] = Hour(time, table.hours[-1].records + seen.records)
        else:
            table.hours.append(Hour(time, seen.records))
        part = ChunkRecords(len(table.hours) - 1, seen)
        table.parts.append(part)
        for path, column in seen.columns.items():
            fields.setdefault(path, []).append((part, column))
    for path, places in fields.items():
        _add_field(table, path, places, zone)
    return table


def _add_field(table: Table, path: FieldPath, places: list[tuple[ChunkRecords, FieldColumn]], zone: tzinfo) -> None:
    there = [0] * len(table.hours)
    for part, column in places:
        there[part.hour] += column.there
    total, times = sum(there), sum(column.times for _, column in places)
    if not times and not any(column.values or column.unique for _, column in places):
        return  # only objects or lists: their contents have the facts
    items = sum(len(column.codes) for _, column in places) if ANY in path else total
    numeric = 2 * sum(column.numeric for _, column in places) > items
    counts: list[tuple[int, Mapping[Value, int]]] = [(part.hour, column.values) for part, column in places]
    unique = sum(column.unique for _, column in places)
    known = FieldCounts(path, there, [] if 2 * times > total else counts, unique, numeric)
    samples = [(part.hour, _sampled(column)) for part, column in places] if numeric and 2 * times <= total else []
    if samples and is_clock(samples):
        known.counts, samples = [], []
    if not table.add(known, zone) or not samples:
        return
    if len({number for _, numbers in samples for number in numbers}) > FEW_NUMBERS:
        table.hits.update(_cuts(table, path, places, [number for _, numbers in samples for number in numbers]))


def _sampled(column: FieldColumn) -> list[float]:
    numbers = column.numbers if column.numbers is not None else []
    step = max(len(numbers) // _NUMBERS_OF_PART, 1)
    return [number for number in numbers[::step] if number == number]


def cut_bounds(numbers: Sequence[float]) -> list[float]:
    """Return the bounds for numbers: some of their quantiles."""
    ordered = sorted(numbers)
    last = len(ordered) - 1
    return sorted({float(f"{ordered[round(last * share)]:.6g}") for share in SHARES})  # as facts spell them


def cut_facts(
    path: FieldPath, cuts: Sequence[float], above: Sequence[Hits], below: Sequence[Hits], *, integers: bool
) -> Iterator[tuple[RecordFact, Hits]]:
    """Yield the facts "above" the higher bounds and "below" the lower ones. `integers`: the numbers are integers."""
    for at, cut in enumerate(cuts):
        bound: object = int(cut) if integers else cut
        if at >= len(cuts) // 2 and sum(above[at]) >= MIN_RECORDS:
            yield RecordFact(path, "above", bound), above[at]
        if at <= len(cuts) // 2 and sum(below[at]) >= MIN_RECORDS:
            yield RecordFact(path, "below", bound), below[at]


def _cuts(
    table: Table, path: FieldPath, places: list[tuple[ChunkRecords, FieldColumn]], sample: Sequence[float]
) -> Iterator[tuple[RecordFact, Hits]]:
    cuts = table.cuts[path] = cut_bounds(sample)
    number = len(table.hours)
    above, below = [[0] * number for _ in cuts], [[0] * number for _ in cuts]
    integers = all(value.is_integer() for value in sample[:: max(len(sample) // 100, 1)])
    if ANY in path:
        records = TableRecords(table.parts, number, {}, table.cuts)
        for at, cut in enumerate(cuts):
            above[at] = records.by_hour(records.mask(RecordFact(path, "above", cut)))
            below[at] = records.by_hour(records.mask(RecordFact(path, "below", cut)))
        return cut_facts(path, cuts, above, below, integers=integers)
    for part, _ in places:
        at_place = Counter(part.places(path, cuts))
        over = [at_place[place] for place in range(2 * len(cuts) + 1)]
        for at in range(len(cuts)):
            above[at][part.hour] += sum(over[2 * at + 2 :])
            below[at][part.hour] += sum(over[: 2 * at + 1])
    return cut_facts(path, cuts, above, below, integers=integers)


def _may_vary(value: Any) -> bool:
    return type(value) is Blanked or (type(value) is str and len(value) <= LONGEST)
