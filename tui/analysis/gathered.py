"""What is gathered of a chunk for the index: fields with their values, minutes, and some of its records."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from operator import itemgetter
from typing import Any

from tui.analysis.columns import MISSING, columns_of
from tui.analysis.observed import FIRST, NONE, OTHER
from tui.analysis.patterns import telling_pattern
from tui.analysis.sketch import Sketch
from tui.filter.build import spell_field
from tui.filter.fields import ANY, Path
from tui.index import FieldSummary, Sample, Words
from tui.index.summary import kept_values, spell_json

MOST_FIELDS = 1_000
MOST_VALUES = 20_000  # of a field that are told apart; of more, only the number is rough
MOST_ITEMS = 10_000  # of a list; a chunk with a longer one is read
SAMPLED = 512  # records of a chunk
_FEWEST, _PART = 64, 64  # of a small one; of how many records one is taken of a larger one
_FEW_VALUES = 32  # of a field: what has more hardly tells what holds together, and takes more room
_MOST_PATTERNS = 32
_DEEP = 12
_TYPES: dict[type, str] = {str: "string", bool: "boolean", int: "number", float: "number", type(None): "null"}
_OTHERS: dict[type, str] = {dict: "object", list: "array"}


@dataclass(slots=True)
class GatheredField:
    """What was seen of one field so far."""

    records: int = 0
    types: Counter[str] = field(default_factory=Counter)
    values: Counter[str] = field(default_factory=Counter)
    full: bool = False
    others: int = 0
    sketch: Sketch = field(default_factory=Sketch)
    patterns: Counter[str] = field(default_factory=Counter)

    def add(self, values: list[Any], others: list[type], records: int | None = None) -> None:
        """Scalars, each of a record of its own, or of so many `records`, of each the different ones.

        `others`: the types of objects, and of lists in lists.
        """
        kinds = Counter(map(type, values))
        for kind, number in kinds.items():
            self.types[_TYPES[kind]] += number
        for kind, number in Counter(others).items():
            self.types[_OTHERS[kind]] += number
        self.others += len(others)
        self.records += len(values) - kinds[type(None)] if records is None else records
        if bool in kinds:  # in Python True is 1
            self._count("true", sum(value is True for value in values))
            self._count("false", sum(value is False for value in values))
            values = [value for value in values if type(value) is not bool]
        if kinds[int] or kinds[float]:
            self.sketch.add([value for value in values if type(value) is int or type(value) is float])
        for value, number in Counter(values).items():
            if value is not None:
                self._count(spell_json(value).decode(), number)
                if type(value) is str:
                    self._add_pattern(value, number)

    def _count(self, text: str, number: int) -> None:
        if not number:
            return
        if text in self.values or len(self.values) < MOST_VALUES:
            self.values[text] += number
        else:
            self.full = True

    def _add_pattern(self, value: str, number: int) -> None:
        blanked = telling_pattern(value)
        if blanked is None:
            return
        if blanked in self.patterns or len(self.patterns) < _MOST_PATTERNS:
            self.patterns[blanked] += number

    def merge(self, other: GatheredField) -> None:
        self.records += other.records
        self.types.update(other.types)
        self.others += other.others
        self.full |= other.full
        for text, number in other.values.items():
            self._count(text, number)
        self.sketch.merge(other.sketch)
        self.patterns.update(other.patterns)

    def summary(self) -> FieldSummary:
        values, exact = kept_values(self.values, self.records)
        exact &= not self.full
        numbers = None if exact or not self.sketch.count else self.sketch.plain
        return FieldSummary(
            self.records,
            dict(self.types),
            values,
            exact,
            len(self.values),
            self.others,
            numbers,
            {} if exact else dict(self.patterns.most_common(_MOST_PATTERNS)),
        )


@dataclass(slots=True)
class Gathered:
    """What was gathered of some records of a chunk."""

    records: int = 0
    fields: dict[Path, GatheredField] = field(default_factory=dict)
    whole: bool = True
    minutes: Counter[int] = field(default_factory=Counter)
    no_time: int = 0
    words: Words | None = None
    sample: list[tuple[int, dict[str, Any]]] = field(default_factory=list)  # by a number that chance gives each

    def merge(self, other: Gathered) -> None:
        self.records += other.records
        self.whole &= other.whole
        self.minutes.update(other.minutes)
        self.no_time += other.no_time
        self.sample = nsmallest(SAMPLED, [*self.sample, *other.sample], key=itemgetter(0))
        if self.words is not None and other.words is not None:
            self.words.merge(other.words)
        for path, seen in other.fields.items():
            if path in self.fields:
                self.fields[path].merge(seen)
            elif len(self.fields) < MOST_FIELDS:
                self.fields[path] = seen
            else:
                self.whole = False


class Place:
    """A place in the records: the values there, and the places below. `records`: those of the values of lists."""

    __slots__ = ("below", "full", "others", "path", "records", "values")

    def __init__(self, path: Path) -> None:
        self.path = path
        self.values: list[Any] = []
        self.records: list[int] | None = [] if ANY in path else None
        self.others: list[type] = []
        self.below: dict[Any, Place] = {}
        self.full = False

    def add(self, value: dict[str, Any], record: int, depth: int = 0) -> None:
        """An object; `record`: the number of its record."""
        for name, inner in value.items():
            place = self._at(name)
            if place is None:
                continue
            kind = type(inner)
            if kind is dict:
                place.others.append(dict)
                if depth < _DEEP:
                    place.add(inner, record, depth + 1)
                else:
                    self.full = True
            elif kind is list:
                place._add_items(inner, record, depth)
            else:
                place.values.append(inner)
                if place.records is not None:
                    place.records.append(record)

    def _add_items(self, items: Sequence[Any], record: int, depth: int) -> None:
        place = self._at(ANY)
        if place is None or place.records is None:
            return
        if len(items) > MOST_ITEMS:
            self.full, items = True, items[:MOST_ITEMS]
        for item in items:
            kind = type(item)
            if kind is dict or kind is list:
                place.others.append(kind)
                if kind is dict and depth < _DEEP:
                    place.add(item, record, depth + 1)
                else:
                    self.full = True
            else:  # null, too: a list of it is not empty
                place.values.append(item)
                place.records.append(record)

    def _at(self, step: Any) -> Place | None:
        place = self.below.get(step)
        if place is None:
            if len(self.below) >= MOST_FIELDS:
                self.full = True
                return None
            place = self.below[step] = Place((*self.path, step))
        return place

    def collect(self, fields: dict[Path, GatheredField]) -> bool:
        """Put what was seen here and below into `fields`; was all of it kept?"""
        whole = not self.full
        if self.values or self.others:
            seen = fields[self.path] = GatheredField()
            if self.records is None:
                seen.add(self.values, self.others)
            else:
                pairs = zip(self.records, self.values, strict=True)
                once = {(record, type(value) is bool, value): record for record, value in pairs}  # in Python True is 1
                having = len({record for record, _, value in once if value is not None})
                seen.add([value for _, _, value in once], self.others, having)
        for place in self.below.values():
            whole &= place.collect(fields)
        return whole


def sample_of(records: Sequence[dict[str, Any]], number: int, fields: dict[str, FieldSummary]) -> Sample:
    """Which of their fields' values some of a chunk's `number` records have, where those are all known, and few."""
    columns = columns_of(records[: max(_FEWEST, number // _PART)])
    sample = Sample(columns.records)
    for path, cells in columns.cells.items():
        summary = fields.get(name := spell_field(path))
        if summary is None or not summary.exact or len(summary.values) > _FEW_VALUES:
            continue
        places = {text: place for place, text in enumerate(summary.values, FIRST)}
        codes = bytes(_codes(cells.values, places))
        if cells.records is None:
            sample.codes[name] = codes
        else:
            sample.items[name] = array("H", cells.records).tobytes(), codes
    return sample


def _codes(values: Iterable[Any], places: dict[str, int]) -> Iterable[int]:
    for value in values:
        yield NONE if value is MISSING or value is None else places.get(spell_json(value).decode(), OTHER)
