"""The facts about some hours as the index has them: no chunk is read for them."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import lru_cache
from itertools import accumulate
from operator import sub

from tui.analysis.facts import RecordFact
from tui.analysis.kinds import is_clock
from tui.analysis.observed import Blanked, FieldColumn, Observed, Value
from tui.analysis.records import ChunkRecords, pattern_of, value_of
from tui.analysis.sketch import bound_of, bucket_of, buckets_of
from tui.analysis.table import FEW_NUMBERS, SHARES, FieldCounts, Hits, Hour, Table, cut_facts
from tui.archive import Chunk
from tui.archive.collection import uncollected
from tui.filter.event_time import event_time
from tui.filter.fields import ANY, FieldPath
from tui.index.summary import HEAVY, FieldSummary, Sample, Summary, read_json

_STEP = re.compile(r'(\[\*\])|\.?(?:("(?:[^"\\]|\\.)*")|([^.\[]+))')

_SIGN = 1 << 20  # more than any bucket
_LARGEST = 1e300
_SAMPLED = 50  # chunks that tell where numbers are cut
_UNKNOWN = 0.1  # of a value's records: so many more may there be in chunks that know only others

# The number of a chunk's hour, one of its fields, and its values.
FieldOfHour = tuple[int, FieldSummary, dict[Value, int]]


@uncollected()
def indexed_table(known: Iterable[tuple[Chunk, Summary]], zone: tzinfo) -> Table | None:
    """`known`: the chunks' summaries, in order by hour. None where they do not know all fields of all records."""
    table = Table([])
    fields: dict[str, list[FieldOfHour]] = {}
    read = _ReadValues().__getitem__
    for chunk, summary in known:
        time = chunk.hour
        records = summary.head.records - summary.head.not_json - summary.head.unparsed
        if not summary.head.whole and records:
            return None
        if table.hours and table.hours[-1].time == time:
            table.hours[-1] = Hour(time, table.hours[-1].records + records)
        else:
            table.hours.append(Hour(time, records))
        hour = len(table.hours) - 1
        known_fields = dict(summary.fields)  # decoded once
        values = {
            name: dict(zip(map(read, field.values), field.values.values(), strict=True))
            for name, field in known_fields.items()
        }
        for name, field in known_fields.items():
            fields.setdefault(name, []).append((hour, field, values[name]))
        table.parts.append(ChunkRecords(hour, _observed(summary.sample, values)))
    for name, places in fields.items():
        _add_field(table, path_of_field(name), places, zone)
    return table


def _add_field(table: Table, path: FieldPath, places: Sequence[FieldOfHour], zone: tzinfo) -> None:
    there = [0] * len(table.hours)
    for hour, field, _ in places:
        there[hour] += field.records + (0 if ANY in path else field.others)
    whole = sum(field.records for _, field, _ in places)
    if not whole:
        return  # objects or lists only: facts are about what is in them
    counts: list[tuple[int, Mapping[Value, int]]] = [(hour, values) for hour, _, values in places]
    if not all(field.exact for _, field, _ in places):
        counts = _known_everywhere(places)
    numeric = 2 * sum(field.types.get("number", 0) for _, field, _ in places) > whole
    unique = whole - sum(sum(values.values()) for _, values in counts)
    known = FieldCounts(path, there, counts, max(unique, 0), numeric)
    if numeric and (_are_times(places) or is_clock([(hour, _ends(field, values)) for hour, field, values in places])):
        known.counts, numeric = [], False
    if table.add(known, zone) and numeric and max(field.distinct for _, field, _ in places) > FEW_NUMBERS:
        table.hits.update(_cuts(table, path, [(hour, _ladder(field, values)) for hour, field, values in places]))


class _ReadValues(dict[str, Value]):
    """The values of their JSON texts, each read once."""

    def __missing__(self, text: str) -> Value:
        value = self[text] = value_of(read_json(text.encode()))
        return value


def _known_everywhere(places: Sequence[FieldOfHour]) -> list[tuple[int, Mapping[Value, int]]]:
    """Where some chunk does not know all values: those that are frequent in every chunk that has them, and patterns."""
    total: dict[Value, int] = defaultdict(int)
    listed: dict[Value, int] = defaultdict(int)  # of the records below, those of lists that have the value
    unlisted = 0  # records that a value may have, at most, in lists of which it is in none
    for _, field, values in places:
        least = min(values.values()) if len(values) >= HEAVY and not field.exact else 0
        unlisted += least
        for value, records in values.items():
            total[value] += records
            listed[value] += least
    kept = {
        value
        for value, records in total.items()
        if records >= len(places) / 10 and unlisted - listed[value] <= _UNKNOWN * records and pattern_of(value) is None
    }
    texts = any(field.patterns for _, field, _ in places)
    hours: list[tuple[int, Mapping[Value, int]]] = []
    for hour, field, values in places:
        known: dict[Value, int] = {value: values[value] for value in values.keys() & kept}
        patterns: Mapping[str, int] = field.patterns
        if texts and field.exact:
            patterns = Counter()
            for value, number in values.items():
                if (text := pattern_of(value)) is not None:
                    patterns[text] += number
        hours.append((hour, known | {Blanked(text): number for text, number in patterns.items()}))
    return hours


def _observed(sample: Sample, values: Mapping[str, dict[Value, int]]) -> Observed:
    """The records of a chunk that the index has."""
    observed = Observed(sample.records)
    for name, codes in sample.codes.items():
        observed.columns[path_of_field(name)] = FieldColumn(codes, values=values[name])
    for name, (records, codes) in sample.items.items():
        observed.columns[path_of_field(name)] = FieldColumn(codes, array("I", array("H", records)), values[name])
    return observed


@lru_cache(maxsize=1 << 12)
def path_of_field(name: str) -> FieldPath:
    """The reverse of `spell_field`."""
    steps = []
    for step in _STEP.finditer(name):
        anything, quoted, plain = step.groups()
        steps.append(ANY if anything else str(read_json(quoted.encode())) if quoted else plain)
    return tuple(steps)


@dataclass(frozen=True, slots=True)
class _Ladder:
    """The numbers of a field in one chunk: their steps in order, and how many are on each and below it.

    The steps of positive numbers are their buckets and _SIGN, those of negative ones the reverse; 0 is between them.
    """

    steps: Sequence[int]
    sums: Sequence[int]

    @property
    def number(self) -> int:
        """Of all."""
        return self.sums[-1] if self.sums else 0

    def up_to(self, step: int) -> int:
        """How many are on no higher step."""
        at = bisect_right(self.steps, step)
        return self.sums[at - 1] if at else 0


def _bound(step: int) -> float:
    """What the numbers on a step, and on those below it, do not exceed."""
    if step > 0:
        return bound_of(step - _SIGN)
    return -bound_of(-step - _SIGN - 1) if step else 0.0


@lru_cache(maxsize=1 << 16)
def _step(number: float) -> int:
    if not number:
        return 0
    return bucket_of(number) + _SIGN if number > 0 else -(bucket_of(-number) + _SIGN)


def _ends(field: FieldSummary, values: Mapping[Value, int]) -> Sequence[float]:
    """Some of the numbers in a chunk."""
    if field.numbers is None:
        return [value for value in values if type(value) is int or type(value) is float]
    count, low, high, total, _, _ = field.numbers
    return (low, total / count, high) if count else ()


def _ladder(field: FieldSummary, values: Mapping[Value, int]) -> _Ladder:
    counts: dict[int, int] = {}
    if field.numbers is not None:
        number, _, _, _, positive, negative = field.numbers
        of_negative = zip(buckets_of(negative), negative[1::2], strict=True)
        counts = {-(bucket + _SIGN): n for bucket, n in reversed(list(of_negative))}
        if zeros := number - sum(positive[1::2]) - sum(negative[1::2]):
            counts[0] = zeros
        counts |= {bucket + _SIGN: n for bucket, n in zip(buckets_of(positive), positive[1::2], strict=True)}
        return _Ladder(list(counts), list(accumulate(counts.values())))
    for value, n in values.items() if field.exact else ():
        if (type(value) is int or type(value) is float) and -_LARGEST < value < _LARGEST:
            step = _step(value)
            counts[step] = counts.get(step, 0) + n
    steps = sorted(counts)
    return _Ladder(steps, list(accumulate(counts[step] for step in steps)))


def _cuts(table: Table, path: FieldPath, ladders: Sequence[tuple[int, _Ladder]]) -> Iterator[tuple[RecordFact, Hits]]:
    """Above and below bounds of buckets: there the counts are exact."""
    counts: Counter[int] = Counter()
    for _, ladder in ladders[:: max(len(ladders) // _SAMPLED, 1)]:
        counts.update(dict(zip(ladder.steps, map(sub, ladder.sums, (0, *ladder.sums)), strict=True)))
    ordered = sorted(counts)
    sums = list(accumulate(counts[step] for step in ordered))
    if not sums:
        return
    at = {ordered[min(bisect_right(sums, round(share * (sums[-1] - 1))), len(ordered) - 1)] for share in SHARES}
    steps = sorted(at)
    number = len(table.hours)
    above, below = [[0] * number for _ in steps], [[0] * number for _ in steps]
    for hour, ladder in ladders:
        all_of_it = ladder.number
        for place, step in enumerate(steps):
            above[place][hour] += all_of_it - ladder.up_to(step)
            below[place][hour] += ladder.up_to(step or -1)  # 0 itself is not below 0
    cuts = table.cuts[path] = [float(f"{_bound(step):.6g}") for step in steps]
    yield from cut_facts(path, cuts, above, below, whole=False)


def _are_times(places: Sequence[FieldOfHour]) -> bool:
    ends = [field.numbers[1:3] for _, field, _ in places if field.numbers is not None]
    return bool(ends) and all(event_time(number) is not None for pair in ends for number in pair)
