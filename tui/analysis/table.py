"""Records as bits: for every fact, one integer that has a bit for each record for which it holds, hour by hour."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import islice, pairwise
from operator import mul
from typing import TypeAlias

from tui.analysis.facts import Fact
from tui.analysis.observed import Column, Observed, Truth, Value
from tui.analysis.patterns import LONGEST, has_words, pattern
from tui.filter.event_time import event_time
from tui.filter.fields import Path

LEAST = 5  # records that a fact must have
_FEW_NUMBERS = 20  # different ones: they are values
_SHARES = (0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999)  # quantiles that numbers are cut at
_TOLD = 200  # values that tell whether they are times
_TIMES = 0.9  # of the values of a field that is a time
_CLOCK = 0.9  # of a number's variance that lies between hours if it is a clock or a counter
_CONFINED = 0.1  # of the archive's hours: a value that occurs in no more than that, and is not alone in it, dates it
_LONGEST_VALUE = 200
_MANY_ALIKE, _VERY_MANY = 50, 300  # different values
_MANY_NUMBERS = 100
_COMMON, _FREQUENT = 0.002, 0.01  # of all records


Places: TypeAlias = "list[tuple[int, Column]]"  # of a field: where each chunk's bytes start, and its column


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour's records: bits of the bytes from `start` to `stop`, `records` of them."""

    time: datetime
    start: int
    stop: int
    records: int


class Table:
    """Facts about the records of some hours. `valid` has a bit for every record."""

    def __init__(self, observed: Iterable[tuple[datetime, Observed]], zone: tzinfo) -> None:
        """`observed`: the chunks' parts, in order by hour; an hour may have several."""
        self.hours: list[Hour] = []
        fields: dict[Path, Places] = {}
        runs: list[tuple[int, int]] = []
        start = 0
        for time, part in observed:
            stop = start + (part.records + 7) // 8
            if self.hours and self.hours[-1].time == time:
                last = self.hours[-1]
                self.hours[-1] = Hour(time, last.start, stop, last.records + part.records)
            else:
                self.hours.append(Hour(time, start, stop, part.records))
            runs.append((start, part.records))
            for path, column in part.columns.items():
                fields.setdefault(path, []).append((start, column))
            start = stop
        self.size = start
        self.valid = self._ones(runs)
        self.records = sum(hour.records for hour in self.hours)
        self.masks: dict[Fact, int] = {}
        self._ids: dict[Path, Places] = {}
        for path, places in fields.items():
            self._add(path, places, zone)

    def sources(self, mask: int) -> int:
        """From how many users, sessions or the like some records come: the fewest that any field of ids tells."""
        data = mask.to_bytes(self.size, "little")

        def ids(places: Places) -> int:
            """Different ids of the records; a record without one, or with one of its own, counts by itself."""
            different: set[object] = set()
            alone = mask.bit_count()
            for start, column in places:
                last = start + (column.records[-1] >> 3) if column.records else start
                if not data[start : last + 1].strip(b"\0"):
                    continue
                for value, having in column.values.items():
                    if hits := sum(data[start + (record >> 3)] >> (record & 7) & 1 for record in having):
                        different.add(value)
                        alone -= hits
            return len(different) + alone

        return min((found for places in self._ids.values() if (found := ids(places))), default=mask.bit_count())

    def mask_of(self, hours: Iterable[Hour]) -> int:
        """All records of some hours."""
        found = bytearray(self.size)
        whole = self.valid.to_bytes(self.size, "little")
        for hour in hours:
            found[hour.start : hour.stop] = whole[hour.start : hour.stop]
        return int.from_bytes(found, "little")

    def by_hour(self, mask: int) -> list[int]:
        """How many of a mask's records are in each hour."""
        data = mask.to_bytes(self.size, "little")
        return [int.from_bytes(data[hour.start : hour.stop], "little").bit_count() for hour in self.hours]

    def _ones(self, runs: Iterable[tuple[int, int]]) -> int:
        data = bytearray(self.size)
        for start, count in runs:
            ones = ((1 << count) - 1).to_bytes((count + 7) // 8, "little")
            data[start : start + len(ones)] = ones
        return int.from_bytes(data, "little")

    def _mask(self, having: Iterable[tuple[int, Iterable[int]]]) -> int:
        """The bits of a chunk's records, for each chunk: where its bytes start, and its records."""
        data = bytearray(self.size)
        for start, records in having:
            for record in records:
                data[start + (record >> 3)] |= 1 << (record & 7)
        return int.from_bytes(data, "little")

    def _add(self, path: Path, places: Places, zone: tzinfo) -> None:
        """The facts of one field."""
        there = self._mask((start, column.records) for start, column in places)
        missing = self.valid & ~there
        if min(there.bit_count(), missing.bit_count()) >= LEAST:
            self.masks[Fact(path, "missing")] = missing
            self.masks[Fact(path, "field")] = there
        totals: Counter[Value] = Counter()
        for _, column in places:
            totals.update({value: len(having) for value, having in column.values.items()})
        if _is_time(totals, zone):
            return
        unique = sum(column.unique for _, column in places)
        numeric = sum(len(column.numbers[0]) for _, column in places) > sum(len(c.records) for _, c in places) // 2
        if numeric and self._is_clock(places):
            return
        least = LEAST
        if not numeric and _are_ids(totals, unique):
            self._ids[path] = places
            least = max(LEAST, round(_COMMON * self.records))
        elif len(totals) + unique > (_MANY_NUMBERS if numeric else _VERY_MANY):
            least = max(LEAST, round((_FREQUENT if numeric else _COMMON) * self.records))
        masks = {
            value: self._mask((start, column.values[value]) for start, column in places if value in column.values)
            for value, number in totals.items()
            if number >= least and not (type(value) is str and len(value) > _LONGEST_VALUE)
        }
        if not self._dates(masks.values()):
            for value, mask in masks.items():
                self.masks[Fact(path, "value", _plain(value))] = mask
        if numeric and len(totals) + unique > _FEW_NUMBERS:
            self.masks.update(self._cuts(path, places))
        elif not numeric:
            self.masks.update(self._patterns(path, places, totals, unique))

    def _patterns(self, path: Path, places: Places, totals: Counter[Value], unique: int) -> Iterator[tuple[Fact, int]]:
        of_value: dict[object, str] = {}
        plain = 0
        for value in totals:
            if type(value) is not str or len(value) >= LONGEST:
                continue
            text = pattern(value)
            if text == value:
                plain += 1
            elif has_words(text):
                of_value[value] = text
        having: dict[str, list[tuple[int, Iterable[int]]]] = {}
        for start, column in places:
            for text, records in column.patterns.items():
                having.setdefault(text, []).append((start, records))
            for value, records in column.values.items():
                if value in of_value:
                    having.setdefault(of_value[value], []).append((start, records))
        if len(having) + plain < 2 and not unique:
            return
        for text, pieces in having.items():
            mask = self._mask(pieces)
            if mask.bit_count() >= LEAST:
                yield Fact(path, "pattern", text), mask

    def _cuts(self, path: Path, places: Places) -> Iterator[tuple[Fact, int]]:
        """Numbers above and below some quantiles of all."""
        ordered = sorted(number for _, column in places for number in column.numbers[1])
        last = len(ordered) - 1
        cuts = sorted({ordered[round(last * share)] for share in _SHARES})
        inside = [bytearray(self.size) for _ in range(len(cuts) + 1)]  # below each cut, not below the one before
        equal = [bytearray(self.size) for _ in cuts]
        for start, column in places:
            for record, number in zip(*column.numbers, strict=True):
                at = bisect_left(cuts, number)
                data = equal[at] if at < len(cuts) and cuts[at] == number else inside[at]
                data[start + (record >> 3)] |= 1 << (record & 7)
        masks, same = ([int.from_bytes(data, "little") for data in pile] for pile in (inside, equal))
        whole = all(number.is_integer() for number in ordered[:: max(len(ordered) // 100, 1)])
        above = [0] * (len(cuts) + 1)
        for at in range(len(cuts) - 1, -1, -1):
            above[at] = above[at + 1] | masks[at + 1] | (same[at + 1] if at + 1 < len(cuts) else 0)
        below = 0
        for at, cut in enumerate(cuts):
            below |= masks[at]
            bound: object = int(cut) if whole else cut
            if at >= len(cuts) // 2 and above[at].bit_count() >= LEAST:
                yield Fact(path, "above", bound), above[at]
            if at <= len(cuts) // 2 and below.bit_count() >= LEAST:
                yield Fact(path, "below", bound), below
            below |= same[at]

    def _is_clock(self, places: Places) -> bool:
        """Does the number tell the hour? So do sequence numbers, offsets, and times in units of their own."""
        starts = [hour.start for hour in self.hours]
        count: Counter[int] = Counter()
        total: dict[int, float] = {}
        squares: dict[int, float] = {}
        origin = next((column.numbers[1][0] for _, column in places if column.numbers[1]), 0.0)
        for start, column in places:
            hour = bisect_right(starts, start) - 1
            numbers = [number - origin for number in column.numbers[1]]
            count[hour] += len(numbers)
            total[hour] = total.get(hour, 0.0) + sum(numbers)
            squares[hour] = squares.get(hour, 0.0) + sum(map(mul, numbers, numbers))
        hours = [hour for hour in sorted(count) if count[hour]]
        if len(hours) < 4:
            return False
        means = [total[hour] / count[hour] for hour in hours]
        rising = sum(one < other for one, other in pairwise(means))
        monotonic = max(rising, len(means) - 1 - rising) >= _TIMES * (len(means) - 1)
        number = sum(count.values())
        whole = sum(squares.values()) - sum(total.values()) ** 2 / number
        within = sum(squares[hour] - total[hour] ** 2 / count[hour] for hour in hours)
        return monotonic and whole > 0 and within < (1 - _CLOCK) * whole

    def _dates(self, masks: Iterable[int]) -> bool:
        """Do the values occur in a few hours each, as dates, batches and sessions do? Then they are no findings."""
        masks = list(masks)
        if len(masks) < 4 or len(self.hours) < 8:
            return False
        confined = whole = 0
        for mask in masks:
            counts = self.by_hour(mask)
            at = [index for index, count in enumerate(counts) if count]
            number = sum(counts)
            whole += number
            if at[-1] - at[0] < max(2, _CONFINED * len(self.hours)):
                confined += number
        return confined > whole / 2


def _is_time(totals: Counter[Value], zone: tzinfo) -> bool:
    """Are the values times? `20` is none, whatever it may mean."""
    values = list(islice(totals, _TOLD))
    times = sum(event_time(value, zone) is not None for value in values)
    return bool(values) and times >= _TIMES * len(values)


def _are_ids(totals: Counter[Value], unique: int) -> bool:
    """Many texts that are all alike but for their digits."""
    distinct = len(totals) + unique
    texts = [value for value in islice(totals, 10 * _MANY_ALIKE) if type(value) is str]
    alike = {pattern(text) for text in texts}
    words = any(" " in text for text in islice(alike, _MANY_ALIKE))  # a message, and no id
    return distinct > _MANY_ALIKE and bool(texts) and not words and len(alike) < max(len(texts) // 10, 2)


def _plain(value: object) -> object:
    return value.value if isinstance(value, Truth) else value
