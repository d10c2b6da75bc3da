"""What is gathered of a chunk for the index: fields with their values, minutes, and some of its records."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any

from tui.analysis.columns import MISSING, columns_of
from tui.analysis.observed import FIRST, NONE, OTHER
from tui.analysis.patterns import Patterns
from tui.analysis.places import MOST_FIELDS, Place
from tui.analysis.sketch import Sketch
from tui.filter.build import spell_field
from tui.filter.compiled import NotJsonError
from tui.filter.fields import Path
from tui.filter.jmespath import load
from tui.index import FieldSummary, Sample, Words
from tui.index.summary import kept_values, spell_json

MOST_VALUES = 20_000  # of a field that are told apart; of more, only the number is rough
SAMPLED = 512  # records of a chunk
_FEWEST, _PART = 64, 64  # of a small one; of how many records one is taken of a larger one
_FEW_VALUES = 32  # of a field: what has more hardly tells what holds together, and takes more room
_TYPES: dict[type, str] = {
    str: "string",
    bytes: "boolean",
    int: "number",
    float: "number",
    type(None): "null",
    dict: "object",
    list: "array",
}
_TRUTHS = {True: b"true", False: b"false"}


@dataclass(slots=True)
class GatheredField:
    """What was seen of one field so far. `values`: how many records have each; booleans by their spelling, in bytes.

    `full`: there was no room for all of them; `numbers` and `patterns` are of those.
    """

    records: int = 0
    types: Counter[str] = field(default_factory=Counter)
    values: Counter[Any] = field(default_factory=Counter)
    full: bool = False
    others: int = 0
    numbers: Sketch | None = None
    patterns: Patterns | None = None

    @classmethod
    def at(cls, place: Place) -> GatheredField:
        """What is at a place of some records; of an item that a list has twice, one."""
        values = place.values
        if bool in set(map(type, values)):  # in Python True is 1
            values = [_TRUTHS[value] if type(value) is bool else value for value in values]
        having = None
        if place.records is not None:
            once = dict.fromkeys(zip(place.records, values, strict=True))
            values = [value for _, value in once]
            having = len({record for record, value in once if value is not None})
        kinds, others = Counter(map(type, values)), Counter(place.others)
        types: Counter[str] = Counter()
        for kind, number in chain(kinds.items(), others.items()):
            types[_TYPES[kind]] += number
        counts: Counter[Any] = Counter(values)
        nulls = counts.pop(None, 0)
        records = len(values) - nulls if having is None else having
        return cls(records, types, counts, others=others.total())

    def merge(self, other: GatheredField) -> None:
        self.records += other.records
        self.types.update(other.types)
        self.others += other.others
        mine, more = self.values, other.values
        room = MOST_VALUES - len(mine)
        if len(more) <= room:
            mine.update(more)
            return
        for value in mine.keys() & more.keys():
            mine[value] += more[value]
        new = [value for value in more if value not in mine]
        mine.update({value: more[value] for value in new[:room]})
        if new[room:]:
            self.full = True
            self._tell({value: more[value] for value in new[room:]})

    def _tell(self, values: Mapping[Any, int]) -> None:
        """Only the numbers and patterns of some values are kept."""
        self.numbers, self.patterns = self.numbers or Sketch(), self.patterns or Patterns()
        numbers = [repeat(value, n) for value, n in values.items() if type(value) is int or type(value) is float]
        self.numbers.add(chain.from_iterable(numbers))
        self.patterns.add({value: n for value, n in values.items() if type(value) is str})

    def summary(self) -> FieldSummary:
        """The end of it."""
        values, exact = kept_values(self.values, self.records)
        exact &= not self.full
        told = GatheredField(numbers=self.numbers, patterns=self.patterns)
        if not exact:
            told._tell(self.values)
        return FieldSummary(
            self.records,
            dict(self.types),
            {value.decode() if type(value) is bytes else spell_json(value).decode(): n for value, n in values.items()},
            exact,
            len(self.values),
            self.others,
            told.numbers.plain if told.numbers and told.numbers.count else None,
            dict(told.patterns.counts) if told.patterns else {},
        )


@dataclass(slots=True)
class Gathered:
    """What was gathered of some records of a chunk. `sample`: some of them, by a number that chance gives each."""

    fields: dict[Path, GatheredField] = field(default_factory=dict)
    whole: bool = True
    minutes: Counter[int] = field(default_factory=Counter)
    no_time: int = 0
    words: Words | None = None
    sample: list[tuple[int, bytes]] = field(default_factory=list)

    def merge(self, other: Gathered) -> None:
        self.whole &= other.whole
        self.minutes.update(other.minutes)
        self.no_time += other.no_time
        self.sample = sorted([*self.sample, *other.sample])[:SAMPLED]
        if self.words is not None and other.words is not None:
            self.words.merge(other.words)
        for path, seen in other.fields.items():
            if path in self.fields:
                self.fields[path].merge(seen)
            elif len(self.fields) < MOST_FIELDS:
                self.fields[path] = seen
            else:
                self.whole = False

    def add(self, root: Place) -> None:
        """The places of the first records."""
        for place in root.all():
            self.whole &= not place.full
            if place.values or place.others:
                self.fields[place.path] = GatheredField.at(place)


def sample_of(records: Iterable[bytes], number: int, fields: dict[str, FieldSummary]) -> Sample:
    """Which of their fields' values some of a chunk's `number` records have, where those are all known, and few."""
    objects = []
    for record in records:
        with suppress(NotJsonError):
            objects.append(load(record))
    some = [value for value in objects if type(value) is dict]
    columns = columns_of(some[: max(_FEWEST, number // _PART)])
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
